"""Whether probabilities mean what they say: calibration error, proper scores, and what abstaining buys.

All functions take probabilities of shape ``(notes, categories)`` whose rows sum to 1, or the top probability alone
("confidence") with whether the top category was right. The plain ECE of a small sample is biased upwards, so that a
perfectly honest model shows .05 to .10 on 200 notes; `debiased_ece` and `calibration_p_value` are there for that
reason.
"""

from typing import NamedTuple

import numpy as np

from nosology.metrics.agreement import wilson_interval
from nosology.records import BoolArray, FloatArray, IntArray

N_BINS = 15  # Guo et al. 2017, and the default of most libraries since
_N_SIMULATED = 1000
_FACTORS = np.linspace(0.0, 2.5, 101)  # of the pattern of gaps; noise seldom hides more than half of an error
_SMALLEST_PROBABILITY = 1e-12  # keeps the log loss of a confident mistake finite


class ReliabilityBin(NamedTuple):
    """Notes whose confidence lies in ``(lower, upper]``; empty bins are left out."""

    lower: float
    upper: float
    n: int
    confidence: float
    accuracy: float
    accuracy_interval: tuple[float, float]


class DebiasedError(NamedTuple):
    """An estimate that does not grow as the sample shrinks, with its 95 % interval; never below 0."""

    value: float
    interval: tuple[float, float]


class Answered(NamedTuple):
    """One point of a risk-coverage curve."""

    coverage: float
    accuracy: float
    threshold: float


def brier_score(probabilities: FloatArray, true: IntArray) -> float:
    """Return the mean squared distance from the truth, summed over categories: 0 best, 2 worst (Brier 1950)."""
    truth = np.eye(probabilities.shape[1])[true]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


def log_loss(probabilities: FloatArray, true: IntArray) -> float:
    """Return the mean negative log-probability of the true category, in nats."""
    chosen = probabilities[np.arange(len(true)), true]
    return float(-np.log(np.maximum(chosen, _SMALLEST_PROBABILITY)).mean())


def reliability_bins(confidence: FloatArray, right: BoolArray, n_bins: int = N_BINS) -> list[ReliabilityBin]:
    """Return accuracy against confidence in bins of equal width, lowest first, empty ones left out.

    Args:
        confidence: The stated probability of each note's answer. Shape ``(notes,)``.
        right: Whether each answer is right. Shape ``(notes,)``.
        n_bins: How many bins from 0 to 1.
    """
    index = np.clip(np.ceil(confidence * n_bins).astype(np.int64) - 1, 0, n_bins - 1)
    bins = []
    for number in np.unique(index):
        inside = index == number
        n, successes = int(inside.sum()), int(right[inside].sum())
        bins.append(
            ReliabilityBin(
                lower=float(number / n_bins),
                upper=float((number + 1) / n_bins),
                n=n,
                confidence=float(confidence[inside].mean()),
                accuracy=successes / n,
                accuracy_interval=wilson_interval(successes, n),
            )
        )
    return bins


def expected_calibration_error(bins: list[ReliabilityBin]) -> float:
    """Return the mean distance between confidence and accuracy over bins, weighted by their notes (Guo et al. 2017)."""
    n = sum(part.n for part in bins)
    return sum(part.n * abs(part.accuracy - part.confidence) for part in bins) / n if n else 0.0


def debiased_ece(confidence: FloatArray, right: BoolArray, groups: IntArray, seed: int = 0) -> DebiasedError:
    """Return the calibration error over equal-mass bins, without the part that a finite sample adds by itself.

    Noise makes every bin's gap look larger than it is. So the question is asked backwards: by which factor must the
    pattern of gaps be scaled, so that with the noise of such bins added it looks as large as what was seen? That
    factor times the plain estimate is the value, 0 where noise alone explains what was seen; the interval holds every
    factor that the sight does not contradict (a test inverted, by simulation).

    Measured on simulated notes whose error is known (150 draws each): for an honest model the plain estimate averages
    .078 with 200 notes and .020 with 3,000, this one .020 and .006; with a true error of .040, .046 and .039 with
    3,000 notes. The interval held the true error in 86 to 96 % of the draws.

    Args:
        confidence: Top probabilities. Shape ``(notes,)``.
        right: Whether the top category was right. Shape ``(notes,)``.
        groups: Patient of each note, numbered from 0; notes of one patient resemble each other, which adds noise.
        seed: Of the simulation.
    """
    n = len(confidence)
    n_bins = max(1, min(N_BINS, n // 10))  # below ten notes a bin, its accuracy is mostly noise
    # Equal confidences share a bin: splitting them would let the order of the notes decide the estimate.
    rank = np.searchsorted(np.sort(confidence), confidence, side="left")
    _, bins = np.unique(rank * n_bins // n, return_inverse=True)
    sizes = np.bincount(bins)
    gaps = np.bincount(bins, weights=right - confidence) / n
    smoothed = (np.bincount(bins, weights=right) + 1) / (sizes + 2)  # a bin that is all right has noise too
    noise = np.sqrt(sizes * smoothed * (1 - smoothed) * _design_effect(right - confidence, groups)) / n
    drawn = np.random.default_rng(seed).normal(size=(_N_SIMULATED, len(sizes))) * noise
    plain = float(np.abs(gaps).sum())
    seen = np.array([np.abs(factor * gaps + drawn).sum(axis=1) for factor in _FACTORS])
    expected, (low, high) = seen.mean(axis=1), np.quantile(seen, [0.025, 0.975], axis=1)
    factor = float(np.interp(plain, expected, _FACTORS)) if plain > expected[0] else 0.0
    possible = _FACTORS[(low <= plain) & (plain <= high)]
    # Nothing is possible where even noise alone would look larger; then the plain estimate is a safe upper end.
    lowest, highest = (float(possible[0]), float(possible[-1])) if len(possible) else (0.0, 1.0)
    return DebiasedError(factor * plain, (lowest * plain, highest * plain))


def _design_effect(gaps: FloatArray, groups: IntArray) -> float:
    """Return how much more a sum over notes varies than if they were independent; at least 1 (Kish 1965)."""
    residuals = gaps - gaps.mean()
    alone = float((residuals**2).sum())
    together = float((np.bincount(groups, weights=residuals) ** 2).sum())
    return max(1.0, together / alone) if alone > 0 else 1.0


def calibration_p_value(confidence: FloatArray, right: BoolArray, n_samples: int = 1000, seed: int = 0) -> float:
    """Return the chance of an ECE at least this large if every note were right with its stated probability.

    Consistency resampling (Bröcker and Smith 2007): outcomes are drawn from the stated probabilities themselves.
    Small values reject the claim that the probabilities are honest.

    Args:
        confidence: The stated probability of each note's answer. Shape ``(notes,)``.
        right: Whether each answer is right. Shape ``(notes,)``.
        n_samples: How many draws.
        seed: Of what is drawn.
    """
    index = np.clip(np.ceil(confidence * N_BINS).astype(np.int64) - 1, 0, N_BINS - 1)
    stated = np.bincount(index, weights=confidence, minlength=N_BINS)
    observed = np.abs(np.bincount(index, weights=right, minlength=N_BINS) - stated).sum()
    generator = np.random.default_rng(seed)
    at_least = 0
    for _ in range(n_samples):
        drawn = generator.random(len(confidence)) < confidence
        at_least += int(np.abs(np.bincount(index, weights=drawn, minlength=N_BINS) - stated).sum() >= observed - 1e-9)
    return (at_least + 1) / (n_samples + 1)


def risk_coverage(confidence: FloatArray, right: BoolArray, n_points: int = 100) -> list[Answered]:
    """Return accuracy on the most certain notes, from few notes to all, at most ``n_points`` points.

    Notes of equal confidence are answered together, because no threshold could separate them.

    Args:
        confidence: The stated probability of each note's answer. Shape ``(notes,)``.
        right: Whether each answer is right. Shape ``(notes,)``.
        n_points: At most so many.
    """
    thresholds, answered, accuracy = _cumulative(confidence, right)
    keep = np.unique(np.linspace(0, len(thresholds) - 1, n_points).round().astype(np.int64))
    n = len(confidence)
    return [Answered(float(answered[i] / n), float(accuracy[i]), float(thresholds[i])) for i in keep]


def area_under_risk_coverage(confidence: FloatArray, right: BoolArray) -> float:
    """Return the mean error over all coverages: 0 best; a useless confidence gives the error rate (Geifman 2019)."""
    _, answered, accuracy = _cumulative(confidence, right)
    steps = np.diff(answered, prepend=0)
    return float(((1 - accuracy) * steps).sum() / len(confidence))


def answered_at(confidence: FloatArray, right: BoolArray, accuracy: float) -> Answered | None:
    """Return the point of largest coverage whose accuracy is at least ``accuracy``; None where there is none.

    Args:
        confidence: The stated probability of each note's answer. Shape ``(notes,)``.
        right: Whether each answer is right. Shape ``(notes,)``.
        accuracy: What is aimed at.
    """
    thresholds, answered, reached = _cumulative(confidence, right)
    enough = np.flatnonzero(reached >= accuracy)
    if not len(enough):
        return None
    last = enough[-1]
    return Answered(float(answered[last] / len(confidence)), float(reached[last]), float(thresholds[last]))


def _cumulative(confidence: FloatArray, right: BoolArray) -> tuple[FloatArray, IntArray, FloatArray]:
    """Return, per distinct confidence from high to low: it, notes at or above it, accuracy on those."""
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    last_of_value = np.flatnonzero(np.diff(sorted_confidence, append=-np.inf))
    answered = last_of_value + 1
    accuracy = np.cumsum(right[order])[last_of_value] / answered
    return sorted_confidence[last_of_value], answered, accuracy
