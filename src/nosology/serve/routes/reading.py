"""``POST /v1/classify`` and ``POST /v1/suggest``: notes in, predictions out, as JSON or as FHIR."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from nosology.export import fhir
from nosology.serve.http.problems import responses
from nosology.serve.schemas import ClassifyIn, ClassifyOut, PredictionOut, SuggestIn, SuggestOut
from nosology.serve.service import Service

_ERRORS = responses(400, 401, 403, 408, 413, 415, 421, 422, 429, 500, 503, 504)
_BUNDLE = {"schema": {"type": "object", "title": "Bundle"}}
_FHIR: dict[int | str, dict[str, Any]] = {200: {"content": {fhir.MEDIA_TYPE: _BUNDLE}}}


def routes(service: Service) -> APIRouter:
    """Return the routes that read notes."""
    router = APIRouter(prefix="/v1", tags=["reading"])

    @router.post(
        "/classify",
        response_model=ClassifyOut,
        responses=_ERRORS | _FHIR,
        summary="Say which category each note belongs to, and how sure that is.",
    )
    async def classify(request: Request, body: ClassifyIn) -> Response:
        predictions = await service.read(request, body.notes, None, "classify")
        return _answer(request, body, predictions, service)

    @router.post(
        "/suggest",
        response_model=SuggestOut,
        responses=_ERRORS | _FHIR | responses(501),
        summary="Suggest diagnoses to consider, with the sentences that support them.",
    )
    async def suggest(request: Request, body: SuggestIn) -> Response:
        predictions = await service.read(request, body.notes, body.k, "suggest")
        return _answer(request, body, predictions, service)

    return router


def _answer(request: Request, body: ClassifyIn, predictions: Sequence[PredictionOut], service: Service) -> Response:
    values = [prediction.model_dump() for prediction in predictions]
    if fhir.MEDIA_TYPE in request.headers.get("accept", ""):
        when = datetime.now(UTC).isoformat(timespec="seconds")
        patients = [note.patient_id for note in body.notes]
        told = zip(values, patients, strict=True)
        resources = [one for value, patient in told for one in _resources(value, patient, service, when)]
        return JSONResponse(fhir.bundle(resources, when=when), media_type=fhir.MEDIA_TYPE)
    return JSONResponse({"predictions": values})


def _resources(value: dict[str, Any], patient_id: str, service: Service, when: str) -> Iterator[fhir.Resource]:
    return fhir.note_resources(
        value,
        note_id=value["id"],
        note_sha256=value["note_sha256"],
        run=service.model.card["run"],
        patient_id=patient_id,
        when=when,
    )
