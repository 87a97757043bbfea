"""How many patients share a word: what decides which words of a model may leave the machine that it learned on."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from nosology.records import IntArray

FEWEST_PATIENTS = 10
"""Patients that have to share a word before it leaves; the smallest cell that many agencies publish."""
_AT_ONCE = 2_000  # notes: bounds memory; a patient's notes stay together


def patients_of_columns(
    count: Callable[[Sequence[str]], Any], texts: Sequence[str], patients: Sequence[str], n_columns: int
) -> IntArray:
    """Return how many patients have a note with each feature.

    Args:
        count: Returns a sparse matrix of how often each feature is in each text, with a row a text.
        texts: Notes.
        patients: Whose each is.
        n_columns: How many features there are.

    Returns:
        Shape ``(n_columns,)``.
    """
    found = np.zeros(n_columns, np.int64)
    for block in _blocks(patients):
        matrix = count([texts[i] for i in block]).tocoo()
        _, patient = np.unique([patients[i] for i in block], return_inverse=True)
        pairs = np.unique(patient[matrix.row].astype(np.int64) * n_columns + matrix.col)
        found += np.bincount(pairs % n_columns, minlength=n_columns)
    return found


def _blocks(patients: Sequence[str]) -> Iterator[list[int]]:
    """Yield places of notes, all of a patient's in one block."""
    block: list[int] = []
    last = None
    for place in sorted(range(len(patients)), key=lambda i: patients[i]):
        if len(block) >= _AT_ONCE and patients[place] != last:
            yield block
            block = []
        block.append(place)
        last = patients[place]
    if block:
        yield block
