"""A service on a port of this machine, for tests that speak to it as a browser or a program would."""

import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import httpx2

from nosology.serve.app import create_app
from nosology.serve.http.connections import Door
from nosology.serve.http.keys import KeyFile
from nosology.serve.server import StoppingServer, server_config
from service_world import open_service, until


class Served:
    """A service on a port of this machine, in a thread."""

    def __init__(
        self, run: Path, state: Path, *, keys: KeyFile | None = None, tls: ssl.SSLContext | None = None, **settings: Any
    ) -> None:
        self.service, self.reader = open_service(run, state, **settings)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        app = create_app(self.service, keys=keys, is_encrypted=tls is not None)
        self.server = StoppingServer(server_config(app, self.service, tls), self.service)
        door = Door(listener, self.service.settings, self.service.metrics)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [door]}, daemon=True)
        self.thread.start()
        until(lambda: self.server.started, 30)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(30)

    def get(self, path: str) -> str:
        """Return what the service says at a path."""
        answer = httpx2.get(self.url + path, timeout=30)
        answer.raise_for_status()
        return str(answer.text)

    def post(self, body: object, path: str = "/v1/classify") -> dict:
        """Return what the service answers to a sound request."""
        answer = httpx2.post(self.url + path, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()
