"""Phrases as weighted extra documents of the linear models, so that these know diseases that no training note had.

A name or a definition of a disease says which words belong to its category, as a training note does, but less reliably:
it is short, and nobody writes notes like it. So each phrase counts a fraction of a note. Phrases are balanced over
categories, because an official list has ten times as many names of injuries as of infections, and notes have not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy import sparse

from nosology.classifier.linear import Settings, fit_sharpness, fit_svm, spread_margins
from nosology.coding.labels import LabelSet
from nosology.course.phrases import Phrase
from nosology.records import FloatArray, IntArray

if TYPE_CHECKING:
    from sklearn.svm import LinearSVC

STRENGTHS = (0.03, 0.1, 0.3)
"""C of the phrases, each a fraction of the notes' C; the best on held-out notes is taken. A larger one fits slowly."""

USUAL_STRENGTH = 0.1
"""Where there is no held-out note to choose by. With class weights, 97,267 phrases reach
.545, .563, .555 and .540 accuracy on 391 clinical cases with a C of .03, .1, .3 and 1."""

PHRASES_ALONE: Settings = (USUAL_STRENGTH, "balanced")
"""Where there is no note at all."""


@dataclass(frozen=True)
class Texts:
    """Texts and what they are about: phrases, or notes that a weight is chosen on.

    Attributes:
        texts: Phrases, or prepared notes.
        true: Indices of their categories. Shape ``(texts,)``.
    """

    texts: Sequence[str] = field(repr=False)
    true: IntArray

    @classmethod
    def of_phrases(cls, phrases: Sequence[Phrase], labels: LabelSet) -> Self:
        """Return the phrases of a course, with their categories' places in the label set."""
        true = np.array([labels.index(phrase.category) for phrase in phrases], np.int64)
        return cls([phrase.text for phrase in phrases], true)

    @classmethod
    def none(cls) -> Self:
        """Return no text at all."""
        return cls([], np.zeros(0, np.int64))


@dataclass(frozen=True)
class Taught:
    """A linear classifier that learned from notes and phrases.

    Attributes:
        linear: One hyperplane a category.
        weight: How many notes a phrase counted as; 1 where there were no notes.
        sharpness: As `fit_sharpness` returns it.
    """

    linear: "LinearSVC" = field(repr=False)
    weight: float
    sharpness: float


def fit_taught(
    notes: tuple[Any, IntArray],
    phrases: tuple[Any, IntArray],
    held_out: tuple[Any, IntArray],
    n_categories: int,
    settings: Settings,
    seed: int,
) -> Taught:
    """Return the classifier with the weight of phrases that is best on held-out notes.

    Args:
        notes: Features and categories of training notes, perhaps none. Shapes ``(notes, features)`` and ``(notes,)``.
        phrases: The same of phrases; there are some, of two categories or more.
        held_out: The same of notes that are learned from nowhere; perhaps none.
        n_categories: Size of the label set.
        settings: C and class weights for the notes; `PHRASES_ALONE` where there are none.
        seed: Of the solver, and of the phrases that stand in for held-out notes.
    """
    strength, class_weight = settings
    of_notes = _balanced(notes[1]) if class_weight else np.ones(len(notes[1]))
    of_phrases = _balanced(phrases[1])
    can_choose = len(held_out[1]) and len(notes[1])
    found = []
    for of_phrase in STRENGTHS if can_choose else (USUAL_STRENGTH,):
        weight = of_phrase / strength
        weights = np.concatenate([of_notes, weight * of_phrases])
        linear = fit_svm(*_below(notes, phrases), (strength, None), seed, weights=weights)
        if not len(held_out[1]):
            return Taught(linear, weight, _sharpness_on_phrases(phrases, of_phrases, n_categories, seed))
        scores = spread_margins(linear.decision_function(held_out[0]), linear.classes_, n_categories)
        found.append((float((scores.argmax(axis=1) == held_out[1]).mean()), linear, weight, scores))
    _, linear, weight, scores = max(found, key=lambda item: item[0])
    return Taught(linear, weight, fit_sharpness(scores, held_out[1]))


def _below(first: tuple[Any, IntArray], second: tuple[Any, IntArray]) -> tuple[Any, IntArray]:
    """Return the rows of both, the first ones on top."""
    if not len(first[1]):
        return second
    return sparse.vstack([first[0], second[0]], format="csr"), np.concatenate([first[1], second[1]])


def _balanced(true: IntArray) -> FloatArray:
    """Return a weight for each text, so that all categories weigh the same; 1 on average."""
    counts = np.bincount(true)
    n_seen = max(1, int(np.count_nonzero(counts)))
    return np.asarray(len(true) / (n_seen * counts[true]), np.float64)


def _sharpness_on_phrases(phrases: tuple[Any, IntArray], weights: FloatArray, n_categories: int, seed: int) -> float:
    """Return a sharpness from a third of the phrases, scored by the others; notes are harder, so it is too sure."""
    features, true = phrases
    is_inside = np.random.default_rng(seed).random(len(true)) < 1 / 3
    if is_inside.all() or len(np.unique(true[~is_inside])) < 2:
        return 1.0
    linear = fit_svm(features[~is_inside], true[~is_inside], (USUAL_STRENGTH, None), seed, weights=weights[~is_inside])
    margins = linear.decision_function(features[is_inside])
    return fit_sharpness(spread_margins(margins, linear.classes_, n_categories), true[is_inside])
