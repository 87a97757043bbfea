"""Train the network of `nosology.suggesting.context` on texts of the grammar and write its weights.

    python scripts/tagging/train_marks.py --seed 1 --out one.npz  # and two.npz with 2
    python scripts/tagging/train_marks.py --seed 3 --hidden 112 --teachers one.npz two.npz three.npz --out marks.npz

and the last is what ships (``src/nosology/data/suggesting/marks.npz``); its third teacher is that file of commit
2f616eb, which learned from the grammar of that day.

Different networks err in different places, so several teach the one that ships (Hinton et al. 2015): half of what it
learns of a mention is what the grammar says, half what they say in the mean; of all other words it learns from them
what a mention there would be. Same seeds and version of torch, same weights; ten minutes of one core each.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from diseases import diseases
from mark_texts import LETTERS, Text, Writer
from torch import nn
from torch.nn import functional
from training import Convolutions, Parts, Written, loaded, save, train

from nosology.deidentification.tokens import N_CASES, N_GAPS, Tokens, gaps, letter_case
from nosology.suggesting.context import DILATIONS, MARKS
from nosology.suggesting.mark_words import N_ROWS, rows

BATCH = 5_000  # tokens
PADDING = max(DILATIONS)
LONGEST = 1_500  # characters
HIDDEN_IN_MENTIONS, HIDDEN_ELSEWHERE = 0.5, 0.2
"""How often a token's word is hidden, so that only its beginning, end and casing are seen."""
SHARE_OF_TEACHERS = 0.5
WEIGHT_ELSEWHERE = 0.2
"""Of a token outside mentions, where there are teachers, beside 1 for one in a mention."""
TAUGHT_AT_ONCE = 200  # texts


class Net(Written):
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

    def parts(self) -> Parts:
        """Return what is written of it."""
        return self.table, {"gaps": self.gaps, "cases": self.cases}, self.convolutions.layers()


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text: which word, gap and casing each token has, how probable its marks are, and how much that counts."""

    numbers: np.ndarray
    gaps: np.ndarray
    case: int
    marks: np.ndarray
    weights: np.ndarray


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
        marks, weights = np.zeros((len(starts), len(MARKS)), np.float16), np.zeros(len(starts), np.float16)
        for start, end, letters in text.mentions:
            is_inside = (starts >= start) & (starts < end)
            marks[is_inside], weights[is_inside] = [letter in letters for letter in LETTERS], 1
        numbers = np.array([self.vocabulary[word] for word in tokens.words], np.int64)
        self.texts.append(Encoded(numbers, gaps(tokens), letter_case(text.text), marks, weights))

    def kinds_of(self, different: np.ndarray, is_hidden: np.ndarray) -> torch.Tensor:
        """Return the feature rows of different tokens, without the word itself where it is hidden."""
        kinds = torch.tensor([self.kinds[number] for number in different])
        kinds[:, 0] = torch.where(torch.from_numpy(is_hidden), 0, kinds[:, 0])
        return kinds

    def teach(self, teachers: Sequence[nn.Module]) -> None:
        """Mix what networks say of the texts into their marks."""
        for first in range(0, len(self.texts), TAUGHT_AT_ONCE):
            chosen = self.texts[first : first + TAUGHT_AT_ONCE]
            different, is_hidden, batch, _, _ = joined(chosen)
            kinds = self.kinds_of(different, is_hidden)
            with torch.inference_mode():
                shares = torch.stack([net(kinds, batch).sigmoid() for net in teachers]).mean(dim=0).numpy()
            begin = 0
            for place, text in enumerate(chosen, start=first):
                said = shares[begin : begin + len(text.numbers)]
                begin += len(text.numbers) + PADDING
                share = np.where(text.weights > 0, SHARE_OF_TEACHERS, 1)[:, None]
                self.texts[place] = replace(
                    text,
                    marks=(share * said + (1 - share) * text.marks).astype(np.float16),
                    weights=np.maximum(text.weights, np.float16(WEIGHT_ELSEWHERE)),
                )


def joined(
    chosen: list[Encoded], rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray, Batch, torch.Tensor, torch.Tensor]:
    """Return a batch: its different tokens, which of them are hidden, how they stand, marks and what they count.

    Args:
        chosen: The texts.
        rng: Decides which words are hidden; None for none.
    """

    def row(parts: list[np.ndarray], filler: np.ndarray) -> np.ndarray:
        return np.concatenate([piece for part in parts for piece in (part, filler)])

    zeros = np.zeros(PADDING, np.int64)
    marks = row([text.marks for text in chosen], np.zeros((PADDING, len(MARKS)), np.float16))
    weights = row([text.weights for text in chosen], zeros.astype(np.float16))
    numbers = row([text.numbers for text in chosen], zeros)
    share = np.where(weights == 1, HIDDEN_IN_MENTIONS, HIDDEN_ELSEWHERE)
    is_hidden = rng.random(len(numbers)) < share if rng is not None else np.zeros(len(numbers), bool)
    keys, places = np.unique(numbers * 2 + is_hidden, return_inverse=True)
    batch = Batch(
        torch.from_numpy(places),
        torch.from_numpy(row([text.gaps for text in chosen], zeros)),
        torch.from_numpy(row([np.full(len(text.numbers), text.case) for text in chosen], zeros)),
        torch.from_numpy(row([np.ones(len(text.numbers), np.float32) for text in chosen], zeros.astype(np.float32)))[
            :, None
        ],
    )
    counts = torch.from_numpy(weights.astype(np.float32))[:, None]
    return keys // 2, keys % 2 == 1, batch, torch.from_numpy(marks.astype(np.float32)), counts


def main() -> None:
    """Write texts, train, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the weights to write")
    parser.add_argument("--teachers", type=Path, nargs="+", default=[], help="networks to learn from as well")
    parser.add_argument("--texts", type=int, default=160_000)
    parser.add_argument("--steps", type=int, default=4_500)
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
    if options.teachers:
        corpus.teach([loaded(path, Net) for path in options.teachers])
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
        different, is_hidden, batch, marks, weights = joined(chosen, chance)
        scores = net(corpus.kinds_of(different, is_hidden), batch)
        losses = functional.binary_cross_entropy_with_logits(scores, marks, reduction="none")
        return (losses * weights).sum() / weights.sum()

    mean = train(net, loss_of, options.steps)
    assert isinstance(mean, Net)
    save(options.out, *mean.parts())


if __name__ == "__main__":
    main()
