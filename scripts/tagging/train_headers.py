"""Train the network of `nosology.text.headers` on notes of the grammar and write its weights.

    python scripts/tagging/train_headers.py --out src/nosology/data/text/headers.npz

Same seed and version of torch, same weights; five minutes of one core.
"""

import argparse
import random
from pathlib import Path

import numpy as np
import torch
from diseases import diseases
from header_notes import Note, Writer
from torch import nn
from torch.nn import functional
from training import Convolutions, save, train

from nosology.text.header_units import N_ROWS, WIDTHS, Unit, features, units
from nosology.text.headers import CLASSES, DILATIONS, EXPONENTS

BATCH = 1_500  # units
PADDING = 4
IGNORED = -100
DROPPED = 0.25  # of the features of words


class Net(nn.Module):
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


Encoded = tuple[tuple[np.ndarray, ...], np.ndarray]


def encoded(note: Note) -> Encoded | None:
    """Return a note as the rows of its units' features and their classes; None for a note without units."""
    read = list(units(note.text))
    if not read:
        return None
    parts = []
    for rows, width in zip(zip(*(features(note.text, unit) for unit in read), strict=True), WIDTHS, strict=True):
        numbers = np.zeros((len(read), width), np.int32)
        for place, found in enumerate(rows):
            numbers[place, : len(found)] = found
        parts.append(numbers)
    return tuple(parts), np.array(_classes(note, read))


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
    """Return notes as one long row with padding between them: features, what is real, classes."""
    parts = []
    for number, width in enumerate(WIDTHS):
        pad = np.zeros((PADDING, width), np.int32)
        parts.append(torch.from_numpy(np.concatenate([x for note in chosen for x in (note[0][number], pad)])).long())
    real = np.concatenate([x for note in chosen for x in (np.ones(len(note[1])), np.zeros(PADDING))])
    classes = np.concatenate([x for note in chosen for x in (note[1], np.full(PADDING, IGNORED))])
    return parts, torch.from_numpy(real.astype(np.float32))[:, None], torch.from_numpy(classes).long()


def main() -> None:
    """Write notes, train, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the weights to write")
    parser.add_argument("--notes", type=int, default=60_000)
    parser.add_argument("--steps", type=int, default=3_000)
    parser.add_argument("--size", type=int, default=40)
    parser.add_argument("--hidden", type=int, default=96)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    notes = [note for note in map(encoded, Writer(diseases(), options.seed).notes(options.notes)) if note]
    print(f"{len(notes):,} notes, {sum(len(note[1]) for note in notes):,} lines", flush=True)
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
        return functional.cross_entropy(net(parts, real), classes, ignore_index=IGNORED, label_smoothing=0.03)

    mean = train(net, loss_of, options.steps)
    assert isinstance(mean, Net)
    layers = mean.convolutions.layers() | {"inputs": mean.inputs}
    save(options.out, mean.table, {}, layers)


if __name__ == "__main__":
    main()
