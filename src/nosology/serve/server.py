"""The process: sockets, signals, and an end that finishes what was begun, within the time for it."""

import os
import socket
import ssl
import sys
from pathlib import Path

import uvicorn

from nosology.errors import ConfigError
from nosology.feedback.store import StoreError
from nosology.runs.run import Run
from nosology.serve.app import create_app
from nosology.serve.http import logs
from nosology.serve.http.connections import Door, patient_protocol, proxy_networks
from nosology.serve.http.keys import KeyFile
from nosology.serve.model import ServedModel
from nosology.serve.probe import write_address
from nosology.serve.service import Service
from nosology.serve.settings import Settings, check_address, is_loopback

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_KEEP_ALIVE_SECONDS = 15
_INTERRUPTED = 130
_SWITCH_SECONDS = 0.00002
"""After which a thread at work lets another go on; Python's own is 0.005. The model lets go of the interpreter at each
of some 700 steps of a note, and waits so long to go on wherever another thread is at work on a long note: with 0.001
ordinary notes took eight times as long beside one, with this two and a half (`benchmarks/hostile_notes.py`)."""


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
        ConfigError: The address needs a key and there is none, or it is in use; the certificate is unreadable.
        RunError: The folder is no finished run, or was changed.
    """
    keys = KeyFile(settings.keys_file)
    needs_key = check_address(host, n_keys=len(keys.entries()))
    proxy_networks(settings.proxies)
    tls = tls_context(certificate, certificate_key) if certificate and certificate_key else None
    listener = _listen(host, port)
    logs.set_up()
    sys.setswitchinterval(_SWITCH_SECONDS)
    model = ServedModel.load(run, replaces_identifiers=settings.deidentify)
    try:
        service = Service.open(run, model, settings)
    except StoreError as error:
        raise ConfigError(f"the store cannot be used ({error})", place="--database", hint="is it running?") from None
    app = create_app(
        service,
        keys=keys if needs_key else None,
        hosts=LOOPBACK_NAMES if is_loopback(host) else None,
        is_encrypted=tls is not None,
    )
    server = StoppingServer(server_config(app, service, tls), service)
    address = listener.getsockname()
    write_address(settings.state, address[0], address[1], is_encrypted=tls is not None)
    logs.event("listening", host=address[0], port=address[1], needs_key=needs_key)
    _run(server, Door(listener, settings, service.metrics), service)


def _run(server: "StoppingServer", door: Door, service: Service) -> None:
    """Serve until told to stop; end the process where the reader would not."""
    try:
        server.run(sockets=[door])
    finally:
        if service.batcher.seconds_at_work:  # Python would wait for the reader's thread, however long it takes
            sys.stderr.flush()
            os._exit(_INTERRUPTED)


def server_config(app: object, service: Service, tls: ssl.SSLContext | None) -> uvicorn.Config:
    """Return the server's settings.

    Args:
        app: The application.
        service: The parts of the service.
        tls: Certificate and key; None to speak plain HTTP.
    """
    settings = service.settings
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        loop="asyncio",  # another loop would accept connections past the door
        http=patient_protocol(settings, service.metrics),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(settings.drain_seconds),
        ssl_context_factory=(lambda *_: tls) if tls else None,
    )


class StoppingServer(uvicorn.Server):
    """A server that tells the service at once when it is asked to stop."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what was accepted and end."""
        self._service.begin_to_stop()
        await super().shutdown(sockets)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a context of TLS 1.3, which has no weak ciphers to choose.

    Raises:
        ConfigError: Certificate or key are unreadable, or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"certificate and key cannot be used ({error.strerror or type(error).__name__})",
            place="--certificate",
            hint="both are PEM files, the key without a password",
        ) from None
    return context


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
