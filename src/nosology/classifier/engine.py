"""A loaded model with what reads notes by it: made once, shared by every classifier that answers from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from nosology.classifier.prior import CONTENT_FREE_NOTES, normalized
from nosology.coding.rubrics import RubricTable
from nosology.errors import ModelError, RunError
from nosology.modeling.backends.scorer import OutsideModel, OutsideScorer
from nosology.modeling.encoding import EncodedNote, PromptEncoder
from nosology.modeling.head_scoring import Scorer, make_scorer
from nosology.modeling.scoring import AnswerScorer
from nosology.modeling.titles import TitleScorer
from nosology.modeling.trie import Scoring
from nosology.records import Count, FloatArray

Correction = Literal["none", "length", "prior"]
CORRECTIONS: tuple[Correction, ...] = ("none", "length", "prior")


@dataclass(frozen=True)
class Engine:
    """A model at work. The instruction is read on first use, and once.

    Attributes:
        model: A causal language model with or without adapter, attending along token trees.
        encoder: Cuts prompts for that model and one label set.
        scoring: How answers are scored, see `nosology.modeling.scoring`.
        batch_tokens: Tokens in one forward pass.
        rubrics: What can be suggested; None where codes are unknown.
        outside: Where another program runs the model; then `model` is None, and there are scores alone.
    """

    model: Any = field(repr=False)
    encoder: PromptEncoder = field(repr=False)
    scoring: Scoring = "joint"
    batch_tokens: int = 4096
    rubrics: RubricTable | None = field(default=None, repr=False)
    outside: OutsideModel | None = field(default=None, repr=False)

    @cached_property
    def scorer(self) -> Scorer:
        """What scores categories, by whichever head the model has."""
        if self.outside is not None:
            return OutsideScorer(self.outside, self.encoder, scoring=self.scoring)
        return make_scorer(self.model, self.encoder, scoring=self.scoring, batch_tokens=self.batch_tokens)

    def encoded(self, notes: Sequence[str | EncodedNote]) -> list[EncodedNote]:
        """Return prepared notes as tokens, those that are so already as they are."""
        return [note if isinstance(note, EncodedNote) else self.encoder.note(note) for note in notes]

    def corrected(self, scores: FloatArray, correction: Correction) -> FloatArray:
        """Return normalized log-probabilities of scores in nats, both of shape ``(notes, categories)``."""
        if correction == "length":
            return normalized(scores / np.asarray(self.scorer.n_scored_steps, np.float64))
        if correction == "prior":
            prior = normalized(self.scorer.scores([self.encoder.note(text) for text in CONTENT_FREE_NOTES]))
            return normalized(normalized(scores) - np.logaddexp.reduce(prior, axis=0))
        return normalized(scores)

    def scores_and_answers(
        self, notes: Sequence[EncodedNote], *, max_new_tokens: int, progress: Count | None
    ) -> tuple[FloatArray, list[str]]:
        """Return scores in nats, not normalized, and what the model says itself; each note is read once for both.

        Args:
            notes: Encoded notes.
            max_new_tokens: Tokens after which an answer is cut; 0 for none at all.
            progress: Called with the number of notes finished.

        Raises:
            ModelError: The model has a classification head, and answers are wanted.
        """
        if isinstance(self.scorer, AnswerScorer):
            return self.scorer.scores_and_answers(notes, max_new_tokens=max_new_tokens, progress=progress)
        if max_new_tokens:
            raise ModelError(
                "a model with a classification head writes no answers",
                place="train.head",
                hint="train with train.head=answer, or ask the base model",
            )
        return self.scorer.scores(notes, progress=progress), [""] * len(notes)

    def read(
        self, notes: Sequence[EncodedNote], *, with_features: bool, progress: Count
    ) -> tuple[FloatArray, FloatArray | None]:
        """Return scores in nats, not normalized, and what each note looks like; each note is read once for both.

        Args:
            notes: Encoded notes.
            with_features: Whether anybody wants to know what they look like.
            progress: Called with the number of notes finished.
        """
        scores = np.zeros((len(notes), len(self.encoder.categories)))
        if not notes:
            return scores, None
        if not with_features:
            return self.scorer.scores(notes, progress=progress), None
        features: list[Any] = [None] * len(notes)
        for read in self.scorer.read(notes):
            scores[read.place], features[read.place] = read.scores, read.features
            progress(1)
        return scores, np.stack(features).astype(np.float64)

    @property
    def answers(self) -> AnswerScorer:
        """The same for a model that answers with its vocabulary.

        Raises:
            RunError: A classification head stands in the vocabulary's place, or another program runs the model.
        """
        if self.outside is not None:
            raise RunError(
                "another program runs the model, and gives the scores of categories alone",
                hint="use --backend torch",
            )
        if not isinstance(self.scorer, AnswerScorer):
            raise RunError(
                "this run can suggest nothing: its classification head knows categories and no words",
                hint="train with train.head=answer",
            )
        return self.scorer

    @cached_property
    def titles(self) -> TitleScorer:
        """What scores the rubrics' titles below the notes that `answers` has read.

        Raises:
            RunError: The run's training notes had no ICD codes, or its head is no language model's.
        """
        if not self.rubrics:
            raise RunError(
                "this run knows no rubrics to suggest: its training notes had no ICD codes",
                hint="prepare notes with a code column, and train on them",
            )
        return TitleScorer(
            self.model,
            self.encoder,
            [rubric.title for rubric in self.rubrics.rubrics],
            self.rubrics.by_category(self.encoder.categories),
            answers=self.answers,
            category_scoring=self.scoring,
            batch_tokens=self.batch_tokens,
        )
