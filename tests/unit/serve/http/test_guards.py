"""What every request passes: who asks, from where, how much, how often; and what every answer carries."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nosology.errors import ConfigError
from nosology.feedback.audit import entries
from nosology.serve.app import create_app
from nosology.serve.http.keys import KeyFile
from nosology.serve.http.strangers import Strangers
from nosology.serve.prometheus import Metrics
from nosology.serve.server import LOOPBACK_NAMES
from nosology.serve.settings import check_address, is_loopback
from service_world import NOTE, client_of, notes, open_service, until, write_served_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("served"))


@pytest.fixture
def keys(tmp_path: Path) -> Any:
    return KeyFile(tmp_path / "keys.json")


@pytest.fixture
def locked(run: Path, tmp_path: Path, keys: Any) -> Iterator[Any]:
    """A client of a service that asks for keys, and one key."""
    key = keys.create("ward 3")
    service, _ = open_service(run, tmp_path / "state")
    with client_of(service, keys=keys) as client:
        yield client, key


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_an_address_beyond_loopback_is_refused_without_a_key(host: str) -> None:
    with pytest.raises(ConfigError, match="no API key"):
        check_address(host, n_keys=0)
    assert check_address(host, n_keys=1), "with one, every request needs one"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "localhost", "::1"])
def test_loopback_needs_no_key_unless_there_is_one(host: str) -> None:
    assert is_loopback(host)
    assert not check_address(host, n_keys=0)
    assert check_address(host, n_keys=2)


def test_a_name_without_an_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ConfigError, match="no address"):
        is_loopback("no.such.host")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/model"),
        ("POST", "/v1/classify"),
        ("POST", "/v1/suggest"),
        ("POST", "/v1/batch"),
        ("POST", "/v1/feedback"),
        ("GET", "/v1/feedback"),
        ("GET", "/v1/agreement"),
        ("GET", "/metrics"),
        ("GET", "/report"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("GET", "/cds-services"),
        ("POST", "/cds-services/nosology-note"),
        ("GET", "/no/such/path"),
    ],
)
def test_everything_but_probes_and_the_page_needs_the_key(locked: Any, method: str, path: str) -> None:
    client, key = locked
    refused = client.request(method, path)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert client.request(method, path, headers=bearer(key)).status_code != 401


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/", "/page/app.js", "/v1/session"])
def test_probes_and_the_empty_page_are_open(locked: Any, path: str) -> None:
    assert locked[0].get(path).status_code == 200


def test_a_revoked_key_stops_working_at_once(locked: Any, keys: Any) -> None:
    client, key = locked
    assert client.get("/v1/model", headers=bearer(key)).status_code == 200
    client.post("/v1/session", json={"key": key})
    assert client.get("/v1/model").status_code == 200
    keys.revoke("ward 3")
    assert client.get("/v1/model", headers=bearer(key)).status_code == 401
    assert client.get("/v1/model").status_code == 401, "so does the cookie that came from it"


def test_the_page_trades_a_key_for_a_cookie_that_scripts_and_other_sites_cannot_use(locked: Any) -> None:
    client, key = locked
    assert client.get("/v1/session").json() == {"needs_key": True, "actor": None}
    answer = client.post("/v1/session", json={"key": key})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert key not in cookie
    assert client.get("/v1/session").json() == {"needs_key": True, "actor": "ward 3"}
    client.delete("/v1/session")
    assert client.get("/v1/model").status_code == 401


WRONG = "nsl_00000000_" + "x" * 43


def test_a_session_does_not_live_again_when_a_key_of_its_name_is_made(locked: Any, keys: Any) -> None:
    client, key = locked
    client.post("/v1/session", json={"key": key})
    keys.revoke("ward 3")
    keys.create("ward 3")
    assert client.get("/v1/model").status_code == 401
    assert client.get("/v1/session").json()["actor"] is None


def test_a_table_of_a_revoked_key_is_not_there_for_a_new_key_of_its_name(locked: Any, keys: Any) -> None:
    client, key = locked
    table = {"Content-Type": "text/csv"}
    place = client.post("/v1/batch", content="text\nx\n", headers=table | bearer(key)).headers["location"]
    keys.revoke("ward 3")
    assert client.get(place, headers=bearer(keys.create("ward 3"))).status_code == 404


def test_wrong_keys_are_limited_in_rate_and_never_in_the_way_of_a_right_one(locked: Any) -> None:
    client, key = locked
    statuses = [client.get("/v1/model", headers=bearer(WRONG)).status_code for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    refused = client.post("/v1/session", json={"key": "guess"})
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert client.get("/v1/model", headers=bearer(key)).status_code == 200
    assert client.post("/v1/session", json={"key": key}).status_code == 200


def test_wrong_keys_are_in_the_audit_log_up_to_a_rate_and_counted_beyond(locked: Any, tmp_path: Path) -> None:
    client, key = locked
    for _ in range(12):
        client.get("/v1/model", headers=bearer(WRONG))
    found = [entry for entry in entries(tmp_path / "state" / "audit.jsonl") if entry["event"] == "sign-in-failed"]
    assert [(entry["address"], entry["not_written"]) for entry in found] == [("testclient", 0)] * 10
    assert key not in (tmp_path / "state" / "audit.jsonl").read_text()
    assert WRONG not in (tmp_path / "state" / "audit.jsonl").read_text()


def test_addresses_of_one_ipv6_network_are_slowed_down_together() -> None:
    written = []

    async def record(rows: Any) -> None:
        written.extend(rows)

    async def scenario() -> Any:
        strangers = Strangers(record, Metrics())
        found = [(await strangers.refuse(f"2001:db8::{number:x}")).status_code for number in range(12)]
        other = (await strangers.refuse("2001:db8:0:1::1")).status_code
        return found, other

    assert asyncio.run(scenario()) == ([401] * 10 + [429] * 2, 401)
    assert [row["not_written"] for row in written] == [0] * 10 + [2]


@pytest.mark.parametrize("content", ["", "no json", '{"keys": 1}'])
def test_a_key_file_that_cannot_be_read_lets_nobody_in_and_says_so(locked: Any, tmp_path: Path, content: str) -> None:
    client, key = locked
    (tmp_path / "keys.json").write_text(content)
    assert client.get("/v1/model", headers=bearer(key)).status_code == 503
    assert client.post("/v1/session", json={"key": key}).status_code == 503
    assert client.get("/livez").status_code == 200


def test_a_key_may_not_ask_too_often(run: Path, tmp_path: Path, keys: Any) -> None:
    key = keys.create("busy")
    service, _ = open_service(run, tmp_path / "state", requests_per_minute=30)
    with client_of(service, keys=keys) as client:
        statuses = [client.get("/v1/model", headers=bearer(key)).status_code for _ in range(25)]
    assert statuses.count(200) in range(20, 23)
    assert statuses[-1] == 429


def test_somebody_elses_table_is_not_there(run: Path, tmp_path: Path, keys: Any) -> None:
    one, other = bearer(keys.create("one")), bearer(keys.create("other"))
    service, _ = open_service(run, tmp_path / "state")
    with client_of(service, keys=keys) as client:
        sent = client.post("/v1/batch", content="text\nx\n", headers={"Content-Type": "text/csv"} | one)
        place = sent.headers["location"]
        assert client.get(place, headers=one).status_code == 200
        assert client.get(place, headers=other).status_code == 404
        assert client.delete(place, headers=other).status_code == 404


@pytest.fixture
def client(run: Path, tmp_path: Path) -> Iterator[Any]:
    service, _ = open_service(run, tmp_path / "state", max_body_bytes=2_000, body_seconds=0.3)
    with client_of(service, hosts=LOOPBACK_NAMES) as client:
        yield client


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "", "[::1", "127.0.0.1.evil.example"])
def test_a_name_that_was_pointed_at_this_machine_is_not_answered(client: Any, host: str) -> None:
    assert client.get("/livez", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_this_machines_own_names_are_answered(client: Any, host: str) -> None:
    assert client.get("/livez", headers={"Host": host}).status_code == 200


def test_a_page_of_another_site_cannot_send_anything(client: Any) -> None:
    crossing = {"Origin": "https://evil.example"}
    assert client.post("/v1/classify", json=notes(NOTE), headers=crossing).status_code == 403
    assert client.delete("/v1/session", headers=crossing).status_code == 403
    own = {"Origin": "http://127.0.0.1:8000"}
    assert client.post("/v1/classify", json=notes(NOTE), headers=own).status_code == 200
    plain = {"Content-Type": "text/plain"}  # what a form of another site could send without being asked first
    assert client.post("/v1/classify", content='{"notes": []}', headers=plain).status_code in (415, 422)


def test_no_answer_allows_another_origin(client: Any) -> None:
    answer = client.options("/v1/classify", headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_answers_carry_headers_that_keep_them_to_themselves(client: Any) -> None:
    for path in ("/", "/livez", "/v1/model", "/v1/nothing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert "server" not in headers
    assert client.get("/v1/model").headers["cache-control"] == "no-store"


def test_a_large_body_gets_413_whether_or_not_it_says_its_size(client: Any) -> None:
    large = b'{"notes": [{"text": "' + b"x" * 3_000 + b'"}]}'
    json = {"Content-Type": "application/json"}
    assert client.post("/v1/classify", content=large, headers=json).status_code == 413
    pieces = (large[i : i + 500] for i in range(0, len(large), 500))
    assert client.post("/v1/classify", content=pieces, headers=json).status_code == 413


def test_a_length_of_more_digits_than_a_number_may_have_gets_413(client: Any) -> None:
    """Asked of the guard itself: the parser of HTTP in front of it may refuse such a length before."""
    headers = {"Content-Type": "application/json", "Content-Length": "9" * 5_000}
    assert client.post("/v1/classify", content=b"{}", headers=headers).status_code == 413


def raw(app: Any, *messages: Any, headers: tuple[Any, ...] = (), path: str = "/v1/classify", hang: bool = False) -> Any:
    """Send messages of a body to an application as a server would; return the status of its answer."""
    sent = []

    async def run() -> None:
        waiting = list(messages)

        async def receive() -> Any:
            if waiting:
                return waiting.pop(0)
            await asyncio.sleep(3600 if hang else 0)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), *headers],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
            "scheme": "http",
            "http_version": "1.1",
        }
        async with asyncio.timeout(20):
            await app(scope, receive, send)

    asyncio.run(run())
    return next(message["status"] for message in sent if message["type"] == "http.response.start")


def test_a_body_that_never_ends_gets_408(run: Path, tmp_path: Path) -> None:
    service, _ = open_service(run, tmp_path / "state", body_seconds=0.2)
    first = {"type": "http.request", "body": b'{"notes"', "more_body": True}
    assert raw(create_app(service), first, hang=True) == 408


def test_a_client_that_goes_away_leaves_the_queue(run: Path, tmp_path: Path) -> None:
    import threading

    service, reader = open_service(run, tmp_path / "state")
    reader.gate.clear()
    with client_of(service) as client:
        first = threading.Thread(target=client.post, args=("/v1/classify",), kwargs={"json": notes(NOTE)})
        first.start()
        until(lambda: reader.batches == [1])
        portal = client.portal
        work = portal.start_task_soon(service.batcher.submit, ["waits"], None)
        until(lambda: service.batcher.n_waiting == 1)
        work.cancel()
        reader.gate.set()
        first.join()
        until(lambda: service.batcher.n_waiting == 0)
    assert reader.batches == [1], "the note of the client that went away was never read"


def test_a_request_that_takes_too_long_gets_504(run: Path, tmp_path: Path) -> None:
    service, reader = open_service(run, tmp_path / "state", timeout_seconds=0.2)
    reader.gate.clear()
    with client_of(service) as client:
        answer = client.post("/v1/classify", json=notes(NOTE))
        reader.gate.set()
    assert answer.status_code == 504


def test_a_bug_answers_with_an_id_and_nothing_else(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service, _ = open_service(run, tmp_path / "state")

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("the note said: SECRET-WORDS")

    monkeypatch.setattr(type(service), "finish", fail)
    with client_of(service) as client:
        answer = client.post("/v1/classify", json=notes("SECRET-WORDS"))
    assert answer.status_code == 500
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "SECRET" not in answer.text
