"""How good ranked lists are when several entries are right: hit rate, recall, reciprocal rank, average precision.

Every function gives one number per note, so that means and bootstrap intervals come from the same values.
"""

import numpy as np

from nosology.records import BoolArray, FloatArray


def ranked_truth(scores: FloatArray, truth: BoolArray) -> BoolArray:
    """Return for each note whether the entry on each rank is right, the best score first; ties in table order.

    Args:
        scores: Shape ``(notes, entries)``.
        truth: Which entries are right. Shape ``(notes, entries)``.
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    return np.take_along_axis(truth, order, axis=1)


def hit_rate(right: BoolArray, k: int) -> FloatArray:
    """Return 1 where any of the first k entries is right, else 0. Shape ``(notes,)``."""
    return np.asarray(right[:, :k].any(axis=1), np.float64)


def recall(right: BoolArray, k: int) -> FloatArray:
    """Return the share of the right entries that are among the first k; 0 where none is right. Shape ``(notes,)``."""
    n_right = np.maximum(right.sum(axis=1), 1)
    shares: FloatArray = right[:, :k].sum(axis=1) / n_right
    return shares


def reciprocal_rank(right: BoolArray) -> FloatArray:
    """Return one over the rank of the first right entry; 0 where none is right. Shape ``(notes,)``."""
    return np.asarray(np.where(right.any(axis=1), 1 / (right.argmax(axis=1) + 1), 0.0), np.float64)


def average_precision(right: BoolArray) -> FloatArray:
    """Return the mean, over the right entries, of the precision at each one's rank. Shape ``(notes,)``."""
    precision = np.cumsum(right, axis=1) / np.arange(1, right.shape[1] + 1)
    return np.asarray((precision * right).sum(axis=1) / np.maximum(right.sum(axis=1), 1), np.float64)
