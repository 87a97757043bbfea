"""A service killed fifty times, without room at fifty moments, without its database: nothing acknowledged is lost.

The service is the command itself in a process of its own, with tables, decisions and predictions under way; it is
started again with the same words and nothing else is done for it.
"""

import json
import os
import random
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

import forked
from nosology.feedback.audit import entries
from nosology.feedback.checking import check, compare
from nosology.feedback.store import FeedbackStore
from service_load import Load, notes
from service_process import START_SECONDS, train_tiny_run
from service_world import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3_000)]

N = int(os.environ.get("NOSOLOGY_TEST_CRASHES", "50"))
PATIENCE = 120.0  # seconds, on a machine that is busy with other things
SHOWN = 10.0  # seconds until its health says so: a good answer holds for one, on a busy machine it comes late


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_tiny_run(tmp_path_factory.mktemp("tiny"))


class Service:
    """The command in a process of its own.

    Attributes:
        url: Where it listens.
        process: It.
    """

    def __init__(self, run: Path, state: Path, said: Path) -> None:
        said.unlink(missing_ok=True)
        self._said = said
        self.process = forked.start("serve", run, "--port", "0", "--state", state, said=said, OMP_NUM_THREADS="1")
        until(lambda: self._ready() or not self.process.is_alive(), START_SECONDS)
        assert self.process.is_alive(), said.read_text(encoding="utf-8")
        self.url = f"http://127.0.0.1:{self._ready()}"
        until(self._answers, 60)

    def _ready(self) -> int:
        """Return the port of a service that says it is ready; 0 until then."""
        lines = self._said.read_text(encoding="utf-8").splitlines() if self._said.exists() else []
        events = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        is_ready = any(event["message"] == "ready" for event in events)
        return next((event["port"] for event in events if "port" in event), 0) if is_ready else 0

    def _answers(self) -> bool:
        with suppress(httpx2.HTTPError):
            return httpx2.get(f"{self.url}/livez", timeout=5).status_code == 200
        return False

    def health(self) -> str:
        """Return what it says of itself."""
        return str(httpx2.get(f"{self.url}/readyz", timeout=30).json()["status"])

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.join()

    def stop(self) -> None:
        """Ask it to end."""
        self.process.terminate()
        self.process.join(PATIENCE)


@contextmanager
def serving(run: Path, state: Path, said: Path) -> Iterator[Service]:
    service = Service(run, state, said)
    try:
        yield service
    finally:
        if service.process.is_alive():
            service.kill()


def assert_whole(run: Path, state: Path, said: Path, loads: list[Load]) -> None:
    """Start once more, ask, stop; then compare what was acknowledged with store and log, and let the command check."""
    with serving(run, state, said) as service:
        answer = httpx2.post(f"{service.url}/v1/classify", json=notes("Chest pain."), timeout=60)
        assert (answer.status_code, service.health()) == (200, "ok")
        service.stop()
    store = FeedbackStore(f"sqlite:///{state / 'feedback.db'}")
    stored = store.all()
    store.close()
    assert {name for load in loads for name in load.decided} <= {decision.decision_id for decision in stored}
    logged = {entry.get("note_sha256") for entry in entries(state / "audit.jsonl")}
    assert {name for load in loads for name in load.predicted} <= logged
    found = check(state / "audit.jsonl")
    assert (found.first_broken, found.head_problem) == (None, None)
    compared = compare(state / "audit.jsonl", stored)
    assert (compared.edited, compared.missing, compared.unlogged) == ((), (), ())
    assert forked.run("audit", state / "audit.jsonl", said=said) == 0, said.read_text(encoding="utf-8")
    assert 500 not in {status for load in loads for status in load.refused}


def test_fifty_kills_of_a_service_under_load_lose_nothing_that_was_acknowledged(run: Path, tmp_path: Path) -> None:
    rng, loads = random.Random(16), []
    state, said = tmp_path / "state", tmp_path / "said.txt"
    for _ in range(N):
        with serving(run, state, said) as service:
            load = Load(service.url, 4, with_tables=True)
            loads.append(load)
            n_wanted = rng.randrange(12)
            until(lambda: len(load.decided) >= n_wanted, PATIENCE)  # noqa: B023
            time.sleep(rng.uniform(0, 0.1))
            service.kill()
            load.join()
    assert sum(len(load.decided) for load in loads) > 3 * N
    assert sum(bool(load.broken) for load in loads) >= 0.9 * N, "nearly every kill met somebody at work"
    assert_whole(run, state, said, loads)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own of 16 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "nosology-test", str(place)], capture_output=True)
    if done.returncode:
        pytest.skip("only root may mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@contextmanager
def without_room(disk: Path, n_free: int) -> Iterator[None]:
    """Fill a disk but for some bytes, for a time."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
        file.truncate(max(0, file.tell() - n_free))
    yield
    ballast.unlink()


def test_fifty_moments_without_room_lose_nothing_and_the_service_comes_back(
    run: Path, tmp_path: Path, small_disk: Path
) -> None:
    rng = random.Random(16)
    state, said = small_disk / "state", tmp_path / "said.txt"
    with serving(run, state, said) as service:
        load = Load(service.url, 4, with_tables=True)
        for _ in range(N):
            n_decided = len(load.decided)
            until(lambda: len(load.decided) > n_decided, PATIENCE)  # noqa: B023
            time.sleep(rng.uniform(0, 0.05))
            with without_room(small_disk, rng.randrange(3) << 12):
                n_refused = len(load.refused)
                until(lambda: len(load.refused) > n_refused + 2, PATIENCE)  # noqa: B023
                until(lambda: service.health() != "ok", SHOWN)
                assert httpx2.get(f"{service.url}/v1/model", timeout=30).status_code == 200
            until(lambda: service.health() == "ok", PATIENCE)
        load.join()
        assert not load.broken
        service.stop()
    assert len(load.decided) >= N
    assert len(load.refused) > N
    assert_whole(run, state, said, [load])


def test_a_database_that_is_locked_or_gone_refuses_decisions_alone_and_is_used_again(run: Path, tmp_path: Path) -> None:
    state, said = tmp_path / "state", tmp_path / "said.txt"
    with serving(run, state, said) as service:
        load = Load(service.url, 4)
        for trouble, health in ((_locked, "ok"), (_gone, "degraded")) * 2:  # a locked one can still be read
            n_decided = len(load.decided)
            until(lambda: len(load.decided) > n_decided, PATIENCE)  # noqa: B023
            with trouble(state / "feedback.db"):
                n_refused = len(load.refused)
                until(lambda: len(load.refused) > n_refused, PATIENCE)  # noqa: B023
                answer = httpx2.post(f"{service.url}/v1/classify", json=notes("Chest pain."), timeout=60)
                assert answer.status_code == 200, "notes are read without the database"
                until(lambda: service.health() == health, SHOWN)  # noqa: B023
            until(lambda: service.health() == "ok", PATIENCE)
        load.join()
        assert (load.broken, set(load.refused)) == ([], {503})
        service.stop()
    assert_whole(run, state, said, [load])


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    other = sqlite3.connect(file, timeout=60)
    other.execute("BEGIN EXCLUSIVE")
    yield
    other.rollback()
    other.close()


@contextmanager
def _gone(file: Path) -> Iterator[None]:
    """Put a database aside for a time: the file itself goes first and comes back last."""
    aside = file.parent.parent / "aside"
    aside.mkdir(exist_ok=True)
    names = [file.name, f"{file.name}-shm", f"{file.name}-wal"]
    for name in names:
        with suppress(FileNotFoundError):
            (file.parent / name).rename(aside / name)
    yield
    for name in reversed(names):
        with suppress(FileNotFoundError):
            (aside / name).rename(file.parent / name)
