"""A service as a process of its own, for tests that kill it, starve it, or come from outside."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from evaluation_world import write_dataset
from nosology.classifier.calibration import fit
from nosology.config import Config
from nosology.files import write_json
from nosology.runs.files import RunFiles
from nosology.runs.integrity import record_again
from service_world import until
from tiny_models import save_tiny_model

START_SECONDS = 400  # on a machine that is busy with other things


def train_tiny_run(folder: Path) -> Path:
    """Train a tiny model and return its run folder, with a calibration and a report."""
    import numpy as np

    from nosology.training import train

    write_dataset(folder / "dataset", {"train": 24, "validation": 12, "test": 12})
    config = Config.model_validate(
        {
            "model": {"name": str(save_tiny_model(folder / "model")), "max_note_tokens": 48},
            "train": {"batch_size": 8, "lora_r": 4, "max_steps": 2, "report_to": ()},
        }
    )
    train(folder / "dataset", folder / "run", config)
    log_probs = np.log(np.random.default_rng(0).dirichlet(np.ones(4) * 0.3, size=200))
    write_json(folder / "run" / "calibration.json", fit(log_probs, log_probs.argmax(axis=1)).to_json())
    record_again(RunFiles(folder / "run"))
    (folder / "run" / "report").mkdir()
    (folder / "run" / "report" / "index.html").write_text(
        "<!doctype html><html lang=en><title>Report</title><h1>R</h1>"
    )
    return folder / "run"


class Process:
    """A running service.

    Attributes:
        url: Where it listens.
        log: Its log lines so far.
        popen: The process.
    """

    def __init__(self, run: Path, state: Path, *options: str, preexec: Callable[[], None] | None = None) -> None:
        command = [sys.executable, "-m", "nosology", "serve", str(run), "--port", "0", "--state", str(state), *options]
        self.popen = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=preexec,
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self.log: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = f"http://127.0.0.1:{self._wait_until_ready()}"
        with self.client() as client:
            until(lambda: _answers(client), 30)

    def _read(self) -> None:
        assert self.popen.stderr is not None
        with self.popen.stderr as lines:
            for line in lines:
                self.log.append(line)
                self._lines.put(line)
        self._lines.put(None)

    def _wait_until_ready(self) -> int:
        port, deadline = 0, time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                line = self._lines.get(timeout=1)
            except queue.Empty:
                continue
            if line is None:
                raise RuntimeError(f"the service ended: {''.join(self.log[-20:])}")
            if line.startswith("{"):
                event = json.loads(line)
                port = event.get("port", port)
                if event["message"] == "ready":
                    return port
        raise RuntimeError("the service did not start")

    def client(self, **options: Any) -> httpx2.Client:
        """Return a client of it."""
        return httpx2.Client(base_url=self.url, timeout=60, **options)

    def events(self, message: str) -> list[dict]:
        """Return its log lines of one kind."""
        parsed = [json.loads(line) for line in list(self.log) if line.startswith("{")]
        return [line for line in parsed if line["message"] == message]

    def kill(self) -> None:
        """End it as a power cut would."""
        self.popen.kill()
        self._ended(60)

    def stop(self) -> int:
        """Ask it to end, and return its exit status."""
        self.popen.send_signal(signal.SIGTERM)
        return self._ended(180)

    def _ended(self, seconds: float) -> int:
        status = self.popen.wait(seconds)
        self._reader.join(10)
        return status


def _answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/livez").status_code == 200
    except httpx2.ConnectError:
        return False


@contextmanager
def serving(run: Path, state: Path, *options: str, **more: Any) -> Iterator[Process]:
    """Yield a running service and end it afterwards."""
    process = Process(run, state, *options, **more)
    try:
        yield process
    finally:
        if process.popen.poll() is None:
            process.kill()


def skip_without(program: str) -> str:
    """Return where a program is; skip the test where it is not installed."""
    import shutil

    return shutil.which(program) or pytest.skip(f"{program} is not installed")
