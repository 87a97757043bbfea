"""A monotone spline from log-odds to log-odds: what a sum of weighted signals gets wrong, put right.

Signals that say the same are added as if each were news, so their sum is too sure where many of them speak, and not
sure enough where few do. The curve is Platt scaling piece by piece: straight but for three knots, which are rounded,
and rising everywhere, so that it keeps their order.
"""

from itertools import pairwise

import numpy as np
import scipy  # which loads its optimizers on first use: a run that answers alone needs none
from scipy import special

from nosology.records import BoolArray, FloatArray

KNOTS = (-2.0, 0.0, 2.0)
"""Log-odds between the pieces: probabilities of .12, .50 and .88, the range of what is listed."""
STRAIGHT = (1.0, 1.0, 1.0, 1.0)
"""Slopes of the curve that changes nothing."""
_LEAST, _MOST = 0.05, 10.0  # of a slope: above 0, so that no two rubrics change places
_PENALTY = 1.0  # a slope that is off by 1 costs half a nat over all notes together


def curve(log_odds: FloatArray, slopes: tuple[float, ...], offset: float) -> FloatArray:
    """Return the curve at some log-odds.

    Args:
        log_odds: Of any shape.
        slopes: Of the pieces before, between and behind `KNOTS`.
        offset: Added at the end.
    """
    return np.asarray(_pieces(log_odds) @ np.array(slopes) + offset)


def fit(log_odds: FloatArray, truth: BoolArray) -> tuple[tuple[float, ...], float]:
    """Return slopes and offset of the curve that makes some log-odds most probable; straight without any.

    Args:
        log_odds: Shape ``(pairs,)``.
        truth: Which are so. Shape ``(pairs,)``.
    """
    if not len(log_odds):
        return STRAIGHT, 0.0
    pieces = _pieces(log_odds)
    signs = np.where(truth, 1.0, -1.0)

    def loss_and_gradient(parameters: FloatArray) -> tuple[float, FloatArray]:
        margins = signs * (pieces @ parameters[1:] + parameters[0])
        pulls = -signs * special.expit(-margins)
        off = parameters[1:] - 1
        gradient = np.concatenate([[pulls.sum()], pieces.T @ pulls + _PENALTY * off])
        return float(np.logaddexp(0, -margins).sum()) + _PENALTY / 2 * float((off**2).sum()), gradient

    start = np.array([0.0, *STRAIGHT])
    bounds = [(None, None), *((_LEAST, _MOST) for _ in STRAIGHT)]
    best = scipy.optimize.minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return tuple(map(float, best.x[1:])), float(best.x[0])


def _pieces(log_odds: FloatArray) -> FloatArray:
    """Return how far each log-odds has gone on each piece, the knots rounded; they sum to it. Shape ``(..., 4)``."""
    behind = [np.logaddexp(0, log_odds - knot) for knot in KNOTS]
    ends = [log_odds, *behind, np.zeros_like(log_odds)]
    return np.stack([start - end for start, end in pairwise(ends)], axis=-1)
