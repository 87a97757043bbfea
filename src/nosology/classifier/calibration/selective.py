"""Selective classification: the threshold of the top probability below which a note is left to people."""

import numpy as np

from nosology.records import FloatArray, IntArray

_FEWEST_ANSWERED = 10  # validation notes above a threshold; the accuracy of fewer is luck


def abstention_threshold(probabilities: FloatArray, true: IntArray, target: float) -> float | None:
    """Return the lowest top probability from which on accuracy reaches the target; None where it never does.

    Hits are counted; shrinking them towards the stated confidence was tried and missed the target by more (TF-IDF on
    MEDLINE abstracts, 300 validation notes, target .90: .900 reached by counting, .890 and .882 with a shrinkage worth
    20 and 50 notes).

    Args:
        probabilities: Calibrated. Shape ``(notes, categories)``.
        true: Indices of the true categories. Shape ``(notes,)``.
        target: Accuracy aimed at on answered notes.
    """
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    stated, hits = confidence[order], (probabilities.argmax(axis=1) == true)[order]
    answered = np.arange(1, len(order) + 1)
    is_last_of_value = np.diff(stated, append=-np.inf) != 0
    enough = np.flatnonzero((np.cumsum(hits) / answered >= target) & is_last_of_value & (answered >= _FEWEST_ANSWERED))
    if not len(enough):
        return None
    return 0.0 if enough[-1] == len(order) - 1 else float(stated[enough[-1]])
