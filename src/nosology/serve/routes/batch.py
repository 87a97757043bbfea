"""``/v1/batch``: a table in, progress, the table with predictions out. The body is the table itself, no form."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from nosology.serve.batches import BatchJobs, Wanted
from nosology.serve.http.problems import Refused, responses
from nosology.serve.routes.rows import add_rows
from nosology.serve.service import Service, caller_of
from nosology.serve.table_schemas import BatchesOut, BatchOut, ColumnsOut
from nosology.serve.uploads import FORMATS, Format, columns_of

_ERRORS = responses(401, 403, 404, 410, 421, 422, 429, 500)
_MEDIA_TYPES = {kind: media_type for media_type, kind in reversed(FORMATS.items())}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The table itself.",
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "id,text\n1,Chest pain and raised troponin.\n2,Burn of the left hand.\n",
            },
            "application/x-ndjson": {"schema": {"type": "string"}, "example": '{"id":"1","text":"Chest pain."}\n'},
            "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
_RESULT: dict[int | str, dict[str, Any]] = {
    200: {"content": {media_type: {"schema": {"type": "string"}} for media_type in _MEDIA_TYPES.values()}}
}
_END = object()
BatchId = Annotated[UUID, Path(description="As the upload gave it.")]


def routes(service: Service, batches: BatchJobs) -> APIRouter:
    """Return the routes for uploaded tables."""
    router = APIRouter(prefix="/v1/batch", tags=["batch"])
    _add_upload(router, service, batches)
    _add_reading(router, service, batches)
    add_rows(router, service, batches)
    return router


def _add_upload(router: APIRouter, service: Service, batches: BatchJobs) -> None:

    @router.post(
        "",
        status_code=202,
        response_model=BatchOut,
        responses=_ERRORS | responses(400, 408, 413, 415, 503),
        summary="Upload a table of notes: CSV, JSON lines or Parquet.",
        openapi_extra=_BODY,
    )
    async def upload_table(
        request: Request,
        text: Annotated[str | None, Query(max_length=200, description="The column that holds the notes.")] = None,
        id: Annotated[str | None, Query(max_length=200, description="The column that names the rows.")] = None,
        patient: Annotated[
            str | None, Query(max_length=200, description="The column of patient ids, if not patient_id.")
        ] = None,
        name: Annotated[str, Query(max_length=200, description="What the file is called.")] = "",
        blind: Annotated[
            float, Query(ge=0, le=1, description="Share of notes to decide before their prediction is shown.")
        ] = 0.0,
        suggest: Annotated[
            bool, Query(description="Read a short table with diagnoses to consider, as a work list wants it.")
        ] = False,
    ) -> JSONResponse:
        kind = _kind_of(request, service)
        wanted = Wanted(text, id, patient, name, blind, suggest)
        batch = await batches.add(await request.body(), kind, wanted, owner=caller_of(request))
        return JSONResponse(batch.out().model_dump(), 202, {"Location": f"/v1/batch/{batch.batch_id}"})

    @router.post(
        "/columns",
        responses=_ERRORS | responses(400, 408, 413, 415, 503),
        summary="The columns of a table, to choose from; nothing is kept.",
        openapi_extra=_BODY,
    )
    async def table_columns(request: Request) -> ColumnsOut:
        kind = _kind_of(request, service)
        return ColumnsOut(columns=columns_of(await batches.parsed(await request.body(), kind)))


def _kind_of(request: Request, service: Service) -> Format:
    """Return the format of a table that arrives.

    Raises:
        Refused: It is none, or the service is being stopped.
    """
    if service.is_stopping:
        raise Refused(503, "The service is being stopped.", headers={"Retry-After": "10"})
    kind = FORMATS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
    if kind is None:
        raise Refused(415, f"Send the table as one of {', '.join(FORMATS)}.")
    return kind


def _add_reading(router: APIRouter, service: Service, batches: BatchJobs) -> None:
    @router.get("", responses=_ERRORS, summary="Your tables that the service holds, the newest first.")
    async def own_tables(request: Request) -> BatchesOut:
        return BatchesOut(batches=[batch.out() for batch in batches.of(caller_of(request))])

    @router.get("/{batch_id:uuid}", responses=_ERRORS, summary="How far a table has been read.")
    async def table_progress(request: Request, batch_id: BatchId) -> BatchOut:
        return batches.get(str(batch_id), caller_of(request)).out()

    @router.get(
        "/{batch_id:uuid}/result",
        responses=_ERRORS | responses(409) | _RESULT,
        response_class=Response,
        summary="The table with what was predicted and decided, in its own format.",
    )
    async def table_result(
        request: Request,
        batch_id: BatchId,
        escape_formulas: Annotated[
            bool, Query(description="Put ' before cells of CSV that a table program would run as formulas.")
        ] = False,
    ) -> Response:
        batch = batches.get(str(batch_id), caller_of(request))
        if batch.out().state != "done":
            raise Refused(409, "Not every row has been read.")
        headers = {"Content-Disposition": f'attachment; filename="predictions.{batch.kind}"'}
        pieces = _in_pool(batch.result(escapes_formulas=escape_formulas), service)
        return StreamingResponse(pieces, media_type=_MEDIA_TYPES[batch.kind], headers=headers)

    @router.delete(
        "/{batch_id:uuid}", status_code=204, responses=_ERRORS, summary="Stop reading a table and forget it."
    )
    async def forget_table(request: Request, batch_id: BatchId) -> Response:
        batches.remove(batches.get(str(batch_id), caller_of(request)))
        return Response(status_code=204)


async def _in_pool(pieces: Iterator[bytes], service: Service) -> AsyncIterator[bytes]:
    """Yield pieces of a result as they are wanted, made away from the thread that answers everybody."""
    while isinstance(piece := await service.pools.tables.run(next, pieces, _END), bytes):
        yield piece
