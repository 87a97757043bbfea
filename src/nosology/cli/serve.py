"""``nosology serve``: a run as a service on this machine, with a page for people and an API for programs."""

from pathlib import Path
from typing import Annotated

import typer

from nosology.cli import app
from nosology.cli.console import say, say_cautions
from nosology.runs.starter import STARTER, run_folder


@app.command()
def serve(
    run: Annotated[
        Path | None,
        typer.Argument(
            parser=run_folder, metavar="[RUN]", help="A finished run folder; without one the starter is served."
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on. Others than loopback need an API key.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any free one.")] = 8000,
    state: Annotated[
        Path | None,
        typer.Option(
            help="Folder of audit log and decisions.  [default: RUN/service; of the starter in your own state folder]"
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            envvar="NOSOLOGY_DATABASE", help="Where decisions go: sqlite:///FILE or postgresql://USER@HOST/NAME."
        ),
    ] = None,
    keys: Annotated[Path | None, typer.Option(help="File of API keys, see `nosology keys`.")] = None,
    audit_key: Annotated[
        Path | None,
        typer.Option(
            help="Where the key is that signs the audit log; made at the first start.  [default: STATE/audit.key]"
        ),
    ] = None,
    keep_text: Annotated[
        bool, typer.Option("--keep-text", help="Keep the de-identified text of notes that were decided on.")
    ] = False,
    deidentify: Annotated[
        bool, typer.Option("--deidentify", help="Replace identifiers before scoring, whatever the run does.")
    ] = False,
    certificate: Annotated[Path | None, typer.Option(help="PEM certificate, to speak TLS.")] = None,
    certificate_key: Annotated[Path | None, typer.Option(help="Its private key.")] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(help="Address or network of a proxy whose X-Forwarded-For is believed; may be repeated."),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="Site whose pages may call /cds-services from a browser; none by default; may be repeated."),
    ] = None,
    connections_per_address: Annotated[
        int, typer.Option(min=1, help="Connections that one address may hold; a --proxy may hold any number.")
    ] = 100,
    max_waiting_notes: Annotated[int, typer.Option(min=1, help="Notes that may wait; more get status 429.")] = 256,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds after which a request is given up.")] = 120.0,
    drain: Annotated[float, typer.Option(min=0, help="Seconds to finish what was accepted when stopping.")] = 120.0,
) -> None:
    """Serve a run: the page at /, the API below /v1, its description at /openapi.json.

    Text of notes is never logged, and kept only with --keep-text. Every prediction is in the audit log before it is
    given out.

    Example: nosology serve runs/first --port 8000
    """
    from nosology.errors import ConfigError
    from nosology.runs.run import Run
    from nosology.serve.http.keys import default_keys_file
    from nosology.serve.settings import Settings

    if (certificate is None) != (certificate_key is None):
        raise ConfigError("TLS needs both --certificate and --certificate-key")
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
    from nosology.serve.server import serve as run_service

    say(f"loading {opened.name}")
    say_cautions([opened.caution])
    run_service(opened, settings, host=host, port=port, certificate=certificate, certificate_key=certificate_key)
