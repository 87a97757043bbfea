"""How much a service carries: 32 clients against one, on the same process, one after the other.

Starts `nosology serve` on a run, then lets one client ask note by note (the sequential baseline), then 32 clients at
once, then one client again, so that a machine that slows down shows. Notes are the test split of the dataset that the
run was trained on, each request one note. What is checked besides speed: no status but 200 and 429, every accepted
request answered and in the audit log, and memory that stays where it is.
"""

import argparse
import http.client
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

import harness
from nosology.dataset.folder import open_dataset
from nosology.feedback.checking import check
from nosology.runs.run import Run

START_SECONDS = 300
WARM_UP_SECONDS = 5.0


@dataclass
class Measured:
    """What one phase measured.

    Attributes:
        name: Of the phase.
        n_clients: Clients at once.
        seconds: From the first request to the last answer.
        latencies: Seconds to each 200.
        statuses: Answers by status; 0 for a broken connection.
        memory: Resident bytes of the service, once a second.
    """

    name: str
    n_clients: int
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    memory: list[int] = field(default_factory=list)

    @property
    def notes_per_second(self) -> float:
        """Notes answered in a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def row(self) -> dict[str, object]:
        """Return the figures of the table."""
        quantiles = np.quantile(self.latencies, [0.5, 0.99]) if self.latencies else (0.0, 0.0)
        return {
            "phase": self.name,
            "clients": self.n_clients,
            "answered": len(self.latencies),
            "seconds": round(self.seconds, 1),
            "notes_per_second": round(self.notes_per_second, 3),
            "p50_seconds": round(float(quantiles[0]), 3),
            "p99_seconds": round(float(quantiles[1]), 3),
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "memory_mb": [round(self.memory[i] / 2**20) for i in (0, -1)] if self.memory else [],
        }


def main() -> None:
    """Measure, print one table, and write it as JSON where asked."""
    options = parse_options()
    notes = read_notes(options.run)
    with tempfile.TemporaryDirectory() as state:
        service, port = start(options.run, Path(state))
        try:
            drive(port, service.pid, notes, "warm-up", options.clients, WARM_UP_SECONDS)
            phases = [
                drive(port, service.pid, notes, "one client, before", 1, options.seconds / 3),
                drive(port, service.pid, notes, f"{options.clients} clients", options.clients, options.seconds),
                drive(port, service.pid, notes, "one client, after", 1, options.seconds / 3),
            ]
            batches = batch_sizes(port)
        finally:
            service.terminate()
            service.wait(120)
        audited = check(Path(state) / "audit.jsonl")
    report(phases, batches, audited.n_entries, options)


def drive(port: int, pid: int, notes: list[str], name: str, n_clients: int, seconds: float) -> Measured:
    """Let some clients ask for a time, each its next note as soon as it has an answer."""
    measured = Measured(name, n_clients)
    numbers = itertools.count()
    lock, ends_at = threading.Lock(), time.perf_counter() + seconds
    threads = [
        threading.Thread(target=ask, args=(port, notes, numbers, ends_at, measured, lock)) for _ in range(n_clients)
    ]
    process = psutil.Process(pid)
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        measured.memory.append(process.memory_info().rss)
        time.sleep(min(1.0, seconds / 10))
    for thread in threads:
        thread.join()
    measured.seconds = time.perf_counter() - started
    return measured


def ask(
    port: int,
    notes: list[str],
    numbers: Iterator[int],
    ends_at: float,
    measured: Measured,
    lock: threading.Lock,
) -> None:
    """Be one client."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    while time.perf_counter() < ends_at:
        body = json.dumps({"notes": [{"id": "", "text": notes[next(numbers) % len(notes)]}]})
        started = time.perf_counter()
        try:
            connection.request("POST", "/v1/classify", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            status, retry_after = answer.status, float(answer.headers.get("Retry-After") or 0)
        except OSError:
            status, retry_after = 0, 0.0
            connection.close()
        took = time.perf_counter() - started
        with lock:
            measured.statuses[status] = measured.statuses.get(status, 0) + 1
            if status == 200:
                measured.latencies.append(took)
        if status == 429:
            time.sleep(retry_after)
    connection.close()


def start(run: Path, state: Path) -> tuple["subprocess.Popen[str]", int]:
    """Start the service and return it with its port, once it answers."""
    command = [sys.executable, "-m", "nosology", "serve", str(run), "--port", "0", "--state", str(state)]
    service = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert service.stderr is not None
    port = 0
    for line in service.stderr:
        event = json.loads(line) if line.startswith("{") else {}
        port = event.get("port", port)
        if event.get("message") == "ready":
            break
    else:
        raise SystemExit("the service did not start")
    threading.Thread(target=service.stderr.read, daemon=True).start()
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            get(port, "/livez")
        except OSError:
            time.sleep(0.1)
        else:
            return service, port
    raise SystemExit("the service does not answer")


def get(port: int, path: str) -> str:
    """Return what the service says at a path."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def batch_sizes(port: int) -> float:
    """Return the mean number of notes in a forward pass since the service started."""
    figures = dict(line.rsplit(" ", 1) for line in get(port, "/metrics").splitlines() if not line.startswith("#"))
    return float(figures["nosology_batch_notes_sum"]) / float(figures["nosology_batch_notes_count"])


def read_notes(run: Path) -> list[str]:
    """Return the notes to ask about."""
    recorded = Path(Run.open(run).manifest.dataset.path)
    folder = recorded if recorded.exists() else run.parent / "dataset"
    return [str(text) for text in open_dataset(folder).split("test")["clean_text"].to_list()]


def report(phases: list[Measured], mean_batch: float, n_audited: int, options: argparse.Namespace) -> None:
    """Print the table and write the JSON file."""
    rows = [phase.row() for phase in phases]
    print(f"{'phase':22} {'answered':>8} {'notes/s':>8} {'p50 s':>7} {'p99 s':>7}  {'statuses':22} memory MB")
    for row in rows:
        statuses = ", ".join(f"{n} x {status}" for status, n in row["statuses"].items())
        memory = " -> ".join(map(str, row["memory_mb"]))
        print(
            f"{row['phase']:22} {row['answered']:8} {row['notes_per_second']:8.2f} {row['p50_seconds']:7.2f} "
            f"{row['p99_seconds']:7.2f}  {statuses:22} {memory}"
        )
    sequential = statistics.mean([phases[0].notes_per_second, phases[2].notes_per_second])
    ratio = phases[1].notes_per_second / sequential if sequential else 0.0
    drift = phases[0].notes_per_second / phases[2].notes_per_second if phases[2].latencies else 0.0
    n_answered = sum(len(phase.latencies) for phase in phases)
    print(f"{options.clients} clients: {ratio:.2f} times the notes of one (before/after: {drift:.2f}); ", end="")
    print(f"{mean_batch:.1f} notes a forward pass; {n_audited} predictions in the audit log, {n_answered} timed")
    if options.json:
        content = {
            "machine": harness.machine(),
            "settings": {"clients": options.clients, "seconds": options.seconds, "run": options.run.name},
            "measurements": rows,
            "ratios": {"vs_sequential": ratio, "before_vs_after": drift},
        }
        harness.write_report(options.json, content)


def parse_options() -> argparse.Namespace:
    """Return the command line's options."""
    parser = harness.parser(__doc__)
    parser.add_argument("--run", type=Path, default=Path("demo/run"), help="a finished run, its dataset beside it")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the phase with all clients")
    return parser.parse_args()


if __name__ == "__main__":
    main()
