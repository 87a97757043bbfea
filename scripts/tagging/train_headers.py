"""Train a network of `nosology.text.headers` on notes of the grammar and write its weights.

    python scripts/tagging/train_headers.py --out one.npz
    python scripts/tagging/train_headers.py --seed 3 --teachers one.npz two.npz --out three.npz

Networks of different seeds or grammars err in different places. So two of them ship
(``src/nosology/data/text/headers1.npz``, ``headers2.npz``), and the program reads with both; and several can teach one
(Hinton et al. 2015): half of what it learns of a line is what the grammar says, half what they say in the mean. The
first that ships learned from the grammar of commit 2f616eb (60,000 notes, 3,000 steps), and taught the second together
with one that learned from twice that grammar. Same seeds and version of torch, same weights; ten minutes of one core.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diseases import diseases
from header_notes import Note, Writer
from torch import nn
from torch.nn import functional
from training import Convolutions, Parts, Written, loaded, save, train

from nosology.text.header_units import N_ROWS, WIDTHS, Unit, features, units
from nosology.text.headers import CLASSES, DILATIONS, EXPONENTS

BATCH = 1_500  # units
PADDING = 4
SMOOTHING = 0.03
SHARE_OF_TEACHERS = 0.5
TAUGHT_AT_ONCE = 200  # notes
DROPPED = 0.25  # of the features of words


class Net(Written):
    """The network as torch trains it; the layers' shapes are those of `nosology.text.headers`."""

    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(N_ROWS, size) * 0.05)
        self.inputs = nn.Linear(len(WIDTHS) * size, hidden)
        self.convolutions = Convolutions(hidden, hidden, len(CLASSES), DILATIONS)
        self.dropout = nn.Dropout(0.15)

    def forward(self, parts: list[torch.Tensor], real: torch.Tensor) -> torch.Tensor:
        """Return the scores of one long row of notes with padding between them.

        Args:
            parts: Rows of features: of the heads, of what stands behind them, of the layout. Each ``(units, width)``.
            real: 1 for a unit, 0 for padding. Shape ``(units, 1)``.
        """
        vectors = []
        for rows, power in zip(parts, EXPONENTS, strict=True):
            kept = (rows > 0).float()
            total = functional.embedding_bag(rows, self.table, per_sample_weights=kept, mode="sum")
            vectors.append(total / kept.sum(dim=1, keepdim=True).clamp(min=1) ** power)
        seen = torch.relu(self.inputs(self.dropout(torch.cat(vectors, dim=1)))) * real
        scores: torch.Tensor = self.convolutions(seen, real, kept=seen)
        return scores

    def parts(self) -> Parts:
        """Return what is written of it."""
        return self.table, {}, self.convolutions.layers() | {"inputs": self.inputs}


Encoded = tuple[tuple[np.ndarray, ...], np.ndarray]
"""A note: the rows of its units' features, and how probable each class is of each. Shape ``(units, classes)``."""


def encoded(note: Note) -> Encoded | None:
    """Return a note with the classes that the grammar says; None for a note without units."""
    read = list(units(note.text))
    if not read:
        return None
    parts = []
    for rows, width in zip(zip(*(features(note.text, unit) for unit in read), strict=True), WIDTHS, strict=True):
        numbers = np.zeros((len(read), width), np.int32)
        for place, found in enumerate(rows):
            numbers[place, : len(found)] = found
        parts.append(numbers)
    said = np.eye(len(CLASSES))[_classes(note, read)]
    return tuple(parts), ((1 - SMOOTHING) * said + SMOOTHING / len(CLASSES)).astype(np.float32)


def _classes(note: Note, read: list[Unit]) -> list[int]:
    found, begun = [], set()
    for unit in read:
        section = next((span for span in note.stated if span[0] <= unit.start < span[1]), None)
        if section is not None:
            found.append(CLASSES.index("goes on" if section in begun else "begins"))
            begun.add(section)
        else:
            is_header = any(unit.start <= place < unit.end for place in note.others)
            found.append(CLASSES.index("another header" if is_header else "other"))
    return found


def batch(chosen: list[Encoded]) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor]:
    """Return notes as one long row with padding between them: features, what is real, classes (0 in padding)."""
    parts = []
    for number, width in enumerate(WIDTHS):
        pad = np.zeros((PADDING, width), np.int32)
        parts.append(torch.from_numpy(np.concatenate([x for note in chosen for x in (note[0][number], pad)])).long())
    real = np.concatenate([x for note in chosen for x in (np.ones(len(note[1])), np.zeros(PADDING))])
    nothing = np.zeros((PADDING, len(CLASSES)), np.float32)
    classes = np.concatenate([x for note in chosen for x in (note[1], nothing)])
    return parts, torch.from_numpy(real.astype(np.float32))[:, None], torch.from_numpy(classes)


def taught(notes: list[Encoded], teachers: Sequence[nn.Module]) -> list[Encoded]:
    """Return notes of whose classes networks say a share.

    Args:
        notes: As the grammar says them.
        teachers: The networks.
    """
    found: list[Encoded] = []
    for first in range(0, len(notes), TAUGHT_AT_ONCE):
        chosen = notes[first : first + TAUGHT_AT_ONCE]
        parts, real, _ = batch(chosen)
        with torch.inference_mode():
            shares = torch.stack([net(parts, real).softmax(dim=1) for net in teachers]).mean(dim=0).numpy()
        begin = 0
        for rows, classes in chosen:
            said = shares[begin : begin + len(classes)]
            found.append((rows, SHARE_OF_TEACHERS * said + (1 - SHARE_OF_TEACHERS) * classes))
            begin += len(classes) + PADDING
    return found


def main() -> None:
    """Write notes, train, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the weights to write")
    parser.add_argument("--teachers", type=Path, nargs="+", default=[], help="networks to learn from as well")
    parser.add_argument("--notes", type=int, default=90_000)
    parser.add_argument("--steps", type=int, default=4_500)
    parser.add_argument("--size", type=int, default=40)
    parser.add_argument("--hidden", type=int, default=96)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    notes = [note for note in map(encoded, Writer(diseases(), options.seed).notes(options.notes)) if note]
    print(f"{len(notes):,} notes, {sum(len(note[1]) for note in notes):,} lines", flush=True)
    if options.teachers:
        notes = taught(notes, [loaded(path, Net) for path in options.teachers])
    net, rng, queue = Net(options.size, options.hidden), random.Random(options.seed), []

    def loss_of(_: int) -> torch.Tensor:
        chosen: list[Encoded] = []
        while sum(len(note[1]) for note in chosen) < BATCH:
            if not queue:
                queue.extend(rng.sample(range(len(notes)), len(notes)))
            chosen.append(notes[queue.pop()])
        parts, real, classes = batch(chosen)
        for number in (0, 1):
            parts[number] = torch.where(torch.rand(parts[number].shape) < DROPPED, 0, parts[number])
        return -(classes * functional.log_softmax(net(parts, real), dim=1)).sum() / real.sum()

    mean = train(net, loss_of, options.steps)
    assert isinstance(mean, Net)
    save(options.out, *mean.parts())


if __name__ == "__main__":
    main()
