"""Train the network of `nosology.suggesting.context` on texts of the grammar and write its weights.

    python scripts/tagging/train_marks.py --out src/nosology/data/suggesting/marks.npz

Same seed and version of torch, same weights; five minutes of one core.
"""

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diseases import diseases
from mark_texts import LETTERS, Text, Writer
from torch import nn
from torch.nn import functional
from training import Convolutions, save, train

from nosology.deidentification.tokens import N_CASES, N_GAPS, Tokens, gaps, letter_case
from nosology.suggesting.context import DILATIONS, MARKS
from nosology.suggesting.mark_words import N_ROWS, rows

BATCH = 5_000  # tokens
PADDING = max(DILATIONS)
LONGEST = 1_500  # characters
HIDDEN_IN_MENTIONS, HIDDEN_ELSEWHERE = 0.5, 0.2
"""How often a token's word is hidden, so that only its beginning, end and casing are seen."""
UNMARKED = -1


class Net(nn.Module):
    """The network as torch trains it; the layers' shapes are those of `nosology.suggesting.context`."""

    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(N_ROWS, size) * 0.05)
        self.gaps = nn.Parameter(torch.randn(N_GAPS, size) * 0.05)
        self.cases = nn.Parameter(torch.randn(N_CASES, size) * 0.05)
        self.convolutions = Convolutions(size, hidden, len(MARKS), DILATIONS)
        self.dropout = nn.Dropout(0.1)

    def forward(self, kinds: torch.Tensor, batch: "Batch") -> torch.Tensor:
        """Return the scores of one long row of texts with padding between them.

        Args:
            kinds: Feature rows of the different tokens of a batch. Shape ``(different, WIDTH)``.
            batch: Which of them each token is, and what stands around it.
        """
        vectors = functional.embedding_bag(
            kinds, self.table, per_sample_weights=(kinds > 0).float(), mode="sum"
        )  # one for each different token
        around = self.gaps[batch.gaps] + self.cases[batch.cases]
        scores: torch.Tensor = self.convolutions(
            self.dropout((vectors[batch.places] + around) * batch.real), batch.real
        )
        return scores


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text: which word, gap and casing each token has, its marks (`UNMARKED` outside mentions)."""

    numbers: np.ndarray
    gaps: np.ndarray
    case: int
    marks: np.ndarray


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts as one long row with padding between them."""

    places: torch.Tensor
    gaps: torch.Tensor
    cases: torch.Tensor
    real: torch.Tensor


class Corpus:
    """Encoded texts and their different tokens."""

    def __init__(self) -> None:
        self.vocabulary: dict[str, int] = {}
        self.kinds: list[tuple[int, ...]] = []
        self.texts: list[Encoded] = []

    def add(self, text: Text) -> None:
        """Encode a text the way the program will read it."""
        tokens = Tokens(text.text)
        if not tokens.words or not text.mentions or len(text.text) > LONGEST:
            return
        for word in tokens.words:
            if word not in self.vocabulary:
                self.vocabulary[word] = len(self.kinds)
                self.kinds.append(rows(word))
        starts = np.array(tokens.starts)
        marks = np.full((len(starts), len(MARKS)), UNMARKED, np.int8)
        for start, end, letters in text.mentions:
            marks[(starts >= start) & (starts < end)] = [letter in letters for letter in LETTERS]
        numbers = np.array([self.vocabulary[word] for word in tokens.words], np.int64)
        self.texts.append(Encoded(numbers, gaps(tokens), letter_case(text.text), marks))


def joined(chosen: list[Encoded], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, Batch, torch.Tensor]:
    """Return a batch: its different tokens, which of them are hidden, how they stand, and the marks.

    Args:
        chosen: The texts.
        rng: Decides which words are hidden.
    """

    def row(parts: list[np.ndarray], filler: np.ndarray) -> np.ndarray:
        return np.concatenate([piece for part in parts for piece in (part, filler)])

    zeros = np.zeros(PADDING, np.int64)
    marks = row([text.marks for text in chosen], np.full((PADDING, len(MARKS)), UNMARKED, np.int8))
    numbers = row([text.numbers for text in chosen], zeros)
    share = np.where(marks[:, 0] >= 0, HIDDEN_IN_MENTIONS, HIDDEN_ELSEWHERE)
    keys, places = np.unique(numbers * 2 + (rng.random(len(numbers)) < share), return_inverse=True)
    batch = Batch(
        torch.from_numpy(places),
        torch.from_numpy(row([text.gaps for text in chosen], zeros)),
        torch.from_numpy(row([np.full(len(text.numbers), text.case) for text in chosen], zeros)),
        torch.from_numpy(row([np.ones(len(text.numbers), np.float32) for text in chosen], zeros.astype(np.float32)))[
            :, None
        ],
    )
    return keys // 2, keys % 2 == 1, batch, torch.from_numpy(marks.astype(np.float32))


def main() -> None:
    """Write texts, train, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the weights to write")
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=2_800)
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--hidden", type=int, default=96)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    corpus = Corpus()
    for text in Writer(diseases(), options.seed).texts(options.texts):
        corpus.add(text)
    print(f"{len(corpus.texts):,} texts, {len(corpus.kinds):,} words", flush=True)
    all_kinds = torch.tensor(corpus.kinds)
    net, rng, chance, queue = (
        Net(options.size, options.hidden),
        random.Random(options.seed),
        np.random.default_rng(options.seed),
        [],
    )

    def loss_of(_: int) -> torch.Tensor:
        chosen: list[Encoded] = []
        while sum(len(text.numbers) + PADDING for text in chosen) < BATCH:
            if not queue:
                queue.extend(rng.sample(range(len(corpus.texts)), len(corpus.texts)))
            chosen.append(corpus.texts[queue.pop()])
        different, is_hidden, batch, marks = joined(chosen, chance)
        kinds = all_kinds[torch.from_numpy(different)]
        kinds[:, 0] = torch.where(torch.from_numpy(is_hidden), 0, kinds[:, 0])
        is_marked = (marks >= 0).float()
        losses = functional.binary_cross_entropy_with_logits(net(kinds, batch), marks.clamp(min=0), reduction="none")
        return (losses * is_marked).sum() / is_marked.sum() * len(MARKS)

    mean = train(net, loss_of, options.steps)
    assert isinstance(mean, Net)
    save(options.out, mean.table, {"gaps": mean.gaps, "cases": mean.cases}, mean.convolutions.layers())


if __name__ == "__main__":
    main()
