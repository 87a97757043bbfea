"""Turning scores into probabilities that can be trusted, and into decisions: when to abstain, which set to offer.

A calibration is fitted on validation notes, never on training or test notes, and stored with the run. It has three
parts: a map from log-probabilities to probabilities (nothing, a temperature, a temperature with one offset a category,
or two numbers that correct the top probability; cross-validation chooses, and the simpler one wins a tie), a threshold
below which the classifier abstains, and conformal thresholds for prediction sets. What would surprise you: threshold
and prediction sets are derived from *cross-fitted* probabilities, so that they do not inherit the optimism of the fit.
Pure numpy; no files.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from scipy import optimize, special

from nosology.errors import RunError
from nosology.records import BoolArray, FloatArray, IntArray

SetKind = Literal["marginal", "per_category"]

MIN_NOTES = 30  # below, a temperature is a guess and no 90 % quantile is worth storing
COVERAGES = (0.8, 0.9, 0.95)  # always stored, beside the one asked for
_N_FOLDS = 5
# How far log-temperature and offsets plausibly are from 0, in nats. Worth about one note, this matters only where notes
# say little: offsets of rare categories, and a temperature that a faultless validation split would send to 0.
_SPREAD = 1.0
_LOG_TEMPERATURES = (-4.0, 4.0)  # a model that needs more than a factor of 50 has learned nothing
_TIE = 0.002  # nats of cross-validated log loss; a larger tolerance left overconfident scores as they were
_SURE = 1e-9  # keeps the logit of a certainty finite
_FEWEST_OF_CATEGORY = 33  # validation notes for a threshold of its own: of n, coverage comes in steps of 1 / (n + 1)
_FEWEST_ANSWERED = 10  # validation notes above a threshold; the accuracy of fewer is luck


@dataclass(frozen=True, slots=True)
class ConformalThresholds:
    """How improbable a category may be and still belong to the prediction set, for one coverage.

    Attributes:
        coverage: Share of sets that hold the true category, aimed at.
        marginal: Largest ``1 - probability`` admitted, whatever the category.
        per_category: The same by category, in label-set order.
        fallback: Categories with too few validation notes for their own threshold; they share one, fitted on their
            notes together.
    """

    coverage: float
    marginal: float
    per_category: tuple[float, ...]
    fallback: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a run knows about its own scores.

    Attributes:
        method: ``"none"``, ``"temperature"``, ``"temperature+offsets"`` or ``"confidence"``.
        temperature: Log-probabilities are divided by it.
        offsets: Nats added per category after that; zeros unless the method has them.
        threshold: Top probability below which the classifier abstains; None where no threshold reached
            `selective_accuracy` on validation notes, and the classifier then always abstains.
        selective_accuracy: Accuracy aimed at on answered notes.
        coverage: Coverage of the prediction sets offered by default.
        conformal: One entry a stored coverage.
        n_notes: Validation notes behind it.
        candidates: Cross-validated log loss of each method, in nats.
        fitted_on: Whatever identifies the notes and the model; compared, never interpreted.
        slope: Of the top probability's logit; 1 unless the method is ``"confidence"``.
        intercept: Added to it, in nats; 0 likewise.
    """

    method: str
    temperature: float
    offsets: tuple[float, ...]
    threshold: float | None
    selective_accuracy: float
    coverage: float
    conformal: tuple[ConformalThresholds, ...]
    n_notes: int
    candidates: Mapping[str, float]
    fitted_on: Mapping[str, str]
    slope: float = 1.0
    intercept: float = 0.0

    def apply(self, log_probs: FloatArray) -> FloatArray:
        """Return calibrated probabilities; rows sum to 1. Shapes ``(notes, categories)`` in and out."""
        return _apply(log_probs, _Map(self.temperature, np.asarray(self.offsets), self.slope, self.intercept))

    def abstains(self, probabilities: FloatArray) -> BoolArray:
        """Return which notes are left to people. Shape ``(notes,)``."""
        if self.threshold is None:
            return np.ones(len(probabilities), np.bool_)
        # The threshold is a probability some note had: equality answers, so compare with room for rounding.
        return np.asarray(probabilities.max(axis=1) < self.threshold - 1e-9, np.bool_)

    def in_prediction_set(
        self, probabilities: FloatArray, *, coverage: float | None = None, kind: SetKind = "marginal"
    ) -> BoolArray:
        """Return which categories belong to each note's prediction set.

        Args:
            probabilities: Calibrated. Shape ``(notes, categories)``.
            coverage: One of the stored coverages; None for the run's own.
            kind: ``"marginal"`` covers on average over all notes, and the best category is always in the set.
                ``"per_category"`` covers within every category, no more and no less: where the model is right more
                often than that, a note that is unlike the category's others has an empty set.

        Returns:
            Shape ``(notes, categories)``.

        Raises:
            RunError: No thresholds are stored for this coverage.
        """
        wanted = self.coverage if coverage is None else coverage
        stored = next((item for item in self.conformal if math.isclose(item.coverage, wanted)), None)
        if stored is None:
            known = ", ".join(f"{item.coverage:g}" for item in self.conformal)
            raise RunError(f"no prediction sets of coverage {wanted:g} are stored", hint=f"stored are {known}")
        limit = stored.marginal if kind == "marginal" else np.asarray(stored.per_category)
        members: BoolArray = 1 - probabilities <= limit
        if kind == "marginal":
            members[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
        return members

    def prediction_sets(self, probabilities: FloatArray) -> list[tuple[int, ...]]:
        """Return each note's prediction set as category indices, best first."""
        members = self.in_prediction_set(probabilities)
        order = np.argsort(-probabilities, axis=1, kind="stable")
        return [
            tuple(int(category) for category in row if inside[category])
            for row, inside in zip(order, members, strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the calibration as plain values, for ``calibration.json``."""
        values = asdict(self)
        return {"kind": "calibration", "format": 1} | values

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """Return the calibration that `to_json` wrote.

        Raises:
            RunError: The values are of another kind or format, or incomplete.
        """
        if not isinstance(values, dict) or (values.get("kind"), values.get("format")) != ("calibration", 1):
            raise RunError("not a calibration of format 1", hint="evaluate the run again")
        try:
            return cls(
                method=str(values["method"]),
                temperature=float(values["temperature"]),
                offsets=tuple(map(float, values["offsets"])),
                threshold=None if values["threshold"] is None else float(values["threshold"]),
                selective_accuracy=float(values["selective_accuracy"]),
                coverage=float(values["coverage"]),
                conformal=tuple(
                    ConformalThresholds(
                        float(item["coverage"]),
                        float(item["marginal"]),
                        tuple(map(float, item["per_category"])),
                        tuple(map(int, item["fallback"])),
                    )
                    for item in values["conformal"]
                ),
                n_notes=int(values["n_notes"]),
                candidates=dict(values["candidates"]),
                fitted_on=dict(values["fitted_on"]),
                slope=float(values.get("slope", 1.0)),  # runs of before the method "confidence" hold none
                intercept=float(values.get("intercept", 0.0)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"the calibration is incomplete: {error}", hint="evaluate the run again") from None


def fit(
    log_probs: FloatArray,
    true: IntArray,
    *,
    selective_accuracy: float = 0.9,
    coverage: float = 0.9,
    fitted_on: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Calibration:
    """Return the calibration of a model whose scores on validation notes are given.

    Args:
        log_probs: Natural-log probabilities, rows normalized. Shape ``(notes, categories)``.
        true: Indices of the true categories. Shape ``(notes,)``.
        selective_accuracy: Accuracy that the abstention threshold aims at.
        coverage: Coverage that prediction sets aim at.
        fitted_on: Kept with the calibration, so that a later reader can tell whether it still fits.
        seed: Of the folds.

    Raises:
        ValueError: Fewer than `MIN_NOTES` notes.
    """
    n_notes = len(log_probs)
    if n_notes < MIN_NOTES:
        raise ValueError(f"{n_notes} notes are too few to calibrate on; at least {MIN_NOTES} are needed")
    folds = np.random.default_rng(seed).permutation(n_notes) % _N_FOLDS
    cross_fitted = {name: _cross_fit(log_probs, true, folds, method) for name, method in _METHODS.items()}
    losses = {name: -np.log(values[np.arange(n_notes), true]) for name, values in cross_fitted.items()}
    chosen = _simplest_near_best(losses)
    best = _METHODS[chosen](log_probs, true)
    honest = cross_fitted[chosen]
    coverages = sorted({*COVERAGES, coverage})
    return Calibration(
        method=chosen,
        temperature=best.temperature,
        offsets=tuple(map(float, best.offsets)),
        threshold=_threshold(honest, true, selective_accuracy),
        selective_accuracy=selective_accuracy,
        coverage=coverage,
        conformal=tuple(_conformal(honest, true, item) for item in coverages),
        n_notes=n_notes,
        candidates={name: float(values.mean()) for name, values in losses.items()},
        fitted_on=dict(fitted_on or {}),
        slope=best.slope,
        intercept=best.intercept,
    )


class _Map(NamedTuple):
    """From log-probabilities to probabilities: temperature and offsets first, then the top probability's logit."""

    temperature: float
    offsets: FloatArray
    slope: float = 1.0
    intercept: float = 0.0


def _apply(log_probs: FloatArray, how: _Map) -> FloatArray:
    probabilities = np.asarray(special.softmax(log_probs / how.temperature + how.offsets, axis=1), np.float64)
    if (how.slope, how.intercept) == (1.0, 0.0):
        return probabilities
    rows, best = np.arange(len(log_probs)), probabilities.argmax(axis=1)
    top = probabilities[rows, best]
    others = probabilities.copy()
    others[rows, best] = 0.0
    others /= np.maximum(others.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    runner_up = others.max(axis=1)
    least = runner_up / (1 + runner_up) * (1 + 1e-9)  # the order of the categories stays
    top = np.maximum(special.expit(how.slope * _logit(top) + how.intercept), least)
    scaled = others * (1 - top)[:, None]
    scaled[rows, best] = top
    return np.asarray(scaled, np.float64)


def _logit(probabilities: FloatArray) -> FloatArray:
    return np.asarray(special.logit(np.clip(probabilities, _SURE, 1 - _SURE)), np.float64)


def _fit_nothing(log_probs: FloatArray, true: IntArray) -> _Map:  # noqa: ARG001 (one signature)
    return _Map(1.0, np.zeros(log_probs.shape[1]))


def _fit_confidence(log_probs: FloatArray, true: IntArray) -> _Map:
    """Return the correction of the top probability with the least log loss of "the top category is right".

    Platt scaling of the top label (Platt 1999; Gupta and Ramdas 2022). It corrects what people read, where a
    temperature must please all categories at once. Measured by cross-validation on 390 notes: log loss of TF-IDF with
    parts of words 1.15 unscaled, 1.10 with this; of an ensemble .910 and .900.
    """
    right, logits = log_probs.argmax(axis=1) == true, _logit(np.exp(log_probs).max(axis=1))

    def loss(parameters: FloatArray) -> float:
        scaled = math.exp(parameters[0]) * logits + parameters[1]
        penalty = float((parameters**2).sum()) / (2 * _SPREAD**2 * len(true))
        return float((np.logaddexp(0, scaled) - right * scaled).mean()) + penalty

    best = optimize.minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[_LOG_TEMPERATURES, (None, None)])
    return _Map(1.0, np.zeros(log_probs.shape[1]), math.exp(float(best.x[0])), float(best.x[1]))


def _fit_temperature(log_probs: FloatArray, true: IntArray) -> _Map:
    """Return the temperature with the least log loss (Guo et al. 2017)."""
    zeros, rows = np.zeros(log_probs.shape[1]), np.arange(len(true))

    def loss(log_temperature: float) -> float:
        scaled = log_probs / math.exp(log_temperature)
        penalty = log_temperature**2 / (2 * _SPREAD**2 * len(true))
        return float((special.logsumexp(scaled, axis=1) - scaled[rows, true]).mean()) + penalty

    best = optimize.minimize_scalar(loss, bounds=_LOG_TEMPERATURES, method="bounded", options={"xatol": 1e-6})
    return _Map(math.exp(float(best.x)), zeros)


def _fit_temperature_and_offsets(log_probs: FloatArray, true: IntArray) -> _Map:
    """Return temperature and category offsets with the least log loss plus a penalty on large offsets.

    Bias-corrected temperature scaling (Alexandari, Kundaje and Shrikumar 2020).
    """
    n_notes, n_categories = log_probs.shape
    rows, truth = np.arange(n_notes), np.eye(n_categories)[true]

    def loss_and_gradient(parameters: FloatArray) -> tuple[float, FloatArray]:
        sharpness, offsets = math.exp(-parameters[0]), parameters[1:]
        scaled = log_probs * sharpness + offsets
        log_total = special.logsumexp(scaled, axis=1)
        excess = np.exp(scaled - log_total[:, None]) - truth
        penalty = float((parameters**2).sum()) / (2 * _SPREAD**2 * n_notes)
        loss = float((log_total - scaled[rows, true]).mean()) + penalty
        by_temperature = -float((excess * log_probs).sum() * sharpness / n_notes)
        gradient = np.concatenate([[by_temperature], excess.mean(axis=0)])
        return loss, gradient + parameters / (_SPREAD**2 * n_notes)

    start = np.zeros(1 + n_categories)
    bounds = [_LOG_TEMPERATURES] + [(None, None)] * n_categories
    best = optimize.minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return _Map(math.exp(float(best.x[0])), np.asarray(best.x[1:], np.float64))


_Method = Callable[[FloatArray, IntArray], _Map]
_METHODS: dict[str, _Method] = {  # simplest first
    "none": _fit_nothing,
    "temperature": _fit_temperature,
    "confidence": _fit_confidence,
    "temperature+offsets": _fit_temperature_and_offsets,
}


def _cross_fit(log_probs: FloatArray, true: IntArray, folds: IntArray, method: _Method) -> FloatArray:
    """Return each note's probabilities under a calibration fitted on the other folds. Shape as ``log_probs``."""
    probabilities = np.empty_like(log_probs, dtype=np.float64)
    for fold in range(_N_FOLDS):
        inside = folds == fold
        probabilities[inside] = _apply(log_probs[inside], method(log_probs[~inside], true[~inside]))
    return np.maximum(probabilities, np.finfo(np.float64).tiny)


def _simplest_near_best(losses: Mapping[str, FloatArray]) -> str:
    """Return the first method whose mean loss is within `_TIE` of the best one's."""
    means = {name: float(values.mean()) for name, values in losses.items()}
    return next(name for name, loss in means.items() if loss <= min(means.values()) + _TIE)


def _threshold(probabilities: FloatArray, true: IntArray, target: float) -> float | None:
    """Return the lowest top probability from which on accuracy reaches the target; None where it never does.

    Hits are counted; shrinking them towards the stated confidence was tried and missed the target by more (TF-IDF on
    MEDLINE abstracts, 300 validation notes, target .90: .900 reached by counting, .890 and .882 with a shrinkage worth
    20 and 50 notes).
    """
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    stated, hits = confidence[order], (probabilities.argmax(axis=1) == true)[order]
    answered = np.arange(1, len(order) + 1)
    is_last_of_value = np.diff(stated, append=-np.inf) != 0
    enough = np.flatnonzero((np.cumsum(hits) / answered >= target) & is_last_of_value & (answered >= _FEWEST_ANSWERED))
    if not len(enough):
        return None
    return 0.0 if enough[-1] == len(order) - 1 else float(stated[enough[-1]])


def _conformal(probabilities: FloatArray, true: IntArray, coverage: float) -> ConformalThresholds:
    """Return split-conformal thresholds (Vovk et al. 2005; per category: Sadinle et al. 2019).

    The score of a category is ``1 - probability``; for one threshold over all, 0 for the best category, so that no set
    is empty and coverage stays exact wherever accuracy alone is below it. Rare categories share a threshold (the null
    cluster of Ding et al. 2023, with a threshold of its own), so that common ones do not set it for them.
    """
    n_categories = probabilities.shape[1]
    own_scores = 1 - probabilities[np.arange(len(true)), true]
    scores = np.where(probabilities.argmax(axis=1) == true, 0.0, own_scores)
    marginal = _conformal_quantile(scores, coverage)
    counts = np.bincount(true, minlength=n_categories)
    fallback = np.flatnonzero(counts < _FEWEST_OF_CATEGORY)
    shared = _conformal_quantile(own_scores[np.isin(true, fallback)], coverage)
    limits = [
        shared if category in fallback else _conformal_quantile(own_scores[true == category], coverage)
        for category in range(n_categories)
    ]
    return ConformalThresholds(
        coverage,
        1.0 if marginal is None else marginal,
        tuple(1.0 if limit is None else limit for limit in limits),
        tuple(map(int, fallback)),
    )


def _conformal_quantile(scores: FloatArray, coverage: float) -> float | None:
    """Return the score that ``coverage`` of new notes will not exceed; None where there are too few to tell."""
    rank = math.ceil((len(scores) + 1) * coverage - 1e-9)
    return float(np.sort(scores)[rank - 1]) if 0 < rank <= len(scores) else None
