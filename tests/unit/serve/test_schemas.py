"""What the service takes: the last value that fits and the first that does not, and no text where text is printed."""

import re
import string
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from nosology.serve import schemas, table_schemas
from nosology.serve.schemas import (
    AgreementOut,
    ClassifyIn,
    CodeIn,
    DecisionIn,
    DecisionOut,
    NoteIn,
    PredictionOut,
    SessionIn,
    Strict,
    SuggestIn,
)
from nosology.serve.table_schemas import BatchRowOut, RowDecisionIn

SECRET = "kanarienvogel"
NOTE = {"text": "Chest pain."}
CODE = {"value": "I21", "version": 10}
DECISION = {"receipt": "r", "verdict": "accepted"}
PREDICTION = {
    "id": "a",
    "label": "A",
    "probability": 0.5,
    "ranking": [{"label": "A", "probability": 0.5}],
    "prediction_set": [],
    "abstained": False,
    "is_calibrated": True,
    "truncated_tokens": 0,
    "note_sha256": "0",
    "receipt": "r",
}
VALID = {
    RowDecisionIn: {"category": "A"},
    NoteIn: NOTE,
    ClassifyIn: {"notes": [NOTE]},
    SuggestIn: {"notes": [NOTE]},
    CodeIn: CODE,
    DecisionIn: DECISION,
    SessionIn: {"key": "k"},
}
MODELS = [
    item
    for item in {**vars(schemas), **vars(table_schemas)}.values()
    if isinstance(item, type) and issubclass(item, BaseModel)
]


def fits(model: type[BaseModel], values: dict) -> bool:
    try:
        model.model_validate(values)
    except ValidationError:
        return False
    return True


def kinds(model: type[BaseModel], values: dict) -> list[tuple[tuple, str]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    return [(error["loc"], error["type"]) for error in caught.value.errors()]


# ---- fields that are not known


def test_every_request_is_strict_and_tried_here() -> None:
    assert {model for model in MODELS if model.__name__.endswith("In")} == set(VALID)
    assert all(issubclass(model, Strict) for model in VALID)


@pytest.mark.parametrize("model", VALID, ids=lambda model: model.__name__)
@pytest.mark.parametrize("name", ["more", "Text", "text ", "__class__", "model_config", ""])
def test_a_field_that_is_not_known_is_refused(model: Any, name: str) -> None:
    assert fits(model, VALID[model])
    assert kinds(model, VALID[model] | {name: "x"}) == [((name,), "extra_forbidden")]


@pytest.mark.parametrize(
    ("model", "values", "place"),
    [
        (ClassifyIn, {"notes": [NOTE, NOTE | {"more": 1}]}, ("notes", 1, "more")),
        (SuggestIn, {"notes": [NOTE | {"k": 3}]}, ("notes", 0, "k")),
        (DecisionIn, DECISION | {"code": CODE | {"title": "x"}}, ("code", "title")),
        (ClassifyIn, {"notes": [NOTE], "k": 3}, ("k",)),
    ],
)
def test_an_inner_field_that_is_not_known_is_refused_too(model: Any, values: Any, place: tuple[Any, ...]) -> None:
    assert kinds(model, values) == [(place, "extra_forbidden")]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (NoteIn, "text"),
        (ClassifyIn, "notes"),
        (SuggestIn, "notes"),
        (CodeIn, "value"),
        (CodeIn, "version"),
        (DecisionIn, "receipt"),
        (DecisionIn, "verdict"),
        (SessionIn, "key"),
    ],
)
def test_a_field_that_is_needed_is_missed(model: Any, name: str) -> None:
    values = {key: value for key, value in VALID[model].items() if key != name}
    assert kinds(model, values) == [((name,), "missing")]


# ---- limits


@pytest.mark.parametrize(
    ("model", "name", "last", "first"),
    [
        (NoteIn, "id", "a" * 200, "a" * 201),
        (NoteIn, "id", "💉" * 200, "💉" * 201),
        (NoteIn, "text", "a", ""),
        (SuggestIn, "k", 1, 0),
        (SuggestIn, "k", 50, 51),
        (ClassifyIn, "notes", [NOTE], []),
        (CodeIn, "value", "A" * 12, "A" * 13),
        (CodeIn, "value", "A", ""),
        (CodeIn, "version", 9, 8),
        (CodeIn, "version", 10, 11),
        (DecisionIn, "receipt", "r" * 8192, "r" * 8193),
        (DecisionIn, "verdict", "corrected", "Corrected"),
        (DecisionIn, "category", "a" * 200, "a" * 201),
        (DecisionIn, "note_id", "a" * 200, "a" * 201),
        (DecisionIn, "patient_id", "a" * 200, "a" * 201),
        (SessionIn, "key", "k" * 200, "k" * 201),
    ],
)
def test_the_last_value_fits_and_the_next_does_not(
    model: Any, name: str, last: str | int | list[Any], first: str | int | list[Any]
) -> None:
    assert fits(model, VALID[model] | {name: last})
    ((place, _),) = kinds(model, VALID[model] | {name: first})
    assert place[0] == name


@given(st.text(max_size=30))
def test_an_identifier_may_hold_anything_but_control_characters(value: Any) -> None:
    allowed = not any(ord(character) < 32 or ord(character) == 127 for character in value)
    assert fits(NoteIn, NOTE | {"id": value}) == allowed
    for name in ("category", "note_id", "patient_id"):
        assert fits(DecisionIn, DECISION | {name: value}) == allowed


@pytest.mark.parametrize("code", [*range(32), 127])
@pytest.mark.parametrize("around", ["{}", "a{}", "{}a", "a{}b"])
def test_no_control_character_gets_into_an_identifier_at_any_place(code: Any, around: str) -> None:
    assert kinds(NoteIn, NOTE | {"id": around.format(chr(code))}) == [(("id",), "string_pattern_mismatch")]


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_note_that_shows_something_is_kept_as_it_was_written(before: str, behind: str) -> None:
    assert NoteIn(text=f"{before}é{behind}").text == f"{before}é{behind}"


@given(st.text("\u200b\ufeff\u00a0 \t\n\x00\x07\u0301\u3164", min_size=1, max_size=20))
def test_a_note_that_shows_nothing_is_refused_by_its_field(text: str) -> None:
    assert kinds(NoteIn, {"text": text}) == [(("text",), "value_error")]


@given(st.text(string.ascii_letters + string.digits + ".-\n é", max_size=14))
def test_a_code_is_up_to_twelve_letters_digits_and_dots(value: Any) -> None:
    assert fits(CodeIn, CODE | {"value": value}) == bool(re.fullmatch(r"[A-Za-z0-9.]{1,12}", value))


@given(st.uuids())
def test_every_uuid_in_lower_case_is_an_id(value: Any) -> None:
    assert DecisionIn(**DECISION, id=str(value)).id == str(value)
    assert uuid.UUID(DecisionIn(**DECISION, id=str(value)).id) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "7c9e6679742540de944be07fc1f90ae7",
        "7C9E6679-7425-40DE-944B-E07FC1F90AE7",
        "7c9e6679-7425-40de-944b-e07fc1f90ae",
        "7c9e6679-7425-40de-944b-e07fc1f90ae7\n",
        " 7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "{7c9e6679-7425-40de-944b-e07fc1f90ae7}",
        "7c9e6679-7425-40de-944b-e07fc1f90aeg",
    ],
)
def test_what_is_nearly_a_uuid_is_no_id(value: str) -> None:
    assert kinds(DecisionIn, DECISION | {"id": value}) == [(("id",), "string_pattern_mismatch")]


@pytest.mark.parametrize("value", [5, None, True, ["Chest pain."], {"text": "Chest pain."}, b"\xff"])
def test_a_text_that_is_no_text_is_refused(value: Any) -> None:
    assert not fits(NoteIn, {"text": value})


def test_what_is_left_out_has_a_value_that_means_nothing() -> None:
    found = DecisionIn(**DECISION)
    assert (found.id, found.category, found.code, found.text) == (None, None, None, None)
    assert (found.note_id, found.patient_id) == ("", "")
    assert NoteIn(**NOTE).id == ""
    assert SuggestIn(notes=[NOTE]).k == 10


@pytest.mark.parametrize(("probability", "is_one"), [(0, True), (1, True), (-0.001, False), (1.001, False)])
def test_a_probability_that_goes_out_is_one(probability: int | float, is_one: bool) -> None:
    assert fits(PredictionOut, PREDICTION | {"probability": probability}) == is_one
    ranking = [{"label": "A", "probability": probability}]
    assert fits(PredictionOut, PREDICTION | {"ranking": ranking}) == is_one


@pytest.mark.parametrize(("interval", "is_one"), [(None, True), ([0.1, 0.2], True), ([0.1], False), ([0, 0, 0], False)])
def test_an_interval_that_goes_out_has_two_ends(interval: list[float] | list[int] | None, is_one: bool) -> None:
    none = {"n_decisions": 0, "n_accepted": 0, "n_corrected": 0, "agreement": None, "agreement_interval": None}
    values = none | {"blind": none, "seen": none, "categories": [], "drift": None}
    assert fits(AgreementOut, values | {"agreement_interval": interval}) == is_one


# ---- no text


def test_the_fields_that_hold_text_are_those_that_are_never_printed() -> None:
    hidden = {
        (model.__name__, name) for model in MODELS for name, field in model.model_fields.items() if not field.repr
    }
    assert hidden == {("NoteIn", "text"), ("DecisionIn", "text"), ("SessionIn", "key"), ("BatchRowOut", "text")}
    assert all((model.__name__, "text") in hidden for model in MODELS if "text" in model.model_fields)
    assert "text" not in DecisionOut.model_fields


@pytest.mark.parametrize(
    "value",
    [
        NoteIn(text=SECRET),
        ClassifyIn(notes=[NoteIn(text=SECRET)]),
        SuggestIn(notes=[NoteIn(text=SECRET), NoteIn(id="b", text=SECRET)]),
        DecisionIn(receipt="r", verdict="accepted", text=SECRET),
        SessionIn(key=SECRET),
        BatchRowOut(row=1, id="a", text=SECRET, prediction=None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_text_is_in_what_a_request_looks_like(value: Any) -> None:
    assert SECRET not in f"{value!r} {value} {[value]}"
    assert SECRET in value.model_dump_json(), "but it is there"


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (NoteIn, {"text": [SECRET]}),
        (NoteIn, {"txt": SECRET}),
        (NoteIn, {"text": SECRET, "id": SECRET + "\n"}),
        (NoteIn, {"text": SECRET, "more": SECRET}),
        (NoteIn, SECRET),
        (ClassifyIn, {"notes": SECRET}),
        (ClassifyIn, {"notes": [SECRET]}),
        (ClassifyIn, {"notes": [{"id": SECRET}]}),
        (SuggestIn, {"notes": [{"text": SECRET}], "k": SECRET}),
        (SuggestIn, {"notes": [{"text": SECRET}], "k": 0}),
        (DecisionIn, {"text": SECRET}),
        (DecisionIn, DECISION | {"verdict": SECRET, "text": SECRET}),
        (DecisionIn, DECISION | {"id": SECRET, "category": SECRET * 20, "code": SECRET}),
        (DecisionIn, DECISION | {"code": {"value": SECRET, "version": SECRET}}),
        (SessionIn, {"key": SECRET * 20}),
        (SessionIn, {"key": {SECRET: SECRET}}),
    ],
)
def test_no_value_is_in_what_a_validation_error_says(model: Any, values: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    assert SECRET not in f"{caught.value} {caught.value!r}"


# ---- the description


def test_every_example_fits_its_own_field() -> None:
    for model in VALID:
        for name, field in model.model_fields.items():
            for example in field.examples or []:
                assert fits(model, VALID[model] | {name: example}), (model, name)
    assert fits(ClassifyIn, ClassifyIn.model_config["json_schema_extra"]["example"])


def test_the_descriptions_say_that_other_fields_are_refused() -> None:
    for model in VALID:
        assert model.model_json_schema()["additionalProperties"] is False


def test_a_broken_row_of_a_table_is_reported_without_its_text() -> None:
    with pytest.raises(ValidationError) as caught:
        BatchRowOut.model_validate({"row": "first", "text": SECRET})
    assert SECRET not in str(caught.value)
