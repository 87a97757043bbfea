"""Predicted categories against true ones: accuracy, precision, recall, F1 and their averages.

Macro averages run over the categories that occur among the true labels, so that every system is averaged over the same
ones whatever it predicts. scikit-learn's default adds categories that were only predicted.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from nosology.records import FloatArray, IntArray

INVALID = -1


class Scores(NamedTuple):
    """Precision, recall and F1, each of shape ``(..., categories)``; 0 where there is nothing to divide by."""

    precision: FloatArray
    recall: FloatArray
    f1: FloatArray


class Pair(NamedTuple):
    """``n`` notes of category ``true`` that were taken for ``predicted``; indices into the label set."""

    true: int
    predicted: int
    n: int


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a share (Wilson 1927); ``(0, 1)`` where ``n`` is 0.

    Args:
        successes: How many succeeded.
        n: Of how many.
        confidence: Share of such intervals that hold the true share.
    """
    if n == 0:
        return 0.0, 1.0
    z = float(stats.norm.ppf((1 + confidence) / 2))
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    # At 0 and n successes one bound is exactly 0 or 1; rounding must not push it past.
    return (0.0 if successes == 0 else centre - half), (1.0 if successes == n else centre + half)


def confusion_counts(true: IntArray, predicted: IntArray, n_categories: int) -> IntArray:
    """Return counts by true category and predicted category; the last column counts unparseable answers.

    Args:
        true: Indices of the true categories. Shape ``(notes,)``.
        predicted: Indices of the predicted ones, or `INVALID`. Shape ``(notes,)``.
        n_categories: Size of the label set.

    Returns:
        Shape ``(categories, categories + 1)``.
    """
    columns = np.where(predicted == INVALID, n_categories, predicted)
    counts = np.bincount(true * (n_categories + 1) + columns, minlength=n_categories * (n_categories + 1))
    return counts.astype(np.int64).reshape(n_categories, n_categories + 1)


def category_scores(counts: IntArray | FloatArray) -> Scores:
    """Return precision, recall and F1 of every category.

    Args:
        counts: As `confusion_counts` gives them; leading axes are kept. Shape ``(..., categories, categories + 1)``.
    """
    right = np.diagonal(counts, axis1=-2, axis2=-1).astype(np.float64)
    support = counts.sum(axis=-1).astype(np.float64)
    predicted = counts[..., :-1].sum(axis=-2).astype(np.float64)
    return Scores(_divide(right, predicted), _divide(right, support), _divide(2 * right, support + predicted))


def macro_average(values: FloatArray, support: IntArray | FloatArray) -> FloatArray:
    """Return the plain mean over the categories with support; 0 where none has any. Shape ``(...,)``."""
    occurs = support > 0
    return _divide(np.where(occurs, values, 0.0).sum(axis=-1), occurs.sum(axis=-1).astype(np.float64))


def weighted_average(values: FloatArray, support: IntArray | FloatArray) -> FloatArray:
    """Return the mean over categories weighted by support; 0 where there is none. Shape ``(...,)``."""
    return _divide((values * support).sum(axis=-1), np.asarray(support, np.float64).sum(axis=-1))


def confused_pairs(counts: IntArray, limit: int = 10) -> list[Pair]:
    """Return the most frequent confusions of a true with another category, most frequent first.

    Args:
        counts: As `confusion_counts` gives them. Shape ``(categories, categories + 1)``.
        limit: Most pairs to return; of pairs with the same count, the larger share of its true category comes first.
    """
    square = counts[:, :-1].copy()
    np.fill_diagonal(square, 0)
    support = np.broadcast_to(counts.sum(axis=1)[:, None], square.shape)
    order = np.lexsort((support.ravel(), -square.ravel()))[:limit]
    rows, columns = np.unravel_index(order, square.shape)
    return [
        Pair(int(row), int(column), int(square[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if square[row, column] > 0
    ]


def _divide(top: FloatArray, bottom: FloatArray) -> FloatArray:
    return np.divide(top, bottom, out=np.zeros(np.broadcast(top, bottom).shape), where=bottom > 0)
