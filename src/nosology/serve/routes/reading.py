"""``POST /v1/classify`` and ``POST /v1/suggest``: notes in, predictions out, as JSON or as FHIR."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from nosology.serve import fhir
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
        return _answer(request, predictions, service)

    @router.post(
        "/suggest",
        response_model=SuggestOut,
        responses=_ERRORS | _FHIR | responses(501),
        summary="Suggest diagnoses to consider, with the sentences that support them.",
    )
    async def suggest(request: Request, body: SuggestIn) -> Response:
        predictions = await service.read(request, body.notes, body.k, "suggest")
        return _answer(request, predictions, service)

    return router


def _answer(request: Request, predictions: Sequence[PredictionOut], service: Service) -> Response:
    values = [prediction.model_dump() for prediction in predictions]
    if fhir.MEDIA_TYPE in request.headers.get("accept", ""):
        bundle = fhir.bundle([fhir.risk_assessment(value, service.model.card["run"]) for value in values])
        return JSONResponse(bundle, media_type=fhir.MEDIA_TYPE)
    return JSONResponse({"predictions": values})
