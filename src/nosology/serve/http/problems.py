"""Errors as answers: `application/problem+json` (RFC 9457), in words of this package, never quoting a request.

A validation error of pydantic holds the offending input and sometimes quotes it in its message, and the name of an
unknown field is the caller's text too. So an answer names only fields of the schema, by position, and says what is
wrong in words from a table.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from nosology.feedback.audit import AuditError
from nosology.feedback.ledger import Conflict, Unsettled
from nosology.feedback.receipts import ReceiptError
from nosology.feedback.store import StoreError
from nosology.serve import schemas
from nosology.serve.batching import QueueFull, ReadingFailed, Stopping, TooSlow
from nosology.serve.http.logs import event
from nosology.serve.model import CannotSuggest

MEDIA_TYPE = "application/problem+json"
STORE_RETRY_SECONDS = 5
MOST_PROBLEMS = 20  # told in one answer; the others are counted

_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is a field that this request does not have",
    "string_type": "is not text",
    "string_too_short": "is empty",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "has characters that are not allowed here",
    "too_short": "has too few entries",
    "too_long": "has too many entries",
    "too_many_fields": "has too many fields",
    "list_type": "is not a list",
    "model_attributes_type": "is not an object",
    "model_type": "is not an object",
    "dict_type": "is not an object",
    "int_type": "is not a whole number",
    "int_parsing": "is not a whole number",
    "int_from_float": "is not a whole number",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
    "literal_error": "is none of the allowed values",
    "json_invalid": "is not JSON",
    "value_error": "is blank",
}
BUG = "A bug in the service; the log has the kind of error."
_NOT_VALID = "is not valid"
_STATUSES = frozenset(map(int, HTTPStatus))


class Refused(HTTPException):
    """A request that is answered with an error status and a sentence of ours."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))


def problem(
    request_id: str,
    status: int,
    detail: str,
    *,
    fields: Sequence[dict[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return an error as an answer.

    Args:
        request_id: Names the request in the log.
        status: The HTTP status.
        detail: One sentence.
        fields: What is wrong with each field.
        headers: Of the answer.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase if status in _STATUSES else "Client Closed Request",
        "status": status,
        "detail": detail,
        "request_id": request_id,
        "fields": list(fields[:MOST_PROBLEMS]),
    }
    if len(fields) > MOST_PROBLEMS:
        body["more_problems"] = len(fields) - MOST_PROBLEMS
    return JSONResponse(body, status, dict(headers or {}), media_type=MEDIA_TYPE)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the error answers of a route, for its OpenAPI entry."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Teach an app to answer every error this way."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(QueueFull, _queue_full)
    app.add_exception_handler(Stopping, _stopping)
    app.add_exception_handler(CannotSuggest, _cannot_suggest)
    app.add_exception_handler(ReadingFailed, _reading_failed)
    app.add_exception_handler(TooSlow, _too_slow)
    app.add_exception_handler(ReceiptError, _receipt)
    app.add_exception_handler(Conflict, _conflict)
    app.add_exception_handler(Unsettled, _unsettled)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(AuditError, _audit)
    app.add_exception_handler(Exception, _bug)


def safe_fields(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return what is wrong with which field, without anything that the caller wrote."""
    found = []
    for error in errors:
        place = ".".join(str(part) for part in error["loc"] if isinstance(part, int) or part in _KNOWN_NAMES)
        found.append({"field": place or "body", "problem": _WORDS.get(error["type"], _NOT_VALID)})
    return found


_NAMES_OF_HOOKS = frozenset(
    {
        "hook",
        "hookInstance",
        "context",
        "userId",
        "patientId",
        "encounterId",
        "prefetch",
        "feedback",
        "card",
        "outcome",
        "acceptedSuggestions",
        "outcomeTimestamp",
    }
)  # of CDS Hooks, whose models stand beside their routes


def _names_of_schemas() -> frozenset[str]:
    models = [item for item in vars(schemas).values() if isinstance(item, type) and issubclass(item, BaseModel)]
    names = {name for model in models for name in model.model_fields}
    names |= _NAMES_OF_HOOKS
    return frozenset(names | {"body", "query", "path", "header", "limit", "offset", "batch_id", "service_id"})


_KNOWN_NAMES = _names_of_schemas()


def request_id(request: Request) -> str:
    """Return the id that this request has in the log."""
    return str(request.scope.get("nosology.request_id", ""))


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    is_ours = isinstance(error, Refused)
    detail = error.detail if is_ours else HTTPStatus(error.status_code).description or error.detail
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (methods := _methods(request)):
        headers["Allow"] = ", ".join(methods)
    return problem(request_id(request), error.status_code, detail, headers=headers)


def _methods(request: Request) -> list[str]:
    """Return every method that a path takes; the framework names those of the first of its routes alone."""
    for path, described in request.app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path)), request.url.path):
            return sorted(method.upper() for method in described)
    return []


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    fields = safe_fields(error.errors())
    return problem(request_id(request), 422, "The request does not fit its description; see fields.", fields=fields)


async def _queue_full(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, QueueFull)
    headers = {"Retry-After": str(error.retry_after_seconds)}
    return problem(request_id(request), 429, "Too many notes wait already; try again later.", headers=headers)


async def _stopping(request: Request, _: Exception) -> JSONResponse:
    return problem(request_id(request), 503, "The service is being stopped.", headers={"Retry-After": "10"})


async def _cannot_suggest(request: Request, error: Exception) -> JSONResponse:
    event("cannot suggest", reason=str(error))
    return problem(request_id(request), 501, f"This run cannot suggest diagnoses: {error}.")


async def _reading_failed(request: Request, error: Exception) -> JSONResponse:
    event("the model broke on a note", kind=str(error), request_id=request_id(request))
    return problem(request_id(request), 500, "The model broke on this note; the log has the kind of error.")


async def _too_slow(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TooSlow)
    event("a note took too long", seconds=error.seconds, request_id=request_id(request))
    detail = f"A note of this request takes more than {error.seconds:g} seconds of processor time to read; shorten it."
    return problem(request_id(request), 422, detail)


async def _receipt(request: Request, _: Exception) -> JSONResponse:
    return problem(request_id(request), 422, "This receipt was not made by this service.")


async def _store(request: Request, error: Exception) -> JSONResponse:
    event("the store cannot be used", kind=str(error), request_id=request_id(request))
    return problem(
        request_id(request),
        503,
        "The store of decisions cannot be used at the moment; nothing was stored. Reading notes goes on.",
        headers={"Retry-After": str(STORE_RETRY_SECONDS)},
    )


async def _unsettled(request: Request, error: Exception) -> JSONResponse:
    event("a decision is not settled", kind=str(error), request_id=request_id(request))
    return problem(
        request_id(request),
        503,
        "The store broke off; whether the decision was stored is not known. Sent again under its id, it counts once.",
        headers={"Retry-After": str(STORE_RETRY_SECONDS)},
    )


async def _conflict(request: Request, _: Exception) -> JSONResponse:
    return problem(request_id(request), 409, "Another decision was stored under this id.")


async def _audit(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AuditError)
    event("the audit log cannot be written", reason=error.strerror, request_id=request_id(request))
    return problem(
        request_id(request),
        503,
        "The audit log cannot be written at the moment, so no prediction is given out and no decision is taken.",
        headers={"Retry-After": str(STORE_RETRY_SECONDS)},
    )


async def _bug(request: Request, _: Exception) -> JSONResponse:
    return problem(request_id(request), 500, BUG)
