"""How `nosology classify` is told which program runs the model, and what it has to know of that."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nosology.cli.console import say
from nosology.errors import ConfigError

if TYPE_CHECKING:
    from nosology.classifier.classifier import Classifier
    from nosology.classifier.opening import System
    from nosology.modeling.backends.scorer import OutsideModel
    from nosology.modeling.backends.server import Address
    from nosology.modeling.encoding import PromptEncoder
    from nosology.runs.run import Run


class Backend(StrEnum):
    """What runs the model."""

    torch = "torch"
    llama_cpp = "llama.cpp"
    server = "server"


BackendOption = Annotated[
    Backend,
    typer.Option(
        help="What runs the model. torch: nosology itself. llama.cpp: the package llama-cpp-python, over an export to "
        "GGUF. server: one that speaks OpenAI's protocol and returns log-probabilities, such as vLLM over an export."
    ),
]
ExportOption = Annotated[
    Path | None, typer.Option(help="The export of the run that the backend runs; it is proved equal first.")
]
UrlOption = Annotated[str | None, typer.Option(help="Where the server is, for instance http://127.0.0.1:8000/v1.")]
AllowHostOption = Annotated[
    str | None,
    typer.Option(
        metavar="HOST", help="Send notes to this host, which is not this machine. It is written to the audit log."
    ),
]
ServedNameOption = Annotated[str | None, typer.Option(help="What the server calls the model, where it has several.")]
TimeoutOption = Annotated[float, typer.Option(min=1, help="Seconds that the server may take for one note.")]
StateOption = Annotated[Path | None, typer.Option(help="Folder of the audit log.  [default: RUN/service]")]
AuditKeyOption = Annotated[
    Path | None, typer.Option(help="The key that signs the audit log.  [default: audit.key beside it]")
]
KEY_VARIABLE = "NOSOLOGY_SERVER_KEY"


def server_key() -> str:
    """Return the key for a server, which is in no command line: those are seen by everybody on a machine."""
    return os.environ.get(KEY_VARIABLE, "")


@dataclass(frozen=True, slots=True)
class Where:
    """Which program runs the model, as the options say it.

    Attributes:
        backend: Which kind.
        export: What it runs.
        url: Of a server.
        allowed_host: The one host besides this machine that notes may be sent to.
        served_name: What a server calls the model.
        seconds: How long a server may take for one note.
        key: For the server; empty for none.
        state: Folder of the audit log; None for the run's.
        audit_key: Where the key is that signs the log; None for the folder's.
    """

    backend: Backend = Backend.torch
    export: Path | None = None
    url: str | None = None
    allowed_host: str | None = None
    served_name: str | None = None
    seconds: float = 120.0
    key: str = ""
    state: Path | None = None
    audit_key: Path | None = None

    def given(self) -> dict[str, bool]:
        """Return for each option of the command line, by its name with ``_``, whether it was given."""
        others = {"backend": self.backend is not Backend.torch, "timeout": self.seconds != Where().seconds}
        names = {"export": self.export, "url": self.url, "allow_host": self.allowed_host, "state": self.state}
        names |= {"served_name": self.served_name, "audit_key": self.audit_key}
        return others | {name: value is not None for name, value in names.items()}

    def check(self) -> None:
        """Make sure that the options fit each other.

        Raises:
            ConfigError: One is missing, or there is one too many.
        """
        if self.backend is Backend.torch:
            if self.export or self.url or self.allowed_host or self.served_name:
                raise ConfigError(
                    "torch runs the run itself", place="--backend", hint="leave --export and --url out, or name another"
                )
            return
        if self.export is None:
            hint = f"nosology export RUN --to {'gguf' if self.backend is Backend.llama_cpp else 'merged'} --out DIR"
            raise ConfigError("which export does it run?", place="--export", hint=hint)
        if (self.url is None) == (self.backend is Backend.server):
            raise ConfigError("a server has an address, and llama.cpp has none", place="--url")


def classifier_of(run: Path, system: "System | None", where: Where, n_notes: int) -> "Classifier":
    """Return the classifier of a run with the model that is to answer.

    Args:
        run: The run's folder.
        system: Tuned model or ensemble; None for what the run says.
        where: What runs the model.
        n_notes: How many notes it will be asked about, for the audit log.
    """
    from nosology.classifier.classifier import Classifier

    if where.backend is Backend.torch:
        return Classifier.load(run, system=system)
    from nosology.export.models.standing_in import llama_cpp, stand_in
    from nosology.runs.run import Run

    opened = Run.open(run)
    assert where.export is not None
    connect = llama_cpp if where.backend is Backend.llama_cpp else _server(opened, where, n_notes)
    found = stand_in(opened, where.export, connect, system=system)
    said = found.comparison
    say(
        f"{where.backend.value} answers as the run does: {said.n} invented notes, largest difference "
        f"{said.largest:.2g} of {said.tolerance:g} tolerated"
    )
    return found.classifier


def _server(run: "Run", where: Where, n_notes: int) -> Callable[["PromptEncoder", Path], "OutsideModel"]:
    from nosology.modeling.backends.server import Address, ServerModel, is_this_machine, sendable

    assert where.url is not None
    address, key = Address.of(where.url, allowed_host=where.allowed_host), sendable(where.key)
    if not is_this_machine(address.host):
        _write_down(run, where, address, n_notes)
    return lambda _encoder, _export: ServerModel(address, name=where.served_name, key=key, most_seconds=where.seconds)


def _write_down(run: "Run", where: Where, address: "Address", n_notes: int) -> None:
    """Write into the audit log that notes leave this machine, before any does."""
    from nosology.machine.extras import expect_file_locks

    expect_file_locks("the audit log")
    from nosology.feedback.audit import AUDIT_FILE, AuditLog

    log = AuditLog((where.state or run.state) / AUDIT_FILE, where.audit_key)
    try:
        log.append(
            [
                {
                    "event": "notes-sent-to-host",
                    "host": address.host,
                    "port": address.port,
                    "is_encrypted": address.is_encrypted,
                    "notes": n_notes,
                    "run_sha256": run.prediction_sha256,
                }
            ]
        )
    finally:
        log.close()
    how = "encrypted" if address.is_encrypted else "unencrypted"
    say(f"notes leave this machine for {address.host}, {how}: written to {log.path}")
