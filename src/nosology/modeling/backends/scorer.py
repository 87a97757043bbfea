"""Scores of categories by a model that another program runs: it is sent tokens, and says how likely each one is.

The contract is that of `nosology.modeling.scoring`. What is missing without the model itself is what a note looks like
to it, and keys and values for titles: such a scorer suggests no diagnoses and tells no note's typicality.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from nosology.modeling.encoding import EncodedNote, PromptEncoder
from nosology.modeling.scoring import ReadNote
from nosology.modeling.trie import AnswerTrie, Scoring
from nosology.records import Count, FloatArray


class OutsideModel(Protocol):
    """A causal language model in another program.

    Attributes:
        advice: What to try where it does not answer as the run does.
    """

    advice: str

    def log_probs(self, prompt: Sequence[int], answers: Sequence[Sequence[int]]) -> Sequence[Sequence[float]]:
        """Return the log-probability of each token of each answer, in nats, given the prompt and the tokens before it.

        Args:
            prompt: Token ids.
            answers: Token ids of each.
        """
        ...


class OutsideScorer:
    """Scores a fixed list of answers under notes by a model in another program."""

    def __init__(self, model: OutsideModel, encoder: PromptEncoder, *, scoring: Scoring = "joint") -> None:
        """Keep what is asked.

        Args:
            model: Where it is asked.
            encoder: Cuts prompts for it.
            scoring: Which of the two scores.
        """
        self._model, self._encoder, self._scoring = model, encoder, scoring
        self._trie = AnswerTrie.build(encoder.answers)

    @property
    def n_scored_steps(self) -> tuple[int, ...]:
        """How many tokens of each answer its score adds up."""
        return self._trie.n_scored_steps(self._scoring)

    def scores(self, notes: Sequence[EncodedNote], *, progress: Count | None = None) -> FloatArray:
        """Return every answer's score under every note, in nats, not normalized over answers.

        Args:
            notes: Encoded notes.
            progress: Called with the number of notes finished after each.

        Returns:
            Shape ``(notes, answers)``.
        """
        scores = np.zeros((len(notes), len(self._trie.paths)))
        for read in self.read(notes):
            scores[read.place] = read.scores
            if progress:
                progress(1)
        return scores

    def read(self, notes: Sequence[EncodedNote]) -> Iterator[ReadNote]:
        """Yield each note with its scores, in order, without features."""
        for place, note in enumerate(notes):
            said = self._model.log_probs((*self._encoder.root, *note.tokens), self._encoder.answers)
            yield ReadNote(place, note, self._added_up(said), "", None)

    def _added_up(self, said: Sequence[Sequence[float]]) -> FloatArray:
        """Return each answer's score. ``said``: log-probabilities of each answer's tokens."""
        step = np.zeros(len(self._trie.tokens))
        for path, values in zip(self._trie.paths, said, strict=True):
            step[list(path)] = values
        if self._scoring == "constrained":
            for children in self._trie.children().values():
                step[children] -= np.logaddexp.reduce(step[children])
        return np.array([step[list(path)].sum() for path in self._trie.paths])
