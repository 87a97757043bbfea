"""The weights of the signals, fitted and read back."""

import numpy as np
import pytest
from scipy import special

from nosology.errors import RunError
from nosology.suggesting import mixture
from nosology.suggesting.mixture import Mixture
from nosology.suggesting.signals import NAMES


def simulated(n_notes: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return signals, truth, main places and categories of notes whose odds are known: 2 words + title - 1."""
    generator = np.random.default_rng(seed)
    category = np.array([0, 0, 0, 1, 1, 1])
    tables = generator.normal(size=(n_notes, 6, len(NAMES)))
    odds = 2 * tables[:, :, 2] + tables[:, :, 1] - 1
    truth = generator.random(odds.shape) < special.expit(odds)
    return tables, truth, np.where(truth.any(axis=1), truth.argmax(axis=1), -1), category


def test_the_fit_finds_the_odds_and_is_calibrated_on_new_notes() -> None:
    fitted = mixture.fit(*simulated(1500, 0), 3)
    assert fitted.coded[2] == pytest.approx(2, abs=0.2)
    assert fitted.coded[1] == pytest.approx(1, abs=0.2)
    assert fitted.intercept == pytest.approx(-1, abs=0.2)
    tables, truth, _, category = simulated(3000, 1)
    probabilities = fitted.coded_probabilities(tables)
    for low in (0.1, 0.4, 0.7):
        inside = (probabilities > low) & (probabilities < low + 0.2)
        assert truth[inside].mean() == pytest.approx(probabilities[inside].mean(), abs=0.05)
    shares = fitted.within_category(tables[0], category)
    assert [shares[:3].sum(), shares[3:].sum()] == pytest.approx([1, 1])


def test_none_of_these_is_as_frequent_as_stated() -> None:
    tables, truth, main, category = simulated(1500, 2)
    fitted = mixture.fit(tables, truth, main, category, 3)
    probabilities = fitted.coded_probabilities(tables)
    order = np.argsort(-probabilities, axis=1)[:, :3]
    stated = np.mean([fitted.none_of(row) for row in np.take_along_axis(probabilities, order, axis=1)])
    assert stated == pytest.approx((~np.take_along_axis(truth, order, axis=1).any(axis=1)).mean(), abs=0.02)


def test_weights_survive_their_file_and_others_are_refused() -> None:
    fitted = mixture.fit(*simulated(60, 3), 3)
    assert Mixture.from_json(fitted.to_json()) == fitted
    with pytest.raises(ValueError, match="too few"):
        mixture.fit(*simulated(10, 3), 3)
    for broken in ({}, fitted.to_json() | {"format": 1}, fitted.to_json() | {"signals": ["other"]}, None):
        with pytest.raises(RunError):
            Mixture.from_json(broken)
