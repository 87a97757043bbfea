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
from numpy.typing import NDArray
from scipy import optimize, sparse, special
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

N_FOLDS = 5
STRENGTHS = (0.1, 0.3, 1.0, 3.0)  # LinearSVC's C; accuracy falls off on both sides on every corpus tried
CLASS_WEIGHTS = (None, "balanced")
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
    """TF-IDF over words and word pairs, a linear SVM a category, and a temperature.

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
        scores = _decisions(self._linear, self._words.transform(texts), self._n_categories)
        unseen = np.setdiff1d(np.arange(self._n_categories), self._linear.classes_)
        seen = special.log_softmax(np.delete(scores, unseen, axis=1) * self._sharpness, axis=1)
        kept = 1 - len(unseen) / (self._n_notes + self._n_categories)
        result = np.full(scores.shape, -np.log(self._n_notes + self._n_categories))
        result[:, self._linear.classes_] = seen + np.log(kept)
        return result


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
    linear = _svm(chosen, seed).fit(features, true)
    sharpness = _sharpness(scores, true[part])
    settings = {
        "C": chosen[0],
        "class_weight": chosen[1] or "none",
        "folds": N_FOLDS,
        "tuning_notes": len(part),
        "cross_validated_accuracy": float((scores.argmax(axis=1) == true[part]).mean()),
        "features": int(features.shape[1]),
    }
    return TfidfModel(settings, words, linear, sharpness, n_categories, len(texts))


def _tune(
    texts: Sequence[str], true: IntArray, n_categories: int, groups: Sequence[str], seed: int
) -> tuple[tuple[float, str | None], FloatArray, IntArray]:
    """Return the best settings, their out-of-fold scores, and the indices of the notes those belong to."""
    generator = np.random.default_rng(seed)
    part = np.sort(generator.permutation(len(texts))[:MOST_TUNING_NOTES])
    _, patient = np.unique(np.asarray(groups)[part], return_inverse=True)
    fold_of_patient = generator.permutation(int(patient.max()) + 1) % N_FOLDS
    folds = fold_of_patient[patient]
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
            model = _svm(settings, seed).fit(features, true[outside])
            scores[settings][folds == fold] = _decisions(model, held_out, n_categories)
    best = max(grid, key=lambda settings: float((scores[settings].argmax(axis=1) == true[part]).mean()))
    return best, scores[best], part


def _vectorizer(n_notes: int) -> TfidfVectorizer:
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=1 if n_notes < _RARE_WORDS_FROM else 2)


def _svm(settings: tuple[float, str | None], seed: int) -> LinearSVC:
    strength, weight = settings
    return LinearSVC(C=strength, class_weight=weight, max_iter=5000, random_state=seed)


def _decisions(model: LinearSVC, features: sparse.csr_matrix, n_categories: int) -> FloatArray:
    """Return margins by category; one not seen in training gets less than the worst of its row."""
    margins = model.decision_function(features)
    if margins.ndim == 1:  # two categories: one margin, for the second
        margins = np.column_stack([-margins, margins])
    scores = np.tile(margins.min(axis=1, keepdims=True) - 1.0, (1, n_categories))
    scores[:, model.classes_] = margins
    return np.asarray(scores, np.float64)


def _sharpness(scores: FloatArray, true: IntArray) -> float:
    """Return the factor that makes the softmax of out-of-fold scores fit the truth best (log loss).

    One imagined note in ``notes + 2`` is of any category (Platt 1999), or scores that separate the training notes
    perfectly would become certainties.
    """
    rows, doubt = np.arange(len(true)), 1 / (len(true) + 2)

    def loss(log_factor: float) -> float:
        log_probs = special.log_softmax(scores * np.exp(log_factor), axis=1)
        return -float(((1 - doubt) * log_probs[rows, true] + doubt * log_probs.mean(axis=1)).mean())

    best = optimize.minimize_scalar(loss, bounds=(-3.0, 5.0), method="bounded")
    return float(np.exp(best.x))
