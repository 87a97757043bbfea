"""What benchmarks of the service share: a served run, crowds of clients that ask it, and what one phase measured."""

import http.client
import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from nosology.dataset.folder import open_dataset
from nosology.runs.run import Run

_START_SECONDS = 300
_CLIENT_SECONDS = 300  # after which a client counts an answer as missing
_BETWEEN_TRIES_SECONDS = 0.05  # for a client whose connection broke
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        path: Where it goes.
        body: What is sent; None for a GET.
        headers: Beside those that every request has.
        patience: Seconds after which the client goes away; it counts as a broken connection.
    """

    path: str
    body: bytes | None = field(default=None, repr=False)
    headers: dict[str, str] = field(default_factory=lambda: _JSON)
    patience: float = _CLIENT_SECONDS


@dataclass(frozen=True, slots=True)
class Crowd:
    """Clients that ask, each its next question as soon as it has an answer.

    Attributes:
        name: Of the crowd.
        n_clients: At once.
        call: The question of a number; numbers count up from nought over the whole crowd.
    """

    name: str
    n_clients: int
    call: Callable[[int], Call]


@dataclass
class Measured:
    """What one crowd met in one phase.

    Attributes:
        name: Of the crowd.
        n_clients: Clients at once.
        seconds: From the first request to the last answer.
        latencies: Seconds to each 200.
        statuses: Answers by status; 0 for a broken connection.
        memory: Resident bytes of the service and the processes it started, once a second.
    """

    name: str
    n_clients: int
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    memory: list[int] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Requests answered with 200 in a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def quantile(self, share: float) -> float:
        """Return the latency that a share of the answers stayed below; 0 without any."""
        return float(np.quantile(self.latencies, share)) if self.latencies else 0.0

    def row(self) -> dict[str, object]:
        """Return the figures of the table."""
        return {
            "phase": self.name,
            "clients": self.n_clients,
            "answered": len(self.latencies),
            "seconds": round(self.seconds, 1),
            "notes_per_second": round(self.per_second, 3),
            "p50_seconds": round(self.quantile(0.5), 3),
            "p99_seconds": round(self.quantile(0.99), 3),
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "memory_mb": [round(self.memory[i] / 2**20) for i in (0, -1)] if self.memory else [],
        }


def drive(port: int, pid: int, crowds: Sequence[Crowd], seconds: float) -> list[Measured]:
    """Let some crowds ask for a time, side by side; return what each met.

    Args:
        port: Of the service.
        pid: Of the service, whose memory is watched.
        crowds: Who asks what.
        seconds: In which questions are begun; each is answered to its end.
    """
    measured = [Measured(crowd.name, crowd.n_clients) for crowd in crowds]
    started = time.perf_counter()
    threads = []
    for crowd, found in zip(crowds, measured, strict=True):
        numbers, lock = itertools.count(), threading.Lock()
        client = _Client(port, crowd.call, numbers, started + seconds, found, lock)
        threads += [threading.Thread(target=client.ask) for _ in range(crowd.n_clients)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        memory = memory_of(pid)
        for found in measured:
            found.memory.append(memory)
        time.sleep(min(1.0, seconds / 10))
    for thread in threads:
        thread.join()
    for found in measured:
        found.seconds = time.perf_counter() - started
    return measured


@dataclass(frozen=True)
class _Client:
    port: int
    call: Callable[[int], Call]
    numbers: Iterator[int]
    ends_at: float
    measured: Measured
    lock: threading.Lock

    def ask(self) -> None:
        """Be one client."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        while time.perf_counter() < self.ends_at:
            with self.lock:
                call = self.call(next(self.numbers))
            started = time.perf_counter()
            connection.timeout = call.patience
            if connection.sock:
                connection.sock.settimeout(call.patience)
            try:
                connection.request("GET" if call.body is None else "POST", call.path, call.body, call.headers)
                answer = connection.getresponse()
                answer.read()
                status, wait = answer.status, float(answer.headers.get("Retry-After") or 0)
            except (OSError, http.client.HTTPException):
                status, wait = 0, _BETWEEN_TRIES_SECONDS
                connection.close()
            self._count(status, time.perf_counter() - started)
            if status in (0, 429):
                time.sleep(wait)
        connection.close()

    def _count(self, status: int, seconds: float) -> None:
        with self.lock:
            self.measured.statuses[status] = self.measured.statuses.get(status, 0) + 1
            if status == 200:
                self.measured.latencies.append(seconds)


def classify(*texts: str) -> Call:
    """Return a request that asks for the categories of notes."""
    return Call("/v1/classify", _notes(texts))


def suggest(*texts: str) -> Call:
    """Return a request that asks for diagnoses to consider."""
    return Call("/v1/suggest", _notes(texts))


def _notes(texts: Sequence[str]) -> bytes:
    return json.dumps({"notes": [{"id": "", "text": text} for text in texts]}).encode()


def memory_of(pid: int) -> int:
    """Return the resident bytes of a process and of those it started."""
    process = psutil.Process(pid)
    total = process.memory_info().rss
    for child in process.children(recursive=True):
        try:
            total += child.memory_info().rss
        except psutil.Error:  # it has just ended
            continue
    return int(total)


@contextmanager
def serving(run: Path, state: Path, *options: str) -> Iterator[tuple[int, int]]:
    """Serve a run; yield the port and the process's number once it answers, and end it afterwards.

    Args:
        run: A finished run.
        state: An empty folder.
        options: More of `nosology serve`.
    """
    command = [sys.executable, "-m", "nosology", "serve", str(run), "--port", "0", "--state", str(state), *options]
    service = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield _port_of(service), service.pid
    finally:
        service.terminate()
        service.wait(180)


def _port_of(service: "subprocess.Popen[str]") -> int:
    """Return where a service listens, once it answers; its log is read to its end so that it never blocks."""
    assert service.stderr is not None
    port, said = 0, ""
    for line in service.stderr:
        event = json.loads(line) if line.startswith("{") else {}
        port, said = event.get("port", port), said + line
        if event.get("message") == "ready":
            break
    else:
        raise SystemExit(f"the service did not start: {said[-2000:]}")
    threading.Thread(target=service.stderr.read, daemon=True).start()
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            get(port, "/livez")
        except OSError:
            time.sleep(0.1)
        else:
            return int(port)
    raise SystemExit("the service does not answer")


def get(port: int, path: str) -> str:
    """Return what the service says at a path."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def figures(port: int) -> dict[str, float]:
    """Return the service's counters, by name and labels."""
    lines = (line.rsplit(" ", 1) for line in get(port, "/metrics").splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def notes_of(run: Path) -> list[str]:
    """Return notes to ask about: the test split of the dataset that a run was trained on, where it was or beside it."""
    recorded = Path(Run.open(run).manifest.dataset.path)
    folder = recorded if recorded.exists() else run.parent / "dataset"
    return [str(text) for text in open_dataset(folder).split("test")["clean_text"].to_list()]
