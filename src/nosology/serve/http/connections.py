"""Connections before there is a request: how many one address may hold, and how long each part may take.

Limits are kept where the kernel hands a connection over (`Door`), so they hold before a byte was read and before any
TLS handshake. Once it speaks, the head of a request must be there in time, and an answer must be taken in time
(`patient_protocol`). A body's time is the guard's matter. A proxy that was named may hold as many
connections as there are, for it speaks for many people.
"""

import asyncio
import ipaddress
import logging
import resource
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from nosology.errors import ConfigError
from nosology.serve.http.limits import RateLimit, network_of
from nosology.serve.http.logs import event
from nosology.serve.prometheus import Metrics
from nosology.serve.settings import Settings

_FILES_KEPT_FREE = 64  # for log, store and libraries, of the files that this process may open
_REFUSED_AT_ONCE = 100  # before the loop may do something else
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_LINES_PER_MINUTE = 1  # in the log, for each address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def proxy_networks(names: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks that proxies were named by.

    Raises:
        ConfigError: One is no address.
    """
    try:
        return tuple(ipaddress.ip_network(name, strict=False) for name in names)
    except ValueError:
        raise ConfigError("not an address or a network", place="--proxy", hint="such as 10.0.0.7") from None


class Door(socket.socket):
    """A listening socket that hands over as many connections as an address may hold, and closes the others at once.

    Args:
        listener: A bound socket; it is taken over and must not be used again.
        settings: How many connections there may be in all and of one address, and which proxies may hold more.
        metrics: Counts the connections that are closed at once.
    """

    def __init__(self, listener: socket.socket, settings: Settings, metrics: Metrics) -> None:
        family, kind = listener.family, listener.type
        super().__init__(family, kind, fileno=listener.detach())
        self._most, self._most_of_one = _most_connections(settings.max_connections), settings.connections_per_address
        self._proxies = proxy_networks(settings.proxies)
        self._metrics = metrics
        self._held: Counter[str] = Counter()
        self._lines = RateLimit(_LINES_PER_MINUTE, _LINES_PER_MINUTE)

    def accept(self) -> "tuple[socket.socket, Any]":
        """Return the next connection that may stay.

        Raises:
            BlockingIOError: There is none at the moment.
        """
        for _ in range(_REFUSED_AT_ONCE):
            accepted, address = super().accept()
            name = network_of(str(address[0]))
            if self._has_room(name, str(address[0])):
                self._count(name, 1)
                return _Held(accepted, lambda: self._count(name, -1)), address  # noqa: B023
            accepted.close()
            self._metrics.connections_refused.inc()
            if not self._lines.take(name):
                event("connections refused", level=logging.WARNING, address=str(address[0]), held=self._held[name])
        raise BlockingIOError

    def _has_room(self, name: str, address: str) -> bool:
        is_proxy = any(ipaddress.ip_address(address.partition("%")[0]) in network for network in self._proxies)
        return self._held.total() < self._most and (is_proxy or self._held[name] < self._most_of_one)

    def _count(self, name: str, change: int) -> None:
        self._held[name] += change
        if not self._held[name]:
            del self._held[name]
        self._metrics.connections.set(self._held.total())


class _Held(socket.socket):
    """A connection that is counted until it is closed."""

    def __init__(self, accepted: socket.socket, let_go: Callable[[], None]) -> None:
        family, kind = accepted.family, accepted.type
        super().__init__(family, kind, fileno=accepted.detach())
        self._let_go: Callable[[], None] | None = let_go

    def close(self) -> None:
        """Close the connection and stop counting it."""
        super().close()
        let_go, self._let_go = self._let_go, None
        if let_go:
            let_go()


def patient_protocol(settings: Settings, metrics: Metrics) -> type[asyncio.Protocol]:
    """Return the server's protocol with limits on how long a head may take to come, and an answer to be taken."""

    class PatientProtocol(_PatientProtocol):
        header_seconds, answer_seconds = settings.header_seconds, settings.answer_seconds
        slow = metrics.connections_slow
        lines = RateLimit(_LINES_PER_MINUTE, _LINES_PER_MINUTE)

    return PatientProtocol


class _PatientProtocol(H11Protocol):
    header_seconds: float
    answer_seconds: float
    slow: Any
    lines: RateLimit
    _timer: asyncio.TimerHandle | None = None
    _writing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._timer is None:
            self._wait()  # the head of a further request has begun; between requests the server's own timer runs

    def on_response_complete(self) -> None:
        super().on_response_complete()
        is_answered = self.cycle is None or self.cycle.response_complete
        if is_answered and self.conn.trailing_data[0] and self._timer is None:
            self._wait()  # the head of the next request had begun to come before this one was answered

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._writing is None:
            self._writing = self.loop.call_later(self.answer_seconds, self._give_up, "answer")

    def resume_writing(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        if self.flow is not None:
            super().resume_writing()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self.header_seconds, self._give_up, "head")

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self, what: str) -> None:
        if self.transport.is_closing():
            return
        is_busy = self.cycle is not None and not self.cycle.response_complete
        if what == "head" and (is_busy or self._is_between_requests()):
            self._timer = None
            return
        self.slow.labels(what).inc()
        address = str(self.client[0]) if self.client else "unknown"
        if not self.lines.take(address):
            event("a connection was too slow", level=logging.WARNING, address=address, waited_for=what)
        if what == "answer":
            self.transport.abort()  # what it does not take would otherwise wait in memory
            return
        self.transport.write(_TOO_SLOW)
        self.transport.close()

    def _is_between_requests(self) -> bool:
        """Return whether a request was answered and not a byte of the next has come."""
        return self.cycle is not None and self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]


def _most_connections(wanted: int) -> int:
    """Return how many connections this process may hold, within the files that it may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - _FILES_KEPT_FREE))
