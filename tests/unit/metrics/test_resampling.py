"""Bootstrap draws over patients, and paired tests, against formulas, published values and other libraries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology import metrics


def test_every_resample_draws_as_many_patients_as_there_are() -> None:
    resamples = metrics.draw_resamples(["b", "a", "b", "c"], 50, seed=1)
    assert resamples.weights.shape == (50, 3)
    assert (resamples.weights.sum(axis=1) == 3).all()
    assert resamples.group_of_note.tolist() == [1, 0, 1, 2]


def test_notes_of_a_patient_are_drawn_together() -> None:
    resamples = metrics.draw_resamples(["p", "p", "q", "q"], 200, seed=0)
    totals = resamples.totals([1, 1, 0, 0])
    assert set(totals.tolist()) <= {0.0, 2.0, 4.0}


def test_equal_seeds_draw_equally_and_others_do_not() -> None:
    first, again, other = (metrics.draw_resamples(range(30), 20, seed=seed).weights for seed in (4, 4, 5))
    assert (first == again).all()
    assert (first != other).any()


def test_totals_are_those_of_the_drawn_notes() -> None:
    groups, values = np.array([0, 1, 1, 2]), np.array([1.0, 10.0, 100.0, 1000.0])
    resamples = metrics.draw_resamples(groups, 300, seed=0)  # more than one chunk
    by_hand = [
        sum(weight * values[groups == group].sum() for group, weight in enumerate(row)) for row in resamples.weights
    ]
    assert resamples.totals(values).tolist() == by_hand
    cells = np.array([0, 1, 0, 1])
    split = resamples.cell_totals(cells, 2, values)
    assert split.sum(axis=1).tolist() == by_hand
    assert resamples.cell_totals(cells, 2).sum(axis=1).tolist() == resamples.totals(np.ones(4)).tolist()


def test_the_bootstrap_interval_of_a_mean_is_close_to_the_normal_one() -> None:
    right = np.array([1.0] * 140 + [0.0] * 60)
    resamples = metrics.draw_resamples(range(200), 4000, seed=0)
    low, high = metrics.percentile_interval(resamples.totals(right) / 200)
    half = 1.96 * np.sqrt(0.7 * 0.3 / 200)
    assert (low, high) == pytest.approx((0.7 - half, 0.7 + half), abs=0.008)


def test_drawing_patients_widens_the_interval_where_their_notes_agree() -> None:
    right = np.repeat([1.0, 0.0], [100, 100])
    alone = metrics.draw_resamples(range(200), 1000, seed=0)
    by_patient = metrics.draw_resamples(np.arange(200) // 10, 1000, seed=0)
    spread = [np.std(resamples.totals(right) / 200) for resamples in (alone, by_patient)]
    assert spread[1] == pytest.approx(spread[0] * np.sqrt(10), rel=0.15)


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    [(0, 0, 1.0), (1, 1, 1.0), (8, 1, 20 / 512), (0, 5, 2 / 32)],  # binomial tails counted by hand
)
def test_mcnemar_is_the_exact_binomial_test(only_first: int, only_second: int, p: float) -> None:
    assert metrics.mcnemar_p_value(only_first, only_second) == pytest.approx(p)
    assert metrics.mcnemar_p_value(only_second, only_first) == pytest.approx(p)


def test_the_bootstrap_p_value_is_twice_the_smaller_tail_and_never_zero() -> None:
    assert metrics.bootstrap_p_value(np.linspace(1, 2, 999)) == pytest.approx(2 / 1000)
    assert metrics.bootstrap_p_value(np.linspace(-1, 1, 999)) == 1.0
    assert metrics.bootstrap_p_value(np.array([-1.0] * 49 + [1.0] * 950)) == pytest.approx(0.1)


def test_holm_is_the_textbook_example() -> None:
    # Holm 1979: ordered p-values times 4, 3, 2, 1, made monotone.
    assert metrics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = metrics.holm(p_values)
    assert all(p <= a <= 1 for p, a in zip(p_values, adjusted, strict=True))
    order = np.argsort(p_values, kind="stable")
    assert all(a <= b for a, b in zip(np.array(adjusted)[order], np.array(adjusted)[order][1:], strict=False))


def test_the_percentile_interval_is_central() -> None:
    assert metrics.percentile_interval(np.arange(1001.0)) == pytest.approx((25, 975))
