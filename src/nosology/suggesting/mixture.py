"""How the signals become probabilities: two small models whose weights are fitted on validation notes.

``coded`` is a logistic regression: the probability that a rubric is among the note's coded diagnoses. A patient has
several, so these do not sum to 1; a suggestion is right when its rubric is coded, and of suggestions with probability p
a share p should be right. ``main`` is the probability that the rubric is the main diagnosis: P(category), as the
classifier calibrates it, times P(rubric | category), a softmax over the category's rubrics; those do sum to 1.
``none_of_these`` is what is left if the listed suggestions were independent, to a fitted power, because they are not. A
signal whose weight is 0 is as if it were not there; and nothing is fitted on training notes, whose words the word model
has seen.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy import optimize, special

from nosology.errors import RunError
from nosology.records import BoolArray, FloatArray, IntArray
from nosology.runs.plausible import all_within, within
from nosology.suggesting.signals import NAMES

FEWEST_NOTES = 30
_PENALTY = 1.0  # a standardized weight of 1 costs half a nat over all notes together
_MAIN = tuple(name for name in NAMES if name != "category")


@dataclass(frozen=True, slots=True)
class Mixture:
    """The fitted weights.

    Attributes:
        coded: Weight of each signal, in the order of `NAMES`.
        intercept: Added to their sum, in log-odds.
        main: Weight of each signal but the category's for P(rubric | category).
        sharpness: Power of ``none_of_these``.
        n_notes: Validation notes behind them.
        log_loss: Mean negative log-probability a rubric and note on those notes, in nats.
    """

    coded: tuple[float, ...]
    intercept: float
    main: tuple[float, ...]
    sharpness: float
    n_notes: int
    log_loss: float

    def log_odds(self, table: FloatArray) -> FloatArray:
        """Return the log-odds that each rubric is coded. Shapes ``(..., rubrics, signals)`` and ``(..., rubrics)``."""
        return np.asarray(table @ np.array(self.coded) + self.intercept)

    def coded_probabilities(self, table: FloatArray) -> FloatArray:
        """Return the probability that each rubric is coded. Shape ``(rubrics,)``."""
        return np.asarray(special.expit(self.log_odds(table)))

    def within_category(self, table: FloatArray, category: IntArray) -> FloatArray:
        """Return P(rubric | category); sums to 1 over each category's rubrics. Shape ``(rubrics,)``.

        Args:
            table: One row per rubric.
            category: Each rubric's category. Shape ``(rubrics,)``.
        """
        return np.exp(_log_softmax_by(table[:, 1:] @ np.array(self.main), category))

    def none_of(self, probabilities: Sequence[float]) -> float:
        """Return the probability that none of some suggestions is coded."""
        return float(np.prod(1 - np.asarray(probabilities)) ** self.sharpness)

    def to_json(self) -> dict[str, Any]:
        """Return the weights as plain values."""
        return {"kind": "suggester", "format": 2, "signals": list(NAMES), **asdict(self)}

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """Return the mixture that `to_json` wrote.

        Raises:
            RunError: The values are of another kind or format, or incomplete.
        """
        if not isinstance(values, dict) or (values.get("kind"), values.get("format")) != ("suggester", 2):
            raise RunError("not a suggester of format 2", hint="evaluate the run again")
        try:
            if tuple(values["signals"]) != NAMES:
                raise ValueError("other signals")
            return cls(
                all_within("a weight", values["coded"], -1e6, 1e6),
                within("intercept", values["intercept"], -1e6, 1e6),
                all_within("a weight", values["main"], -1e6, 1e6),
                within("sharpness", values["sharpness"], 0, 1e6),
                int(values["n_notes"]),
                float(values["log_loss"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"the suggester is incomplete or impossible: {error}", hint="evaluate the run again"
            ) from None


def untrained() -> Mixture:
    """Return the mixture of a run without validation notes: the model alone, not calibrated."""
    weights = dict.fromkeys(NAMES, 0.0) | {"category": 1.0, "title": 1.0}
    main = dict.fromkeys(_MAIN, 0.0) | {"title": 1.0}
    return Mixture(tuple(weights.values()), 0.0, tuple(main.values()), 1.0, 0, float("nan"))


def fit(tables: FloatArray, truth: BoolArray, main: IntArray, category: IntArray, k: int) -> Mixture:
    """Return the mixture of some validation notes.

    Args:
        tables: Signals. Shape ``(notes, rubrics, signals)``.
        truth: Which rubrics are coded. Shape ``(notes, rubrics)``.
        main: Place of each note's main rubric; below 0 where it is unknown. Shape ``(notes,)``.
        category: Each rubric's category. Shape ``(rubrics,)``.
        k: Length of the lists that ``none_of_these`` is fitted on.

    Raises:
        ValueError: Fewer than `FEWEST_NOTES` notes.
    """
    if len(tables) < FEWEST_NOTES:
        raise ValueError(f"{len(tables)} notes are too few; at least {FEWEST_NOTES} are needed")
    flat, wanted = tables.reshape(-1, tables.shape[-1]), truth.ravel()
    centre, spread = flat.mean(axis=0), flat.std(axis=0)
    spread[spread < 1e-9] = 1.0
    scaled = (flat - centre) / spread
    coefficients = _logistic(scaled, wanted)
    coded = coefficients[1:] / spread
    intercept = float(coefficients[0] - coded @ centre)
    log_odds = flat @ coded + intercept
    loss = float(np.where(wanted, np.logaddexp(0, -log_odds), np.logaddexp(0, log_odds)).mean())
    probabilities = special.expit(log_odds).reshape(truth.shape)
    return Mixture(
        tuple(map(float, coded)),
        intercept,
        tuple(map(float, _fit_main(tables, main, category))),
        _fit_sharpness(probabilities, truth, k),
        len(tables),
        loss,
    )


def _logistic(features: FloatArray, wanted: BoolArray) -> FloatArray:
    """Return intercept and weights of a logistic regression with a small penalty on the weights."""
    signs = np.where(wanted, 1.0, -1.0)

    def loss_and_gradient(parameters: FloatArray) -> tuple[float, FloatArray]:
        margins = signs * (features @ parameters[1:] + parameters[0])
        slopes = -signs * special.expit(-margins)
        gradient = np.concatenate([[slopes.sum()], features.T @ slopes + _PENALTY * parameters[1:]])
        return float(np.logaddexp(0, -margins).sum() + _PENALTY / 2 * (parameters[1:] ** 2).sum()), gradient

    start = np.zeros(1 + features.shape[1])
    start[0] = np.log(max(wanted.mean(), 1e-6))
    bounds = [(None, None), *_bounds(NAMES)]
    best = optimize.minimize(
        loss_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500}
    )
    return np.asarray(best.x, np.float64)


def _fit_main(tables: FloatArray, main: IntArray, category: IntArray) -> FloatArray:
    """Return the weights for P(rubric | category): a conditional logit on the main rubrics."""
    chosen = [
        (tables[note][category == category[place]][:, 1:], int((category[:place] == category[place]).sum()))
        for note, place in enumerate(main)
        if place >= 0
    ]
    start = np.zeros(len(_MAIN))
    start[0] = 1.0

    def loss_and_gradient(weights: FloatArray) -> tuple[float, FloatArray]:
        total = _PENALTY / 2 * float(((weights - start) ** 2).sum())
        gradient = _PENALTY * (weights - start)
        for rows, true in chosen:
            scores = rows @ weights
            log_total = special.logsumexp(scores)
            total += float(log_total - scores[true])
            gradient += np.exp(scores - log_total) @ rows - rows[true]
        return total, gradient

    bounds = _bounds(_MAIN)
    return np.asarray(
        optimize.minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds).x, np.float64
    )


def _bounds(names: Sequence[str]) -> list[tuple[float | None, float | None]]:
    """Return the range of each weight: what is denied never speaks for a rubric, whatever coders did with it."""
    return [(None, 0.0 if name == "denied" else None) for name in names]


def _fit_sharpness(probabilities: FloatArray, truth: BoolArray, k: int) -> float:
    """Return the power that makes "none of the best k" as frequent as it is."""
    order = np.argsort(-probabilities, axis=1)[:, :k]
    missed = ~np.take_along_axis(truth, order, axis=1).any(axis=1)
    log_none = np.log1p(-np.minimum(np.take_along_axis(probabilities, order, axis=1), 1 - 1e-9)).sum(axis=1)

    def loss(log_power: float) -> float:
        log_p = np.minimum(np.exp(log_power) * log_none, -1e-9)
        return -float(np.where(missed, log_p, np.log(-np.expm1(log_p))).sum()) + log_power**2 / 2

    return float(np.exp(optimize.minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


def _log_softmax_by(scores: FloatArray, group: IntArray) -> FloatArray:
    result = np.empty_like(scores)
    for value in np.unique(group):
        members = group == value
        result[members] = special.log_softmax(scores[members])
    return result
