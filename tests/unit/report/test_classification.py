"""Classification reports as text: scikit-learn's layout to the character, and two of them side by side."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import classification_report as sklearn_report

from nosology import metrics
from nosology.evaluation import scores
from nosology.evaluation.systems import Output
from nosology.report.classification import classification_report, side_by_side
from nosology.runs.results import SystemResult

NAMES = ("Cardiovascular", "Respiratory", "Pregnancy Complications")


def judged(true: Any, predicted: Any, name: str = "tuned", names: tuple[str, ...] = NAMES) -> SystemResult:
    """Return a system's result on the given notes."""
    true, predicted = np.array(true), np.array(predicted)
    resamples = metrics.draw_resamples(range(len(true)), 100, 0)
    truth = scores.Truth(true, names, resamples, {}, 0.9, seed=0)
    output = Output(predicted, None, 1.0, "")
    return scores.judge(name, output, truth, scores.resample(output, truth))


def results(**systems: Any) -> Any:
    """Return as much of the results as the text needs."""
    best_base = next((name for name in systems if name.startswith("base")), None)
    return SimpleNamespace(
        n=6, systems=systems, summary=SimpleNamespace(best_base=best_base), provenance=SimpleNamespace(split="test")
    )


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=3, max_size=30))
def test_a_report_is_scikit_learns_to_the_character(pairs: list[tuple[int, int]]) -> None:
    pairs += [(0, 0), (1, 1), (2, 2)]  # every category occurs, so that both average over the same
    true, predicted = zip(*pairs, strict=True)
    expected = sklearn_report(true, predicted, target_names=NAMES, zero_division=0)
    assert classification_report(judged(true, predicted)) == expected


def test_short_names_leave_room_for_the_averages() -> None:
    expected = sklearn_report([0, 1, 1], [0, 1, 0], target_names=["a", "b"])
    assert classification_report(judged([0, 1, 1], [0, 1, 0], names=("a", "b"))) == expected


def test_base_stands_beside_tuned_line_by_line() -> None:
    base, tuned = judged([0, 1, 2], [0, 0, 0], "base"), judged([0, 1, 2], [0, 1, 2])
    text = side_by_side(results(base=base, tuned=tuned))
    lines = text.splitlines()
    assert lines[0] == "6 notes of the test split"
    assert lines[2].split() == ["Base,", "scored", "Tuned"]
    accuracy = next(line for line in lines if "accuracy" in line)
    assert accuracy.split() == ["accuracy", "0.33", "3", "accuracy", "1.00", "3"]
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("name", ["base", "tuned"])
def test_one_system_stands_alone(name: str) -> None:
    text = side_by_side(results(**{name: judged([0, 1, 2], [0, 1, 2], name)}))
    assert text.count("accuracy") == 1


def test_without_either_there_is_no_text() -> None:
    assert side_by_side(results(majority=judged([0, 1, 2], [0, 0, 0], "majority"))) == ""
