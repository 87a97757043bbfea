"""The two baselines that every result is shown beside: the most common category, and TF-IDF with a linear classifier.

A cheap baseline often beats a language model, so it is given every fair chance: strength and class weights are chosen
by cross-validation over patients inside its training notes, and its scores become probabilities that are fitted on
notes it had not seen. Measured on MEDLINE abstracts (2,000 training notes, 16 categories): linear SVM .687 accuracy,
multinomial logistic regression .665 at fifty times the cost; hence the SVM. Texts stay out of every repr.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from nosology.classifier.knowledge import PHRASES_ALONE, Texts, fit_taught
from nosology.classifier.linear import (
    CLASS_WEIGHTS,
    Settings,
    fit_sharpness,
    fit_svm,
    folds_by_group,
    margins_to_log_probs,
    spread_margins,
)
from nosology.records import FloatArray, IntArray

N_FOLDS = 5
STRENGTHS = (0.1, 0.3, 1.0, 3.0)  # LinearSVC's C; accuracy falls off on both sides on every corpus tried
MOST_TUNING_NOTES = 10_000  # settings are chosen on a random part of larger sets; the final fit uses every note
_RARE_WORDS_FROM = 5_000  # notes; from here on words of one single note are left out, which bounds memory


@dataclass(frozen=True)
class Majority:
    """Answers the most common category of its training notes, with their shares as probabilities.

    Attributes:
        shares: Share of each category, one note added to each so that none is impossible. Shape ``(categories,)``.
    """

    shares: FloatArray

    @property
    def settings(self) -> dict[str, Any]:
        """Nothing is chosen while fitting it."""
        return {}

    def log_probs(self, texts: Sequence[str]) -> FloatArray:
        """Return the same natural-log probabilities for every text. Shape ``(notes, categories)``."""
        return np.tile(np.log(self.shares), (len(texts), 1))


@dataclass(frozen=True)
class TfidfModel:
    """TF-IDF over words and word pairs, a linear SVM per category, and a temperature.

    Attributes:
        settings: What cross-validation chose, with its accuracy; plain values.
    """

    settings: dict[str, Any]
    _words: TfidfVectorizer = field(repr=False)
    _linear: LinearSVC = field(repr=False)
    _sharpness: float
    _n_categories: int
    _n_notes: int

    def log_probs(self, texts: Sequence[str]) -> FloatArray:
        """Return natural-log probabilities; rows are normalized. Shape ``(notes, categories)``.

        Categories without a training note get the probability that adding one note to each category would give them.
        """
        margins = self._linear.decision_function(self._words.transform(texts))
        scores = spread_margins(margins, self._linear.classes_, self._n_categories)
        return margins_to_log_probs(scores, self._linear.classes_, self._sharpness, self._n_notes)


def fit_majority(true: IntArray, n_categories: int) -> Majority:
    """Return the majority baseline of the training notes' categories. Shape of ``true``: ``(notes,)``."""
    counts = np.bincount(true, minlength=n_categories) + 1.0
    return Majority(counts / counts.sum())


def fit_tfidf(
    texts: Sequence[str], true: IntArray, n_categories: int, *, groups: Sequence[str], seed: int = 0
) -> TfidfModel | Majority:
    """Return the TF-IDF baseline, tuned by cross-validation inside the notes given.

    Args:
        texts: Training notes.
        true: Indices of their categories. Shape ``(notes,)``.
        n_categories: Size of the label set.
        groups: The patient of each note; a patient's notes share a fold.
        seed: Of folds, tuning subset and solver.

    Returns:
        A `Majority` where the notes are all of one category, which leaves nothing to separate.
    """
    if len(np.unique(true)) < 2:
        return fit_majority(true, n_categories)
    chosen, scores, part = _tune(texts, true, n_categories, groups, seed)
    words = _vectorizer(len(texts))
    features = words.fit_transform(texts)
    linear = fit_svm(features, true, chosen, seed)
    sharpness = fit_sharpness(scores, true[part])
    settings = {
        "C": chosen[0],
        "class_weight": chosen[1] or "none",
        "folds": N_FOLDS,
        "tuning_notes": len(part),
        "cross_validated_accuracy": float((scores.argmax(axis=1) == true[part]).mean()),
        "features": int(features.shape[1]),
    }
    return TfidfModel(settings, words, linear, sharpness, n_categories, len(texts))


def fit_tfidf_knowledge(
    phrases: Texts,
    texts: Sequence[str],
    true: IntArray,
    n_categories: int,
    *,
    groups: Sequence[str],
    held_out: Texts | None = None,
    seed: int = 0,
) -> TfidfModel | Majority:
    """Return the TF-IDF baseline that has also read phrases, each counting a fraction of a note.

    Args:
        phrases: What names and describes each category; see `nosology.course.phrases.collect`.
        texts: Training notes; none gives what phrases alone can tell.
        true: Indices of their categories. Shape ``(notes,)``.
        n_categories: Size of the label set.
        groups: The patient of each note; a patient's notes share a fold.
        held_out: Validation notes, which the phrases' weight and the sharpness are fitted on.
        seed: Of folds, tuning subset and solver.

    Returns:
        A `Majority` where all phrases are of one category, which leaves nothing to separate.
    """
    if len(np.unique(phrases.true)) < 2:
        return fit_majority(np.concatenate([true, phrases.true]), n_categories)
    is_tuned = len(np.unique(true)) > 1
    chosen = _tune(texts, true, n_categories, groups, seed)[0] if is_tuned else PHRASES_ALONE
    held_out = held_out or Texts.none()
    words = _vectorizer(len(texts) + len(phrases.texts)).fit([*texts, *phrases.texts])
    features = [(words.transform(part.texts), part.true) for part in (Texts(texts, true), phrases) if part.texts]
    notes = features[0] if len(features) > 1 else (None, true)
    checked = (words.transform(held_out.texts) if held_out.texts else None, held_out.true)
    taught = fit_taught(notes, features[-1], checked, n_categories, chosen, seed)
    settings = {
        "C": chosen[0],
        "class_weight": chosen[1] or "none",
        "phrases": len(phrases.texts),
        "phrase_weight": taught.weight,
        "features": len(words.vocabulary_),
    }
    n_texts = len(texts) + len(phrases.texts)
    return TfidfModel(settings, words, taught.linear, taught.sharpness, n_categories, n_texts)


def _tune(
    texts: Sequence[str], true: IntArray, n_categories: int, groups: Sequence[str], seed: int
) -> tuple[Settings, FloatArray, IntArray]:
    """Return the best settings, their out-of-fold scores, and the indices of the notes those belong to."""
    generator = np.random.default_rng(seed)
    part = np.sort(generator.permutation(len(texts))[:MOST_TUNING_NOTES])
    folds = folds_by_group([groups[i] for i in part], N_FOLDS, generator)
    grid = [(strength, weight) for weight in CLASS_WEIGHTS for strength in STRENGTHS]
    scores = {settings: np.zeros((len(part), n_categories)) for settings in grid}
    for fold in range(N_FOLDS):
        inside, outside = part[folds == fold], part[folds != fold]
        if not len(inside) or len(np.unique(true[outside])) < 2:
            continue  # too few patients for this fold; its notes keep scores of 0 under every setting alike
        words = _vectorizer(len(texts))
        features = words.fit_transform([texts[i] for i in outside])
        held_out = words.transform([texts[i] for i in inside])
        for settings in grid:
            model = fit_svm(features, true[outside], settings, seed)
            margins = model.decision_function(held_out)
            scores[settings][folds == fold] = spread_margins(margins, model.classes_, n_categories)
    best = max(grid, key=lambda settings: float((scores[settings].argmax(axis=1) == true[part]).mean()))
    return best, scores[best], part


def _vectorizer(n_notes: int) -> TfidfVectorizer:
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=1 if n_notes < _RARE_WORDS_FROM else 2)
