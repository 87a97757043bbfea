"""Batches that are read in halves once memory runs out, so that ``train.batch_size: auto`` needs no guess.

An optimizer step keeps its notes: a batch that does not fit is read in two halves, one after the other, whose gradients
add up to the batch's own, because each half's loss is already divided by the answer tokens of the whole step. Training
goes on from where it was; the batches of the running step are read again, since a backward pass that was cut short may
have left part of its gradients. The size found is kept for all later batches and is written into every checkpoint, so
that a killed and resumed training equals an uninterrupted one.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from nosology.files import read_json, write_json

SIZE_FILE = "notes_at_once.json"
"""In a checkpoint: how many notes went through the model at once when it was written."""

Batch = Mapping[str, Any]


class Halving:
    """How many notes go through the model at once, and the batches of the running step."""

    def __init__(self, notes_at_once: int, collate: Callable[[Sequence[Any]], dict[str, Any]]) -> None:
        """Take the size to begin with, and what packs notes into a batch."""
        self.notes_at_once = notes_at_once
        self._collate = collate
        self._read: list[Batch] = []

    def begin_step(self) -> None:
        """Forget the batches of the step before."""
        self._read = []

    def add(self, batch: Batch) -> None:
        """Remember a batch of the running step."""
        self._read.append(batch)

    def parts(self, batch: Batch) -> Iterator[Batch]:
        """Yield a batch in parts that are small enough; the batch itself where it is."""
        examples = batch["examples"]
        if len(examples) <= self.notes_at_once:
            yield batch
            return
        for start in range(0, len(examples), self.notes_at_once):
            yield self._collate(examples[start : start + self.notes_at_once])

    def halve(self, model: Any) -> list[Batch]:
        """Halve the size, free what the failed pass held, and return the batches that must be read again."""
        self.notes_at_once //= 2
        model.zero_grad(set_to_none=True)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return list(self._read)

    def save(self, checkpoint: Path) -> None:
        """Write the size into a checkpoint."""
        write_json(checkpoint / SIZE_FILE, {"notes_at_once": self.notes_at_once})


def saved_size(checkpoint: Path | None) -> int | None:
    """Return the size that a checkpoint was written with, or None."""
    if checkpoint is None or not (checkpoint / SIZE_FILE).exists():
        return None
    return int(read_json(checkpoint / SIZE_FILE)["notes_at_once"])
