"""Suggestions as JSON lines: every field of the record, within the schema, for any suggestion."""

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from nosology.export import NOTICE
from nosology.export.lines import SuggestedNote, schema, suggested_note
from nosology.records import Demand, Evidence, FullCode, Suggestion, Suggestions

VALIDATOR = jsonschema.Draft202012Validator(schema())
MARKS = {"negated": False, "family_history": False, "history": False, "uncertain": False}
SEPSIS = Suggestion(
    "038",
    9,
    "Septicemia",
    "Infectious Disease",
    0.6,
    0.5,
    False,
    (Evidence(0, 12, 1.5, family_history=True, term="Sepsis NOS"), Evidence(20, 31, -0.5, negated=True)),
    FullCode("0389", 0.75, 12),
)


def test_a_line_holds_everything_that_was_found() -> None:
    line = suggested_note(Suggestions((SEPSIS,), 0.25, 0.125, 900, True))
    assert line == {
        "suggestions": [
            {
                "code": "038",
                "icd_version": 9,
                "title": "Septicemia",
                "category": "Infectious Disease",
                "probability": 0.6,
                "main_probability": 0.5,
                "is_seen": False,
                "evidence": [
                    {"start": 0, "end": 12, "effect": 1.5, **MARKS, "family_history": True, "term": "Sepsis NOS"},
                    {"start": 20, "end": 31, "effect": -0.5, **MARKS, "negated": True, "term": ""},
                ],
                "full_code": {"code": "0389", "share": 0.75, "n_notes": 12, "term": ""},
            }
        ],
        "none_of_these": 0.25,
        "mass_left_out": 0.125,
        "n_rubrics": 900,
        "is_calibrated": True,
        "sentences_left_out": 0,
        "reason": "",
        "caution": "",
        "demands": [],
        "notice": NOTICE,
    }


def test_the_notice_says_that_this_is_no_diagnosis() -> None:
    assert "never a diagnosis" in NOTICE


def test_a_note_for_which_nothing_was_found_has_a_line_too() -> None:
    line = suggested_note(Suggestions((), 1.0, 0.0, 900, False))
    assert line["suggestions"] == []
    VALIDATOR.validate(line)


shares = st.floats(0, 1)
some_suggestions = st.builds(
    Suggestion,
    st.text("0123456789ABCEV", min_size=3, max_size=4),
    st.sampled_from([9, 10]),
    st.text(min_size=1, max_size=20),
    st.text(max_size=10),
    shares,
    shares,
    st.booleans(),
    st.lists(
        st.builds(Evidence, st.integers(0, 99), st.integers(0, 99), st.floats(-9, 9), st.booleans(), st.booleans()),
        max_size=3,
    ).map(tuple),
    st.none() | st.builds(FullCode, st.text(max_size=5), shares, st.integers(1, 99)),
)


@given(st.lists(some_suggestions, max_size=4).map(tuple), shares, shares, st.integers(1, 9_999), st.booleans())
def test_every_line_keeps_to_the_schema_and_survives_json(
    items: tuple[Suggestion, ...], none: float, left: float, n_rubrics: int, calibrated: bool
) -> None:
    line = suggested_note(Suggestions(items, none, left, n_rubrics, calibrated))
    VALIDATOR.validate(line)
    assert json.loads(json.dumps(line)) == line


@pytest.mark.parametrize(
    "wrong",
    [
        {"none_of_these": 1.1},
        {"mass_left_out": -0.1},
        {"n_rubrics": 0},
    ],
)
def test_a_line_that_means_nothing_cannot_be_made(wrong: dict[str, float]) -> None:
    values = {"none_of_these": 0.1, "mass_left_out": 0.1, "n_rubrics": 9} | wrong
    with pytest.raises(ValidationError):
        suggested_note(Suggestions((), is_calibrated=True, **values))  # type: ignore[arg-type]


def test_columns_of_the_users_own_stay_beside_the_suggestions() -> None:
    line = suggested_note(Suggestions((SEPSIS,), 0.25, 0.125, 900, True))
    read = SuggestedNote.model_validate({"id": "n-1", "ward": 3} | line)
    assert read.model_dump(mode="json") == {"id": "n-1", "ward": 3} | line


def test_a_line_says_where_the_note_tells_its_reader_what_to_answer() -> None:
    line = suggested_note(Suggestions((), 1, 0, 900, True, demands=(Demand(4, 30),)))
    assert line["demands"] == [{"start": 4, "end": 30}]
    VALIDATOR.validate(line)
