"""A service that is told to stop: it finishes what it accepted, says what is lost, and is done in its time."""

import json
import logging
import socket
import threading
import time
from pathlib import Path

import httpx2
import pytest

from nosology.feedback.audit import entries
from nosology.serve.batches import BatchJobs
from served import Served
from service_world import NOTE, notes, until, write_served_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("served"))


class Asking:
    """A request in a thread of its own."""

    def __init__(self, served: Served, text: str = NOTE) -> None:
        self.answer: httpx2.Response | None = None
        self.thread = threading.Thread(target=self._ask, args=(served.url, text))
        self.thread.start()

    def _ask(self, url: str, text: str) -> None:
        self.answer = httpx2.post(f"{url}/v1/classify", json=notes(text), timeout=30)

    def status(self) -> int:
        self.thread.join(30)
        return self.answer.status_code


def stopping(served: Served) -> threading.Thread:
    thread = threading.Thread(target=served.stop)
    thread.start()
    return thread


def stopped(caplog: pytest.LogCaptureFixture) -> dict:
    return next(record.fields for record in caplog.records if record.message == "stopped")


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="nosology.serve")


def test_accepted_notes_are_answered_and_further_ones_refused_from_the_first_moment(
    run: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    served = Served(run, tmp_path / "state", drain_seconds=20)
    served.reader.gate.clear()
    accepted = [Asking(served), Asking(served)]
    until(lambda: served.service.batcher._left() == 2)
    body = json.dumps(notes(NOTE)).encode()
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as late:
        head = "POST /v1/classify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nExpect: 100-continue"
        late.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        assert late.recv(65_536).startswith(b"HTTP/1.1 100"), "its body is waited for"
        thread = stopping(served)
        until(lambda: served.service.is_stopping)
        late.sendall(body)
        assert late.recv(65_536).startswith(b"HTTP/1.1 503")
    time.sleep(0.5)  # what is at work is waited for, not only the moment that closing takes
    served.reader.gate.set()
    thread.join(30)
    assert [asking.status() for asking in accepted] == [200, 200]
    assert (stopped(caplog)["notes_left"], stopped(caplog)["audit_lines"]) == (0, 2)


def test_a_stop_takes_no_longer_than_it_says_whatever_is_stuck(
    run: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    stop = BatchJobs.stop
    monkeypatch.setattr(BatchJobs, "stop", lambda self, seconds: given.append(seconds) or stop(self, seconds))
    served = Served(run, tmp_path / "state", drain_seconds=1)
    served.reader.gate.clear()
    with httpx2.Client(base_url=served.url, timeout=30) as client:
        table = "text\n" + "chest pain\n" * 100
        assert client.post("/v1/batch", content=table, headers={"Content-Type": "text/csv"}).status_code == 202
    half = socket.create_connection(("127.0.0.1", served.port))
    half.sendall(b"GET / HTTP/1.1\r\n")
    late = Asking(served)
    until(lambda: served.service.batcher.n_waiting == 1)
    stopping(served).join(30)
    half.close()
    served.reader.gate.set()
    assert given == [0.0], "requests took all of the time; tables do not get it once more"
    assert late.status() == 503
    assert "stopped before this was read" in late.answer.json()["detail"]
    assert stopped(caplog)["batch_rows_left"] == 100
    assert stopped(caplog)["tables_lost"] == 1


def test_a_table_that_was_read_and_not_fetched_is_said_to_be_lost(
    run: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    served = Served(run, tmp_path / "state", drain_seconds=5)
    with httpx2.Client(base_url=served.url, timeout=30) as client:
        csv = {"content": "text\nchest pain\n", "headers": {"Content-Type": "text/csv"}}
        places = [client.post("/v1/batch", **csv).headers["location"] for _ in range(2)]
        for place in places:
            until(lambda: client.get(place).json()["state"] == "done")  # noqa: B023
        assert client.get(places[0] + "/result").status_code == 200
    served.stop()
    assert (stopped(caplog)["batch_rows_left"], stopped(caplog)["tables_lost"]) == (0, 1)
    assert set(json.loads((tmp_path / "state" / "tables.json").read_text())) == {
        place.rpartition("/")[2] for place in places
    }
    assert sum(entry["event"] == "batch" for entry in entries(tmp_path / "state" / "audit.jsonl")) == 2
