"""What the service says of itself: the run, its report, whether it is well, what it counts; and the page."""

from importlib import resources
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from nosology.serve.http.guards import REPORT_POLICY, address_of
from nosology.serve.http.problems import Refused, responses
from nosology.serve.http.sessions import COOKIE, LOCAL, SESSION_SECONDS, Authenticator
from nosology.serve.prometheus import CONTENT_TYPE
from nosology.serve.schemas import SessionIn, SessionOut, StatusOut
from nosology.serve.service import Service

_ERRORS = responses(401, 403, 421, 429, 500)
_MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}


def page_files() -> dict[str, tuple[bytes, str]]:
    """Return the page's files with their media types, by name. Nothing else is ever served from the disk."""
    folder = resources.files("nosology.serve").joinpath("page")
    return {
        item.name: (item.read_bytes(), _MEDIA_TYPES[item.name.rpartition(".")[2]])
        for item in folder.iterdir()
        if item.name.rpartition(".")[2] in _MEDIA_TYPES
    }


def routes(service: Service, authenticator: Authenticator, *, is_encrypted: bool) -> APIRouter:
    """Return the routes about the service.

    Args:
        service: The parts of the service.
        authenticator: Knows who is asking.
        is_encrypted: Whether the service speaks TLS.
    """
    router = APIRouter(tags=["service"])
    _add_page(router)
    _add_run(router, service)
    _add_state(router, service)
    _add_sessions(router, service, authenticator, is_encrypted=is_encrypted)
    return router


def _add_page(router: APIRouter) -> None:
    files = page_files()

    @router.get("/", include_in_schema=False)
    async def page() -> Response:
        return _file(files, "index.html")

    @router.get("/page/{name}", include_in_schema=False)
    async def asset(name: str) -> Response:
        return _file(files, name)


def _add_run(router: APIRouter, service: Service) -> None:
    @router.get("/v1/model", responses=_ERRORS, summary="The run: what it was trained on, how good it is, its hashes.")
    async def describe_run() -> dict[str, Any]:
        return service.model.card | {"keeps_text": service.settings.keep_text}

    @router.get(
        "/report", responses=_ERRORS | responses(404) | _HTML, response_class=HTMLResponse, summary="The run's report."
    )
    async def report() -> Response:
        """Return the evaluation report of the run, as `nosology report` wrote it."""
        path = service.run.files.report().page
        if not path.is_file():
            raise Refused(404, "This run has no report; `nosology report` writes one.")
        content = await service.pools.reports.run(path.read_bytes)
        return Response(content, media_type="text/html", headers={"Content-Security-Policy": REPORT_POLICY})


def _add_state(router: APIRouter, service: Service) -> None:
    @router.get("/livez", responses=responses(421, 500), summary="Whether the process answers.")
    async def livez() -> StatusOut:
        return StatusOut(status="ok", parts={})

    @router.get(
        "/readyz",
        responses=responses(421, 500) | {503: {"model": StatusOut}},
        response_model=StatusOut,
        summary="Whether notes can be read now, part by part.",
    )
    async def readyz() -> JSONResponse:
        status = await service.health.status(is_stopping=service.is_stopping)
        return JSONResponse(status.model_dump(), 200 if status.status in ("ok", "degraded") else 503)

    @router.get(
        "/metrics",
        responses=_ERRORS | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
        response_class=Response,
        summary="Counters for Prometheus.",
    )
    async def metrics() -> Response:
        return Response(service.metrics.text(service.batcher.n_waiting), media_type=CONTENT_TYPE)


def _add_sessions(router: APIRouter, service: Service, authenticator: Authenticator, *, is_encrypted: bool) -> None:
    @router.get("/v1/session", responses=responses(403, 421, 500), summary="Who is asking.")
    async def who_is_asking(request: Request) -> SessionOut:
        caller = request.scope["nosology.caller"]
        return SessionOut(needs_key=authenticator.needs_key, actor=caller.name if caller else None)

    @router.post(
        "/v1/session",
        responses=responses(400, 401, 403, 408, 413, 415, 421, 422, 429, 500),
        response_model=SessionOut,
        summary="Exchange an API key for a cookie.",
    )
    async def open_session(request: Request, body: SessionIn) -> JSONResponse:
        if not authenticator.needs_key:
            return JSONResponse(SessionOut(needs_key=False, actor=LOCAL.name).model_dump())
        caller = authenticator.caller(body.key, None)
        if caller is None:
            raise await service.strangers.refuse(address_of(request.scope))
        value = authenticator.open_session(caller)
        answer = JSONResponse(SessionOut(needs_key=True, actor=caller.name).model_dump())
        answer.set_cookie(
            COOKIE, value, max_age=SESSION_SECONDS, httponly=True, samesite="strict", secure=is_encrypted, path="/"
        )
        return answer

    @router.delete("/v1/session", status_code=204, responses=responses(403, 421, 500), summary="Forget the cookie.")
    async def close_session(request: Request) -> Response:
        authenticator.end_session(request.scope.get("nosology.cookie"))
        answer = Response(status_code=204)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=is_encrypted)
        return answer


def _file(files: dict[str, tuple[bytes, str]], name: Annotated[str, Path()]) -> Response:
    if name not in files:
        raise Refused(404, "There is no such file.")
    content, media_type = files[name]
    return Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})
