"""Bootstrap intervals and paired tests.

The bootstrap draws *patients*, not notes: notes of one patient resemble each other, and treating them as independent
makes intervals too narrow. Draws are made once and shared by all systems, so that differences are paired. A statistic
is recomputed from sums (counts per cell), never from copies of the notes, which makes 2,000 resamples of 10,000 notes a
matter of a second.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, stats

from nosology.records import FloatArray, IntArray

_CHUNK = 256  # resamples turned into floating point at a time; bounds memory for tens of thousands of patients


@dataclass(frozen=True)
class Resamples:
    """Bootstrap draws over groups of notes.

    Attributes:
        weights: How often each group was drawn. Shape ``(resamples, groups)``.
        group_of_note: Shape ``(notes,)``.
    """

    weights: NDArray[np.uint16]
    group_of_note: IntArray

    def totals(self, values: ArrayLike) -> FloatArray:
        """Return the sum of per-note values in every resample.

        Args:
            values: One number for each note, in the order that the resamples were drawn for. Shape ``(notes,)``.

        Returns:
            Shape ``(resamples,)``.
        """
        per_group = np.bincount(
            self.group_of_note, weights=np.asarray(values, np.float64), minlength=self.weights.shape[1]
        )
        return np.concatenate([part.astype(np.float64) @ per_group for part in self._parts()])

    def cell_totals(self, cells: IntArray, n_cells: int, values: ArrayLike | None = None) -> FloatArray:
        """Return the sum of per-note values by cell in every resample.

        Args:
            cells: Which cell each note falls into, from 0. Shape ``(notes,)``.
            n_cells: How many cells there are.
            values: One number a note; None counts notes. Shape ``(notes,)``.

        Returns:
            Shape ``(resamples, n_cells)``.
        """
        each = np.ones(len(cells)) if values is None else np.asarray(values, np.float64)
        shape = (self.weights.shape[1], n_cells)
        by_group = sparse.coo_array((each, (self.group_of_note, cells)), shape=shape).tocsr().T
        return np.concatenate([np.asarray(by_group @ part.T.astype(np.float64)).T for part in self._parts()])

    def _parts(self) -> list[NDArray[np.uint16]]:
        return [self.weights[start : start + _CHUNK] for start in range(0, len(self.weights), _CHUNK)]


def draw_resamples(groups: ArrayLike, n_samples: int, seed: int) -> Resamples:
    """Return bootstrap draws of as many groups as there are, with replacement.

    Args:
        groups: What is drawn together, e.g. the patient of each note. Shape ``(notes,)``.
        n_samples: Number of resamples.
        seed: Equal seeds draw equally.
    """
    names, group_of_note = np.unique(np.asarray(groups), return_inverse=True)
    generator = np.random.default_rng(seed)
    weights = np.zeros((n_samples, len(names)), np.uint16)
    for row in weights:
        row[:] = np.bincount(generator.integers(len(names), size=len(names)), minlength=len(names))
    return Resamples(weights, group_of_note.reshape(-1).astype(np.int64))


def percentile_interval(samples: FloatArray, confidence: float = 0.95) -> tuple[float, float]:
    """Return the central interval of bootstrap values. Shape of ``samples``: ``(resamples,)``."""
    low, high = np.quantile(samples, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def mcnemar_p_value(only_first_right: int, only_second_right: int) -> float:
    """Return the exact two-sided p-value that two systems are right equally often (McNemar 1947)."""
    discordant = only_first_right + only_second_right
    return float(stats.binomtest(only_first_right, discordant, 0.5).pvalue) if discordant else 1.0


def bootstrap_p_value(differences: FloatArray) -> float:
    """Return the two-sided p-value that a difference is 0, from its bootstrap values. Never below 1 / resamples."""
    tail = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    return min(1.0, 2 * (tail + 1) / (len(differences) + 1))


def holm(p_values: list[float]) -> list[float]:
    """Return p-values adjusted for their number, in the same order (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    running = 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return [float(value) for value in adjusted]
