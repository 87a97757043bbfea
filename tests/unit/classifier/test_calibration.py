"""Calibration: temperatures that are known, sets with promised coverage, thresholds, and what is stored."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from nosology.classifier import calibration
from nosology.classifier.calibration import Calibration, ConformalThresholds
from nosology.errors import RunError


def notes_of_a_model(
    n: Any, seed: Any, *, n_categories: int = 5, temperature: float = 1.0, offsets: Any = None, signal: float = 2.0
) -> Any:
    """Return log-probabilities and true categories of a model that is honest once divided by ``temperature``."""
    generator = np.random.default_rng(seed)
    honest = special.log_softmax(signal * generator.normal(size=(n, n_categories)), axis=1)
    true = np.array([generator.choice(n_categories, p=np.exp(row)) for row in honest])
    distorted = honest if offsets is None else honest - offsets
    return special.log_softmax(distorted * temperature, axis=1), true


def made_up(**changes: Any) -> Any:
    """Return a calibration with every part filled."""
    conformal = (ConformalThresholds(0.8, 0.5, (0.5, 0.9, 0.5), (0, 2)), ConformalThresholds(0.9, 0.7, (0.7,) * 3, ()))
    values = {
        "method": "temperature",
        "temperature": 2.0,
        "offsets": (0.0, 0.0, 0.0),
        "threshold": 0.6,
        "selective_accuracy": 0.9,
        "coverage": 0.8,
        "conformal": conformal,
        "n_notes": 50,
        "candidates": {"none": 1.0},
        "fitted_on": {"notes": "abc"},
    }
    return Calibration(**(values | changes))


@pytest.mark.parametrize("temperature", [0.5, 2.0, 4.0])
def test_a_known_temperature_is_found(temperature: float) -> None:
    fitted = calibration.fit(*notes_of_a_model(3000, 0, temperature=temperature))
    assert fitted.method == "temperature"
    assert fitted.temperature == pytest.approx(temperature, rel=0.1)


def test_an_honest_model_is_left_as_it_is() -> None:
    fitted = calibration.fit(*notes_of_a_model(1000, 1))
    assert (fitted.method, fitted.temperature, set(fitted.offsets)) == ("none", 1.0, {0.0})


def test_known_offsets_are_found_up_to_a_constant() -> None:
    offsets = np.array([1.5, -1.0, 0.0, 0.5, -1.0])
    fitted = calibration.fit(*notes_of_a_model(4000, 2, temperature=2.0, offsets=offsets))
    assert fitted.method == "temperature+offsets"
    found = np.array(fitted.offsets)
    np.testing.assert_allclose(found - found.mean(), offsets - offsets.mean(), atol=0.15)


def test_calibration_lowers_the_log_loss_of_new_notes() -> None:
    log_probs, true = notes_of_a_model(800, 3, temperature=3.0)
    fitted = calibration.fit(log_probs[:400], true[:400])
    rows = np.arange(400)
    after = -np.log(fitted.apply(log_probs[400:])[rows, true[400:]]).mean()
    before = -log_probs[400:][rows, true[400:]].mean()
    assert after < before - 0.1


def test_a_faultless_validation_split_does_not_make_probabilities_certain() -> None:
    true = np.arange(60) % 3
    log_probs = special.log_softmax(3.0 * np.eye(3)[true], axis=1)
    fitted = calibration.fit(log_probs, true)
    assert fitted.temperature > 0.2
    assert fitted.apply(log_probs).max() < 1 - 1e-7


def test_a_category_without_validation_notes_stays_possible() -> None:
    log_probs, true = notes_of_a_model(600, 4, temperature=2.0)
    kept = true != 4
    fitted = calibration.fit(log_probs[kept], true[kept])
    assert fitted.apply(log_probs)[:, 4].max() > 0.01


@given(st.integers(0, 50), st.floats(0.05, 20), st.integers(2, 6))
def test_calibrated_rows_sum_to_one(seed: Any, temperature: Any, n_categories: Any) -> None:
    generator = np.random.default_rng(seed)
    log_probs = special.log_softmax(30 * generator.normal(size=(7, n_categories)), axis=1)
    offsets = tuple(generator.normal(size=n_categories))
    probabilities = made_up(temperature=temperature, offsets=offsets).apply(log_probs)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_applying_divides_by_the_temperature_and_adds_offsets() -> None:
    log_probs = np.log([[0.5, 0.25, 0.25]])
    found = made_up(temperature=0.5, offsets=(0.0, np.log(2), 0.0)).apply(log_probs)
    # squares .25 .0625 .0625, the second doubled: .25 .125 .0625, normalized by .4375
    np.testing.assert_allclose(found, [[4 / 7, 2 / 7, 1 / 7]])


@pytest.fixture(scope="module")
def resampled() -> Any:
    """Forty times: a calibration of 400 notes, and the probabilities and true categories of 600 others."""
    log_probs, true = notes_of_a_model(40_000, 5, temperature=2.0, signal=1.2)
    found = []
    for start in range(0, 40_000, 1000):
        fitted = calibration.fit(log_probs[start : start + 400], true[start : start + 400])
        others = slice(start + 400, start + 1000)
        found.append((fitted, fitted.apply(log_probs[others]), true[others]))
    return found


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("kind", ["marginal", "per_category"])
def test_prediction_sets_cover_what_they_promise(resampled: Any, coverage: float, kind: str) -> None:
    covered = [
        fitted.in_prediction_set(probabilities, coverage=coverage, kind=kind)[np.arange(600), true].mean()
        for fitted, probabilities, true in resampled
    ]
    assert np.mean(covered) == pytest.approx(coverage, abs=0.015)


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_sets_by_category_do_not_cover_more_where_the_model_is_right_more_often(coverage: float) -> None:
    log_probs, true = notes_of_a_model(6000, 5, temperature=1.0, signal=11.0)
    fitted = calibration.fit(log_probs[:3000], true[:3000])
    probabilities, rest = fitted.apply(log_probs[3000:]), true[3000:]
    assert (probabilities.argmax(axis=1) == rest).mean() > 0.92
    members = fitted.in_prediction_set(probabilities, coverage=coverage, kind="per_category")
    assert members[np.arange(3000), rest].mean() == pytest.approx(coverage, abs=0.02)
    assert (~members.any(axis=1)).any()


def test_sets_by_category_cover_a_hard_category_that_one_threshold_neglects() -> None:
    generator = np.random.default_rng(6)
    true = generator.choice(2, size=6000, p=[0.8, 0.2])
    scores = np.where(true == 0, 2.0, -0.2) + generator.normal(size=6000)
    log_probs = special.log_softmax(np.column_stack([scores, np.zeros(6000)]), axis=1)
    fitted = calibration.fit(log_probs[:3000], true[:3000])
    probabilities, rest = fitted.apply(log_probs[3000:]), true[3000:]
    hard = rest == 1
    one, own = (
        fitted.in_prediction_set(probabilities, coverage=0.95, kind=kind)[hard, 1].mean()
        for kind in ("marginal", "per_category")
    )
    assert one < 0.93
    assert own == pytest.approx(0.95, abs=0.03)


def test_categories_with_few_notes_share_a_threshold_and_say_so() -> None:
    log_probs, true = notes_of_a_model(300, 7)
    few = [np.flatnonzero(true == category)[20:] for category in (2, 4)]
    kept = np.setdiff1d(np.arange(300), np.concatenate(few))
    for stored in calibration.fit(log_probs[kept], true[kept]).conformal:
        assert {2, 4} <= set(stored.fallback)
        assert stored.per_category[2] == stored.per_category[4]
        own = np.bincount(true[kept]) >= 33
        assert set(stored.fallback) == set(np.flatnonzero(~own))


def test_no_prediction_set_is_empty_and_the_best_category_comes_first() -> None:
    probabilities = np.array([[0.2, 0.5, 0.3], [0.34, 0.33, 0.33], [0.0, 0.05, 0.95]])
    assert made_up().prediction_sets(probabilities) == [(1,), (0,), (2,)]
    assert made_up(coverage=0.9).prediction_sets(probabilities) == [(1, 2), (0, 1, 2), (2,)]


def test_a_coverage_that_is_not_stored_is_refused_with_those_that_are() -> None:
    with pytest.raises(RunError, match=r"coverage 0\.5") as caught:
        made_up().in_prediction_set(np.array([[0.2, 0.5, 0.3]]), coverage=0.5)
    assert "0.8, 0.9" in caught.value.hint


def test_the_threshold_reaches_the_accuracy_asked_for_on_new_notes() -> None:
    reached = []
    for seed in range(12):
        log_probs, true = notes_of_a_model(2500, 100 + seed, temperature=2.0, signal=3.0)
        fitted = calibration.fit(log_probs[:500], true[:500], selective_accuracy=0.9)
        probabilities = fitted.apply(log_probs[500:])
        answered = ~fitted.abstains(probabilities)
        assert 0.1 < answered.mean() < 1
        reached.append((probabilities.argmax(axis=1) == true[500:])[answered].mean())
    assert np.mean(reached) == pytest.approx(0.9, abs=0.02)


def test_a_model_that_is_always_good_enough_never_abstains() -> None:
    log_probs, true = notes_of_a_model(200, 8, signal=30.0)
    fitted = calibration.fit(log_probs, true, selective_accuracy=0.5)
    assert fitted.threshold == 0
    assert not fitted.abstains(np.full((3, 5), 0.2)).any()


def test_a_model_that_never_reaches_the_accuracy_always_abstains() -> None:
    generator = np.random.default_rng(9)
    log_probs = special.log_softmax(generator.normal(size=(200, 5)), axis=1)
    fitted = calibration.fit(log_probs, generator.integers(5, size=200), selective_accuracy=0.95)
    assert fitted.threshold is None
    assert fitted.abstains(np.eye(5)).all()


def test_a_note_at_the_threshold_is_answered() -> None:
    abstains = made_up(threshold=0.6).abstains(np.array([[0.6, 0.4, 0.0], [0.59, 0.41, 0.0]]))
    assert abstains.tolist() == [False, True]


def test_too_few_notes_are_refused() -> None:
    with pytest.raises(ValueError, match="29 notes are too few"):
        calibration.fit(np.log(np.full((29, 2), 0.5)), np.zeros(29, int))


def test_equal_notes_and_seed_give_the_same_calibration() -> None:
    log_probs, true = notes_of_a_model(150, 10, temperature=2.0)
    assert calibration.fit(log_probs, true, seed=3) == calibration.fit(log_probs, true, seed=3)


def test_a_calibration_survives_its_file() -> None:
    fitted = calibration.fit(*notes_of_a_model(300, 11, temperature=2.0), fitted_on={"run": "x"}, coverage=0.85)
    assert Calibration.from_json(json.loads(json.dumps(fitted.to_json()))) == fitted
    assert [item.coverage for item in fitted.conformal] == [0.8, 0.85, 0.9, 0.95]


@pytest.mark.parametrize("values", [None, [], {}, {"kind": "calibration", "format": 2}, {"kind": "run", "format": 1}])
def test_what_is_no_calibration_is_refused(values: list[Any] | dict[str, Any] | None) -> None:
    with pytest.raises(RunError, match="not a calibration"):
        Calibration.from_json(values)


def test_an_incomplete_calibration_is_refused() -> None:
    values = made_up().to_json()
    del values["temperature"]
    with pytest.raises(RunError, match="incomplete"):
        Calibration.from_json(values)


def overconfident_at_the_top(n: Any, seed: Any) -> Any:
    """Return scores whose best category is right less often than they say, while the others stand as they should."""
    generator = np.random.default_rng(seed)
    others = generator.dirichlet(np.full(4, 0.2), size=n)
    stated = generator.uniform(0.6, 0.999, size=n)
    true_share = 1 / (1 + ((1 - stated) / stated) ** 0.4)
    log_probs = np.log(np.column_stack([stated, (1 - stated)[:, None] * others]).clip(1e-12))
    right = generator.random(n) < true_share
    missed = np.array([1 + generator.choice(4, p=row) for row in others])
    return log_probs - np.logaddexp.reduce(log_probs, axis=1, keepdims=True), np.where(right, 0, missed)


def test_the_top_probability_is_corrected_where_a_temperature_cannot() -> None:
    fitted = calibration.fit(*overconfident_at_the_top(2000, 20))
    assert fitted.method == "confidence"
    log_probs, true = overconfident_at_the_top(4000, 21)
    probabilities = fitted.apply(log_probs)
    right = probabilities.argmax(axis=1) == true
    assert probabilities.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.02)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_correcting_the_top_probability_keeps_the_order_of_the_categories() -> None:
    log_probs, _ = notes_of_a_model(500, 22, signal=0.5)
    corrected = made_up(offsets=(0.0,) * 5, slope=0.3, intercept=-1.5).apply(log_probs)
    assert (corrected.argmax(axis=1) == log_probs.argmax(axis=1)).all()
    np.testing.assert_allclose(corrected.sum(axis=1), 1)


def test_the_correction_of_the_top_probability_is_stored() -> None:
    fitted = calibration.fit(*overconfident_at_the_top(600, 23))
    assert Calibration.from_json(fitted.to_json()) == fitted
    assert (fitted.slope, fitted.intercept) != (1.0, 0.0)


def test_a_calibration_of_before_the_correction_is_read_as_one_without() -> None:
    values = {name: value for name, value in made_up().to_json().items() if name not in ("slope", "intercept")}
    assert (Calibration.from_json(values).slope, Calibration.from_json(values).intercept) == (1.0, 0.0)
