"""Scores of all answers under many notes, in one forward pass a batch.

The contract: for a note and an answer of tokens ``a1 .. an`` (the end-of-turn token last), the *joint* score is
``sum(log p(ai | instruction, note, a1 .. ai-1))`` under the model's full vocabulary, exactly as if each answer had been
scored alone after its prompt. The *constrained* score is the log-probability of the answer when every step may only
choose among tokens that continue some answer; it needs a token in the row only where answers share a beginning. Scores
do not depend on which notes share a batch. The instruction's keys and values are computed once and reused by every
batch; the vocabulary projection runs at answer positions only and in slices, so memory does not grow with the
vocabulary.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nosology.modeling.attention import KeysValues
from nosology.modeling.encoding import EncodedNote, PromptEncoder
from nosology.modeling.forward import followed_by, forward_tree, read_keys_values
from nosology.modeling.generation import continue_greedily
from nosology.modeling.loading import output_weight
from nosology.modeling.tree import PackedTree, Segment, pack
from nosology.modeling.trie import Scoring, TriePlan
from nosology.records import Count, FloatArray

VOCABULARY_SLICE = 16_384
"""Output embeddings multiplied at a time: 1,000 positions times this many floats is 64 MB."""


def answer_log_probs(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Return log-probabilities of chosen tokens without holding a row of the whole vocabulary.

    Args:
        hidden: Last hidden states. Shape ``(positions, hidden)``.
        weight: Output embeddings. Shape ``(vocabulary, hidden)``.
        targets: Token ids to score at each position; entries below 0 are ignored. Shape ``(positions, targets)``.

    Returns:
        Natural-log probabilities in float32, 0 where ignored. Shape ``(positions, targets)``.
    """
    total = log_totals(hidden, weight)
    chosen = weight[targets.clamp(min=0)]
    logits = torch.einsum("ph,pth->pt", hidden.float(), chosen.float())
    return torch.where(targets >= 0, logits - total[:, None], 0.0)


def log_totals(hidden: Tensor, weight: Tensor) -> Tensor:
    """Return the log of the sum of exponentiated scores over the vocabulary, a slice at a time; arguments as above."""
    total = torch.full((hidden.shape[0],), -torch.inf, device=hidden.device)
    for start in range(0, weight.shape[0], VOCABULARY_SLICE):
        logits = (hidden @ weight[start : start + VOCABULARY_SLICE].T).float()
        total = torch.logaddexp(total, _logsumexp_in_place(logits))
    return total


def _logsumexp_in_place(logits: Tensor) -> Tensor:
    """Return what `torch.logsumexp` returns, bit for bit, without its two further tensors of the same size.

    Args:
        logits: Used up. Shape ``(positions, tokens)``.
    """
    largest = logits.amax(dim=-1)
    largest = torch.where(largest.isinf(), 0.0, largest)
    return logits.sub_(largest[:, None]).exp_().sum(dim=-1).log_().add_(largest)


@dataclass(frozen=True, slots=True)
class ReadNote:
    """A note that the model has read: what is asked about it next hangs below this reading.

    Attributes:
        place: Its place among the notes that were given together.
        note: The note.
        scores: Every answer's score in nats, not normalized over answers. Shape ``(answers,)``.
        answer: What the model says by itself; empty where nobody asked.
        keys_values: Those of instruction and note, a pair for each layer; None where nobody asked.
        features: The model's last hidden states over the note: their mean, then the last one. Shape ``(2 * hidden,)``.
    """

    place: int
    note: EncodedNote
    scores: FloatArray
    answer: str = field(repr=False)
    keys_values: list[KeysValues] | None = field(repr=False)
    features: NDArray[np.float32] | None = field(default=None, repr=False)


class AnswerScorer:
    """Scores a fixed list of answers under notes, reusing the instruction's keys and values.

    Attributes:
        plan: What of the answers has to be read.
    """

    def __init__(
        self, model: Any, encoder: PromptEncoder, *, scoring: Scoring = "joint", batch_tokens: int = 4096
    ) -> None:
        """Compute the instruction once.

        Args:
            model: A causal language model (with or without adapter) whose attention is the tree's.
            encoder: Cuts prompts for this model.
            scoring: Which of the two scores.
            batch_tokens: Tokens of notes and answers in one forward pass; one note always fits.
        """
        self._model = model
        self._encoder = encoder
        self._scoring: Scoring = scoring
        self._batch_tokens = batch_tokens
        self.plan = TriePlan.make(encoder.answers, scoring)
        below = self.plan.trie.children()
        self._children = {-1 if node is None else node: below[node] for node in (None, *self.plan.places)}
        self._device = next(model.parameters()).device
        self._prefix = read_keys_values(model, encoder.root)

    @property
    def n_scored_steps(self) -> tuple[int, ...]:
        """Tokens of each answer that its score adds up: all jointly, those with a choice constrained (at least 1)."""
        return self.plan.trie.n_scored_steps(self._scoring)

    def scores(self, notes: Sequence[EncodedNote], *, progress: Count | None = None) -> FloatArray:
        """Return every answer's score under every note, in nats, not normalized over answers.

        Args:
            notes: Encoded notes, in any order; scores come back in that order.
            progress: Called with the number of notes finished after each batch.

        Returns:
            Shape ``(notes, answers)``.
        """
        return self.scores_and_answers(notes, max_new_tokens=0, progress=progress)[0]

    def scores_and_answers(
        self, notes: Sequence[EncodedNote], *, max_new_tokens: int, progress: Count | None = None
    ) -> tuple[FloatArray, list[str]]:
        """Return the scores, and what the model says by itself: each note is read once for both.

        Args:
            notes: Encoded notes, in any order; results come back in that order.
            max_new_tokens: Tokens after which a spoken answer is cut; 0 for none at all.
            progress: Called with the number of notes finished after each batch.

        Returns:
            Scores of shape ``(notes, answers)``, and one text per note without special tokens.
        """
        scores = np.zeros((len(notes), len(self.plan.trie.paths)))
        answers = [""] * len(notes)
        for read in self.read(notes, max_new_tokens=max_new_tokens):
            scores[read.place], answers[read.place] = read.scores, read.answer
            if progress:
                progress(1)
        return scores, answers

    def read(self, notes: Sequence[EncodedNote], *, max_new_tokens: int = 0, keep: bool = False) -> Iterator[ReadNote]:
        """Yield each note as the model has read it, as soon as its batch is; short notes come first.

        Args:
            notes: Encoded notes.
            max_new_tokens: Tokens after which a spoken answer is cut; 0 for none at all.
            keep: Whether to keep keys and values, for what hangs below a note.
        """
        for batch in self._batches(notes):
            yield from self._read_batch(batch, [notes[index] for index in batch], max_new_tokens, keep=keep)

    def _batches(self, notes: Sequence[EncodedNote]) -> Iterator[list[int]]:
        """Yield note indices in batches below the token budget, notes of similar length together."""
        extra = self.plan.n_tokens
        batch: list[int] = []
        size = 0
        for index in sorted(range(len(notes)), key=lambda i: (len(notes[i].tokens), i)):
            length = len(notes[index].tokens) + extra
            if batch and size + length > self._batch_tokens:
                yield batch
                batch, size = [], 0
            batch.append(index)
            size += length
        if batch:
            yield batch

    @torch.inference_mode()
    def _read_batch(
        self, places: Sequence[int], notes: Sequence[EncodedNote], max_new_tokens: int, *, keep: bool
    ) -> list[ReadNote]:
        segments: list[Segment] = []
        roots: list[int] = []
        for note in notes:
            roots.append(len(segments))
            segments.append(Segment(note.tokens))
            segments += self.plan.below(roots[-1])
        tree = pack(segments, cached_prefix=len(self._encoder.root))
        row: dict[int, KeysValues] | None = {} if max_new_tokens or keep else None
        hidden = forward_tree(self._model, tree, keep=row, prefix=self._prefix)
        scores = self.scores_below(hidden[0], tree, roots)
        spans = [(tree.starts[root], tree.lengths[root]) for root in roots]
        answers, kept = (
            [""] * len(notes),
            [None] * len(notes)
            if row is None or not keep
            else [followed_by(self._prefix, row, *span) for span in spans],
        )
        if row is not None and max_new_tokens:
            end_of_turn = self._encoder.end_of_turn
            spoken = continue_greedily(self._model, end_of_turn, hidden, row, spans, self._prefix, max_new_tokens)
            answers = [self._encoder.decode(tokens) for tokens in spoken]
        features = [features_of(hidden[0, start : start + length]) for start, length in spans]
        return [ReadNote(*found) for found in zip(places, notes, scores, answers, kept, features, strict=True)]

    def scores_below(self, hidden: Tensor, tree: PackedTree, roots: Sequence[int]) -> FloatArray:
        """Return every answer's score under some segments of a row that was read: the one scorer of categories.

        Args:
            hidden: Last hidden states of the row. Shape ``(tokens, hidden)``.
            tree: The row.
            roots: Segments, each of them followed by ``plan.below``.

        Returns:
            In nats, not normalized over answers. Shape ``(roots, answers)``.
        """
        placed = [self.plan.rows(tree.starts, tree.lengths, root) for root in roots]
        rows = torch.tensor([place[node] for place in placed for node in self._children], device=self._device)
        tokens = [[self.plan.trie.tokens[child] for child in children] for children in self._children.values()]
        wanted = _padded(tokens * len(roots)).to(self._device)
        log_probs = answer_log_probs(hidden[rows], output_weight(self._model), wanted)
        return self._sum_paths(log_probs.double().cpu().numpy().reshape(len(roots), len(tokens), -1))

    def _sum_paths(self, log_probs: FloatArray) -> FloatArray:
        """Add up each answer's steps. ``log_probs``: shape ``(notes, nodes, children)``."""
        step = np.zeros((len(log_probs), len(self.plan.trie.tokens)))
        for column, children in enumerate(self._children.values()):
            values = log_probs[:, column, : len(children)]
            if self._scoring == "constrained":
                values = values - np.logaddexp.reduce(values, axis=1, keepdims=True)
            step[:, children] = values
        return np.stack([step[:, list(path)].sum(axis=1) for path in self.plan.trie.paths], axis=1)


def features_of(hidden: Tensor) -> NDArray[np.float32]:
    """Return what a note looks like to the model. Shapes ``(tokens, hidden)`` in and ``(2 * hidden,)`` out."""
    both = torch.cat([hidden.float().mean(dim=0), hidden[-1].float()])
    return np.asarray(both.cpu().numpy(), np.float32)


def _padded(targets: Sequence[Sequence[int]]) -> Tensor:
    """Return lists of token ids as one tensor, filled up with -1. Shape ``(lists, longest)``."""
    width = max(len(row) for row in targets)
    return torch.tensor([[*row, *[-1] * (width - len(row))] for row in targets], dtype=torch.long)
