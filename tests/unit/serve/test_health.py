"""Health that tells the truth, part by part, and recovers by itself; and the container's question, encrypted or not."""

import asyncio
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from nosology.feedback.audit import entries
from nosology.serve.health import Health
from nosology.serve.pools import Pool
from nosology.serve.probe import is_well, write_address
from nosology.serve.server import tls_context
from served import Served
from service_world import NOTE, client_of, notes, open_service, until, write_served_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("served"))


def test_a_full_disk_is_not_ready_and_is_again_without_anybody_asking_for_a_prediction(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, _ = open_service(run, tmp_path / "state")
    write = os.write

    def full(file: Any, data: Any) -> Any:
        if file == service.audit._file:
            raise OSError(28, "No space left on device")
        return write(file, data)

    with client_of(service) as client:
        assert client.get("/readyz").json()["status"] == "ok"  # a good answer, which a failure takes back at once
        monkeypatch.setattr(os, "write", full)
        assert client.post("/v1/classify", json=notes(NOTE)).status_code == 503
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
        assert ready.json()["parts"]["audit"] == "cannot be written (No space left on device)"
        monkeypatch.setattr(os, "write", write)
        assert client.get("/readyz").json()["status"] == "ok"
    assert [entry["event"] for entry in entries(tmp_path / "state" / "audit.jsonl")] == ["log-recovered"]


def test_a_disk_without_room_is_not_ready_before_a_line_was_tried(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, _ = open_service(run, tmp_path / "state")
    with client_of(service) as client:
        found = os.fstatvfs(service.audit._file)
        values = {name: getattr(found, name) for name in ("f_frsize", "f_bavail")} | {"f_bavail": 0}
        monkeypatch.setattr(os, "fstatvfs", lambda _: type("Room", (), values))
        assert client.get("/readyz").status_code == 503


def test_a_log_that_was_renamed_is_not_ready(run: Path, tmp_path: Path) -> None:
    service, _ = open_service(run, tmp_path / "state")
    log = tmp_path / "state" / "audit.jsonl"
    with client_of(service) as client:
        log.rename(tmp_path / "elsewhere")
        assert client.get("/readyz").json()["parts"]["audit"] == "cannot be written (the file was moved or deleted)"
        assert client.post("/v1/classify", json=notes(NOTE)).status_code == 503
        (tmp_path / "elsewhere").rename(log)
        assert client.get("/readyz").status_code == 200


def test_a_model_that_is_stuck_is_not_ready_and_is_again_when_it_reads_on(run: Path, tmp_path: Path) -> None:
    service, reader = open_service(run, tmp_path / "state", timeout_seconds=0.3)
    with client_of(service) as client:
        reader.gate.clear()
        assert client.post("/v1/classify", json=notes(NOTE)).status_code == 504
        until(lambda: client.get("/readyz").status_code == 503)
        assert client.get("/readyz").json()["parts"]["model"].startswith("has been at the same notes")
        reader.gate.set()
        until(lambda: client.get("/readyz").json()["status"] == "ok")


def test_a_reader_that_ended_is_not_ready(run: Path, tmp_path: Path) -> None:
    service, _ = open_service(run, tmp_path / "state")
    with client_of(service) as client:
        client.portal.call(service.batcher._quick.task.cancel)
        until(lambda: client.get("/readyz").json()["parts"]["model"] == "does not read")
        assert client.get("/readyz").status_code == 503


def test_a_store_that_is_away_is_told_and_notes_are_read(run: Path, tmp_path: Path) -> None:
    service, _ = open_service(run, tmp_path / "state")
    with client_of(service) as client:
        (tmp_path / "state" / "feedback.db").rename(tmp_path / "feedback.db")
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        (tmp_path / "feedback.db").rename(tmp_path / "state" / "feedback.db")
        assert client.get("/readyz").json()["status"] == "ok"


class Part:
    """A part that answers when it is let."""

    n_asked, is_reading, seconds_at_work = 0, True, 0.0

    def __init__(self) -> None:
        self.gate = threading.Event()

    def check(self) -> None:
        self.n_asked += 1
        self.gate.wait(20)

    def probe(self) -> None:
        return


def test_a_part_that_does_not_answer_is_asked_once_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nosology.serve.health._PATIENCE_SECONDS", 0.05)
    part, pool = Part(), Pool("health", 2, 8)

    async def scenario() -> Any:
        health = Health(part, part, part, pool, stuck_seconds=1)
        first = [await health.parts() for _ in range(3)]
        part.gate.set()
        await asyncio.sleep(0.05)
        return first, await health.parts()

    first, last = asyncio.run(scenario())
    assert [found["store"] for found in first] == ["does not answer within 0.05 seconds"] * 3
    assert last["store"] == "ok"
    assert part.n_asked == 1
    pool.close()


# ---- other parts never delay reading


def test_a_locked_database_delays_neither_reading_nor_cards_nor_health(run: Path, tmp_path: Path) -> None:
    from service_world import hook_call

    service, _ = open_service(run, tmp_path / "state")
    with client_of(service) as client:
        receipt = client.post("/v1/classify", json=notes(NOTE)).json()["predictions"][0]["receipt"]
        other = sqlite3.connect(tmp_path / "state" / "feedback.db", check_same_thread=False)
        other.execute("BEGIN EXCLUSIVE")
        decide = {"json": {"receipt": receipt, "verdict": "accepted"}}
        waiting = [threading.Thread(target=client.post, args=("/v1/feedback",), kwargs=decide) for _ in range(12)]
        for thread in waiting:
            thread.start()
        until(lambda: service.pools.store._n >= 12)
        assert client.post("/v1/classify", json=notes(NOTE)).status_code == 200
        assert client.post("/cds-services/nosology-note", json=hook_call(NOTE)).status_code == 200
        assert client.get("/readyz").json()["parts"]["model"] == "ok"
        assert service.pools.store._n >= 12, "the decisions still wait"
        other.rollback()
        other.close()
        for thread in waiting:
            thread.join()


def test_a_report_that_takes_its_time_delays_nobody(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service, _ = open_service(run, tmp_path / "state")
    gate = threading.Event()
    monkeypatch.setattr(service.store, "all", lambda: gate.wait(20) and [])
    with client_of(service) as client:
        reports = [threading.Thread(target=client.get, args=("/v1/agreement",)) for _ in range(8)]
        for thread in reports:
            thread.start()
        until(lambda: service.pools.reports._n == 8)
        assert client.post("/v1/classify", json=notes(NOTE)).status_code == 200
        assert client.get("/v1/feedback").status_code == 200
        gate.set()
        for thread in reports:
            thread.join()


def test_a_pool_that_is_full_refuses(run: Path, tmp_path: Path) -> None:
    service, _ = open_service(run, tmp_path / "state")
    service.pools.store._most = 0
    with client_of(service) as client:
        refused = client.get("/v1/feedback")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert client.post("/v1/classify", json=notes(NOTE)).status_code == 200


# ---- the container's question


@pytest.mark.parametrize("is_encrypted", [False, True])
def test_the_containers_check_asks_whether_notes_can_be_read(
    run: Path, tmp_path: Path, request: pytest.FixtureRequest, is_encrypted: bool
) -> None:
    tls = None
    if is_encrypted:
        tls = tls_context(*request.getfixturevalue("certificate"))
    state = tmp_path / "state"
    served = Served(run, state, tls=tls)
    try:
        write_address(state, "0.0.0.0", served.port, is_encrypted=is_encrypted)
        assert is_well(state)
        (state / "audit.jsonl").rename(tmp_path / "elsewhere")
        time.sleep(1.1)  # a good answer holds for a second
        assert not is_well(state)
        (tmp_path / "elsewhere").rename(state / "audit.jsonl")
        assert is_well(state)
    finally:
        served.stop()
    assert not is_well(state)


def test_a_folder_where_no_service_ever_listened_is_not_well(tmp_path: Path) -> None:
    assert not is_well(tmp_path)
