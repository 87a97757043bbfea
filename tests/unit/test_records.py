"""Records that cross a boundary: they never change, never show a note's text, and come back whole from plain values."""

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.records import (
    PREDICTION_COLUMNS,
    Code,
    Demand,
    Evidence,
    FullCode,
    Note,
    Prediction,
    Predictions,
    Span,
    Suggestion,
    Suggestions,
    no_progress,
    prediction_types,
)

CANARY = "canary-of-the-mine"
PNEUMONIA = Suggestion("486", 9, "Pneumonia, organism unspecified", "Respiratory", 0.4, 0.3, True)
SEPSIS = Suggestion(
    "038",
    9,
    "Septicemia",
    "Infectious Disease",
    0.6,
    0.5,
    False,
    (Evidence(0, 12, 1.5), Evidence(20, 31, -0.5, negated=True)),
    FullCode("0389", 0.75, 12),
)


@pytest.mark.parametrize(
    "record",
    [
        Code("41071", 9, 1),
        Note("1", "p", "a", "text"),
        Span(0, 4, "NAME"),
        Prediction("Neoplasms", 0.5, (("Neoplasms", 0.5), ("Injuries", 0.5))),
        Evidence(0, 4),
        FullCode("0389", 0.5, 2),
        PNEUMONIA,
        Suggestions((PNEUMONIA,), 0.1, 0.2, 900, True),
    ],
)
def test_a_record_never_changes(record: Any) -> None:
    name = next(iter(record.__dataclass_fields__))
    with pytest.raises((FrozenInstanceError, AttributeError)):
        setattr(record, name, None)
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        record.surprise = 1


def test_a_notes_text_shows_in_no_repr() -> None:
    note = Note("n1", "p1", "a1", CANARY, (Code("0389", 9, 1),), attributes={"sex": "F"})
    assert CANARY not in repr(note)
    assert CANARY not in f"{[note]}"
    assert CANARY not in str({"note": note})
    assert "n1" in repr(note), "an id is what errors speak of"


def test_records_with_equal_contents_are_equal_and_can_be_counted() -> None:
    assert Code("0389", 9) == Code("0389", 9)
    assert Code("0389", 9) != Code("0389", 10)
    assert len({Span(0, 4, "NAME"), Span(0, 4, "NAME"), Span(0, 4, "DATE")}) == 2


def test_a_note_without_attributes_has_none_that_another_could_get() -> None:
    one, other = Note("1", "p", "a", "x"), Note("2", "p", "a", "y")
    assert dict(one.attributes) == dict(other.attributes) == {}
    with pytest.raises(TypeError):
        one.attributes["sex"] = "F"  # type: ignore[index]


def test_a_prediction_without_calibration_claims_no_set_and_no_silence() -> None:
    prediction = Prediction("A", 0.7, (("A", 0.7), ("B", 0.3)))
    assert (prediction.prediction_set, prediction.abstained, prediction.truncated_tokens) == ((), False, 0)


def test_suggestions_are_a_sequence_of_what_they_hold() -> None:
    suggestions = Suggestions((SEPSIS, PNEUMONIA), 0.2, 0.1, 900, True)
    assert len(suggestions) == 2
    assert suggestions[0] is SEPSIS
    assert suggestions[-1] is PNEUMONIA
    assert suggestions[:1] == (SEPSIS,)
    assert list(suggestions) == [SEPSIS, PNEUMONIA]
    assert PNEUMONIA in suggestions
    assert suggestions.index(PNEUMONIA) == 1
    with pytest.raises(IndexError):
        suggestions[2]


def test_suggestions_come_back_from_plain_values_as_they_were() -> None:
    suggestions = Suggestions((SEPSIS, PNEUMONIA), 0.25, 0.125, 900, False)
    again = Suggestions.from_plain(asdict(suggestions))
    assert again == suggestions
    assert again[0].full_code == FullCode("0389", 0.75, 12)
    assert again[0].evidence[1].negated
    assert again[1].full_code is None


shares = st.floats(0, 1)
some_evidence = st.builds(
    Evidence, st.integers(0, 99), st.integers(0, 99), st.floats(-9, 9), st.booleans(), st.booleans()
)
some_suggestion = st.builds(
    Suggestion,
    st.text("0123456789EV", min_size=3, max_size=4),
    st.sampled_from([9, 10]),
    st.text(max_size=20),
    st.text(max_size=10),
    shares,
    shares,
    st.booleans(),
    st.lists(some_evidence, max_size=3).map(tuple),
    st.none() | st.builds(FullCode, st.text(max_size=5), shares, st.integers(0, 99)),
)


@given(st.lists(some_suggestion, max_size=5).map(tuple), shares, shares, st.integers(0, 9_999), st.booleans())
def test_any_suggestions_survive_being_made_plain(
    items: tuple[Suggestion, ...], none: float, left: float, n_rubrics: int, calibrated: bool
) -> None:
    suggestions = Suggestions(items, none, left, n_rubrics, calibrated)
    assert Suggestions.from_plain(asdict(suggestions)) == suggestions


@pytest.mark.parametrize(
    "count",
    [
        lambda advance: advance(),
        lambda advance: advance(3),
        lambda advance: advance(0, "two of three"),
        lambda advance: advance(1, "", 10),
        lambda advance: advance(n=2, detail="x", total=5),
    ],
)
def test_progress_that_nobody_watches_takes_every_way_of_counting(count: Callable[[Any], None]) -> None:
    with no_progress("prepare", total=None, unit="notes") as advance:
        assert count(advance) is None


def test_progress_that_nobody_watches_hides_no_error() -> None:
    with pytest.raises(KeyError), no_progress("prepare"):
        raise KeyError("x")


HEART = Prediction(
    "Cardiovascular",
    0.75,
    (("Cardiovascular", 0.75), ("Digestive", 0.25)),
    ("Cardiovascular",),
    truncated_tokens=3,
    caution="a <caution>",
    demands=(Demand(4, 9),),
)
NOTHING = Prediction.absent("nothing to read", is_calibrated=True)


def test_a_prediction_is_plain_values_that_json_knows() -> None:
    assert json.loads(json.dumps(HEART.to_dict())) == {
        "label": "Cardiovascular",
        "probability": 0.75,
        "ranking": [{"label": "Cardiovascular", "probability": 0.75}, {"label": "Digestive", "probability": 0.25}],
        "prediction_set": ["Cardiovascular"],
        "abstained": False,
        "is_calibrated": True,
        "reason": "",
        "caution": "a <caution>",
        "demands": [{"start": 4, "end": 9}],
        "typicality": None,
        "truncated_tokens": 3,
    }
    assert (NOTHING.to_dict()["label"], NOTHING.to_dict()["probability"]) == (None, None)


def test_a_table_gets_the_label_under_its_new_and_its_old_name() -> None:
    columns = HEART.columns()
    assert tuple(columns) == PREDICTION_COLUMNS
    assert columns["label"] == columns["predicted_label"] == "Cardiovascular"


def test_predictions_are_a_list_and_a_frame_of_one_row_a_note() -> None:
    found = Predictions([HEART, NOTHING])
    assert found == [HEART, NOTHING]
    frame = found.to_frame()
    assert frame["label"].to_list() == ["Cardiovascular", None]
    assert frame["ranking"].to_list() == [HEART.to_dict()["ranking"], []]
    assert frame["demands"].to_list() == [[{"start": 4, "end": 9}], []]
    assert {name: frame.schema[name] for name in frame.columns if name in prediction_types()} == {
        name: kind for name, kind in prediction_types().items() if name in frame.columns
    }
    assert tuple(prediction_types()) == PREDICTION_COLUMNS
    empty = Predictions().to_frame()
    assert (empty.height, empty.schema) == (0, frame.schema)


def test_a_notebook_shows_predictions_as_a_table_without_markup_of_their_own() -> None:
    html = Predictions([HEART, NOTHING])._repr_html_()
    assert "<td>Cardiovascular</td><td>75%</td>" in html
    assert "the note tells its reader what to answer" in html
    assert "<td>none</td><td></td><td></td><td>nothing to read</td>" in html
    assert "<p>a &lt;caution&gt;</p>" in html
    assert HEART._repr_html_() == Predictions([HEART])._repr_html_()


def test_suggestions_are_plain_values_a_frame_and_a_table() -> None:
    found = Suggestions((SEPSIS, PNEUMONIA), 0.25, 0.125, 900, True, demands=(Demand(1, 2),))
    assert Suggestions.from_plain(json.loads(json.dumps(found.to_dict()))) == found
    frame = found.to_frame()
    assert frame["code"].to_list() == ["038", "486"]
    assert frame["evidence"].list.len().to_list() == [2, 0]
    assert "<td>038, ICD-9</td><td>Septicemia</td><td>Infectious Disease</td><td>60%</td>" in found._repr_html_()
    none = Suggestions.absent(900, "not fitted")
    assert (none.to_frame().height, none.to_frame().columns) == (0, frame.columns)
    assert "not fitted" in none._repr_html_()
