"""What every request passes before a route sees it, and every answer before it leaves.

In this order: a request id; the Host and Origin headers (a page of another site must not reach a service on this
machine, not even by giving its own name this machine's address); who is asking, and how often; the size of the body and
the time it takes. On the way out: headers that keep answers out of caches, frames and other sites; one log line with
route, status and time; and whatever went wrong becomes a 500 that says nothing but its id.
"""

import asyncio
import time
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nosology.serve.http.limits import RateLimit
from nosology.serve.http.logs import event
from nosology.serve.http.problems import BUG, Refused, problem
from nosology.serve.http.sessions import COOKIE, Authenticator
from nosology.serve.http.strangers import Strangers
from nosology.serve.prometheus import Metrics
from nosology.serve.settings import Settings

OPEN_PATHS = frozenset({"/", "/livez", "/readyz", "/v1/session"})
OPEN_PREFIX = "/page/"
UPLOAD_PATH = "/v1/batch"
CDS_PATH = "/cds-services"

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "Content-Security-Policy": PAGE_POLICY,
}
_MOST_HEADER_BYTES = 32 << 10
_LENGTH_DIGITS = 18
_MOST_DISCARDED_BYTES = 256 << 20


class Guard:
    """The outermost layer of the service; a pure ASGI application around another one.

    Args:
        app: The routes.
        settings: Limits.
        authenticator: Knows who is asking.
        metrics: Counts requests.
        strangers: Refuses wrong keys.
        hosts: Names under which the service may be addressed; None for any.
        is_encrypted: Whether the service itself speaks TLS.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        authenticator: Authenticator,
        metrics: Metrics,
        strangers: Strangers,
        hosts: frozenset[str] | None,
        is_encrypted: bool = False,
    ) -> None:
        self._app, self._settings, self._authenticator, self._metrics = app, settings, authenticator, metrics
        self._hosts, self._is_encrypted = hosts, is_encrypted
        self._rate = RateLimit(settings.requests_per_minute, max(20, settings.requests_per_minute // 10))
        self._strangers = strangers
        self._n_requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no route speaks anything else
            await send({"type": "websocket.close", "code": 1008})
            return
        await _GuardedRequest(self, scope, receive, send).run()

    def _check(self, scope: Scope, headers: Headers) -> None:
        """Decide whether a request may pass, whoever asks.

        Raises:
            Refused: It may not.
        """
        if sum(len(name) + len(value) for name, value in headers.raw) > _MOST_HEADER_BYTES:
            raise Refused(431, "The headers are too large.")
        host = urlsplit(f"//{headers.get('host', '')}").hostname if _is_host(headers.get("host", "")) else None
        if self._hosts is not None and host not in self._hosts:
            raise Refused(421, "This service does not answer to that Host.")
        origin = headers.get("origin")
        is_foreign = origin is not None and _site(origin) != headers.get("host") and not self._is_allowed(scope, origin)
        if is_foreign and scope["method"] != "GET":
            raise Refused(403, "Pages of other sites may not send requests here.")

    def _is_allowed(self, scope: Scope, origin: str | None) -> bool:
        """Return whether pages of a site may call the CDS service; no other path is theirs, and no cookie."""
        is_cds = scope["path"] == CDS_PATH or scope["path"].startswith(f"{CDS_PATH}/")
        return is_cds and origin in self._settings.origins

    async def _identify(self, scope: Scope, headers: Headers) -> None:
        """Put who asks into a request's scope.

        Raises:
            Refused: It is nobody who may, or somebody who asks too often.
        """
        key, cookie = _bearer(headers), _cookie(headers)
        is_open = scope["path"] in OPEN_PATHS or scope["path"].startswith(OPEN_PREFIX)
        caller = self._authenticator.caller(key, cookie)
        scope["nosology.caller"], scope["nosology.cookie"] = caller, cookie
        if caller is None and not is_open:
            if key is not None:
                raise await self._strangers.refuse(address_of(scope))
            self._metrics.refused.labels("no key").inc()
            raise Refused(401, "This needs an API key.", headers={"WWW-Authenticate": "Bearer"})
        if self._authenticator.needs_key and caller and (wait := self._rate.take(caller.key_id)):
            self._metrics.refused.labels("rate").inc()
            raise Refused(429, "Too many requests; try again later.", headers={"Retry-After": str(wait)})


class _GuardedRequest:
    """One request on its way in and one answer on its way out."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self._guard, self._scope, self._receive, self._send = guard, scope, receive, send
        self._settings = guard._settings
        self._status, self._has_started = 0, False
        self._origin: str | None = None
        self._n_read, self._is_body_read = 0, False
        self._started = time.monotonic()
        self._body_deadline = self._started + guard._settings.body_seconds
        guard._n_requests += 1
        self._request_id = f"{int(time.time()):x}-{guard._n_requests:x}"
        is_upload = scope["method"] == "POST" and scope["path"] == UPLOAD_PATH
        self._limit = self._settings.max_upload_bytes if is_upload else self._settings.max_body_bytes

    async def run(self) -> None:
        """Answer the request, whatever happens."""
        scope = self._scope
        scope["nosology.request_id"] = self._request_id
        failure: BaseException | None = None
        try:
            headers = Headers(scope=scope)
            self._guard._check(scope, headers)
            origin = headers.get("origin")
            self._origin = origin if self._guard._is_allowed(scope, origin) else None
            if self._origin and scope["method"] == "OPTIONS":  # a browser asks first, and shows no key then
                await Response(status_code=204)(scope, self._receive, self._send_guarded)
                return
            await self._guard._identify(scope, headers)
            self._check_length(headers)
            await self._guard._app(scope, self._receive_within_limits, self._send_guarded)
        except Refused as refusal:
            await self._refuse(refusal)
        except asyncio.CancelledError:
            if not self._has_started:  # the service's time to stop is over
                answer = problem(self._request_id, 503, "The service stopped before this was read.")
                await answer(scope, self._receive, self._send_guarded)
            raise
        except BaseException as error:
            failure = error
            if not self._has_started:
                answer = problem(self._request_id, 500, BUG)
                await answer(scope, self._receive, self._send_guarded)
            if not isinstance(error, Exception):
                raise
        finally:
            self._record(failure)

    def _check_length(self, headers: Headers) -> None:
        length = headers.get("content-length")
        if length is not None and length.isdecimal() and (len(length) > _LENGTH_DIGITS or int(length) > self._limit):
            raise _TooLarge(self._limit)

    async def _refuse(self, refusal: Refused) -> None:
        if self._has_started:
            return
        if self._scope["method"] in ("POST", "PUT", "PATCH", "DELETE"):
            await self._discard_body()  # or the client sees a broken connection instead of the reason
        answer = problem(self._request_id, refusal.status_code, refusal.detail, headers=refusal.headers)
        await answer(self._scope, self._receive, self._send_guarded)

    async def _discard_body(self) -> None:
        n_discarded = 0
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                while not self._is_body_read and n_discarded < _MOST_DISCARDED_BYTES:
                    message = await self._receive()
                    n_discarded += len(message.get("body", b""))
                    self._is_body_read = message["type"] != "http.request" or not message.get("more_body", False)
        except TimeoutError:
            return

    async def _receive_within_limits(self) -> Message:
        if self._is_body_read:
            return await self._receive()
        try:
            async with asyncio.timeout(max(self._body_deadline - time.monotonic(), 0.01)):
                message = await self._receive()
        except TimeoutError:
            self._is_body_read = True
            raise Refused(408, "The body took too long to arrive.") from None
        if message["type"] == "http.request":
            self._n_read += len(message.get("body", b""))
            self._is_body_read = not message.get("more_body", False)
            if self._n_read > self._limit:
                raise _TooLarge(self._limit)
        return message

    async def _send_guarded(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._has_started = True
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-Id"] = self._request_id
            if self._origin:
                headers["Access-Control-Allow-Origin"] = self._origin
                headers["Access-Control-Allow-Methods"] = "GET, POST"
                headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
                headers.add_vary_header("Origin")
            if self._guard._is_encrypted:
                headers["Strict-Transport-Security"] = "max-age=31536000"
        await self._send(message)

    def _record(self, failure: BaseException | None) -> None:
        """Write one log line and count the request, under the route's name: a path can hold anything."""
        route = getattr(self._scope.get("route"), "path", None) or "(no route)"
        method = self._scope["method"] if self._scope["method"] in _METHODS else "(other)"
        seconds = time.monotonic() - self._started
        metrics = self._guard._metrics
        metrics.requests.labels(route, method, str(self._status)).inc()
        metrics.seconds.labels(route).observe(seconds)
        values: dict[str, Any] = {
            "request_id": self._request_id,
            "route": route,
            "method": method,
            "status": self._status,
            "milliseconds": round(seconds * 1000),
            "bytes_in": self._n_read,
            "actor": caller.name if (caller := self._scope.get("nosology.caller")) else None,
        }
        event("request", error=failure, **values)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _TooLarge(Refused):
    def __init__(self, limit: int) -> None:
        super().__init__(413, f"The body is larger than {limit:,} bytes.")


def address_of(scope: Scope) -> str:
    """Return the address that a request came from: the connection's, or what a named proxy says."""
    return str((scope.get("client") or ("unknown",))[0])


def _site(origin: str) -> str | None:
    """Return host and port of an origin; None for what is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _is_host(value: str) -> bool:
    try:
        urlsplit(f"//{value}")
    except ValueError:
        return False
    return True


def _bearer(headers: Headers) -> str | None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


def _cookie(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None
