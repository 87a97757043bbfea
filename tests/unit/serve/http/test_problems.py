"""Errors as answers: every kind by its status and words, and nothing in them that the caller or a library wrote."""

import errno
import json
from http import HTTPStatus
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from nosology.feedback.audit import AuditError
from nosology.feedback.receipts import ReceiptError
from nosology.feedback.store import StoreError
from nosology.serve.batching import QueueFull, ReadingFailed, Stopping
from nosology.serve.http import problems
from nosology.serve.http.problems import Refused, problem, responses, safe_fields
from nosology.serve.model import CannotSuggest
from nosology.serve.schemas import ClassifyIn, DecisionIn, Problem, SuggestIn

SECRET = "kanarienvogel"
MEMBERS = {"type", "title", "status", "detail", "request_id", "fields"}


def client_that_fails_with(error: Exception) -> TestClient:
    """A client of a small app whose only routes fail, and whose requests have an id."""
    app = FastAPI()
    problems.install(app)

    @app.get("/fails")
    async def fails() -> None:
        raise error

    @app.post("/classify")
    async def classify(_body: ClassifyIn) -> None:
        raise error

    @app.get("/things/{_id}")
    async def get_thing(_id: int) -> None:
        raise error

    @app.delete("/things/{_id}")
    async def delete_thing(_id: int) -> None:
        raise error

    async def with_id(scope: Any, receive: Any, send: Any) -> None:
        scope["nosology.request_id"] = "r-1"
        await app(scope, receive, send)

    return TestClient(with_id, raise_server_exceptions=False)


def body_of(answer: Any) -> dict:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == MEMBERS
    assert Problem(**body).status == answer.status_code
    return body


# ---- one answer


@pytest.mark.parametrize(
    ("status", "title"),
    [(400, "Bad Request"), (404, "Not Found"), (429, "Too Many Requests"), (499, "Client Closed Request")],
)
def test_a_problem_has_the_members_of_the_rfc_and_the_phrase_of_its_status(status: int, title: str) -> None:
    answer = problem("r-7", status, "No.", fields=({"field": "k", "problem": "is missing"},), headers={"X-A": "b"})
    assert answer.status_code == status
    assert answer.headers["X-A"] == "b"
    assert body_of_response(answer) == {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": "No.",
        "request_id": "r-7",
        "fields": [{"field": "k", "problem": "is missing"}],
    }


def body_of_response(answer: Any) -> dict:
    assert answer.headers["content-type"] == "application/problem+json"
    return json.loads(answer.body)


@pytest.mark.parametrize("status", [status for status in HTTPStatus if status >= 400])
def test_every_error_status_can_be_answered_and_described(status: Any) -> None:
    assert body_of_response(problem("", int(status), "No."))["title"] == status.phrase
    (entry,) = responses(int(status)).values()
    assert entry["description"] == status.phrase
    assert entry["content"]["application/problem+json"]["schema"]["$ref"] == "#/components/schemas/Problem"


def test_a_route_without_errors_has_no_entries() -> None:
    assert responses() == {}
    assert list(responses(413, 422)) == [413, 422]


# ---- every kind of error


@pytest.mark.parametrize(
    ("error", "status", "words", "wait"),
    [
        (QueueFull(17), 429, "Too many notes", "17"),
        (Stopping(SECRET), 503, "being stopped", "10"),
        (CannotSuggest("it holds no codes"), 501, "it holds no codes.", None),
        (ReadingFailed("ValueError"), 500, "broke on this note", None),
        (ReceiptError(SECRET), 422, "not made by this service", None),
        (StoreError(SECRET), 503, "nothing was stored", "5"),
        (AuditError(errno.ENOSPC, "No space left on device", SECRET), 503, "no prediction is given out", "5"),
        (Refused(413, "Too much."), 413, "Too much.", None),
        (Refused(429, "Slower.", headers={"Retry-After": "3"}), 429, "Slower.", "3"),
        (ValueError(SECRET), 500, problems.BUG, None),
        (KeyError(SECRET), 500, problems.BUG, None),
        (OSError(errno.EIO, SECRET), 500, problems.BUG, None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_each_kind_of_error_has_its_status_and_its_words(error: Any, status: int, words: Any, wait: str | None) -> None:
    answer = client_that_fails_with(error).get("/fails")
    body = body_of(answer)
    assert answer.status_code == status
    assert words in body["detail"]
    assert body["request_id"] == "r-1"
    assert body["fields"] == []
    assert answer.headers.get("Retry-After") == wait
    assert SECRET not in answer.text + json.dumps(dict(answer.headers))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 500, 503])
def test_the_words_of_a_librarys_refusal_are_not_passed_on(status: int) -> None:
    answer = client_that_fails_with(HTTPException(status, SECRET)).get("/fails")
    assert answer.status_code == status
    assert body_of(answer)["detail"] == HTTPStatus(status).description or HTTPStatus(status).description == ""
    if HTTPStatus(status).description:
        assert SECRET not in answer.text


def test_a_refusal_without_headers_has_none() -> None:
    assert Refused(413, "Too much.").headers == {}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/things/4", "DELETE, GET"),
        ("POST", "/things/four", "DELETE, GET"),
        ("GET", "/classify", "POST"),
        ("POST", "/fails", "GET"),
    ],
)
def test_a_method_that_a_path_does_not_take_is_answered_with_all_that_it_takes(
    method: str, path: str, allowed: str
) -> None:
    answer = client_that_fails_with(ValueError()).request(method, path)
    assert body_of(answer)["status"] == 405
    assert answer.headers["Allow"] == allowed


def test_a_path_that_is_longer_than_a_known_one_is_not_found() -> None:
    assert body_of(client_that_fails_with(ValueError()).put("/things/4/5"))["status"] == 404


# ---- requests that do not fit


@pytest.mark.parametrize(
    ("content", "field", "words"),
    [
        (b"", "body", "is missing"),
        (b"[]", "body", "is not an object"),
        (b"{}", "body.notes", "is missing"),
        (b'{"notes": 1}', "body.notes", "is not a list"),
        (b'{"notes": []}', "body.notes", "has too few entries"),
        (b'{"notes": [3]}', "body.notes.0", "is not an object"),
        (b'{"notes": [{"text": "a"}, {}]}', "body.notes.1.text", "is missing"),
        (b'{"notes": [{"text": 5}]}', "body.notes.0.text", "is not text"),
        (b'{"notes": [{"text": ""}]}', "body.notes.0.text", "is empty"),
        (b'{"notes": [{"text": " \\n"}]}', "body.notes.0.text", "is blank"),
        (b'{"notes": [{"text": "a", "id": "\\u0007"}]}', "body.notes.0.id", "has characters that are not allowed here"),
        (b'{"notes": [{"text": "a", "kanarienvogel": 1}]}', "body.notes.0", "is a field that this request does not"),
    ],
)
def test_a_body_that_does_not_fit_is_told_where_and_why(content: bytes, field: str, words: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client_that_fails_with(ValueError()).post("/classify", content=content, headers=headers)
    assert answer.status_code == 422
    (found,) = body_of(answer)["fields"]
    assert found["field"] == field
    assert found["problem"].startswith(words)
    assert SECRET not in answer.text


def test_a_body_that_is_no_json_is_not_quoted() -> None:
    headers = {"Content-Type": "application/json"}
    answer = client_that_fails_with(ValueError()).post("/classify", content=f'{{"{SECRET}', headers=headers)
    assert body_of(answer)["fields"][0]["problem"] == "is not JSON"
    assert SECRET not in answer.text


def test_a_path_parameter_that_does_not_fit_is_not_quoted() -> None:
    answer = client_that_fails_with(ValueError()).get(f"/things/{SECRET}")
    assert body_of(answer)["fields"] == [{"field": "path", "problem": "is not a whole number"}]
    assert SECRET not in answer.text


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        DecisionIn(verdict="maybe", receipt="r" * 8193, category="c" * 201, code={"value": "", "version": 11})
    assert {found["field"]: found["problem"] for found in safe_fields(caught.value.errors())} == {
        "receipt": "is too long",
        "verdict": "is none of the allowed values",
        "category": "is too long",
        "code.value": "is empty",
        "code.version": "is none of the allowed values",
    }


@pytest.mark.parametrize(
    ("k", "words"),
    [
        (0, "is too small"),
        (51, "is too large"),
        (1.5, "is not a whole number"),
        ("many", "is not a whole number"),
        ([], "is not a whole number"),
    ],
)
def test_a_number_that_does_not_fit_has_its_own_words(k: Any, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SuggestIn(notes=[{"text": "a"}], k=k)
    assert safe_fields(caught.value.errors()) == [{"field": "k", "problem": words}]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5).map(lambda text: SECRET + text),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["notes", "text", "id", "k", SECRET, f"body.{SECRET}"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(anything)
def test_nothing_that_a_caller_may_send_comes_back(sent: Any) -> None:
    try:
        SuggestIn.model_validate(sent)
    except ValidationError as error:
        errors = error.errors()
    else:
        errors = []
    found = safe_fields(errors)
    assert len(found) == len(errors)
    assert SECRET not in json.dumps(found)


@given(st.lists(st.text(max_size=8) | st.integers(0, 9), max_size=5), st.text(max_size=12))
def test_a_place_is_made_of_numbers_and_names_of_the_schemas(loc: Any, kind: Any) -> None:
    (found,) = safe_fields([{"type": kind, "loc": tuple(loc)}])
    known = problems._KNOWN_NAMES
    assert all(part.isdigit() or part in known for part in found["field"].split("."))
    assert found["problem"] in {*problems._WORDS.values(), "is not valid"}


def test_no_error_is_no_field() -> None:
    assert safe_fields([]) == []


# ---- errors


def test_a_validation_error_is_told_without_the_callers_words() -> None:
    errors = [
        {"type": "extra_forbidden", "loc": ("body", "notes", 0, "SECRET"), "msg": "SECRET", "input": "SECRET"},
        {"type": "some_new_type", "loc": ("body", "notes"), "msg": "SECRET", "ctx": {"error": "SECRET"}},
    ]
    assert safe_fields(errors) == [
        {"field": "body.notes.0", "problem": "is a field that this request does not have"},
        {"field": "body.notes", "problem": "is not valid"},
    ]
