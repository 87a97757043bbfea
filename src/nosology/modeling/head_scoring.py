"""Scores of categories by whichever head a model has.

The contract is that of `nosology.modeling.scoring`: scores do not depend on which notes share a batch, and the
instruction is computed once.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch

from nosology.modeling.encoding import EncodedNote, PromptEncoder
from nosology.modeling.forward import forward_tree, read_keys_values
from nosology.modeling.heads import category_head
from nosology.modeling.scoring import AnswerScorer, ReadNote, features_of
from nosology.modeling.tree import Segment, pack
from nosology.modeling.trie import Scoring
from nosology.records import Count, FloatArray


class Scorer(Protocol):
    """What scores all categories under many notes."""

    @property
    def n_scored_steps(self) -> Sequence[int]:
        """How many terms each category's score is a sum of."""
        ...

    def scores(self, notes: Sequence[EncodedNote], *, progress: Count | None = None) -> FloatArray:
        """Return scores in nats, not normalized over categories. Shape ``(notes, categories)``."""
        ...

    def read(self, notes: Sequence[EncodedNote]) -> Iterator[ReadNote]:
        """Yield each note as it was read, with its scores and, where the scorer sees any, its features."""
        ...


def make_scorer(model: Any, encoder: PromptEncoder, *, scoring: Scoring = "joint", batch_tokens: int = 4096) -> Scorer:
    """Return the scorer that fits the model's head.

    Args:
        model: The language model.
        encoder: Cuts prompts for the model.
        scoring: How answers are scored, see `nosology.modeling.scoring`.
        batch_tokens: Tokens in one forward pass.
    """
    if category_head(model) is not None:
        return HeadScorer(model, encoder, batch_tokens=batch_tokens)
    return AnswerScorer(model, encoder, scoring=scoring, batch_tokens=batch_tokens)


class HeadScorer:
    """Scores categories by a classification head, reusing the instruction's keys and values."""

    def __init__(self, model: Any, encoder: PromptEncoder, *, batch_tokens: int = 4096) -> None:
        """Compute the instruction once; see `AnswerScorer` for the arguments."""
        head = category_head(model)
        assert head is not None
        self._model, self._head, self._batch_tokens = model, head, batch_tokens
        self._n_prefix = len(encoder.root)
        self.n_scored_steps = (1,) * len(encoder.answers)
        self._prefix = read_keys_values(model, encoder.root)

    def scores(self, notes: Sequence[EncodedNote], *, progress: Count | None = None) -> FloatArray:
        """Return every category's log-probability under every note, in the notes' order.

        Args:
            notes: Encoded notes.
            progress: Called with the number of notes finished after each batch.

        Returns:
            Shape ``(notes, categories)``.
        """
        scores = np.zeros((len(notes), len(self.n_scored_steps)))
        for read in self.read(notes):
            scores[read.place] = read.scores
            if progress:
                progress(1)
        return scores

    def read(self, notes: Sequence[EncodedNote]) -> Iterator[ReadNote]:
        """Yield each note as the model has read it, as soon as its batch is; short notes come first."""
        for batch in self._batches(notes):
            yield from self._read_batch(batch, [notes[index] for index in batch])

    @torch.inference_mode()
    def _read_batch(self, places: Sequence[int], notes: Sequence[EncodedNote]) -> list[ReadNote]:
        tree = pack([Segment(note.tokens) for note in notes], cached_prefix=self._n_prefix)
        hidden = forward_tree(self._model, tree, prefix=self._prefix)[0]
        spans = list(zip(tree.starts, tree.lengths, strict=True))
        last = torch.tensor([start + length - 1 for start, length in spans], device=hidden.device)
        scores = self._head(hidden[last]).double().log_softmax(dim=-1).cpu().numpy()
        return [
            ReadNote(place, note, row, "", None, features_of(hidden[start : start + length]))
            for place, note, row, (start, length) in zip(places, notes, scores, spans, strict=True)
        ]

    def _batches(self, notes: Sequence[EncodedNote]) -> Iterator[list[int]]:
        """Yield note indices in batches below the token budget, notes of similar length together."""
        batch: list[int] = []
        size = 0
        for index in sorted(range(len(notes)), key=lambda i: (len(notes[i].tokens), i)):
            if batch and size + len(notes[index].tokens) > self._batch_tokens:
                yield batch
                batch, size = [], 0
            batch.append(index)
            size += len(notes[index].tokens)
        if batch:
            yield batch
