"""Rows of an uploaded table: which first, one with diagnoses to consider, and what was decided on it."""

import uuid
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse

from nosology.feedback.store import Decision
from nosology.serve.batches import BatchJobs
from nosology.serve.http.problems import Refused, responses
from nosology.serve.order import Order
from nosology.serve.routes.decision import decision_from
from nosology.serve.service import Service, actor_of, caller_of
from nosology.serve.table_schemas import BatchRowOut, BatchRowsOut, RowDecisionIn, WorkListOut
from nosology.serve.worklist import BatchJob, Shown

_ERRORS = responses(401, 403, 404, 410, 421, 422, 429, 500)
BatchId = Annotated[uuid.UUID, Path(description="As the upload gave it.")]
Row = Annotated[int, Path(ge=0, le=10_000_000, description="Its place in the table, from 0.")]


def add_rows(router: APIRouter, service: Service, batches: BatchJobs) -> None:
    """Add the routes for rows of uploaded tables.

    Args:
        router: Where to.
        service: What reads a row.
        batches: The uploaded tables.
    """
    _add_lists(router, batches)
    _add_decisions(router, service, batches)

    @router.get(
        "/{batch_id:uuid}/rows/{row}",
        responses=_ERRORS | responses(503, 504),
        summary="One row with diagnoses to consider; read once, however often it is asked for.",
    )
    async def table_row(request: Request, batch_id: BatchId, row: Row) -> BatchRowOut:
        batch = _batch_with(batches, request, batch_id, row)
        await batches.read_row(batch, row)
        return batch.row(row)


def _add_lists(router: APIRouter, batches: BatchJobs) -> None:
    @router.get("/{batch_id:uuid}/rows", responses=_ERRORS, summary="Some rows with what is known of them.")
    async def table_rows(
        request: Request,
        batch_id: BatchId,
        offset: Annotated[int, Query(ge=0, le=10_000_000, description="The first row, from 0.")] = 0,
        limit: Annotated[int, Query(ge=1, le=500, description="How many rows at most.")] = 100,
    ) -> BatchRowsOut:
        batch = batches.get(str(batch_id), caller_of(request))
        return BatchRowsOut(n_rows=len(batch.texts), rows=batch.rows(offset, limit))

    @router.get("/{batch_id:uuid}/list", responses=_ERRORS, summary="Which row to decide first; without text.")
    async def work_list(
        request: Request,
        batch_id: BatchId,
        order: Annotated[
            Order, Query(description="mixed: doubt and novelty in turn, blind rows among them.")
        ] = "mixed",
        show: Annotated[Shown, Query(description="Which rows.")] = "all",
        category: Annotated[str | None, Query(max_length=200, description="Decided or else predicted.")] = None,
        limit: Annotated[int, Query(ge=1, le=500, description="How many rows at most.")] = 200,
    ) -> WorkListOut:
        return batches.get(str(batch_id), caller_of(request)).work_list(order, show, category, limit)


def _add_decisions(router: APIRouter, service: Service, batches: BatchJobs) -> None:
    errors = _ERRORS | responses(400, 408, 409, 413, 415, 503)

    @router.post(
        "/{batch_id:uuid}/rows/{row}/decision",
        status_code=201,
        response_model=BatchRowOut,
        responses=errors | responses(504) | {200: {"model": BatchRowOut}},
        summary="Decide on a row; a blind one shows its prediction afterwards.",
    )
    async def decide_row(request: Request, batch_id: BatchId, row: Row, body: RowDecisionIn) -> JSONResponse:
        batch = _batch_with(batches, request, batch_id, row)
        if batch.predictions[row] is None and row not in batch.problems:
            await batches.read_row(batch, row)  # a blind note is decided as soon as its text is there
        decision = _decision(service, batch, row, body, actor_of(request))
        return await _take(service, batch, row, decision)

    @router.delete(
        "/{batch_id:uuid}/rows/{row}/decision",
        response_model=BatchRowOut,
        responses=errors,
        summary="Undo what was decided on a row; a blind one has been seen by then.",
    )
    async def undo_row(request: Request, batch_id: BatchId, row: Row) -> JSONResponse:
        batch = _batch_with(batches, request, batch_id, row)
        made = batch.decisions.get(row)
        if made is None:
            raise Refused(409, "Nothing was decided on this row.")
        undone = replace(made, decision_id=str(uuid.uuid4()), verdict="undone", actor=actor_of(request), text=None)
        return await _take(service, batch, row, undone)


async def _take(service: Service, batch: BatchJob, row: int, decision: Decision) -> JSONResponse:
    """Store a decision, then keep it with its row."""
    stored, is_new = await service.pools.store.run(service.ledger.take, decision)
    if is_new:
        service.metrics.decisions.labels(stored.verdict).inc()
    batch.show(row)
    batch.is_fetched = batch.is_fetched and not is_new
    if stored.verdict == "undone":
        batch.decisions.pop(row, None)
    else:
        batch.decisions[row] = stored
    return JSONResponse(batch.row(row).model_dump(), 201 if is_new and stored.verdict != "undone" else 200)


def _decision(service: Service, batch: BatchJob, row: int, body: RowDecisionIn, actor: str) -> Decision:
    """Return what was decided on a row.

    Raises:
        Refused: It was not read, has no category, or is blind and no category is given.
    """
    found = batch.predictions[row]
    if found is None:
        raise Refused(409, "This row was not read yet, or could not be.")
    if found.reason:
        raise Refused(409, "This row has no category to decide on.")
    made = batch.decisions.get(row)
    is_blind = made.blind if made and made.decision_id == body.id else batch.is_hidden(row)
    if is_blind and body.category is None:
        raise Refused(422, "This row is decided blind: give the category that you see in it.")
    category = body.category or found.label
    decision = decision_from(
        service,
        service.receipts.read(found.receipt),
        actor=actor,
        verdict="accepted" if category == found.label else "corrected",
        category=category,
        decision_id=body.id or str(uuid.uuid4()),
        note_id=batch.ids[row],
        patient_id=batch.patients[row] if batch.patients else "",
        code=(body.code.value, body.code.version) if body.code else None,
        text=batch.texts[row],
    )
    return replace(decision, blind=is_blind)


def _batch_with(batches: BatchJobs, request: Request, batch_id: uuid.UUID, row: int) -> BatchJob:
    """Return a table that has a row of that number.

    Raises:
        Refused: There is no such table, or it has no such row.
    """
    batch = batches.get(str(batch_id), caller_of(request))
    if row >= len(batch.texts):
        raise Refused(404, "The table has no such row.")
    return batch
