"""The schema of results.json: documented, frozen, and strict about what it does not know."""

import inspect

import pytest
from pydantic import ValidationError

from nosology.runs import results
from nosology.runs.results import Bin, CategoryScores, Results
from nosology.runs.schema import Schema

RECORDS = [item for _, item in inspect.getmembers(results, inspect.isclass) if issubclass(item, Schema)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_record_says_what_it_is(record: type[Schema]) -> None:
    assert record.__doc__
    assert record.__doc__ != Schema.__doc__ or record is Schema


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_no_record_has_a_field_for_note_text(record: type[Schema]) -> None:
    assert not {"text", "clean_text", "prompt", "raw_answer"} & set(record.model_fields)


def test_every_interval_says_how_it_was_found() -> None:
    undocumented = [
        f"{record.__name__}.{name}"
        for record in RECORDS
        for name, field in record.model_fields.items()
        if name.endswith("_interval") and not field.description
    ]
    assert undocumented == []


def test_a_record_never_changes() -> None:
    scores = CategoryScores(precision=1, recall=1, f1=1, support=2)
    with pytest.raises(ValidationError):
        scores.f1 = 0.5  # type: ignore[misc]


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        CategoryScores(precision=1, recall=1, f1=1, support=2, note="x")  # type: ignore[call-arg]


@pytest.mark.parametrize(("field", "value"), [("kind", "run"), ("format", 2)])
def test_another_kind_or_format_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Results.model_validate({field: value})
    assert (field,) in [error["loc"] for error in caught.value.errors()]


def test_intervals_survive_json() -> None:
    part = Bin(lower=0.0, upper=0.1, n=3, confidence=0.05, accuracy=0.0, accuracy_interval=(0.0, 0.56))
    assert Bin.model_validate_json(part.model_dump_json()) == part


def test_the_contracts_names_are_in_the_schema() -> None:
    assert {"n", "labels", "systems", "tests", "provenance"} <= set(Results.model_fields)
    wanted = {"accuracy", "accuracy_interval", "macro_f1", "macro_f1_interval", "ece", "invalid", "report"}
    assert wanted | {"confusion_matrix"} <= set(results.SystemResult.model_fields)
