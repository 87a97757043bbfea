"""What a model answers to notes that say nothing, and scores as log-probabilities."""

import numpy as np

from nosology.records import FloatArray

CONTENT_FREE_NOTES = ("", "N/A", "[MASK]")
"""Notes that say nothing; what a model answers to them is its prior (contextual calibration, Zhao et al. 2021)."""


def normalized(scores: FloatArray) -> FloatArray:
    """Return scores as log-probabilities; ``exp`` of each row sums to 1. Shapes ``(notes, categories)``."""
    found: FloatArray = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return found
