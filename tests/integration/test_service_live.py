"""A service as a process: killed, starved, flooded and stopped; and the examples of the documentation against it."""

import json
import re
import resource
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import postgres
from nosology.feedback.audit import entries
from nosology.feedback.checking import check
from nosology.feedback.store import FeedbackStore
from nosology.serve.http.keys import KeyFile
from service_load import Load, notes
from service_process import serving, skip_without, train_tiny_run
from service_world import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

PAGES = [Path(__file__).parents[2] / "README.md", Path(__file__).parents[2] / "docs" / "how-to" / "serve.md"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_tiny_run(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def live(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A service that is left alone."""
    with serving(run, tmp_path_factory.mktemp("state"), "--timeout", "30") as process:
        yield process


def examples() -> list[str]:
    """Return the curl commands of the pages, continued lines joined."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL):
            lines = block.replace("\\\n", " ").splitlines()
            found += [line for line in lines if line.startswith("curl ")]
    return found


def test_the_pages_have_examples() -> None:
    assert len(examples()) >= 6


@pytest.mark.parametrize("line", examples())
def test_the_curl_examples_of_the_pages_work(live: Any, tmp_path: Path, line: Any) -> None:
    skip_without("curl")
    (tmp_path / "notes.csv").write_text("id,text\n1,Chest pain.\n2,Burn of the hand.\n")
    (tmp_path / "call.json").write_text(json.dumps(hook_call()))
    with live.client() as client:
        receipt = client.post("/v1/classify", json=notes("Chest pain.")).json()["predictions"][0]["receipt"]
        batch = client.post("/v1/batch", content="text\nx\n", headers={"Content-Type": "text/csv"}).json()["batch_id"]
        until(lambda: client.get(f"/v1/batch/{batch}").json()["state"] == "done")
    line = line.replace("http://127.0.0.1:8000", live.url).replace("RECEIPT", receipt).replace("BATCH_ID", batch)
    command = [*shlex.split(line), "--silent", "--show-error", "--fail-with-body"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    expected_501 = "/v1/suggest" in line and '"status":501' in done.stdout  # the tiny run has no codes
    assert done.returncode == 0 or expected_501, done.stdout + done.stderr


def hook_call() -> Any:
    from service_world import hook_call

    return hook_call("Chest pain.")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'feedback.db'}"
        return
    if reason := postgres.reason_to_skip():
        pytest.skip(reason)
    server = postgres.PostgresServer()
    server.start()
    yield server.url
    server.remove()


def test_nothing_that_was_answered_is_lost_when_the_process_is_killed(run: Path, tmp_path: Path, database: Any) -> None:
    state = tmp_path / "state"
    predicted, decided = [], []
    for round_number in range(2):  # the second start is the restart after a kill
        with serving(run, state, "--database", database) as process:
            load = Load(process.url)
            n_wanted = 15 + 10 * round_number
            until(lambda: len(load.decided) >= n_wanted, 300)  # noqa: B023
            process.kill()
            load.join()
            predicted += load.predicted
            decided += load.decided
    store = FeedbackStore(database)
    stored = {item.decision_id for item in store.all()}
    store.close()
    assert len(decided) >= 40
    assert set(decided) <= stored
    logged = {entry.get("note_sha256") for entry in entries(state / "audit.jsonl")}
    assert set(predicted) <= logged
    assert check(state / "audit.jsonl").first_broken is None


def test_a_stopping_service_finishes_what_it_accepted(run: Path, tmp_path: Path) -> None:
    with serving(run, tmp_path / "state") as process:
        with process.client() as client:
            rows = "".join(f"{i},Chest pain number {i}\n" for i in range(200))
            table = {"Content-Type": "text/csv"}
            assert client.post("/v1/batch", content="id,text\n" + rows, headers=table).status_code == 202
        load = Load(process.url)
        until(lambda: len(load.predicted) >= 6, 60)
        assert process.stop() in (0, -15)
        load.join()
    assert set(load.broken) <= {"ConnectError", "RemoteProtocolError", "ReadError"}
    stopped = process.events("stopped")[0]
    assert (stopped["notes_left"], stopped["batch_rows_left"]) == (0, 0)
    logged = [entry.get("note_sha256") for entry in entries(tmp_path / "state" / "audit.jsonl")]
    assert set(load.predicted) <= set(logged)
    assert sum(entry.get("event") == "batch" for entry in entries(tmp_path / "state" / "audit.jsonl")) == 200
    statuses = [event["status"] for event in process.events("request")]
    assert 500 not in statuses


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


def test_a_full_disk_is_told_and_the_service_stays_up(run: Path, tmp_path: Path) -> None:
    with serving(run, tmp_path / "state", preexec=small_files) as process, process.client() as client:
        for _ in range(400):  # until not even the line fits that says that others did not
            answer = client.post("/v1/classify", json=notes("Chest pain."))
            if answer.status_code != 200 and client.get("/readyz").json()["status"] != "ok":
                break
        assert answer.status_code == 503
        assert "audit log" in answer.json()["detail"]
        assert client.get("/v1/model").status_code == 200
        assert client.get("/v1/feedback").status_code == 200
        assert client.get("/readyz").json()["status"] == "unavailable"
        assert process.popen.poll() is None
    assert check(tmp_path / "state" / "audit.jsonl").first_broken is None


def raw(url: str, data: bytes, *, seconds: float = 20) -> bytes:
    """Send bytes to a service as they are, and return what comes back."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        connection.sendall(data)
        received = b""
        while True:
            try:
                piece = connection.recv(65_536)
            except (ConnectionError, TimeoutError):
                break
            received += piece
            if not piece or b"\r\n\r\n" in received:
                break
    return received


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x00\x01\x02\x03 garbage\r\n\r\n", b"400"),
        (b"GET /v1/model\r\n\r\n", b"400"),
        (b"GET /page/../../../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /page/..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /%00 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", b"421"),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", b"4"),
        (
            b"POST /v1/classify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 104857600\r\nConnection: close\r\n\r\n",
            b"413",
        ),
        (
            b"POST /v1/classify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/json\r\nConnection: close\r\n\r\n0\r\n\r\n",
            b"4",
        ),
    ],
    ids=["garbage", "half a line", "dots", "encoded dots", "nul", "other host", "header", "huge length", "smuggling"],
)
def test_hostile_bytes_get_their_status_and_nothing_else(live: Any, data: bytes, status: bytes) -> None:
    if b"104857600" in data:
        data += b"x" * 104_857_600
    received = raw(live.url, data, seconds=60)
    assert received.startswith(b"HTTP/1.1 " + status), received[:100]
    assert b"root:" not in received
    with live.client() as client:
        assert client.get("/livez").status_code == 200


def test_a_hundred_megabytes_in_pieces_get_413(live: Any) -> None:
    pieces = (b"x" * (1 << 20) for _ in range(100))
    with live.client() as client:
        answer = client.post("/v1/classify", content=pieces, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize("content", [b"\x7fELF" * 1000, b"\x1f\x8b\x08" + bytes(1000), bytes(range(256)) * 50])
def test_binary_bodies_are_refused(live: Any, content: Any) -> None:
    with live.client() as client:
        assert client.post(
            "/v1/classify", content=content, headers={"Content-Type": "application/json"}
        ).is_client_error
        assert client.post("/v1/batch", content=content, headers={"Content-Type": "text/csv"}).is_client_error


def test_a_client_that_hangs_up_is_noted_and_its_place_in_the_queue_given_free(live: Any) -> None:
    body = json.dumps(notes(*["chest pain " * 200] * 64)).encode()
    head = "POST /v1/classify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    data = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    host, port = live.url.removeprefix("http://").split(":")
    connections = []
    for _ in range(3):  # the first is read at once, the others wait
        connections.append(socket.create_connection((host, int(port))))
        connections[-1].sendall(data)
    time.sleep(0.1)
    for connection in connections:
        connection.close()
    until(lambda: 499 in [event["status"] for event in live.events("request")], 60)
    with live.client() as client:
        until(lambda: "nosology_notes_waiting 0.0" in client.get("/metrics").text, 60)
        assert client.post("/v1/classify", json=notes("Chest pain.")).status_code == 200, "there is room again"


def start(run: Path, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "nosology", "serve", str(run), "--port", "0", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_another_address_without_a_key_is_refused_with_a_hint(run: Path, tmp_path: Path) -> None:
    done = start(run, "--host", "0.0.0.0", "--keys", str(tmp_path / "none.json"))
    assert done.returncode == 2
    assert "no API key" in done.stderr
    assert "nosology keys create" in done.stderr


def test_a_service_with_keys_asks_for_one(run: Path, tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "keys.json").create("ward 3")
    with serving(run, tmp_path / "state", "--keys", str(tmp_path / "keys.json"), "--host", "0.0.0.0") as process:
        with process.client() as client:
            assert client.get("/v1/model").status_code == 401
            assert client.get("/livez").status_code == 200
        with process.client(headers={"Authorization": f"Bearer {key}"}) as client:
            assert client.post("/v1/classify", json=notes("Chest pain.")).status_code == 200
    assert key not in "".join(process.log)
    assert [entry["actor"] for entry in entries(tmp_path / "state" / "audit.jsonl")] == ["ward 3"]


def test_a_taken_port_and_a_taken_state_folder_are_told(run: Path, live: Any, tmp_path: Path) -> None:
    port = live.url.rpartition(":")[2]
    done = start(run, "--port", port, "--state", str(tmp_path / "state"))
    assert (done.returncode, "cannot listen" in done.stderr) == (2, True)
    with serving(run, tmp_path / "busy"):
        done = start(run, "--state", str(tmp_path / "busy"))
    assert (done.returncode, "another service writes" in done.stderr) == (2, True)


def test_the_process_never_logs_a_note(live: Any) -> None:
    with live.client() as client:
        client.post("/v1/classify", json=notes("Kanarienvogel in the chest"))
        client.get("/v1/feedback?limit=kanarienvogel")
        client.post("/v1/classify", content='{"notes": "kanarienvogel', headers={"Content-Type": "application/json"})
    assert "kanarienvogel" not in "".join(live.log).lower()
