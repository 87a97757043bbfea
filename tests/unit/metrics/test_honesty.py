"""Whether probabilities are judged rightly: hand-computed values, published properties, simulated truth."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss as sklearn_log_loss

from nosology import metrics
from nosology.records import BoolArray, FloatArray


def honest_notes(n: int, seed: int, *, sharpen: float = 1.0) -> tuple[FloatArray, BoolArray, float]:
    """Return confidences and outcomes: right with the stated probability, or stated too surely."""
    generator = np.random.default_rng(seed)
    chance = generator.beta(3, 1.2, size=n)
    right = generator.random(n) < chance
    stated = 1 / (1 + np.exp(-np.log(chance / (1 - chance)) * sharpen))
    return stated, right, float(np.abs(stated - chance).mean())


def test_the_brier_score_of_two_notes_is_the_hand_computed_one() -> None:
    probabilities = np.array([[0.8, 0.2, 0.0], [0.5, 0.25, 0.25]])
    # (0.2² + 0.2² + 0) and (0.5² + 0.75² + 0.25²), averaged
    assert metrics.brier_score(probabilities, np.array([0, 1])) == pytest.approx((0.08 + 0.875) / 2)


def test_the_log_loss_equals_scikit_learns() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(5), size=50)
    true = generator.integers(5, size=50)
    assert metrics.log_loss(probabilities, true) == pytest.approx(
        sklearn_log_loss(true, probabilities, labels=range(5))
    )


def test_the_log_loss_of_a_certain_mistake_is_finite() -> None:
    assert np.isfinite(metrics.log_loss(np.array([[1.0, 0.0]]), np.array([1])))


def test_bins_are_closed_above_and_count_every_note() -> None:
    confidence = np.array([0.2, 0.20001, 1.0, 0.0])
    bins = metrics.reliability_bins(confidence, np.array([True, False, True, False]), n_bins=5)
    assert [(part.lower, part.upper, part.n) for part in bins] == [(0.0, 0.2, 2), (0.2, 0.4, 1), (0.8, 1.0, 1)]
    assert [part.accuracy for part in bins] == [0.5, 0.0, 1.0]
    assert bins[0].confidence == pytest.approx(0.1)
    assert bins[0].accuracy_interval == metrics.wilson_interval(1, 2)


def test_the_calibration_error_is_the_mean_gap_weighted_by_notes() -> None:
    confidence = np.array([0.95] * 4 + [0.55] * 6)
    right = np.array([True] * 3 + [False] + [True] * 6)
    bins = metrics.reliability_bins(confidence, right)
    # 4/10 of |.75 - .95| and 6/10 of |1 - .55|
    assert metrics.expected_calibration_error(bins) == pytest.approx(0.4 * 0.2 + 0.6 * 0.45)


def test_the_calibration_error_of_no_notes_is_zero() -> None:
    assert metrics.expected_calibration_error([]) == 0


def test_the_interval_is_not_empty_where_less_error_is_seen_than_noise_alone_would_show() -> None:
    confidence = np.repeat([0.3, 0.5, 0.7], 100)
    right = np.concatenate([np.arange(100) < share for share in (30, 50, 70)])
    found = metrics.debiased_ece(confidence, right, np.arange(300))
    assert found.value == 0
    assert found.interval[0] == 0


def test_the_debiased_error_of_honest_probabilities_is_much_smaller_than_the_plain_one() -> None:
    plain, debiased, covered = [], [], 0
    for seed in range(40):
        confidence, right, _ = honest_notes(300, seed)
        plain.append(metrics.expected_calibration_error(metrics.reliability_bins(confidence, right)))
        found = metrics.debiased_ece(confidence, right, np.arange(300), seed=seed)
        debiased.append(found.value)
        covered += found.interval[0] == 0
    assert np.mean(plain) > 0.05
    assert np.mean(debiased) < 0.4 * np.mean(plain)
    assert covered >= 36


def test_the_debiased_error_finds_a_known_error_and_its_interval_holds_it() -> None:
    covered, values = 0, []
    for seed in range(20):
        confidence, right, true_error = honest_notes(3000, seed, sharpen=2.0)
        found = metrics.debiased_ece(confidence, right, np.arange(3000), seed=seed)
        values.append(found.value)
        covered += found.interval[0] <= true_error <= found.interval[1]
    assert np.mean(values) == pytest.approx(true_error, abs=0.006)
    assert covered >= 16


def test_notes_of_the_same_patient_widen_the_interval() -> None:
    confidence, right, _ = honest_notes(400, 1, sharpen=2.0)
    twice, both = np.repeat(confidence, 2), np.repeat(right, 2)
    alone = metrics.debiased_ece(twice, both, np.arange(800))
    together = metrics.debiased_ece(twice, both, np.arange(800) // 2)
    assert together.interval[1] - together.interval[0] > alone.interval[1] - alone.interval[0]


def test_the_debiased_error_does_not_depend_on_the_order_of_equal_confidences() -> None:
    confidence, right = np.full(60, 0.5), np.array([True] * 30 + [False] * 30)
    assert metrics.debiased_ece(confidence, right, np.arange(60)).value == 0


def test_the_calibration_test_accepts_honest_and_rejects_boastful_probabilities() -> None:
    confidence, right, _ = honest_notes(2000, 3)
    boastful, wrong, _ = honest_notes(2000, 3, sharpen=2.0)
    assert metrics.calibration_p_value(confidence, right) > 0.05
    assert metrics.calibration_p_value(boastful, wrong) < 0.01


def test_the_calibration_test_rejects_honest_probabilities_about_as_often_as_it_says() -> None:
    rejected = sum(metrics.calibration_p_value(*honest_notes(200, seed)[:2], n_samples=200) < 0.1 for seed in range(60))
    assert rejected <= 13  # binomial with chance .1: more than 13 of 60 in under 1 % of the cases


def test_the_risk_coverage_curve_is_the_hand_computed_one() -> None:
    confidence = np.array([0.9, 0.8, 0.8, 0.4])
    right = np.array([True, True, False, False])
    points = metrics.risk_coverage(confidence, right)
    assert [tuple(point) for point in points] == [
        (0.25, 1.0, 0.9),
        (0.75, pytest.approx(2 / 3), 0.8),
        (1.0, 0.5, 0.4),
    ]
    # errors 0 over a quarter, 1/3 over a half, 1/2 over a quarter
    assert metrics.area_under_risk_coverage(confidence, right) == pytest.approx(0.5 / 3 + 0.125)


def test_a_useless_confidence_has_the_error_rate_as_area() -> None:
    right = np.array([True, False, False, True, False])
    assert metrics.area_under_risk_coverage(np.full(5, 0.3), right) == pytest.approx(0.6)


def test_a_long_curve_is_thinned_but_keeps_its_ends() -> None:
    confidence, right, _ = honest_notes(1000, 0)
    points = metrics.risk_coverage(confidence, right, n_points=50)
    assert len(points) <= 50
    assert (points[0].coverage, points[-1].coverage) == (0.001, 1.0)
    assert points[-1].accuracy == pytest.approx(right.mean())


def test_the_largest_coverage_of_an_accuracy_is_found_past_a_dip() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    right = np.array([False, True, True, True, False])
    found = metrics.answered_at(confidence, right, 0.75)
    assert found == (0.8, 0.75, 0.6)
    assert metrics.answered_at(confidence, right, 0.9) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_curves_end_in_the_overall_accuracy_and_their_thresholds_fall(notes: list[tuple[float, bool]]) -> None:
    confidence = np.array([stated for stated, _ in notes])
    right = np.array([outcome for _, outcome in notes])
    points = metrics.risk_coverage(confidence, right)
    assert points[-1].accuracy == pytest.approx(right.mean())
    assert all(a.threshold > b.threshold and a.coverage < b.coverage for a, b in pairwise(points))
    for point in points:
        answered = confidence >= point.threshold
        assert point.accuracy == pytest.approx(right[answered].mean())
