"""``/v1/batch``: a table in, progress, the table with predictions out. The body is the table itself, no form."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from nosology.serve.batches import BatchJobs
from nosology.serve.http.problems import Refused, responses
from nosology.serve.schemas import BatchOut, BatchRowsOut
from nosology.serve.service import Service, caller_of
from nosology.serve.uploads import FORMATS

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
    async def upload(
        request: Request,
        text: Annotated[str | None, Query(max_length=200, description="The column that holds the notes.")] = None,
        id: Annotated[str | None, Query(max_length=200, description="The column that names the rows.")] = None,
    ) -> JSONResponse:
        if service.is_stopping:
            raise Refused(503, "The service is being stopped.", headers={"Retry-After": "10"})
        kind = FORMATS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
        if kind is None:
            raise Refused(415, f"Send the table as one of {', '.join(FORMATS)}.")
        data = await request.body()
        batch = await batches.add(data, kind, text_column=text, id_column=id, owner=caller_of(request))
        return JSONResponse(batch.out().model_dump(), 202, {"Location": f"/v1/batch/{batch.batch_id}"})


def _add_reading(router: APIRouter, service: Service, batches: BatchJobs) -> None:
    @router.get("/{batch_id}", responses=_ERRORS, summary="How far a table has been read.")
    async def progress(request: Request, batch_id: BatchId) -> BatchOut:
        return batches.get(str(batch_id), caller_of(request)).out()

    @router.get("/{batch_id}/rows", responses=_ERRORS, summary="Some rows with what is known of them.")
    async def rows(
        request: Request,
        batch_id: BatchId,
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> BatchRowsOut:
        batch = batches.get(str(batch_id), caller_of(request))
        return BatchRowsOut(n_rows=len(batch.texts), rows=batch.rows(offset, limit))

    @router.get(
        "/{batch_id}/result",
        responses=_ERRORS | responses(409) | _RESULT,
        response_class=Response,
        summary="The table with what was predicted, in its own format.",
    )
    async def result(
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

    @router.delete("/{batch_id}", status_code=204, responses=_ERRORS, summary="Stop reading a table and forget it.")
    async def forget(request: Request, batch_id: BatchId) -> Response:
        batches.remove(batches.get(str(batch_id), caller_of(request)))
        return Response(status_code=204)


async def _in_pool(pieces: Iterator[bytes], service: Service) -> AsyncIterator[bytes]:
    """Yield pieces of a result as they are wanted, made away from the thread that answers everybody."""
    while isinstance(piece := await service.pools.tables.run(next, pieces, _END), bytes):
        yield piece
