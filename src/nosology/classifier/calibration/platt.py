"""Platt scaling of the top label: two numbers that correct the probability people read."""

import math

import numpy as np
import scipy  # which loads its optimizers on first use: a run that answers alone needs none

from nosology.classifier.calibration.score_map import LOG_TEMPERATURES, SPREAD, ScoreMap, logit
from nosology.records import FloatArray, IntArray


def fit_top_label(log_probs: FloatArray, true: IntArray) -> ScoreMap:
    """Return the correction of the top probability with the least log loss of "the top category is right".

    Platt scaling of the top label (Platt 1999; Gupta and Ramdas 2022). It corrects what people read, where a
    temperature must please all categories at once. Measured by cross-validation on 390 notes: log loss of TF-IDF with
    parts of words 1.15 unscaled, 1.10 with this; of an ensemble .910 and .900.
    """
    right, logits = log_probs.argmax(axis=1) == true, logit(np.exp(log_probs).max(axis=1))

    def loss(parameters: FloatArray) -> float:
        scaled = math.exp(parameters[0]) * logits + parameters[1]
        penalty = float((parameters**2).sum()) / (2 * SPREAD**2 * len(true))
        return float((np.logaddexp(0, scaled) - right * scaled).mean()) + penalty

    best = scipy.optimize.minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[LOG_TEMPERATURES, (None, None)])
    return ScoreMap(1.0, np.zeros(log_probs.shape[1]), math.exp(float(best.x[0])), float(best.x[1]))
