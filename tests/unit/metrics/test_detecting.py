"""One category against the rest: against scikit-learn, published intervals, and notes counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import recall_score, roc_auc_score

from nosology.metrics import INVALID, detection, difference_interval, wilson_interval

TRUE = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, INVALID, 0])
PROBABILITIES = np.array(
    [[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.3, 0.6, 0.1], [0.2, 0.7, 0.1], [0.4, 0.3, 0.3], [0.5, 0.3, 0.2]]
)


def test_notes_are_counted_as_by_hand() -> None:
    first, second, third = detection(TRUE, PREDICTED, PROBABILITIES, 3)
    assert [first.sensitivity, first.specificity] == pytest.approx([2 / 3, 2 / 3])
    assert [second.sensitivity, second.specificity] == pytest.approx([1 / 2, 3 / 4])
    assert (third.sensitivity, third.specificity) == (0.0, 1.0)
    assert first.sensitivity_interval == wilson_interval(2, 3)
    assert second.specificity_interval == wilson_interval(3, 4)
    # Of the nine pairs of a note of the first category and another note, the first states more in seven.
    assert first.auroc == pytest.approx(7 / 9)


def test_figures_are_scikit_learns() -> None:
    generator = np.random.default_rng(0)
    true, probabilities = generator.integers(4, size=200), generator.dirichlet(np.ones(4), size=200)
    predicted = probabilities.argmax(axis=1)
    found = detection(true, predicted, probabilities, 4)
    assert [item.sensitivity for item in found] == pytest.approx(recall_score(true, predicted, average=None).tolist())
    assert np.mean([item.auroc for item in found]) == pytest.approx(
        roc_auc_score(true, probabilities, multi_class="ovr", average="macro")
    )


def test_what_the_notes_cannot_say_is_none() -> None:
    only, absent = detection(np.zeros(3, np.int64), np.array([0, 0, 1]), np.full((3, 2), 0.5), 2)
    assert (only.specificity, only.auroc, only.auprc) == (None, None, None)
    assert (absent.sensitivity, absent.sensitivity_interval, absent.auroc) == (None, None, None)
    assert absent.specificity == pytest.approx(2 / 3)
    assert all(item.auroc is None for item in detection(TRUE, PREDICTED, None, 3))


def test_a_probability_that_tells_nothing_has_the_categorys_share_as_precision() -> None:
    first = detection(TRUE, PREDICTED, np.full((6, 3), 1 / 3), 3)[0]
    assert [first.auroc, first.auprc] == pytest.approx([0.5, 3 / 6])


@pytest.mark.parametrize(
    ("first", "second", "interval"),
    [  # Newcombe 1998, table II, method 10
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((0, 10), (0, 10), (-0.2775, 0.2775)),
        ((10, 10), (0, 10), (0.6075, 1.0)),
    ],
)
def test_intervals_of_differences_are_the_published_ones(
    first: tuple[int, int], second: tuple[int, int], interval: tuple[float, float]
) -> None:
    assert difference_interval(first, second) == pytest.approx(interval, abs=5e-4)


@given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 40), st.integers(1, 40))
def test_an_interval_holds_its_difference_and_turns_with_it(a: int, n: int, b: int, m: int) -> None:
    first, second = (min(a, n), n), (min(b, m), m)
    low, high = difference_interval(first, second)
    assert -1 <= low <= first[0] / n - second[0] / m <= high <= 1
    assert difference_interval(second, first) == pytest.approx((-high, -low))
