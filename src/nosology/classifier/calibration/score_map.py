"""The map from a model's log-probabilities to calibrated probabilities, which every method fits in its own way."""

from typing import NamedTuple

import numpy as np
from scipy import special

from nosology.records import FloatArray

# How far log-temperature and offsets plausibly are from 0, in nats. Worth about one note, this matters only where notes
# say little: offsets of rare categories, and a temperature that a faultless validation split would send to 0.
SPREAD = 1.0
LOG_TEMPERATURES = (-4.0, 4.0)  # a model that needs more than a factor of 50 has learned nothing
_SURE = 1e-9  # keeps the logit of a certainty finite


class ScoreMap(NamedTuple):
    """From log-probabilities to probabilities: temperature and offsets first, then the top probability's logit."""

    temperature: float
    offsets: FloatArray
    slope: float = 1.0
    intercept: float = 0.0


def apply(log_probs: FloatArray, how: ScoreMap) -> FloatArray:
    """Return calibrated probabilities; rows sum to 1. Shapes ``(notes, categories)`` in and out."""
    probabilities = np.asarray(special.softmax(log_probs / how.temperature + how.offsets, axis=1), np.float64)
    if (how.slope, how.intercept) == (1.0, 0.0):
        return probabilities
    rows, best = np.arange(len(log_probs)), probabilities.argmax(axis=1)
    top = probabilities[rows, best]
    others = probabilities.copy()
    others[rows, best] = 0.0
    others /= np.maximum(others.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    runner_up = others.max(axis=1)
    least = runner_up / (1 + runner_up) * (1 + 1e-9)  # the order of the categories stays
    top = np.maximum(special.expit(how.slope * logit(top) + how.intercept), least)
    scaled = others * (1 - top)[:, None]
    scaled[rows, best] = top
    return np.asarray(scaled, np.float64)


def logit(probabilities: FloatArray) -> FloatArray:
    """Return the log-odds, finite even of a certainty."""
    return np.asarray(special.logit(np.clip(probabilities, _SURE, 1 - _SURE)), np.float64)
