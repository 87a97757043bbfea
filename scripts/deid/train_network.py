"""Train the network of `nosology.deidentification.detectors.network` on notes of the grammar and write its weights.

    python generator.py --seed 103 --notes 8000 --out deid-103.jsonl  # in benchmarks/unseen/deid, deid2, 3, 4, 6, 7, 8
    python scripts/deid/train_network.py --data FOLDER --start before.npz --rate 3e-3 --seed 24 --notes 60000 \
        --steps 9000 --also deid-103.jsonl deid2-103.jsonl deid3-103.jsonl deid4-103.jsonl deid6-103.jsonl \
        deid7-103.jsonl deid8-103.jsonl --terms benchmarks/unseen/deid/medicine.tsv ... \
        --out src/nosology/data/deid/network.npz

``--data`` is a folder with CodiEsp, MedQuAD and the Disease Ontology (see `public_text`), ``--also`` names notes of
other authors and ``--terms`` their tables of terms: the judging sets that were opened. ``before.npz`` are the weights
of commit f7c07fa, whose version of this script says how they came about: 8,000 steps from random ones, then 3,500 and
7,000. Same seeds and version of torch, same weights. Only weights of hashed features are written, the table with 8
bits, never text. It takes half an hour of one core.
"""

import argparse
import pickle
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from grammar_notes import PublicText, notes
from lookalikes import use_diseases
from other_authors import authors_notes, terms
from public_text import read_public
from torch import nn
from torch.nn import functional

from nosology.deidentification.composed import compose
from nosology.deidentification.detectors.network import CLASSES, DILATIONS
from nosology.deidentification.detectors.word_numbers import N_ROWS, WIDTH, rows
from nosology.deidentification.tokens import N_CASES, N_GAPS, Tokens, gaps, letter_case
from nosology.deidentification.wrapping import unwrap

sys.path.append(str(Path(__file__).parents[1] / "tagging"))
from training import LEARNING_RATE, Convolutions, Parts, Written, loaded, save, train

WORD_DROPOUT = 0.25
IGNORED = -100
PADDING = 16
BATCH = 6_000  # tokens
SHARE_DEIDENTIFIED = 0.06  # of the notes stand as after de-identification
PLACEHOLDERS = (
    "<{0}>",
    "<{0}>",
    "___",
    "___",
    "[**{0} {1}**]",
    "[**Name ({0}) {1}**]",
    "[{0}]",
    "XXXX",
    "[redacted]",
    "***",
)


class Net(Written):
    """The network as torch trains it; the layers' shapes are those of `Network`."""

    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(N_ROWS, size) * 0.05)
        self.gaps = nn.Parameter(torch.randn(N_GAPS, size) * 0.05)
        self.cases = nn.Parameter(torch.randn(N_CASES, size) * 0.05)
        self.convolutions = Convolutions(size, hidden, len(CLASSES), DILATIONS)
        self.dropout = nn.Dropout(0.1)

    def forward(
        self, kinds: torch.Tensor, numbers: torch.Tensor, before: torch.Tensor, cases: torch.Tensor, real: torch.Tensor
    ) -> torch.Tensor:
        """Return the scores of one long row of notes with padding between them.

        Args:
            kinds: Feature rows of the different words. Shape ``(words, WIDTH)``.
            numbers: Which of the words each token is. Shape ``(tokens,)``.
            before: The gap before each token.
            cases: The letter case of each token's note.
            real: 1 for a token, 0 for padding. Shape ``(tokens, 1)``.
        """
        keep = (kinds > 0).float()
        vectors = functional.embedding_bag(kinds, self.table, per_sample_weights=keep, mode="sum")
        inputs = self.dropout((vectors[numbers] + self.gaps[before] + self.cases[cases]) * real)
        scores: torch.Tensor = self.convolutions(inputs, real)
        return scores

    def parts(self) -> Parts:
        """Return what is written of it."""
        return self.table, {"gaps": self.gaps, "cases": self.cases}, self.convolutions.layers()


class Corpus:
    """Encoded notes: word numbers, gaps, cases and classes, one long array each."""

    def __init__(self) -> None:
        self.vocabulary: dict[str, int] = {}
        self.kinds: list[list[int]] = []
        self.notes: list[tuple[np.ndarray, np.ndarray, int, np.ndarray]] = []

    def add(self, text: str, spans: list[dict[str, Any]]) -> None:
        """Encode a note the way the detector will read it."""
        composed, offsets = compose(text)
        tokens = Tokens(unwrap(composed))
        classes = np.zeros(len(text) + 1, np.int64)
        for span in spans:
            classes[span["start"] : span["end"]] = IGNORED if span.get("optional") else CLASSES.index(span["type"])
        starts = tokens.starts if offsets is None else [offsets[start] for start in tokens.starts]
        for word in tokens.words:
            if word not in self.vocabulary:
                self.vocabulary[word] = len(self.kinds)
                self.kinds.append(rows(word))
        numbers = np.array([self.vocabulary[word] for word in tokens.words], np.int32)
        self.notes.append(
            (numbers, gaps(tokens).astype(np.int8), letter_case(tokens.text), classes[starts].astype(np.int8))
        )


def batches(corpus: Corpus, size: int, rng: random.Random) -> list[list[int]]:
    """Return the notes' numbers in random order, in batches of about ``size`` tokens."""
    order = list(range(len(corpus.notes)))
    rng.shuffle(order)
    found, current, total = [], [], 0
    for number in order:
        current.append(number)
        total += len(corpus.notes[number][0]) + PADDING
        if total >= size:
            found.append(current)
            current, total = [], 0
    return found


def tensors(corpus: Corpus, chosen: list[int], all_kinds: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return a batch as tensors: the arguments of `Net.forward`, then the classes."""
    numbers, before, cases, real, classes = [], [], [], [], []
    pad = np.zeros(PADDING, np.int64)
    for number in chosen:
        note = corpus.notes[number]
        size = len(note[0])
        numbers += [note[0].astype(np.int64), pad]
        before += [note[1].astype(np.int64), pad]
        cases += [np.full(size, note[2], np.int64), pad]
        real += [np.ones(size, np.float32), np.zeros(PADDING, np.float32)]
        classes += [note[3].astype(np.int64), np.full(PADDING, IGNORED)]
    different, places = np.unique(np.concatenate(numbers), return_inverse=True)
    kinds = all_kinds[torch.from_numpy(different)].long()
    dropped = torch.rand(len(kinds)) < WORD_DROPOUT
    kinds[:, 0] = torch.where(dropped, 0, kinds[:, 0])
    joined = (torch.from_numpy(np.concatenate(part)) for part in (before, cases))
    return (
        kinds,
        torch.from_numpy(places),
        *joined,
        torch.from_numpy(np.concatenate(real))[:, None],
        torch.from_numpy(np.concatenate(classes)),
    )


def learn(net: Net, corpus: Corpus, out: Path, *, n_steps: int, rate: float, seed: int) -> None:
    """Train, and write the mean of the latest weights.

    Args:
        net: The network.
        corpus: Encoded notes.
        out: The file of weights.
        n_steps: How many batches to learn from.
        rate: Learning rate.
        seed: Same seed, same order.
    """
    rng = random.Random(seed)
    all_kinds = torch.tensor(corpus.kinds, dtype=torch.int32)
    queue: list[list[int]] = []

    def loss_of(_: int) -> torch.Tensor:
        if not queue:
            queue.extend(batches(corpus, BATCH, rng))
        *inputs, classes = tensors(corpus, queue.pop(), all_kinds)
        return functional.cross_entropy(net(*inputs), classes, ignore_index=IGNORED)

    mean = train(net, loss_of, n_steps, rate)
    assert isinstance(mean, Net)
    save(out, *mean.parts())


def without_identifiers(text: str, spans: list[dict[str, Any]], rng: random.Random) -> str:
    """Return a note as it stands in a corpus that was de-identified before: placeholders, which are no identifiers."""
    style = rng.choice(PLACEHOLDERS)
    pieces, position = [], 0
    for span in spans:
        pieces += (text[position : span["start"]], style.format(span["type"], rng.randint(1, 9999)))
        position = span["end"]
    return "".join([*pieces, text[position:]])


def public_text(options: argparse.Namespace) -> PublicText:
    """Return the public text, from ``--cache`` where it was kept."""
    if options.cache and options.cache.exists():
        return PublicText(*pickle.loads(options.cache.read_bytes()))
    public = read_public(options.data)
    if options.cache:
        options.cache.write_bytes(pickle.dumps((public.sentences, public.diseases)))
    return public


def main() -> None:
    """Make notes, train, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of public text")
    parser.add_argument("--out", type=Path, required=True, help="the weights to write")
    parser.add_argument("--notes", type=int, default=180_000)
    parser.add_argument("--steps", type=int, default=8_000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--hidden", type=int, default=96)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--start", type=Path, help="weights to go on from, instead of random ones")
    parser.add_argument("--rate", type=float, default=LEARNING_RATE, help="learning rate")
    parser.add_argument(
        "--also", type=Path, nargs="*", default=[], help="JSON lines of further notes, with text and spans"
    )
    parser.add_argument(
        "--terms", type=Path, nargs="*", default=[], help="tables of terms that are no identifiers, by others"
    )
    parser.add_argument("--cache", type=Path, help="keep the filtered public text here between runs")
    options = parser.parse_args()
    public = public_text(options)
    use_diseases(list(public.diseases))
    corpus = Corpus()
    rng = random.Random(options.seed)
    for _, text, spans in notes("train", public, options.seed, options.notes):
        if rng.random() < SHARE_DEIDENTIFIED:
            corpus.add(without_identifiers(text, spans, rng), [])
        else:
            corpus.add(text, spans)
    for text, spans in authors_notes(options.also, rng):
        corpus.add(text, spans)
    for text in terms(options.terms, rng):
        corpus.add(text, [])
    n_tokens = sum(len(note[0]) for note in corpus.notes)
    print(
        f"{len(corpus.notes):,} notes, {n_tokens:,} tokens, {len(corpus.kinds):,} words, {WIDTH} features", flush=True
    )
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    net = loaded(options.start, Net).train() if options.start else Net(options.size, options.hidden)
    assert isinstance(net, Net)
    learn(net, corpus, options.out, n_steps=options.steps, rate=options.rate, seed=options.seed)


if __name__ == "__main__":
    main()
