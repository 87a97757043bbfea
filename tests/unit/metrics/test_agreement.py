"""Accuracy, precision, recall, F1 and their averages, against hand-counted values and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_recall_fscore_support

from nosology import metrics
from nosology.metrics import INVALID
from nosology.records import IntArray

TRUE = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, INVALID, 0])


@st.composite
def answers(draw: st.DrawFn, n_categories: int = 4) -> tuple[IntArray, IntArray]:
    n = draw(st.integers(1, 40))
    true = draw(st.lists(st.integers(0, n_categories - 1), min_size=n, max_size=n))
    predicted = draw(st.lists(st.integers(-1, n_categories - 1), min_size=n, max_size=n))
    return np.array(true), np.array(predicted)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),  # Newcombe 1998, table II of the Wilson score method
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, first example
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson_intervals_are_the_published_ones(successes: int, n: int, low: float, high: float) -> None:
    assert metrics.wilson_interval(successes, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 2000), st.data())
def test_a_wilson_interval_lies_in_0_to_1_and_holds_its_share(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    low, high = metrics.wilson_interval(successes, n)
    assert 0 <= low <= successes / n <= high <= 1


def test_counts_put_unparseable_answers_into_a_last_column() -> None:
    counts = metrics.confusion_counts(TRUE, PREDICTED, 3)
    assert counts.tolist() == [[2, 1, 0, 0], [0, 1, 0, 1], [1, 0, 0, 0]]


def test_scores_of_categories_are_the_hand_counted_ones() -> None:
    scores = metrics.category_scores(metrics.confusion_counts(TRUE, PREDICTED, 3))
    assert scores.precision.tolist() == pytest.approx([2 / 3, 1 / 2, 0])
    assert scores.recall.tolist() == pytest.approx([2 / 3, 1 / 2, 0])
    assert scores.f1.tolist() == pytest.approx([2 / 3, 1 / 2, 0])


@settings(max_examples=40)
@given(answers())
def test_scores_of_categories_equal_scikit_learns(pair: tuple[IntArray, IntArray]) -> None:
    true, predicted = pair
    counts = metrics.confusion_counts(true, predicted, 4)
    expected = precision_recall_fscore_support(true, predicted, labels=range(4), zero_division=0)
    scores = metrics.category_scores(counts)
    for ours, theirs in zip((*scores, counts.sum(axis=1)), expected, strict=True):
        np.testing.assert_allclose(ours, theirs)


@settings(max_examples=40)
@given(answers())
def test_averages_equal_scikit_learns_over_the_categories_that_occur(pair: tuple[IntArray, IntArray]) -> None:
    true, predicted = pair
    counts = metrics.confusion_counts(true, predicted, 4)
    f1, support = metrics.category_scores(counts).f1, counts.sum(axis=1)
    present = sorted(set(true.tolist()))
    for ours, name in ((metrics.macro_average, "macro"), (metrics.weighted_average, "weighted")):
        expected = f1_score(true, predicted, labels=present, average=name, zero_division=0)
        assert float(ours(f1, support)) == pytest.approx(expected)


def test_a_category_that_is_only_predicted_does_not_enter_the_macro_average() -> None:
    counts = metrics.confusion_counts(np.array([0, 0]), np.array([0, 1]), 2)
    f1 = metrics.category_scores(counts).f1
    assert float(metrics.macro_average(f1, counts.sum(axis=1))) == pytest.approx(2 / 3)


def test_averages_of_nothing_are_zero() -> None:
    assert float(metrics.macro_average(np.zeros(3), np.zeros(3))) == 0
    assert float(metrics.weighted_average(np.zeros(3), np.zeros(3))) == 0


def test_confused_pairs_come_by_count_and_then_by_share_of_their_category() -> None:
    true = np.array([0] * 10 + [1] * 4 + [2] * 3)
    predicted = np.array([0] * 7 + [1] * 3 + [1] * 2 + [0] * 2 + [2, 0, 0])
    pairs = metrics.confused_pairs(metrics.confusion_counts(true, predicted, 3))
    assert [tuple(pair) for pair in pairs] == [(0, 1, 3), (2, 0, 2), (1, 0, 2)]


def test_confused_pairs_hold_no_right_answer_and_no_unparseable_one() -> None:
    counts = metrics.confusion_counts(np.array([0, 1, 1]), np.array([0, 1, INVALID]), 2)
    assert metrics.confused_pairs(counts) == []


def test_only_the_asked_number_of_pairs_is_returned() -> None:
    counts = metrics.confusion_counts(np.array([0, 1, 2, 0]), np.array([1, 2, 0, 2]), 3)
    assert len(metrics.confused_pairs(counts, limit=2)) == 2
