"""A service on a port of this machine, for tests that speak to it as a browser or a program would."""

import threading
from pathlib import Path

import uvicorn

from nosology.serve.app import create_app
from nosology.serve.http.keys import KeyFile
from service_world import open_service, until


class Served:
    """A service on a port of this machine, in a thread."""

    def __init__(self, run: Path, state: Path, *, keys: KeyFile | None = None, **settings) -> None:
        self.service, self.reader = open_service(run, state, **settings)
        config = uvicorn.Config(create_app(self.service, keys=keys), port=0, log_config=None, access_log=False)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        until(lambda: self.server.started, 30)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(30)
