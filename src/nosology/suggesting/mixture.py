"""How the signals become probabilities: two small models whose weights are fitted on validation notes.

``coded`` is a logistic regression: the probability that a rubric is among the note's coded diagnoses. A patient has
several, so these do not sum to 1; a suggestion is right when its rubric is coded, and of suggestions with probability p
a share p should be right. ``main`` is the probability that the rubric is the main diagnosis: P(category), as the
classifier calibrates it, times P(rubric | category), a softmax over the category's rubrics; those do sum to 1.
``none_of_these`` is what is left if the listed suggestions were independent, to a fitted power, because they are not. A
signal whose weight is 0 is as if it were not there; and nothing is fitted on training notes, whose words the word model
has seen.

Rubrics that no training note had are another population, with a regression of its own, by names and titles. It is
fitted on training notes: on the rubrics that no other training note had, with how often the note's name of each was
coded in those others. With few such codes it is fitted on all rubrics of the validation notes as if none had been seen,
and its intercept set by those that really were not. The model is left out, since it read the titles of seen rubrics
under their notes. Whether the model's signals enter ``coded`` is chosen by cross-fitting: only where they lower the
loss of left-out notes by more than its standard error. What ``coded`` says of seen rubrics is then calibrated by a
spline (`nosology.suggesting.spline`): it has too many correlated signals to be right by itself.

What is listed is chosen with the odds of unseen rubrics tripled: a rubric that the notes at hand never had is worth
more to a reader than one that they are full of. The stated probability stays as it is, and the list is in its order.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
import scipy  # which loads its optimizers on first use: a run that answers alone needs none
from scipy import special

from nosology.errors import RunError
from nosology.records import BoolArray, FloatArray, IntArray
from nosology.runs.plausible import all_within, within
from nosology.suggesting import spline
from nosology.suggesting.findings import COLUMNS as FINDING_COLUMNS
from nosology.suggesting.named import COLUMN as NAMED_COLUMN
from nosology.suggesting.signals import NAMES
from nosology.suggesting.term_reading import COLUMNS as TERM_COLUMNS

FEWEST_NOTES = 30
_FORMAT = 4
_PENALTY = 1.0  # a standardized weight of 1 costs half a nat over all notes together
_MAIN = tuple(name for name in NAMES if name != "category")
_IS_SEEN = NAMES.index("is seen")
_MODEL = [NAMES.index("category"), NAMES.index("title")]
_NAMED = [NAMES.index(name) for name in ("title mentioned", "title fully mentioned", *TERM_COLUMNS, *FINDING_COLUMNS)]
_ALONE = [NAMES.index(NAMED_COLUMN), *_NAMED]  # what `Pairs` know beside
_RAREST = 1e-6  # share of pairs of rubric and note that are coded, where none is
_FOLDS = 5
_KEPT = 0.1  # of the uncoded pairs, in the trials that choose signals
_FEWEST_UNSEEN = 30  # coded pairs of which `Pairs` are believed
_UNSEEN_ODDS = 3.0
"""How much more than a seen rubric an unseen one counts when the list is chosen. The most that costs less than .005 of
recall among ten on CodiEsp's training notes (of 1 to 5; ``docs/experiments.md``)."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Training notes and the rubrics that no other of them has: what unseen rubrics look like.

    Attributes:
        rows: Signals, of names and titles alone. Shape ``(pairs, signals)``.
        wanted: Which are coded. Shape ``(pairs,)``.
        copies: For how many pairs each stands. Shape ``(pairs,)``.
    """

    rows: FloatArray = field(repr=False)
    wanted: BoolArray = field(repr=False)
    copies: FloatArray = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mixture:
    """The fitted weights.

    Attributes:
        coded: Weight of each signal, in the order of `NAMES`.
        intercept: Added to their sum, in log-odds.
        unseen: The same for rubrics that no training note had.
        unseen_intercept: Added to theirs.
        main: Weight of each signal but the category's for P(rubric | category).
        sharpness: Power of ``none_of_these``.
        n_notes: Validation notes behind them.
        log_loss: Mean negative log-probability a rubric and note on those notes, in nats.
        slopes: Of the spline that calibrates what is said of seen rubrics.
        offset: Its offset.
        unseen_slopes: Of the one for unseen rubrics, where these are calibrated too.
        unseen_offset: Its offset.
    """

    coded: tuple[float, ...]
    intercept: float
    unseen: tuple[float, ...]
    unseen_intercept: float
    main: tuple[float, ...]
    sharpness: float
    n_notes: int
    log_loss: float
    slopes: tuple[float, ...] = spline.STRAIGHT
    offset: float = 0.0
    unseen_slopes: tuple[float, ...] = spline.STRAIGHT
    unseen_offset: float = 0.0

    def log_odds(self, table: FloatArray) -> FloatArray:
        """Return the log-odds that each rubric is coded. Shapes ``(..., rubrics, signals)`` and ``(..., rubrics)``."""
        seen = spline.curve(table @ np.array(self.coded) + self.intercept, self.slopes, self.offset)
        unseen = table @ np.array(self.unseen) + self.unseen_intercept
        unseen = spline.curve(unseen, self.unseen_slopes, self.unseen_offset)
        return np.asarray(np.where(table[..., _IS_SEEN] > 0, seen, unseen))

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
        return {"kind": "suggester", "format": _FORMAT, "signals": list(NAMES), **asdict(self)}

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """Return the mixture that `to_json` wrote.

        Raises:
            RunError: The values are of another kind or format, or incomplete.
        """
        if not isinstance(values, dict) or (values.get("kind"), values.get("format")) != ("suggester", _FORMAT):
            raise RunError(f"not a suggester of format {_FORMAT}", hint="evaluate the run again")
        try:
            n_slopes = {len(values[name]) for name in ("slopes", "unseen_slopes")}
            if tuple(values["signals"]) != NAMES or n_slopes != {len(spline.STRAIGHT)}:
                raise ValueError("other signals")
            return cls(
                all_within("a weight", values["coded"], -1e6, 1e6),
                within("intercept", values["intercept"], -1e6, 1e6),
                all_within("a weight", values["unseen"], -1e6, 1e6),
                within("intercept", values["unseen_intercept"], -1e6, 1e6),
                all_within("a weight", values["main"], -1e6, 1e6),
                within("sharpness", values["sharpness"], 0, 1e6),
                int(values["n_notes"]),
                float(values["log_loss"]),
                all_within("a slope", values["slopes"], 0, 1e6),
                within("offset", values["offset"], -1e6, 1e6),
                all_within("a slope", values["unseen_slopes"], 0, 1e6),
                within("offset", values["unseen_offset"], -1e6, 1e6),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"the suggester is incomplete or impossible: {error}", hint="evaluate the run again"
            ) from None


def untrained() -> Mixture:
    """Return the mixture of a run without validation notes: the model alone, not calibrated."""
    weights = dict.fromkeys(NAMES, 0.0) | {"category": 1.0, "title": 1.0}
    main = dict.fromkeys(_MAIN, 0.0) | {"title": 1.0}
    alike = tuple(weights.values())
    return Mixture(alike, 0.0, alike, 0.0, tuple(main.values()), 1.0, 0, float("nan"))


def listed(probabilities: FloatArray, is_seen: BoolArray, k: int) -> IntArray:
    """Return the rubrics to list, the most probable first. Shape ``(..., k)``.

    Args:
        probabilities: That each is coded. Shape ``(..., rubrics)``.
        is_seen: Whether a training note had it. Shape ``(rubrics,)``.
        k: How many to list.
    """
    raised = _UNSEEN_ODDS * probabilities / (1 + (_UNSEEN_ODDS - 1) * probabilities)
    worth = np.where(is_seen, probabilities, raised)
    chosen = np.sort(np.argsort(-worth, axis=-1, kind="stable")[..., :k], axis=-1)
    order = np.argsort(-np.take_along_axis(probabilities, chosen, axis=-1), axis=-1, kind="stable")
    return np.take_along_axis(chosen, order, axis=-1)


def fit(
    tables: FloatArray, truth: BoolArray, main: IntArray, category: IntArray, k: int, unseen_pairs: Pairs | None = None
) -> Mixture:
    """Return the mixture of some validation notes.

    Args:
        tables: Signals. Shape ``(notes, rubrics, signals)``.
        truth: Which rubrics are coded. Shape ``(notes, rubrics)``.
        main: Place of each note's main rubric; below 0 where it is unknown. Shape ``(notes,)``.
        category: Each rubric's category. Shape ``(rubrics,)``.
        k: Length of the lists that ``none_of_these`` is fitted on.
        unseen_pairs: What unseen rubrics look like; None to learn that from seen ones.

    Raises:
        ValueError: Fewer than `FEWEST_NOTES` notes.
    """
    if len(tables) < FEWEST_NOTES:
        raise ValueError(f"{len(tables)} notes are too few; at least {FEWEST_NOTES} are needed")
    is_seen = tables[..., _IS_SEEN] > 0
    left_out = [] if _model_helps(tables, truth, is_seen) else _MODEL
    chosen = [n for n in range(len(NAMES)) if n not in left_out]
    coded, intercept = regression(tables[is_seen], truth[is_seen], chosen)
    slopes, offset = spline.fit(tables[is_seen] @ coded + intercept, truth[is_seen])
    if unseen_pairs is not None and unseen_pairs.wanted.sum() >= _FEWEST_UNSEEN:
        unseen, unseen_intercept = regression(unseen_pairs.rows, unseen_pairs.wanted, _ALONE, unseen_pairs.copies)
    else:
        unseen, unseen_intercept = regression(tables.reshape(-1, len(NAMES)), truth.ravel(), _NAMED)
        unseen_intercept += _shift(tables[~is_seen] @ unseen + unseen_intercept, truth[~is_seen])
    seen_odds = spline.curve(tables @ coded + intercept, slopes, offset)
    log_odds = np.where(is_seen, seen_odds, tables @ unseen + unseen_intercept)
    return Mixture(
        tuple(map(float, coded)),
        intercept,
        tuple(map(float, unseen)),
        unseen_intercept,
        tuple(map(float, fit_main(tables, main, category))),
        fit_sharpness(special.expit(log_odds), is_seen, truth, k),
        len(tables),
        float(log_losses(log_odds, truth).mean()),
        slopes,
        offset,
    )


def log_losses(log_odds: FloatArray, truth: BoolArray) -> FloatArray:
    """Return the negative log-probability of what is so, in nats."""
    return np.where(truth, np.logaddexp(0, -log_odds), np.logaddexp(0, log_odds))


def _model_helps(tables: FloatArray, truth: BoolArray, is_seen: BoolArray) -> bool:
    """Return whether the model's signals lower the loss of left-out notes by more than the difference's error."""
    generator = np.random.default_rng(0)
    fold = generator.permutation(len(tables)) % _FOLDS
    kept = truth | (generator.random(truth.shape) < _KEPT)
    every = list(range(len(NAMES)))
    gains = np.zeros(len(tables))
    for number in range(_FOLDS):
        mine = fold == number
        inside = is_seen & kept & ~mine[:, None]
        copies = np.where(truth[inside], 1.0, 1 / _KEPT)
        for sign, columns in ((1, [n for n in every if n not in _MODEL]), (-1, every)):
            coded, intercept = regression(tables[inside], truth[inside], columns, copies)
            losses = log_losses(tables[mine] @ coded + intercept, truth[mine])
            gains[mine] += sign * np.where(is_seen[mine], losses, 0).sum(axis=1)
    return bool(gains.mean() > gains.std(ddof=1) / np.sqrt(len(gains)))


def regression(
    rows: FloatArray, wanted: BoolArray, columns: Sequence[int], copies: FloatArray | None = None
) -> tuple[FloatArray, float]:
    """Return the weights of a regression on some columns, 0 for the others, and its intercept.

    Args:
        rows: Signals of pairs of note and rubric. Without any, nothing is ever coded.
        wanted: Which are coded.
        columns: What it may look at.
        copies: For how many pairs each row stands; None for one.
    """
    coded = np.zeros(rows.shape[-1])
    if not len(rows):
        return coded, float(np.log(_RAREST))
    features = rows[:, columns]
    centre, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread < 1e-9] = 1.0
    copies = np.ones(len(rows)) if copies is None else copies
    fitted = _logistic((features - centre) / spread, wanted, [NAMES[n] for n in columns], copies)
    coded[columns] = fitted[1:] / spread
    return coded, float(fitted[0] - coded[columns] @ centre)


def _shift(log_odds: FloatArray, wanted: BoolArray) -> float:
    """Return what to add to some log-odds so that they are right on average; near 0 where few pairs tell."""

    def loss(shift: float) -> float:
        return float(log_losses(log_odds + shift, wanted).sum() + _PENALTY / 2 * shift**2)

    return float(scipy.optimize.minimize_scalar(loss, bounds=(-10.0, 10.0), method="bounded").x)


def _logistic(features: FloatArray, wanted: BoolArray, names: Sequence[str], copies: FloatArray) -> FloatArray:
    """Return intercept and weights of a logistic regression with a small penalty on the weights.

    Args:
        features: One row a pair, one column for each of ``names``.
        wanted: Which pairs are coded.
        names: The signals.
        copies: For how many pairs each row stands.
    """
    signs = np.where(wanted, 1.0, -1.0)

    def loss_and_gradient(parameters: FloatArray) -> tuple[float, FloatArray]:
        margins = signs * (features @ parameters[1:] + parameters[0])
        slopes = -signs * special.expit(-margins) * copies
        gradient = np.concatenate([[slopes.sum()], features.T @ slopes + _PENALTY * parameters[1:]])
        loss = float(copies @ np.logaddexp(0, -margins))
        return loss + _PENALTY / 2 * float((parameters[1:] ** 2).sum()), gradient

    start = np.zeros(1 + features.shape[1])
    start[0] = np.log(max(copies @ wanted / copies.sum(), _RAREST))
    bounds = [(None, None), *_bounds(names)]
    best = scipy.optimize.minimize(
        loss_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500}
    )
    return np.asarray(best.x, np.float64)


def fit_main(tables: FloatArray, main: IntArray, category: IntArray) -> FloatArray:
    """Return the weights for P(rubric | category): a conditional logit on the main rubrics.

    Args:
        tables: Signals. Shape ``(notes, rubrics, signals)``.
        main: Place of each note's main rubric; below 0 where it is unknown. Shape ``(notes,)``.
        category: Each rubric's category. Shape ``(rubrics,)``.

    Returns:
        One weight for each signal but the category's.
    """
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
        scipy.optimize.minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds).x, np.float64
    )


def _bounds(names: Sequence[str]) -> list[tuple[float | None, float | None]]:
    """Return the range of each weight: what is denied never speaks for a rubric, whatever coders did with it."""
    return [(None, 0.0 if name == "denied" else None) for name in names]


def fit_sharpness(probabilities: FloatArray, is_seen: BoolArray, truth: BoolArray, k: int) -> float:
    """Return the power that makes "none of the best k" as frequent as it is.

    Args:
        probabilities: That each rubric is coded. Shape ``(notes, rubrics)``.
        is_seen: Whether a training note had it. Shape ``(rubrics,)``.
        truth: Which rubrics are coded. Shape ``(notes, rubrics)``.
        k: Length of the lists.
    """
    order = listed(probabilities, is_seen, k)
    missed = ~np.take_along_axis(truth, order, axis=1).any(axis=1)
    log_none = np.log1p(-np.minimum(np.take_along_axis(probabilities, order, axis=1), 1 - 1e-9)).sum(axis=1)

    def loss(log_power: float) -> float:
        log_p = np.minimum(np.exp(log_power) * log_none, -1e-9)
        return -float(np.where(missed, log_p, np.log(-np.expm1(log_p))).sum()) + log_power**2 / 2

    return float(np.exp(scipy.optimize.minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


def _log_softmax_by(scores: FloatArray, group: IntArray) -> FloatArray:
    result = np.empty_like(scores)
    for value in np.unique(group):
        members = group == value
        result[members] = special.log_softmax(scores[members])
    return result
