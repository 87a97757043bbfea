"""The process: sockets, signals, and an end that finishes what was begun."""

import socket
from pathlib import Path

import uvicorn

from nosology.errors import ConfigError
from nosology.feedback.store import StoreError
from nosology.runs.run import Run
from nosology.serve.app import create_app
from nosology.serve.http import logs
from nosology.serve.http.keys import KeyFile
from nosology.serve.model import ServedModel
from nosology.serve.service import Service
from nosology.serve.settings import Settings, check_address, is_loopback

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_KEEP_ALIVE_SECONDS = 15
_MOST_CONNECTIONS = 1_000


def serve(
    run: Run,
    settings: Settings,
    *,
    host: str,
    port: int,
    certificate: Path | None = None,
    certificate_key: Path | None = None,
) -> None:
    """Serve a run until the process is told to stop.

    Args:
        run: The run.
        settings: Limits and places.
        host: Address to listen on.
        port: 0 for any free one; the log says which.
        certificate: PEM file, to speak TLS.
        certificate_key: Its private key.

    Raises:
        ConfigError: The address needs a key and there is none, or it is in use.
        RunError: The folder is no finished run, or was changed.
    """
    keys = KeyFile(settings.keys_file)
    needs_key = check_address(host, n_keys=len(keys.entries()))
    listener = _listen(host, port)
    logs.set_up()
    model = ServedModel.load(run, replaces_identifiers=settings.deidentify)
    try:
        service = Service.open(run, model, settings)
    except StoreError as error:
        raise ConfigError(f"the store cannot be used ({error})", place="--database", hint="is it running?") from None
    app = create_app(
        service,
        keys=keys if needs_key else None,
        hosts=LOOPBACK_NAMES if is_loopback(host) else None,
        is_encrypted=certificate is not None,
    )
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(settings.drain_seconds),
        limit_concurrency=_MOST_CONNECTIONS,
        ssl_certfile=certificate,
        ssl_keyfile=certificate_key,
    )
    logs.event("listening", host=listener.getsockname()[0], port=listener.getsockname()[1], needs_key=needs_key)
    uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; taken before the model is loaded, so that a taken port is told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror}", hint="choose another --port") from None
    return listener
