"""The service as an ASGI application: routes behind the guard, started and stopped with the process."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from nosology import __version__
from nosology.serve.batches import BatchJobs
from nosology.serve.http import problems
from nosology.serve.http.guards import Guard
from nosology.serve.http.keys import KeyFile
from nosology.serve.http.logs import event
from nosology.serve.http.sessions import Authenticator
from nosology.serve.openapi import describe, operation_id, page_route
from nosology.serve.routes import about, batch, cds, decision, reading
from nosology.serve.service import Service

DESCRIPTION = (
    "Clinical notes in; a diagnostic category with an honest probability out, and diagnoses to consider. Decision "
    "support for people who can judge it. Not a medical device. Errors are `application/problem+json` and never quote "
    "a request."
)

# FastAPI hands requests with their paths, queries and exceptions to whatever OpenTelemetry set-up the process has, and
# can make one from environment variables. A query can hold words of a note.
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(
    service: Service,
    *,
    keys: KeyFile | None = None,
    hosts: frozenset[str] | None = None,
    is_encrypted: bool = False,
) -> ASGIApp:
    """Return the application of a service.

    Args:
        service: Its parts, opened; closed when the application stops.
        keys: Who may ask; None for everybody who can reach it.
        hosts: Names under which it may be addressed; None for any.
        is_encrypted: Whether it speaks TLS itself.
    """
    authenticator = Authenticator(keys)
    batches = BatchJobs(service)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        _start(service)
        yield
        await _stop(service, batches)

    app = FastAPI(
        telemetry=NO_TELEMETRY,
        title="nosology",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        generate_unique_id_function=operation_id,
        docs_url=None,  # its page loads scripts from other sites; `page_route` has one that does not
        redoc_url=None,
    )
    problems.install(app)
    for router in _routers(service, batches, authenticator, is_encrypted=is_encrypted):
        app.include_router(router)
    describe(app, needs_key=keys is not None)
    app.include_router(page_route(app))
    return Guard(
        app,
        settings=service.settings,
        authenticator=authenticator,
        metrics=service.metrics,
        strangers=service.strangers,
        hosts=hosts,
        is_encrypted=is_encrypted,
    )


def _routers(
    service: Service, batches: BatchJobs, authenticator: Authenticator, *, is_encrypted: bool
) -> Iterator[APIRouter]:
    """Yield the routes in the order of the OpenAPI page."""
    yield reading.routes(service)
    yield decision.routes(service)
    yield batch.routes(service, batches)
    yield cds.routes(service)
    yield about.routes(service, authenticator, is_encrypted=is_encrypted)


def _start(service: Service) -> None:
    """Begin to read, and say what is read with and where the audit log stands."""
    service.batcher.start()
    head = service.audit.head
    name, sha256 = service.model.card["run"], service.model.sha256
    event("ready", run=name, model_sha256=sha256, audit_lines=head.n, audit_hash=head.hash)


async def _stop(service: Service, batches: BatchJobs) -> None:
    """Finish what was accepted, within the time for it, and close the files."""
    service.begin_to_stop()
    n_rows = await batches.stop(service.seconds_left)
    n_notes = await service.batcher.stop(service.seconds_left)
    head = service.audit.head
    service.pools.close()
    service.audit.close()
    service.store.close()
    event(
        "stopped",
        notes_left=n_notes,
        batch_rows_left=n_rows,
        tables_lost=batches.n_not_fetched,
        audit_lines=head.n,
        audit_hash=head.hash,
    )
