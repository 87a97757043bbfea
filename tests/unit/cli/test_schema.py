"""``nosology schema``: a JSON Schema that says what lines may be."""

import json
from collections.abc import Callable

import jsonschema
import pytest

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def schema(nosology: Command) -> dict[str, object]:
    """The schema that the command prints."""
    status, out, err = nosology("schema", "suggestions")
    assert (status, err) == (0, "")
    return dict(json.loads(out))


def line(**other: object) -> dict[str, object]:
    """Return a line with one suggestion."""
    item: dict[str, object] = {
        "code": "486", "icd_version": 9, "title": "Pneumonia", "category": "Respiratory", "probability": 0.5,
        "main_probability": 0.25, "is_seen": True, "evidence": [], "full_code": None,
    }  # fmt: skip
    whole: dict[str, object] = {
        "id": "n-1", "suggestions": [item | other], "none_of_these": 0.25, "mass_left_out": 0.0, "n_rubrics": 900,
        "is_calibrated": True, "notice": "n",
    }  # fmt: skip
    return whole


def test_the_schema_is_one(schema: dict[str, object]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_a_line_fits_with_columns_of_the_users_own(schema: dict[str, object]) -> None:
    jsonschema.validate(line(), schema)
    jsonschema.validate(line() | {"ward": 3}, schema)


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "48.6"}, {"code": "48"}, {"code": "48612"}, {"icd_version": 11}, {"title": ""}, {"probability": 1.5},
        {"main_probability": -0.1}, {"is_seen": "yes"}, {"surprise": 1},
        {"evidence": [{"start": -1, "end": 3, "effect": 1, "negated": False, "family_history": False}]},
        {"full_code": {"code": "4861", "share": 0.5, "n_notes": 0}},
    ],
)  # fmt: skip
def test_a_suggestion_that_means_nothing_does_not_fit(schema: dict[str, object], wrong: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(line(**wrong), schema)


@pytest.mark.parametrize("name", ["suggestions", "none_of_these", "mass_left_out", "n_rubrics", "is_calibrated"])
def test_a_line_that_lacks_a_field_does_not_fit(schema: dict[str, object], name: str) -> None:
    whole = line()
    del whole[name]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(whole, schema)


def test_the_schema_of_something_else_is_not_to_be_had(nosology: Command) -> None:
    status, out, _ = nosology("schema", "predictions")
    assert status == 2
    assert out == ""
