"""``/v1/feedback``: decisions in, decisions and agreement out."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from nosology.coding import icd
from nosology.deidentification import deidentify
from nosology.feedback.audit import AUDIT_FILE, entries
from nosology.feedback.monitoring import agreement_report
from nosology.feedback.receipts import Receipt
from nosology.feedback.store import Decision, Verdict
from nosology.files import sha256_text
from nosology.serve.http.problems import Refused, responses
from nosology.serve.schemas import AgreementOut, DecisionIn, DecisionOut, DecisionsOut, decision_out
from nosology.serve.service import Service, actor_of

_ERRORS = responses(401, 403, 421, 422, 429, 500, 503)


def routes(service: Service) -> APIRouter:
    """Return the routes for decisions."""
    router = APIRouter(prefix="/v1", tags=["feedback"])

    @router.post(
        "/feedback",
        status_code=201,
        response_model=DecisionOut,
        responses=_ERRORS | responses(400, 408, 409, 413, 415) | {200: {"model": DecisionOut}},
        summary="Accept or correct a prediction.",
    )
    async def decide(request: Request, body: DecisionIn) -> JSONResponse:
        decision = _decision(service, body, actor_of(request))
        stored, is_new = await service.pools.store.run(service.ledger.take, decision)
        if is_new:
            service.metrics.decisions.labels(stored.verdict).inc()
        return JSONResponse(decision_out(stored).model_dump(), 201 if is_new else 200)

    @router.get("/feedback", responses=_ERRORS, summary="The newest decisions.")
    async def latest_decisions(
        limit: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 50,
    ) -> DecisionsOut:
        found = await service.pools.store.run(service.store.latest, limit)
        return DecisionsOut(decisions=[decision_out(item) for item in found])

    @router.get("/agreement", responses=_ERRORS, summary="How often people agree, and whether the notes drift.")
    async def agreement() -> AgreementOut:
        return AgreementOut(**await service.pools.reports.run(_agreement, service))

    return router


def decision_from(
    service: Service,
    receipt: Receipt,
    *,
    actor: str,
    verdict: Verdict,
    category: str,
    decision_id: str,
    note_id: str = "",
    patient_id: str = "",
    code: tuple[str, int] | None = None,
    text: str | None = None,
) -> Decision:
    """Return a decision on a prediction, checked against the label set.

    Args:
        service: The parts of the service.
        receipt: What the prediction was; its signature was checked.
        actor: Who decided.
        verdict: ``accepted``, ``corrected`` or ``undone``.
        category: The category that the person decided for, by its name in the label set.
        decision_id: Tells this decision from others; a second one of the same id changes nothing.
        note_id: The id that the caller knows the note by; empty where none was given.
        patient_id: Whose note it is; empty where nobody said.
        code: An ICD code in any spelling with its version, 9 or 10; None where none was chosen.
        text: The note as it was sent; None where it was not sent again, and then none is kept.

    Raises:
        Refused: The category is not in the label set, the code is none, or the text is of another note.
    """
    _check(service, receipt, category, code, text)
    keeps = service.settings.keep_text and text is not None
    return Decision(
        decision_id=decision_id,
        actor=actor,
        note_id=note_id,
        patient_id=patient_id,
        note_sha256=receipt.note_sha256,
        model_sha256=receipt.model_sha256,
        predicted=receipt.label,
        probability=receipt.probability,
        abstained=receipt.abstained,
        prediction_set=receipt.prediction_set,
        verdict=verdict,
        category=category,
        code=icd.normalize(*code) if code else None,
        icd_version=code[1] if code else None,
        text=_storable(text) if keeps and text is not None else None,
    )


def _check(service: Service, receipt: Receipt, category: str, code: tuple[str, int] | None, text: str | None) -> None:
    """Refuse a decision that cannot be one."""
    if category not in service.model.labels.names:
        raise Refused(422, "The category is not in the label set of this run.")
    if code is not None and icd.normalize(*code) is None:
        raise Refused(422, f"The code is no ICD-{code[1]}-CM diagnosis code.")
    if text is not None and sha256_text(text) != receipt.note_sha256:
        raise Refused(422, "The text is not the note that the receipt is for.")


def _decision(service: Service, body: DecisionIn, actor: str) -> Decision:
    receipt = service.receipts.read(body.receipt)
    if body.verdict == "corrected" and not body.category:
        raise Refused(422, "A correction needs the right category.")
    category = body.category or receipt.label
    if body.verdict == "accepted" and category != receipt.label:
        raise Refused(422, "What is accepted is the predicted category; send another one as a correction.")
    return decision_from(
        service,
        receipt,
        actor=actor,
        verdict=body.verdict,
        category=category,
        decision_id=body.id or str(uuid.uuid4()),
        note_id=body.note_id,
        patient_id=body.patient_id,
        code=(body.code.value, body.code.version) if body.code else None,
        text=body.text,
    )


def _storable(text: str) -> str:
    """Return a text without identifiers, and without what a database cannot hold."""
    return deidentify(text).text.replace("\x00", " ").encode("utf-8", "replace").decode("utf-8")


def _agreement(service: Service) -> dict[str, object]:
    read = (entry for entry in entries(service.settings.state / AUDIT_FILE) if "abstained" in entry)
    ours = (entry for entry in read if entry["model_sha256"] == service.model.sha256)
    return agreement_report(service.store.all(), ours, service.model.labels.names, service.run.training_shares())
