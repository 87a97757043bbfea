"""Mutated requests as raw bytes: whatever comes, no answer says that the service broke, and it goes on to answer.

Heads, origins, hosts, encodings, lengths, bodies and their ends: half a thousand in the default run, five thousand as
``slow``; seeded, so that a failure can be had again. 503 and 504 can be meant; every other 5xx is a bug.
"""

import json
import random
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from served import Served
from service_world import NOTE, hook_call, notes, write_served_run

CANARY = "Zebrafink"
_MEANT = {501, 503, 504}  # 501: a run that cannot suggest
ODD = (
    b"\0",
    b"\r\n",
    b"\n",
    b" ",
    b"\t",
    b":",
    b"%00",
    b"%ff%fe",
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\\u0000",
    b"[" * 600,
    b'{"a":' * 600,
    b"9" * 5_000,
    b"-1",
    b"1e999",
    b"NaN",
    b"null",
    b'"',
    b"[::1",
    b"http://[",
    b"//",
    b"\xf0\x9f\x92\x89",
    "٣".encode(),
    b"x" * 20_000,
    CANARY.encode(),
)
HEADERS = (
    b"Host: [::1",
    b"Host: a@b:99999999999",
    b"Origin: http://[::1",
    b"Origin: null",
    b"Origin: \xff\xfe",
    b"Content-Length: " + b"9" * 5_000,
    b"Content-Length: -5",
    b"Content-Length: 1, 2",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Content-Encoding: gzip",
    b"Content-Type: application/json; charset=utf-16",
    b"Content-Type: text/csv; charset=\xff",
    b"Content-Type: multipart/form-data",
    b'Cookie: nosology_session=\xff; a="',
    b"Cookie: =;;=,",
    b"Authorization: Bearer",
    b"Authorization: Bearer \xff\xfe",
    b"Accept: application/fhir+json;q=x",
    b"Expect: 100-continue",
    b"Upgrade: websocket\r\nConnection: Upgrade",
    b"X-Forwarded-For: \xff, [::1, 999.999.1.1",
    b"Range: bytes=99-1",
    b'If-None-Match: "',
)


def request(method: str, path: str, body: bytes = b"", kind: str = "application/json") -> bytes:
    """Return a sound request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def sound(receipt: str) -> list[bytes]:
    """Return a sound request of each kind."""
    decision = {"receipt": receipt, "verdict": "corrected", "category": "Digestive", "text": NOTE, "note_id": "a"}
    feedback = {"card": "1" * 8 + "-1111-1111-1111-" + "1" * 12, "outcome": "overridden", "outcomeTimestamp": "now"}
    return [
        request("POST", "/v1/classify", json.dumps(notes(NOTE, f"{CANARY} eczema")).encode()),
        request("POST", "/v1/suggest", json.dumps(notes(NOTE) | {"k": 3}).encode()),
        request("POST", "/v1/feedback", json.dumps(decision).encode()),
        request("GET", "/v1/feedback?limit=5"),
        request("POST", "/v1/batch?text=text&id=id", f"id,text\n1,{CANARY}\n".encode(), "text/csv"),
        request("POST", "/v1/batch", json.dumps({"text": CANARY}).encode() + b"\n", "application/x-ndjson"),
        request("GET", "/v1/batch/7c9e6679-7425-40de-944b-e07fc1f90ae7/rows?offset=1&limit=2"),
        request("POST", "/cds-services/nosology-note", json.dumps(hook_call(NOTE)).encode()),
        request("POST", "/cds-services/nosology-note/feedback", json.dumps({"feedback": [feedback]}).encode()),
        request("POST", "/v1/session", b'{"key": "guess"}'),
        request("DELETE", "/v1/session"),
        request("GET", "/v1/agreement"),
        request("GET", "/readyz"),
        request("GET", "/page/app.js"),
    ]


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """Return a request with one to four changes: of bytes, of headers, or of where it ends."""
    data = raw
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
            case 1:
                data = data[:at] + rng.choice(ODD) + data[at:]
            case 2:
                data = data[:at] + data[at + rng.randint(1, 40) :]
            case 3:
                head, _, rest = data.partition(b"\r\n")
                data = head + b"\r\n" + rng.choice(HEADERS) + b"\r\n" + rest
            case 4:
                head, end, body = data.partition(b"\r\n\r\n")
                place = rng.randrange(len(body) + 1)
                body = body[:place] + rng.choice(ODD) + body[place:]
                data = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), head) + end + body
            case _:
                data = data[:at]
    return data


def answers(port: int, data: bytes, *, is_half_closed: bool) -> bytes:
    """Return what a service sends for some bytes, until it closes or has nothing more to say."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection, suppress(ConnectionError):
        connection.sendall(data)
        if is_half_closed:
            connection.shutdown(socket.SHUT_WR)
        connection.settimeout(2)
        with suppress(TimeoutError):
            while piece := connection.recv(65_536):
                received += piece
                if received.startswith(b"HTTP/1.1 1") or b"\r\n\r\n" not in received:
                    continue
                break
    return received


def attack(run: Path, state: Path, n: int, seed: int) -> set[int]:
    """Send mutated requests; return the statuses that came back."""
    rng, statuses = random.Random(seed), set()
    served = Served(run, state, header_seconds=0.2, body_seconds=0.2, connections_per_address=1_000)
    try:
        first = served.post(notes(NOTE))
        kinds = sound(first["predictions"][0]["receipt"])
        sent = [(mutated(rng.choice(kinds), rng), rng.random() < 0.2) for _ in range(n)]
        with ThreadPoolExecutor(32) as pool:  # most of the time is waiting for heads and bodies that never come
            all_received = [*pool.map(lambda item: answers(served.port, item[0], is_half_closed=item[1]), sent)]
        for number, ((data, _), received) in enumerate(zip(sent, all_received, strict=True)):
            found = {int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)}
            broken = {status for status in found if status >= 500} - _MEANT
            assert not broken, f"request {number} of seed {seed} got {broken}: {data[:300]!r}"
            assert CANARY.encode() not in received or found <= {200, 201, 202}, f"request {number} of seed {seed}"
            statuses |= found
        assert served.post(notes(NOTE))["predictions"][0]["label"] == "Cardiovascular"
    finally:
        served.stop()
    return statuses


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("served"))


def test_no_mutated_request_breaks_the_service(run: Path, tmp_path: Path) -> None:
    assert {200, 400, 403, 404, 408, 421, 422} & attack(run, tmp_path / "state", 500, seed=1) >= {200, 400, 422}


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_five_thousand_mutated_requests_do_not_break_the_service(run: Path, tmp_path: Path) -> None:
    attack(run, tmp_path / "state", 5_000, seed=2)


def test_bodies_that_once_broke_a_parser_get_a_status_that_says_what_is_wrong(run: Path, tmp_path: Path) -> None:
    served = Served(run, tmp_path / "state")
    try:
        for body in (
            b"[" * 100_000,
            b'{"notes":' * 50_000,
            b'{"k": ' + b"9" * 100_000 + b"}",
            b'{"notes": [{"text": "x"}], "k": NaN}',
        ):
            received = answers(served.port, request("POST", "/v1/suggest", body), is_half_closed=False)
            assert received[9:12] in (b"400", b"422"), received[:200]
        surrogate = b'{"notes": [{"id": "\\ud800", "text": "\\ud800 infarction"}]}'
        assert answers(served.port, request("POST", "/v1/classify", surrogate), is_half_closed=False)[9:10] in (
            b"2",
            b"4",
        )
        crossing = request("POST", "/v1/classify", b"{}").replace(b"\r\n", b"\r\nOrigin: http://[::1\r\n", 1)
        assert answers(served.port, crossing, is_half_closed=False)[9:12] == b"403"
        huge = request("POST", "/v1/classify", b"{}").replace(b"Content-Length: 2", b"Content-Length: " + b"9" * 5_000)
        assert answers(served.port, huge, is_half_closed=False)[9:12] in (b"400", b"413")
    finally:
        served.stop()
