"""``nosology serve``: a run as a service on this machine, with a page for people and an API for programs."""

from pathlib import Path
from typing import Annotated

import typer

from nosology.cli import app
from nosology.cli.console import say, say_cautions
from nosology.errors import ConfigError
from nosology.runs.starter import STARTER, run_folder

_Run = Annotated[
    Path | None,
    typer.Argument(
        parser=run_folder, metavar="[RUN]", help="A finished run folder; without one the starter is served."
    ),
]
_Host = Annotated[str, typer.Option(help="Address to listen on. Others than loopback need an API key.")]
_Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any free one.")]
_State = Annotated[
    Path | None,
    typer.Option(
        help="Folder of audit log and decisions.  [default: RUN/service; of the starter in your own state folder]"
    ),
]
_Database = Annotated[
    str | None,
    typer.Option(envvar="NOSOLOGY_DATABASE", help="Where decisions go: sqlite:///FILE or postgresql://USER@HOST/NAME."),
]
_Keys = Annotated[Path | None, typer.Option(help="File of API keys, see `nosology keys`.")]
_AuditKey = Annotated[
    Path | None,
    typer.Option(help="Where the key is that signs the audit log; made if missing.  [default: STATE/audit.key]"),
]
_KeepText = Annotated[
    bool, typer.Option("--keep-text", help="Keep the de-identified text of notes that were decided on.")
]
_Deidentify = Annotated[
    bool, typer.Option("--deidentify", help="Replace identifiers before scoring, whatever the run does.")
]
_Certificate = Annotated[Path | None, typer.Option(help="PEM certificate, to speak TLS.")]
_CertificateKey = Annotated[Path | None, typer.Option(help="Its private key.")]
_Proxy = Annotated[
    list[str] | None,
    typer.Option(help="Address or network of a proxy whose X-Forwarded-For is believed; may be repeated."),
]
_Origin = Annotated[
    list[str] | None,
    typer.Option(help="Site whose pages may call /cds-services from a browser; none by default; may be repeated."),
]
_PerAddress = Annotated[
    int, typer.Option(min=1, help="Connections that one address may hold; a --proxy may hold any number.")
]
_MaxWaiting = Annotated[int, typer.Option(min=1, help="Notes that may wait; more get status 429.")]
_Timeout = Annotated[float, typer.Option(min=1, help="Seconds after which a request is given up.")]
_Drain = Annotated[float, typer.Option(min=0, help="Seconds to finish what was accepted when stopping.")]


@app.command()
def serve(
    run: _Run = None,
    host: _Host = "127.0.0.1",
    port: _Port = 8000,
    state: _State = None,
    database: _Database = None,
    keys: _Keys = None,
    audit_key: _AuditKey = None,
    keep_text: _KeepText = False,
    deidentify: _Deidentify = False,
    certificate: _Certificate = None,
    certificate_key: _CertificateKey = None,
    proxy: _Proxy = None,
    origin: _Origin = None,
    connections_per_address: _PerAddress = 100,
    max_waiting_notes: _MaxWaiting = 256,
    timeout: _Timeout = 120.0,
    drain: _Drain = 120.0,
) -> None:
    """Serve a run: the page at /, the API below /v1, its description at /docs and /openapi.json.

    No note's text is logged, or kept without --keep-text. A prediction is in the audit log before it is given out.

    Example: nosology serve runs/first --port 8000
    """
    _expect_whole(certificate, certificate_key)
    from nosology.runs.run import Run
    from nosology.serve.http.keys import default_keys_file
    from nosology.serve.server import serve as run_service
    from nosology.serve.settings import Settings

    opened = Run.open(run or STARTER)
    settings = Settings(
        state=state or opened.state,
        keys_file=keys or default_keys_file(),
        database=database,
        audit_key=audit_key,
        keep_text=keep_text,
        deidentify=deidentify,
        proxies=tuple(proxy or ()),
        origins=tuple(origin or ()),
        connections_per_address=connections_per_address,
        max_waiting_notes=max_waiting_notes,
        timeout_seconds=timeout,
        drain_seconds=drain,
    )
    say(f"loading {opened.name}")
    say_cautions([opened.caution])
    run_service(opened, settings, host=host, port=port, certificate=certificate, certificate_key=certificate_key)


def _expect_whole(certificate: Path | None, certificate_key: Path | None) -> None:
    """Make sure that what a service needs is installed, and a certificate has its key.

    Raises:
        ConfigError: Something is missing.
    """
    if (certificate is None) != (certificate_key is None):
        raise ConfigError("TLS needs both --certificate and --certificate-key")
    from nosology.machine.extras import expect_extra, expect_file_locks

    expect_extra("serve", "a service")
    expect_file_locks("a service")
