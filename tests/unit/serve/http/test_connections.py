"""Connections before there is a request: half heads, idle ones, too many of one address, clients that do not read."""

import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from nosology.errors import ConfigError
from nosology.serve.http.connections import proxy_networks
from nosology.serve.server import tls_context
from served import Served
from service_world import NOTE, notes, until, write_served_run

HALF = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n"
WHOLE = HALF + b"\r\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("served"))


@pytest.fixture
def serving(run: Path, tmp_path: Path) -> Iterator[Any]:
    """Start services with some limits; all end with the test."""
    with ExitStack() as stack:

        def start(**options: Any) -> Served:
            served = Served(run, tmp_path / f"state {time.monotonic_ns()}", **options)
            stack.callback(served.stop)
            return served

        yield start


def connect(served: Served, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=20, source_address=(source, 0))


def rest(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    received = b""
    try:
        while piece := connection.recv(65_536):
            received += piece
    except ConnectionError:
        pass
    return received


def ask(served: Served, source: str = "127.0.0.1") -> bytes:
    """Return the first bytes of an answer; none where the connection was closed at once."""
    with connect(served, source) as connection:
        try:
            connection.sendall(WHOLE)
            return connection.recv(65_536)
        except ConnectionError:
            return b""


@pytest.mark.parametrize("sent", [b"", b"G", HALF, WHOLE + HALF], ids=["nothing", "a letter", "half", "a second half"])
def test_a_head_that_does_not_come_in_time_ends_its_connection(serving: Any, sent: Any) -> None:
    served = serving(header_seconds=0.3)
    with connect(served) as connection:
        connection.sendall(sent)
        received = rest(connection)
    assert b"408 Request Timeout" in received
    assert served.service.metrics.connections_slow.labels("head")._value.get() == 1


def test_a_head_that_comes_drop_by_drop_gets_no_more_time(serving: Any) -> None:
    served = serving(header_seconds=0.5)
    with connect(served) as connection:
        connection.settimeout(0.05)
        started, received = time.monotonic(), b""
        while b"408" not in received and time.monotonic() - started < 20:
            try:
                connection.sendall(b"X")
                received += connection.recv(1_000)
            except TimeoutError:
                continue
            except ConnectionError:
                break
    assert b"408" in received


def test_requests_that_follow_each_other_slowly_are_no_slow_head(serving: Any) -> None:
    served = serving(header_seconds=0.3)
    with connect(served) as connection:
        for _ in range(3):
            connection.sendall(WHOLE)
            received = b""
            while b"parts" not in received:
                received += connection.recv(65_536)
            time.sleep(0.5)
    assert not served.service.metrics.connections_slow._metrics


def test_a_request_that_is_read_for_longer_than_a_head_may_take_is_answered(serving: Any) -> None:
    served = serving(header_seconds=0.2)
    served.reader.seconds = 0.6
    body = json.dumps(notes(NOTE)).encode()
    head = "POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    with connect(served) as connection:
        connection.sendall(head.encode() + body)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


def test_a_thousand_idle_connections_of_one_address_leave_room_for_the_others(serving: Any) -> None:
    served = serving(connections_per_address=20, header_seconds=30)
    held = [connect(served, "127.0.0.2") for _ in range(60)]
    for connection in held[:20]:
        connection.sendall(HALF)
    until(lambda: served.service.metrics.connections_refused._value.get() == 40)
    assert ask(served, "127.0.0.2") == b""
    assert ask(served).startswith(b"HTTP/1.1 200"), "another address is not locked out"
    for connection in held:
        connection.close()
    until(lambda: served.service.metrics.connections._value.get() == 0)
    assert ask(served, "127.0.0.2").startswith(b"HTTP/1.1 200")


def test_a_refused_connection_is_one_line_of_the_log_a_minute(serving: Any, caplog: pytest.LogCaptureFixture) -> None:
    served = serving(connections_per_address=1)
    with connect(served):
        until(lambda: served.service.metrics.connections._value.get() == 1)
        for _ in range(5):
            assert ask(served) == b""
    assert [record.message for record in caplog.records if "refused" in record.message] == ["connections refused"]


def test_a_named_proxy_may_hold_as_many_as_there_are(serving: Any) -> None:
    served = serving(connections_per_address=1, proxies=("127.0.0.2",))
    with connect(served, "127.0.0.2"), connect(served, "127.0.0.2"):
        assert ask(served, "127.0.0.2").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("name", ["proxy", "10.0.0.0/40", ""])
def test_what_is_no_address_of_a_proxy_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        proxy_networks([name])


def test_a_client_that_does_not_read_its_answer_loses_it(serving: Any) -> None:
    served = serving(answer_seconds=0.3)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.connect(("127.0.0.1", served.port))
        request = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        connection.sendall(request * 200)
        until(lambda: served.service.metrics.connections_slow.labels("answer")._value.get() == 1)
        until(lambda: served.service.metrics.connections._value.get() == 0)


@pytest.mark.parametrize(("proxies", "expected"), [((), "127.0.0.1"), (("127.0.0.1",), "203.0.113.9")])
def test_forwarded_for_counts_from_a_named_proxy_alone(
    serving: Any, tmp_path: Path, proxies: tuple[Any, ...], expected: str
) -> None:
    from nosology.feedback.audit import entries
    from nosology.serve.http.keys import KeyFile

    keys = KeyFile(tmp_path / "keys.json")
    keys.create("ward 3")
    served = serving(keys=keys, proxies=proxies)
    with connect(served) as connection:
        head = (
            "GET /v1/model HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n"
        )
        connection.sendall(head.encode())
        assert connection.recv(65_536).startswith(b"HTTP/1.1 401")
    assert [entry["address"] for entry in entries(served.service.audit.path)] == [expected]


# ---- TLS


def trusting(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = version
    return context


def test_tls_1_3_is_spoken_and_nothing_older(serving: Any, certificate: Any) -> None:
    served = serving(tls=tls_context(*certificate))
    with trusting(ssl.TLSVersion.TLSv1_3).wrap_socket(connect(served)) as connection:
        connection.sendall(WHOLE)
        received = connection.recv(65_536)
        assert connection.version() == "TLSv1.3"
    assert received.startswith(b"HTTP/1.1 200")
    assert b"strict-transport-security" in received.lower()
    with pytest.raises(ssl.SSLError):
        trusting(ssl.TLSVersion.TLSv1_2).wrap_socket(connect(served))


def test_connections_that_never_shake_hands_are_counted_too(serving: Any, certificate: Any) -> None:
    served = serving(tls=tls_context(*certificate), connections_per_address=3)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connect(served, "127.0.0.2"))
        until(lambda: served.service.metrics.connections._value.get() == 3)
        assert ask(served, "127.0.0.2") == b""


def test_a_certificate_that_cannot_be_used_is_an_error_with_a_place(certificate: Any, tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    for pair in ((tmp_path / "no.pem", certificate[1]), (certificate[0], tmp_path / "missing.pem")):
        with pytest.raises(ConfigError) as caught:
            tls_context(*pair)
        assert caught.value.place == "--certificate"
