"""Temperature scaling: one number for all scores (Guo et al. 2017)."""

import math

import numpy as np
import scipy  # which loads its optimizers on first use: a run that answers alone needs none
from scipy import special

from nosology.classifier.calibration.score_map import LOG_TEMPERATURES, SPREAD, ScoreMap
from nosology.records import FloatArray, IntArray


def fit_temperature(log_probs: FloatArray, true: IntArray) -> ScoreMap:
    """Return the temperature with the least log loss (Guo et al. 2017)."""
    zeros, rows = np.zeros(log_probs.shape[1]), np.arange(len(true))

    def loss(log_temperature: float) -> float:
        scaled = log_probs / math.exp(log_temperature)
        penalty = log_temperature**2 / (2 * SPREAD**2 * len(true))
        return float((special.logsumexp(scaled, axis=1) - scaled[rows, true]).mean()) + penalty

    best = scipy.optimize.minimize_scalar(loss, bounds=LOG_TEMPERATURES, method="bounded", options={"xatol": 1e-6})
    return ScoreMap(math.exp(float(best.x)), zeros)
