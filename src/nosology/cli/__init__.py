"""The command line: one thin file per command; heavy modules are imported inside the commands.

Data goes to stdout, talk to stderr. Exit status: 0 done, 2 something the user can fix, 1 a bug, 130 interrupted. The
message of an unexpected exception is withheld, since a library may quote the note it choked on; ``NOSOLOGY_DEBUG=1``
shows it in full.
"""

import errno
import importlib
import os
import pkgutil
import sys
import traceback
from typing import Annotated

import typer

from nosology import __version__
from nosology.cli.console import say
from nosology.errors import NosologyError

app = typer.Typer(
    name="nosology",
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
    """Import every command file of this package; each adds its command to `app`, which lists them by their files."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    app.registered_commands.sort(key=lambda command: getattr(command.callback, "__module__", ""))


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
