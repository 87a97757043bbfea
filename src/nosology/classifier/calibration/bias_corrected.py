"""Bias-corrected temperature scaling: a temperature and an offset for each category (Alexandari et al. 2020)."""

import math

import numpy as np
import scipy  # which loads its optimizers on first use: a run that answers alone needs none
from scipy import special

from nosology.classifier.calibration.score_map import LOG_TEMPERATURES, SPREAD, ScoreMap
from nosology.records import FloatArray, IntArray


def fit_temperature_and_offsets(log_probs: FloatArray, true: IntArray) -> ScoreMap:
    """Return temperature and category offsets with the least log loss plus a penalty on large offsets.

    Bias-corrected temperature scaling (Alexandari, Kundaje and Shrikumar 2020).
    """
    n_notes, n_categories = log_probs.shape
    rows, truth = np.arange(n_notes), np.eye(n_categories)[true]

    def loss_and_gradient(parameters: FloatArray) -> tuple[float, FloatArray]:
        sharpness, offsets = math.exp(-parameters[0]), parameters[1:]
        scaled = log_probs * sharpness + offsets
        log_total = special.logsumexp(scaled, axis=1)
        excess = np.exp(scaled - log_total[:, None]) - truth
        penalty = float((parameters**2).sum()) / (2 * SPREAD**2 * n_notes)
        loss = float((log_total - scaled[rows, true]).mean()) + penalty
        by_temperature = -float((excess * log_probs).sum() * sharpness / n_notes)
        gradient = np.concatenate([[by_temperature], excess.mean(axis=0)])
        return loss, gradient + parameters / (SPREAD**2 * n_notes)

    start = np.zeros(1 + n_categories)
    bounds = [LOG_TEMPERATURES] + [(None, None)] * n_categories
    best = scipy.optimize.minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return ScoreMap(math.exp(float(best.x[0])), np.asarray(best.x[1:], np.float64))
