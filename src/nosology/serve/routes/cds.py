"""``/cds-services``: discovery, the service itself, and its feedback endpoint."""

import asyncio
import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BeforeValidator, Field, StringConstraints

from nosology.feedback.store import StoreError
from nosology.serve import cds
from nosology.serve.http.logs import event
from nosology.serve.http.problems import Refused, responses
from nosology.serve.routes.decision import decision_from
from nosology.serve.schemas import Bounded, Identifier, NoteIn
from nosology.serve.service import Service, actor_of


def _without_type(name: str) -> BeforeValidator:
    """Return what takes ``Patient/123`` for ``123``, as some clients send it."""
    return BeforeValidator(lambda value: value.removeprefix(f"{name}/") if isinstance(value, str) else value)


_FHIR_ID = StringConstraints(pattern=r"^[A-Za-z0-9.\-]{1,64}$")
PatientId = Annotated[str, _FHIR_ID, _without_type("Patient")]
EncounterId = Annotated[str, _FHIR_ID, _without_type("Encounter")]
_UUID = r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
UuidText = Annotated[str, StringConstraints(pattern=_UUID, to_lower=True)]
_STORE_SECONDS = 0.5  # that a card waits for the store before it is given out all the same
_ERRORS = responses(400, 401, 403, 404, 408, 413, 415, 421, 422, 429, 500, 503)


class _Lenient(Bounded):
    """Ignores what it does not know, as the standard asks for."""


class HookContext(_Lenient):
    """Of the hook ``encounter-discharge``."""

    userId: Identifier = Field(description="Who triggered the hook.", examples=["Practitioner/example"])
    patientId: PatientId = Field(description="Whose encounter it is.", examples=["1288992"])
    encounterId: EncounterId = Field(description="The encounter that ends.", examples=["456"])


_EXAMPLE_DOCUMENT = {
    "resourceType": "DocumentReference",
    "status": "current",
    "content": [{"attachment": {"contentType": "text/plain", "data": "Q2hlc3QgcGFpbiBhbmQgcmFpc2VkIHRyb3BvbmluLg=="}}],
}


class HookRequest(_Lenient):
    """A call of the service."""

    hook: Literal["encounter-discharge"] = Field(description="The hook that was triggered.")
    hookInstance: UuidText = Field(description="Names this call.", examples=["d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"])
    context: HookContext = Field(description="Who, of whom, and when in the workflow.")
    prefetch: dict[str, Any] | None = Field(
        default=None,
        repr=False,
        description="`note`: the discharge summary, a DocumentReference or a Bundle with one, its text inline.",
        examples=[{"note": _EXAMPLE_DOCUMENT}],
    )


class AcceptedSuggestion(_Lenient):
    """A suggestion that was taken."""

    id: UuidText = Field(description="The suggestion's uuid.", examples=["8d1577c6-9dfb-44ad-ba6d-3e05e953b2ea"])


class CardFeedback(_Lenient):
    """What became of a card."""

    card: UuidText = Field(description="The card's uuid.", examples=["4e0a3a1e-83c7-4d46-9e35-6b2f2f2f4b1c"])
    outcome: Literal["accepted", "overridden"] = Field(description="Whether a suggestion of it was taken.")
    acceptedSuggestions: list[AcceptedSuggestion] = Field(
        default=[], max_length=50, description="The suggestions that were taken."
    )
    outcomeTimestamp: str = Field(
        max_length=40, description="When, in UTC (ISO 8601).", examples=["2026-11-28T10:00:00Z"]
    )


class FeedbackRequest(_Lenient):
    """What became of some cards."""

    feedback: list[CardFeedback] = Field(min_length=1, max_length=100, description="One entry a card.")


def routes(service: Service) -> APIRouter:
    """Return the routes of CDS Hooks."""
    router = APIRouter(prefix="/cds-services", tags=["CDS Hooks"])

    @router.get("", responses=responses(401, 403, 421, 429, 500), summary="Discovery.")
    async def discover_services() -> dict[str, Any]:
        return cds.SERVICES

    @router.post(f"/{cds.SERVICE_ID}", responses=_ERRORS | responses(412, 504), summary="Cards for a discharge note.")
    async def call_service(request: Request, body: HookRequest) -> dict[str, Any]:
        text = cds.note_text(body.prefetch)
        n_suggestions = cds.N_SUGGESTIONS if service.model.can_suggest else None
        found = await service.read(request, [NoteIn.model_construct(id="", text=text)], n_suggestions, "cds")
        answer, card_id, meanings = cds.cards(
            found[0].model_dump(),
            text,
            run=service.model.card["run"],
            patient_id=body.context.patientId,
            encounter_id=body.context.encounterId,
        )
        remembered = asyncio.create_task(_remember(service, card_id, found[0].receipt, meanings))
        await asyncio.wait({remembered}, timeout=_STORE_SECONDS)
        return answer

    @router.post(f"/{cds.SERVICE_ID}/feedback", responses=_ERRORS | responses(409), summary="What became of the cards.")
    async def card_feedback(request: Request, body: FeedbackRequest) -> JSONResponse:
        for item in body.feedback:
            await service.pools.store.run(_keep, service, item, actor_of(request))
        return JSONResponse({})

    return router


async def _remember(service: Service, card_id: str, receipt: str, meanings: dict[str, Any]) -> None:
    """Store a card; it is right also where that fails, and feedback on it is refused."""
    try:
        await service.pools.store.run(service.store.add_card, card_id, receipt, meanings)
    except (StoreError, Refused) as error:
        event("a card was not remembered", kind=str(error) if isinstance(error, StoreError) else "Busy")


def _keep(service: Service, item: CardFeedback, actor: str) -> None:
    """Log what became of a card; where a suggestion was taken, store that as a decision."""
    card = service.store.card(item.card)
    if card is None:
        raise Refused(404, "A card of this feedback is not one of this service.")
    receipt = service.receipts.read(card[0])
    chosen = [card[1].get(accepted.id) for accepted in item.acceptedSuggestions]
    if None in chosen:
        raise Refused(404, "A suggestion of this feedback is not one of its card.")
    entry: dict[str, Any] = {
        "event": "cds-feedback",
        "actor": actor,
        "note_sha256": receipt.note_sha256,
        "outcome": item.outcome,
        "codes": [meaning["code"] for meaning in chosen if meaning],
    }
    if not (chosen and chosen[0]):
        service.audit.append([entry])
        return
    meaning = chosen[0]
    decision = decision_from(
        service,
        receipt,
        actor=actor,
        verdict="accepted" if meaning["category"] == receipt.label else "corrected",
        category=meaning["category"],
        decision_id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:uuid:{item.card}")),
        code=(meaning["code"], meaning["icd_version"]),
    )
    _, is_new = service.ledger.take(decision, beside=[entry])
    if is_new:
        service.metrics.decisions.labels(decision.verdict).inc()
