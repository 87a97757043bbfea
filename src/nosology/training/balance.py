"""Which notes are read when, and how much each counts: class imbalance and batches of similar length."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

SORTED_BATCHES = 50
"""Batches whose notes are sorted by length together: long enough for close lengths, short enough to stay random."""


def balancing_weights(categories: Sequence[int]) -> list[float]:
    """Return one weight a note, inverse to its category's frequency and 1 on average over notes."""
    counts = Counter(categories)
    return [len(categories) / (len(counts) * counts[category]) for category in categories]


def log_priors(categories: Sequence[int], n_categories: int) -> list[float]:
    """Return the logarithm of each category's share of the notes; one that no note has counts as half a note's."""
    counts = np.bincount(np.asarray(categories), minlength=n_categories).astype(np.float64)
    counts[counts == 0] = 0.5
    return [float(value) for value in np.log(counts / counts.sum())]


class NoteOrder(Sampler[int]):
    """The order in which an epoch reads the notes: the same for one seed and epoch, whatever came before."""

    def __init__(
        self, lengths: Sequence[int], *, batch_size: int, weights: Sequence[float] | None, by_length: bool, seed: int
    ) -> None:
        """Take what is known of the notes.

        Args:
            lengths: Tokens of each note.
            batch_size: Notes of one forward pass.
            weights: Chance of each note to be drawn, with replacement; None to read every note once.
            by_length: Put notes of similar length into a batch.
            seed: Of the whole training.
        """
        self._lengths = np.asarray(lengths)
        self._batch_size = batch_size
        self._chances = None if weights is None else np.asarray(weights) / np.sum(weights)
        self._by_length = by_length
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch is read next; the Trainer does."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        draw = np.random.default_rng([self._seed, self._epoch])
        n_notes = len(self._lengths)
        if self._chances is None:
            order = draw.permutation(n_notes)
        else:
            order = draw.choice(n_notes, size=n_notes, p=self._chances)
        if self._by_length:
            order = self._batches_of_similar_length(order, draw)
        return iter(order.tolist())

    def _batches_of_similar_length(
        self, order: np.ndarray[tuple[int], np.dtype[np.int64]], draw: np.random.Generator
    ) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return the order with notes sorted by length within stretches, and the full batches of it shuffled."""
        stretch = SORTED_BATCHES * self._batch_size
        parts = [order[start : start + stretch] for start in range(0, len(order), stretch)]
        ordered = np.concatenate([part[np.argsort(self._lengths[part], kind="stable")] for part in parts])
        n_full = len(ordered) // self._batch_size
        full = ordered[: n_full * self._batch_size].reshape(n_full, self._batch_size)
        return np.concatenate([draw.permutation(full).reshape(-1), ordered[n_full * self._batch_size :]])
