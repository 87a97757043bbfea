"""The command line: one thin file per command; heavy modules are imported inside the commands.

Data goes to stdout, talk to stderr. Exit status: 0 done, 2 something the user can fix, 1 a bug, 130 interrupted. The
message of an unexpected exception is withheld, since a library may quote the note it choked on; ``NOSOLOGY_DEBUG=1``
shows it in full.
"""

import errno
import importlib
import os
import pkgutil
import shlex
import sys
import traceback
from inspect import signature
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from nosology import __version__
from nosology.cli.console import say, stopping_at_closed_pipe
from nosology.errors import NosologyError

if TYPE_CHECKING:
    from typer.models import CommandInfo, TyperInfo

GROUPS = {
    "First steps": ("demo", "doctor", "labels"),
    "From notes to a run": ("synth", "deid", "prepare", "course", "tune", "train", "evaluate", "report", "calibrate"),
    "Answers": ("classify", "suggest"),
    "A service, and what people decide": ("serve", "keys", "feedback", "audit"),
    "Passing on and checking": ("export", "verify", "schema"),
}
"""How the help lists the commands: in the order of a job."""


class _InGroups(TyperGroup):
    """Lists commands in the order of `GROUPS`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, in order."""
        order = [name for names in GROUPS.values() for name in names]
        return sorted(super().list_commands(ctx), key=order.index)


app = typer.Typer(
    name="nosology",
    cls=_InGroups,
    help="Clinical notes in; a fine-tuned language model on your own machine; diagnostic categories with honest "
    "probabilities out. Nothing leaves the machine. Not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

_MACHINE_TROUBLE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EMFILE,
    errno.ENAMETOOLONG,
}
"""Errors of the operating system that only the person at the machine can fix."""


def main() -> None:
    """Run the command line, turning errors the user can fix into a message and exit status 2."""
    try:
        register_commands()
        with stopping_at_closed_pipe():
            app()
    except NosologyError as error:
        say(f"error: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        _say_interrupted()
        sys.exit(130)
    except SystemExit as stop:
        if stop.code == 130:  # typer has caught the interrupt already
            _say_interrupted()
        raise
    except OSError as error:
        if error.errno not in _MACHINE_TROUBLE:
            _say_bug(error)
            sys.exit(1)
        say(f"error: {error.filename or 'this machine'}: {error.strerror}")
        sys.exit(2)
    except Exception as error:
        _say_bug(error)
        sys.exit(1)


def register_commands() -> None:
    """Import every command file of this package; each adds its command to `app`, which lists them by `GROUPS`."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    panels = {name: group for group, names in GROUPS.items() for name in names}
    known: list[CommandInfo | TyperInfo] = [*app.registered_commands, *app.registered_groups]
    for command in known:
        command.rich_help_panel = panels[_name_of(command)]


def _name_of(command: "CommandInfo | TyperInfo") -> str:
    return str(command.name or getattr(command.callback, "__name__", ""))


def _print_version(is_asked: bool) -> None:
    if is_asked:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    pass


def _say_interrupted() -> None:
    say("interrupted; nothing half-written was left behind that a later command would take for whole")
    words = sys.argv[1:]
    command = next((item for item in app.registered_commands if _name_of(item) in words[:1]), None)
    if command is not None and "resume" in signature(command.callback or _say_interrupted).parameters:
        words += [] if "--resume" in words else ["--resume"]
        say(f"  to go on from the last checkpoint: nosology {shlex.join(words)}")


def _say_bug(error: Exception) -> None:
    """Say where an unexpected exception came from, and its message only where the user has asked for it."""
    if os.environ.get("NOSOLOGY_DEBUG") == "1":
        traceback.print_exception(error)
        return
    for frame in traceback.extract_tb(error.__traceback__)[-8:]:
        say(f"  {frame.filename}:{frame.lineno} in {frame.name}")
    for told in getattr(error, "frames", ()):  # of a worker, innermost last
        say(f"  in a worker: {told}")
    say(
        f"error: {type(error).__name__}; this is a bug in nosology, please report it\n"
        "  hint: its message is withheld, since it could quote a note; NOSOLOGY_DEBUG=1 shows it"
    )
