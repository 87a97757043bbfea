"""The schema of ``suggestions.json``: what it demands, what it refuses, and that it is read as it was written."""

from typing import Any

import pytest
from pydantic import ValidationError

from nosology.runs.suggestion_results import Estimate, RankedSystem, ReliabilityBin, SuggestionResults

MEANS = (
    "hit_1",
    "hit_5",
    "hit_10",
    "recall_1",
    "recall_5",
    "recall_10",
    "mrr",
    "mean_average_precision",
    "main_1",
    "main_10",
)


def estimate(value: float = 0.5) -> dict[str, Any]:
    return {"value": value, "interval": [value - 0.1, value + 0.1]}


def system() -> dict[str, Any]:
    return {"title": "Suggester", "description": "All signals.", "seconds": 1.5, **{name: estimate() for name in MEANS}}


def results() -> dict[str, Any]:
    return {
        "n": 40,
        "n_rubrics": 900,
        "n_seen": 300,
        "n_train_notes": 200,
        "n_validation_notes": 50,
        "rubrics_a_note": 3.5,
        "unseen_share": 0.1,
        "unseen_recall_10": None,
        "systems": {"suggester": system()},
        "reliability": [{"lower": 0.0, "upper": 0.1, "n": 12, "probability": 0.05, "share_right": 0.08}],
        "debiased_ece": estimate(0.2),
        "none_of_these": estimate(0.3),
        "none_was_right": estimate(0.4),
        "mass_left_out": 0.01,
    }


def test_results_come_back_from_json_as_they_were() -> None:
    found = SuggestionResults.model_validate(results())
    assert SuggestionResults.model_validate_json(found.model_dump_json()) == found
    assert found.systems["suggester"].mrr == Estimate(value=0.5, interval=(0.4, 0.6))
    assert found.reliability == [ReliabilityBin(lower=0, upper=0.1, n=12, probability=0.05, share_right=0.08)]


@pytest.mark.parametrize("name", [name for name in SuggestionResults.model_fields if name not in ("kind", "format")])
def test_every_figure_must_be_there(name: str) -> None:
    values = results()
    del values[name]
    with pytest.raises(ValidationError, match="Field required"):
        SuggestionResults.model_validate(values)


@pytest.mark.parametrize("name", RankedSystem.model_fields)
def test_every_figure_of_a_system_must_be_there(name: str) -> None:
    values = system()
    del values[name]
    with pytest.raises(ValidationError, match="Field required"):
        RankedSystem.model_validate(values)


@pytest.mark.parametrize("changes", [{"text": "a note"}, {"kind": "results"}, {"format": 2}, {"n": 1.5}, {"n": None}])
def test_what_is_of_another_kind_or_holds_more_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SuggestionResults.model_validate(results() | changes)


@pytest.mark.parametrize("interval", [[0.1], [0.1, 0.2, 0.3], "wide", None])
def test_an_interval_has_two_ends(interval: Any) -> None:
    with pytest.raises(ValidationError):
        Estimate.model_validate({"value": 0.5, "interval": interval})


def test_results_never_change() -> None:
    found = SuggestionResults.model_validate(results())
    with pytest.raises(ValidationError, match="frozen"):
        found.n = 41  # type: ignore[misc]
