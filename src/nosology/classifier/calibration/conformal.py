"""Split-conformal prediction sets: how improbable a category may be and still belong to a set of a given coverage."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nosology.records import FloatArray, IntArray

SetKind = Literal["marginal", "per_category"]

_FEWEST_OF_CATEGORY = 33  # validation notes for a threshold of its own: of n, coverage comes in steps of 1 / (n + 1)


@dataclass(frozen=True, slots=True)
class ConformalThresholds:
    """How improbable a category may be and still belong to the prediction set, for one coverage.

    Attributes:
        coverage: Share of sets that hold the true category, aimed at.
        marginal: Largest ``1 - probability`` admitted, whatever the category.
        per_category: The same by category, in label-set order.
        fallback: Categories with too few validation notes for their own threshold; they share one, fitted on their
            notes together.
    """

    coverage: float
    marginal: float
    per_category: tuple[float, ...]
    fallback: tuple[int, ...]


def conformal_thresholds(probabilities: FloatArray, true: IntArray, coverage: float) -> ConformalThresholds:
    """Return split-conformal thresholds (Vovk et al. 2005; per category: Sadinle et al. 2019).

    The score of a category is ``1 - probability``; for one threshold over all, 0 for the best category, so that no set
    is empty and coverage stays exact wherever accuracy alone is below it. Rare categories share a threshold (the null
    cluster of Ding et al. 2023, with a threshold of its own), so that common ones do not set it for them.

    Args:
        probabilities: Calibrated. Shape ``(notes, categories)``.
        true: Indices of the true categories. Shape ``(notes,)``.
        coverage: Share of sets that should hold the true category.
    """
    n_categories = probabilities.shape[1]
    own_scores = 1 - probabilities[np.arange(len(true)), true]
    scores = np.where(probabilities.argmax(axis=1) == true, 0.0, own_scores)
    marginal = _quantile(scores, coverage)
    counts = np.bincount(true, minlength=n_categories)
    fallback = np.flatnonzero(counts < _FEWEST_OF_CATEGORY)
    shared = _quantile(own_scores[np.isin(true, fallback)], coverage)
    limits = [
        shared if category in fallback else _quantile(own_scores[true == category], coverage)
        for category in range(n_categories)
    ]
    return ConformalThresholds(
        coverage,
        1.0 if marginal is None else marginal,
        tuple(1.0 if limit is None else limit for limit in limits),
        tuple(map(int, fallback)),
    )


def _quantile(scores: FloatArray, coverage: float) -> float | None:
    """Return the score that ``coverage`` of new notes will not exceed; None where there are too few to tell."""
    rank = math.ceil((len(scores) + 1) * coverage - 1e-9)
    return float(np.sort(scores)[rank - 1]) if 0 < rank <= len(scores) else None
