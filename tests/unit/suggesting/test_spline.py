"""The curve that makes sums of signals honest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from nosology.suggesting import spline

SLOPES = st.tuples(*[st.floats(0.05, 10)] * 4)


def test_the_straight_curve_changes_nothing() -> None:
    log_odds = np.linspace(-30, 30, 101).reshape(1, 101)
    np.testing.assert_allclose(spline.curve(log_odds, spline.STRAIGHT, 0.0), log_odds, atol=1e-12)


@given(SLOPES, st.floats(-5, 5), st.lists(st.floats(-40, 40), min_size=2, max_size=20))
def test_no_two_rubrics_change_places(slopes: tuple[float, ...], offset: float, log_odds: list[float]) -> None:
    curve = spline.curve(np.array(sorted(log_odds)), slopes, offset)
    assert (np.diff(curve) >= -1e-9).all()


def test_far_from_the_bends_each_piece_has_its_own_slope() -> None:
    curve = spline.curve(np.array([-41.0, -40.0, 40.0, 41.0]), (2.0, 1.0, 1.0, 0.5), 3.0)
    assert curve[1] - curve[0] == pytest.approx(2.0)
    assert curve[3] - curve[2] == pytest.approx(0.5)
    assert curve[1] == pytest.approx(3.0 + 2.0 * -40)


def test_what_is_stated_too_surely_becomes_as_frequent_as_stated() -> None:
    generator = np.random.default_rng(0)
    said = generator.normal(-1, 2.5, size=60_000)
    truth = generator.random(len(said)) < special.expit(np.where(said > 0, said / 2, said))
    slopes, offset = spline.fit(said, truth)
    probabilities = special.expit(spline.curve(said, slopes, offset))
    for low in np.arange(0.05, 0.95, 0.1):
        inside = (probabilities > low) & (probabilities < low + 0.1)
        assert truth[inside].mean() == pytest.approx(probabilities[inside].mean(), abs=0.03)
    stated = special.expit(said)
    inside = (stated > 0.85) & (stated < 0.95)
    assert stated[inside].mean() - truth[inside].mean() > 0.1, "before, it was not"


def test_nothing_to_fit_on_leaves_it_straight_and_few_notes_nearly_so() -> None:
    assert spline.fit(np.zeros(0), np.zeros(0, np.bool_)) == (spline.STRAIGHT, 0.0)
    slopes, _ = spline.fit(np.array([1.0, -1.0]), np.array([True, False]))
    np.testing.assert_allclose(slopes, 1, atol=0.3)
