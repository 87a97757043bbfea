"""What the linear models over word frequencies have in common: folds by patient, margins, and probabilities from them.

Margins of a linear SVM become log-probabilities by a softmax whose sharpness is fitted on notes that were held out, so
that they are about as sure as they are right.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy  # which loads its optimizers on first use: a run that answers alone needs none
from scipy import special

from nosology.records import FloatArray, IntArray

if TYPE_CHECKING:
    from sklearn.svm import LinearSVC

Settings = tuple[float, str | None]

CLASS_WEIGHTS = (None, "balanced")


def folds_by_group(groups: Sequence[str], n_folds: int, generator: np.random.Generator) -> IntArray:
    """Return the fold of each note; notes of one group share a fold. Shape ``(notes,)``.

    Args:
        groups: One name for each note, of its patient for instance.
        n_folds: How many folds; with fewer groups than folds, some folds are empty.
        generator: Deals the groups to the folds.
    """
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    fold_of_group = generator.permutation(int(group.max()) + 1) % n_folds
    return np.asarray(fold_of_group[group], np.int64)


def fit_svm(
    features: Any, true: IntArray, settings: Settings, seed: int, *, weights: FloatArray | None = None
) -> "LinearSVC":
    """Return a linear SVM per category; ``settings`` is its C and its class weights.

    Args:
        features: Numbers for each note. Shape ``(notes, features)``.
        true: Indices of the true categories. Shape ``(notes,)``.
        settings: C and class weights.
        seed: Of what is drawn.
        weights: What each note counts; None for one each. Shape ``(notes,)``.
    """
    strength, weight = settings
    from sklearn.svm import LinearSVC

    svm = LinearSVC(C=strength, class_weight=weight, max_iter=5000, random_state=seed)
    return svm.fit(features, true, sample_weight=weights)


def spread_margins(margins: FloatArray, classes: IntArray, n_categories: int) -> FloatArray:
    """Return margins by category; one not seen in training gets less than the worst of its row.

    Args:
        margins: As scikit-learn gives them: one column a class, or one row for two. Shape ``(notes, classes)``.
        classes: Category of each column.
        n_categories: Size of the label set.

    Returns:
        Shape ``(notes, categories)``.
    """
    if margins.ndim == 1:  # two categories: one margin, for the second
        margins = np.column_stack([-margins, margins])
    scores = np.tile(margins.min(axis=1, keepdims=True) - 1.0, (1, n_categories))
    scores[:, classes] = margins
    return np.asarray(scores, np.float64)


def margins_to_log_probs(scores: FloatArray, classes: IntArray, sharpness: float, n_notes: int) -> FloatArray:
    """Return natural-log probabilities; rows are normalized.

    Categories without a training note get the probability that adding one note to each category would give them.

    Args:
        scores: As `spread_margins` returns them. Shape ``(notes, categories)``.
        classes: Categories that were seen in training.
        sharpness: As `fit_sharpness` returns it.
        n_notes: Training notes.
    """
    n_categories = scores.shape[1]
    unseen = np.setdiff1d(np.arange(n_categories), classes)
    seen = special.log_softmax(np.delete(scores, unseen, axis=1) * sharpness, axis=1)
    result = np.full(scores.shape, -np.log(n_notes + n_categories))
    result[:, classes] = seen + np.log(1 - len(unseen) / (n_notes + n_categories))
    return result


def fit_sharpness(scores: FloatArray, true: IntArray) -> float:
    """Return the factor that makes the softmax of out-of-fold scores fit the truth best (log loss).

    One imagined note in ``notes + 2`` is of any category (Platt 1999), or scores that separate the training notes
    perfectly would become certainties.
    """
    rows, doubt = np.arange(len(true)), 1 / (len(true) + 2)

    def loss(log_factor: float) -> float:
        log_probs = special.log_softmax(scores * np.exp(log_factor), axis=1)
        return -float(((1 - doubt) * log_probs[rows, true] + doubt * log_probs.mean(axis=1)).mean())

    best = scipy.optimize.minimize_scalar(loss, bounds=(-3.0, 5.0), method="bounded")
    return float(np.exp(best.x))
