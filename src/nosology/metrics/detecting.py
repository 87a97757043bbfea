"""One category against all others: how well it is told from them, whatever threshold somebody chooses.

Sensitivity and specificity are of the answers given; the areas under the curves are of the probabilities. A figure that
the notes cannot give is None: with no note of a category, or with no other, there is nothing to tell apart.
"""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from nosology.metrics.agreement import wilson_interval
from nosology.records import FloatArray, IntArray

Interval = tuple[float, float]


class Detection(NamedTuple):
    """How well one category is told from all others; intervals at 95 %.

    Attributes:
        sensitivity: Share of its notes that were answered with it (recall).
        specificity: Share of the other notes that were not.
        auroc: Chance that a note of it has a higher probability of it than another note has.
        auprc: Area under the precision-recall curve (average precision); chance gives the category's share.
    """

    sensitivity: float | None
    sensitivity_interval: Interval | None
    specificity: float | None
    specificity_interval: Interval | None
    auroc: float | None
    auprc: float | None


def detection(
    true: IntArray, predicted: IntArray, probabilities: FloatArray | None, n_categories: int
) -> list[Detection]:
    """Return how well each category is told from all others, in the order of the label set.

    Args:
        true: Indices of the true categories. Shape ``(notes,)``.
        predicted: Indices of the predicted ones, or `INVALID`. Shape ``(notes,)``.
        probabilities: None for a system that gives none. Shape ``(notes, categories)``.
        n_categories: Size of the label set.
    """
    found = []
    for category in range(n_categories):
        inside, answered = true == category, predicted == category
        n, n_others = int(inside.sum()), int((~inside).sum())
        hits, rejected = int((inside & answered).sum()), int((~inside & ~answered).sum())
        areas: tuple[float | None, float | None] = (None, None)
        if probabilities is not None and n and n_others:
            stated = probabilities[:, category]
            areas = float(roc_auc_score(inside, stated)), float(average_precision_score(inside, stated))
        found.append(
            Detection(
                hits / n if n else None,
                wilson_interval(hits, n) if n else None,
                rejected / n_others if n_others else None,
                wilson_interval(rejected, n_others) if n_others else None,
                *areas,
            )
        )
    return found


def difference_interval(first: tuple[int, int], second: tuple[int, int], confidence: float = 0.95) -> Interval:
    """Return the interval of the difference of two independent shares, first less second.

    Newcombe's hybrid score interval (1998, method 10): unlike a bootstrap it keeps its width where a group is small or
    was always right.

    Args:
        first: How many succeeded, and of how many.
        second: The same of the other group.
        confidence: Share of such intervals that hold the true difference.
    """
    (low, high), (other_low, other_high) = (wilson_interval(*group, confidence) for group in (first, second))
    share, other = (successes / n if n else 0.5 for successes, n in (first, second))
    down = np.hypot(share - low, other_high - other)
    up = np.hypot(high - share, other - other_low)
    return max(-1.0, share - other - float(down)), min(1.0, share - other + float(up))
