"""How good a ranking is: by hand, against scikit-learn, and against walking down the list."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import label_ranking_average_precision_score

from nosology import metrics
from nosology.records import BoolArray, FloatArray

some_right = hnp.arrays(np.bool_, st.tuples(st.integers(1, 6), st.integers(1, 8)))


def walked(right: BoolArray) -> list[list[int]]:
    """Return the ranks of the right entries of each note, from 1."""
    return [[rank for rank, is_right in enumerate(row, start=1) if is_right] for row in right.tolist()]


def test_ranking_metrics_by_hand() -> None:
    truth = np.array([[True, False, True, False], [False, False, False, True], [False] * 4])
    scores = np.array([[0.1, 0.9, 0.8, 0.2], [0.4, 0.3, 0.2, 0.1], [1.0, 0.0, 0.0, 0.0]])
    right = metrics.ranked_truth(scores, truth)
    assert right.tolist() == [[False, True, False, True], [False, False, False, True], [False] * 4]
    assert metrics.hit_rate(right, 1).tolist() == [0, 0, 0]
    assert metrics.hit_rate(right, 2).tolist() == [1, 0, 0]
    assert metrics.recall(right, 2).tolist() == [0.5, 0, 0]
    assert metrics.reciprocal_rank(right).tolist() == [0.5, 0.25, 0]
    assert metrics.average_precision(right).tolist() == [(1 / 2 + 2 / 4) / 2, 0.25, 0]


def test_equal_scores_keep_the_order_of_the_table() -> None:
    truth = np.array([[True, False, False], [False, False, True]])
    scores = np.array([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]])
    assert metrics.ranked_truth(scores, truth).tolist() == truth.tolist()


def test_a_rubric_that_was_not_scored_comes_last() -> None:
    truth = np.array([[True, True, False]])
    scores = np.array([[-np.inf, 0.1, 0.2]])
    assert metrics.ranked_truth(scores, truth).tolist() == [[False, True, True]]


@settings(max_examples=30)
@given(
    some_right.flatmap(
        lambda truth: st.tuples(
            st.just(truth), hnp.arrays(np.float64, truth.shape, elements=st.floats(-5, 5, width=32))
        )
    )
)
def test_a_ranking_holds_the_same_truths_and_the_best_score_first(pair: tuple[BoolArray, FloatArray]) -> None:
    truth, scores = pair
    right = metrics.ranked_truth(scores, truth)
    for row, true, score in zip(right, truth, scores, strict=True):
        assert row.sum() == true.sum()
        by_hand = [bool(true[i]) for i in sorted(range(len(score)), key=lambda i: (-score[i], i))]
        assert row.tolist() == by_hand


@settings(max_examples=30)
@given(some_right, st.integers(1, 9))
def test_hits_and_recall_are_those_of_walking_down_the_list(right: BoolArray, k: int) -> None:
    ranks = walked(right)
    assert metrics.hit_rate(right, k).tolist() == [float(any(rank <= k for rank in row)) for row in ranks]
    expected = [sum(rank <= k for rank in row) / len(row) if row else 0.0 for row in ranks]
    assert metrics.recall(right, k).tolist() == pytest.approx(expected)


@settings(max_examples=30)
@given(some_right)
def test_the_reciprocal_rank_is_that_of_the_first_right_entry(right: BoolArray) -> None:
    expected = [1 / row[0] if row else 0.0 for row in walked(right)]
    assert metrics.reciprocal_rank(right).tolist() == pytest.approx(expected)


@settings(max_examples=30)
@given(some_right)
def test_average_precision_is_scikit_learns_where_something_is_right(right: BoolArray) -> None:
    found = metrics.average_precision(right)
    falling = -np.arange(right.shape[1], dtype=np.float64)
    for row, value in zip(right, found, strict=True):
        if row.any():
            assert value == pytest.approx(label_ranking_average_precision_score([row], [falling]))
        else:
            assert value == 0


@settings(max_examples=30)
@given(some_right)
def test_a_longer_list_never_hits_or_finds_less(right: BoolArray) -> None:
    for k in range(1, right.shape[1]):
        assert (metrics.hit_rate(right, k) <= metrics.hit_rate(right, k + 1)).all()
        assert (metrics.recall(right, k) <= metrics.recall(right, k + 1)).all()


@settings(max_examples=30)
@given(some_right)
def test_the_first_entry_alone_is_a_hit_exactly_where_its_reciprocal_rank_is_one(right: BoolArray) -> None:
    assert (metrics.hit_rate(right, 1) == (metrics.reciprocal_rank(right) == 1)).all()


@settings(max_examples=30)
@given(some_right)
def test_all_right_entries_first_is_the_best_there_is(right: BoolArray) -> None:
    best = -np.sort(-right.astype(np.int64), axis=1) == 1
    some = right.any(axis=1)
    assert (metrics.average_precision(best)[some] == pytest.approx(1.0)) if some.any() else True
    assert (metrics.average_precision(right) <= metrics.average_precision(best) + 1e-12).all()
