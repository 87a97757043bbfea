"""Fitting a calibration: cross-validation chooses the method, and the simpler one wins a tie."""

from collections.abc import Callable, Mapping

import numpy as np

from nosology.classifier.calibration.bias_corrected import fit_temperature_and_offsets
from nosology.classifier.calibration.calibration import Calibration
from nosology.classifier.calibration.conformal import conformal_thresholds
from nosology.classifier.calibration.platt import fit_top_label
from nosology.classifier.calibration.score_map import ScoreMap, apply
from nosology.classifier.calibration.selective import abstention_threshold
from nosology.classifier.calibration.temperature import fit_temperature
from nosology.records import FloatArray, IntArray

MIN_NOTES = 30  # below, a temperature is a guess and no 90 % quantile is worth storing
COVERAGES = (0.8, 0.9, 0.95)  # always stored, beside the one asked for
_N_FOLDS = 5
_TIE = 0.002  # nats of cross-validated log loss; a larger tolerance left overconfident scores as they were


def fit(
    log_probs: FloatArray,
    true: IntArray,
    *,
    selective_accuracy: float = 0.9,
    coverage: float = 0.9,
    fitted_on: Mapping[str, str] | None = None,
    seed: int = 0,
    confidence_only: bool = False,
) -> Calibration:
    """Return the calibration of a model whose scores on validation notes are given.

    Args:
        log_probs: Natural-log probabilities, rows normalized. Shape ``(notes, categories)``.
        true: Indices of the true categories. Shape ``(notes,)``.
        selective_accuracy: Accuracy that the abstention threshold aims at.
        coverage: Coverage that prediction sets aim at.
        fitted_on: Kept with the calibration, so that a later reader can tell whether it still fits.
        seed: Of the folds.
        confidence_only: Fit how sure the answers are and leave every answer as it is: for notes in which categories
            are not as frequent as in those to come.

    Raises:
        ValueError: Fewer than `MIN_NOTES` notes.
    """
    n_notes = len(log_probs)
    if n_notes < MIN_NOTES:
        raise ValueError(f"{n_notes} notes are too few to calibrate on; at least {MIN_NOTES} are needed")
    folds = np.random.default_rng(seed).permutation(n_notes) % _N_FOLDS
    methods = {name: fitting for name, fitting in _METHODS.items() if not (confidence_only and name in _MOVES_ANSWERS)}
    cross_fitted = {name: _cross_fit(log_probs, true, folds, method) for name, method in methods.items()}
    losses = {name: -np.log(values[np.arange(n_notes), true]) for name, values in cross_fitted.items()}
    chosen = _simplest_near_best(losses)
    best = _METHODS[chosen](log_probs, true)
    honest = cross_fitted[chosen]
    coverages = sorted({*COVERAGES, coverage})
    return Calibration(
        method=chosen,
        temperature=best.temperature,
        offsets=tuple(map(float, best.offsets)),
        threshold=abstention_threshold(honest, true, selective_accuracy),
        selective_accuracy=selective_accuracy,
        coverage=coverage,
        conformal=tuple(conformal_thresholds(honest, true, item) for item in coverages),
        n_notes=n_notes,
        candidates={name: float(values.mean()) for name, values in losses.items()},
        fitted_on=dict(fitted_on or {}),
        slope=best.slope,
        intercept=best.intercept,
    )


def _fit_nothing(log_probs: FloatArray, true: IntArray) -> ScoreMap:  # noqa: ARG001 (one signature)
    return ScoreMap(1.0, np.zeros(log_probs.shape[1]))


_Method = Callable[[FloatArray, IntArray], ScoreMap]
_METHODS: dict[str, _Method] = {  # simplest first
    "none": _fit_nothing,
    "temperature": fit_temperature,
    "confidence": fit_top_label,
    "temperature+offsets": fit_temperature_and_offsets,
}
_MOVES_ANSWERS = {"temperature+offsets"}


def _cross_fit(log_probs: FloatArray, true: IntArray, folds: IntArray, method: _Method) -> FloatArray:
    """Return each note's probabilities under a calibration fitted on the other folds. Shape as ``log_probs``."""
    probabilities = np.empty_like(log_probs, dtype=np.float64)
    for fold in range(_N_FOLDS):
        inside = folds == fold
        probabilities[inside] = apply(log_probs[inside], method(log_probs[~inside], true[~inside]))
    return np.maximum(probabilities, np.finfo(np.float64).tiny)


def _simplest_near_best(losses: Mapping[str, FloatArray]) -> str:
    """Return the first method whose mean loss is within `_TIE` of the best one's."""
    means = {name: float(values.mean()) for name, values in losses.items()}
    return next(name for name, loss in means.items() if loss <= min(means.values()) + _TIE)
