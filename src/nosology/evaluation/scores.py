"""Judging answers: one `SystemResult` a system, one `Comparison` a pair, and the calibration's own result.

Everything is computed from arrays by `nosology.metrics`; this module only decides what is computed of what, and gives
it the names that `nosology.runs.results` documents. All systems share one set of bootstrap draws, so differences are
paired.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from nosology import metrics
from nosology.classifier.calibration import Calibration, SetKind
from nosology.evaluation.systems import Output
from nosology.metrics import INVALID, Resamples
from nosology.records import BoolArray, FloatArray, IntArray
from nosology.runs.results import (
    Averages,
    Bin,
    CalibrationResult,
    CategoryDetection,
    CategoryScores,
    Comparison,
    ConformalResult,
    ConfusedPair,
    CoveragePoint,
    ProbabilityScores,
    Subgroup,
    SystemResult,
    Verdict,
)
from nosology.runs.systems import SYSTEMS

SIGNIFICANT = 0.05
VERDICTS: tuple[Verdict, Verdict, Verdict] = ("agree", "unclear", "differ")
"""Of stated probabilities, by how many of two tests reject that they are honest."""


@dataclass(frozen=True)
class Truth:
    """The notes that answers are judged on.

    Attributes:
        true: Indices of the true categories. Shape ``(notes,)``.
        names: The label set's categories.
        resamples: Bootstrap draws over the patients of these notes.
        subgroups: Per column, the value of each note.
        selective_accuracy: Accuracy asked for on answered notes.
        seed: Of simulated noise.
    """

    true: IntArray
    names: tuple[str, ...]
    resamples: Resamples
    subgroups: Mapping[str, list[str]]
    selective_accuracy: float
    seed: int


@dataclass(frozen=True)
class Resampled:
    """Accuracy and macro-F1 of one system in every resample. Shapes ``(resamples,)``."""

    accuracy: FloatArray
    macro_f1: FloatArray


def resample(output: Output, truth: Truth) -> Resampled:
    """Return a system's accuracy and macro-F1 in every resample; the same draws for every system."""
    n_categories = len(truth.names)
    width = n_categories + 1
    columns = np.where(output.predicted == INVALID, n_categories, output.predicted)
    cells, present = truth.true * width + columns, n_categories * width
    counts = truth.resamples.cell_totals(cells, present).reshape(-1, n_categories, width)
    right = np.diagonal(counts, axis1=1, axis2=2).sum(axis=1)
    support = counts.sum(axis=2)
    return Resampled(
        accuracy=right / support.sum(axis=1),
        macro_f1=metrics.macro_average(metrics.category_scores(counts).f1, support),
    )


def judge(name: str, output: Output, truth: Truth, resampled: Resampled) -> SystemResult:
    """Return everything that is said of one system.

    Args:
        name: The system's name.
        output: What it said of every note.
        truth: What is right, and how to resample it.
        resampled: Its figures on every resample.
    """
    n, right = len(truth.true), output.predicted == truth.true
    counts = metrics.confusion_counts(truth.true, output.predicted, len(truth.names))
    scores, support = metrics.category_scores(counts), counts.sum(axis=1)
    macro, weighted = (
        Averages(**{field: float(average(values, support)) for field, values in scores._asdict().items()})
        for average in (metrics.macro_average, metrics.weighted_average)
    )
    honesty = None if output.probabilities is None else judge_probabilities(output.probabilities, truth)
    confidence = None if output.probabilities is None else output.probabilities.max(axis=1)
    return SystemResult(
        title=SYSTEMS[name].title,
        description=SYSTEMS[name].description,
        trained_on=output.trained_on,
        settings=output.settings,
        n=n,
        accuracy=float(right.mean()),
        accuracy_interval=metrics.wilson_interval(int(right.sum()), n),
        macro_f1=macro.f1,
        macro_f1_interval=metrics.percentile_interval(resampled.macro_f1),
        macro_average=macro,
        weighted_average=weighted,
        top3_accuracy=_top3_accuracy(output.probabilities, truth.true),
        ece=honesty.ece if honesty else None,
        brier=honesty.brier if honesty else None,
        log_loss=honesty.log_loss if honesty else None,
        probabilities=honesty,
        invalid=int((output.predicted == INVALID).sum()),
        invalid_share=float((output.predicted == INVALID).mean()),
        invalid_by_category=counts[:, -1].tolist(),
        report=_report(scores, support, truth.names),
        detection=_detection(output, truth),
        confusion_matrix=counts[:, :-1].tolist(),
        confused_pairs=_confused_pairs(counts, truth.names),
        reliability=[] if confidence is None else reliability(confidence, right),
        risk_coverage=[] if confidence is None else _risk_coverage(confidence, right),
        aurc=None if confidence is None else metrics.area_under_risk_coverage(confidence, right),
        answered_at_target=_answered_at(confidence, right, truth.selective_accuracy),
        subgroups=_subgroups(output.predicted, truth),
        seconds=output.seconds,
        notes_per_second=n / output.seconds if output.seconds > 0 else 0.0,
    )


def judge_probabilities(probabilities: FloatArray, truth: Truth) -> ProbabilityScores:
    """Return how honest probabilities are. Shape ``(notes, categories)``."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth.true
    debiased = metrics.debiased_ece(confidence, right, truth.resamples.group_of_note, seed=truth.seed)
    p_value = metrics.calibration_p_value(confidence, right, seed=truth.seed)
    return ProbabilityScores(
        ece=metrics.expected_calibration_error(metrics.reliability_bins(confidence, right)),
        ece_debiased=debiased.value,
        ece_debiased_interval=debiased.interval,
        calibration_p_value=p_value,
        verdict=VERDICTS[int(p_value < SIGNIFICANT) + int(debiased.interval[0] > 0)],
        brier=metrics.brier_score(probabilities, truth.true),
        log_loss=metrics.log_loss(probabilities, truth.true),
    )


def reliability(confidence: FloatArray, right: BoolArray) -> list[Bin]:
    """Return the bars of a reliability diagram. Shapes ``(notes,)``."""
    return [Bin(**part._asdict()) for part in metrics.reliability_bins(confidence, right)]


def compare(outputs: Mapping[str, Output], resampled: Mapping[str, Resampled], truth: Truth) -> list[Comparison]:
    """Return every pair of systems, compared on the same notes; p-values are also adjusted for the number of pairs.

    Args:
        outputs: What each system said.
        resampled: Its figures on every resample.
        truth: What is right, and how to resample it.
    """
    pairs = list(combinations(outputs, 2))
    p_values, only_right = [], []
    for first, second in pairs:
        one, other = (outputs[name].predicted == truth.true for name in (first, second))
        only_right.append((int((one & ~other).sum()), int((other & ~one).sum())))
        p_values.append(metrics.mcnemar_p_value(*only_right[-1]))
    n = len(truth.true)
    comparisons = []
    for (first, second), (won, lost), p, adjusted in zip(
        pairs, only_right, p_values, metrics.holm(p_values), strict=True
    ):
        by_accuracy = resampled[first].accuracy - resampled[second].accuracy
        by_f1 = resampled[first].macro_f1 - resampled[second].macro_f1
        comparisons.append(
            Comparison(
                first=first,
                second=second,
                accuracy_difference=(won - lost) / n,
                accuracy_difference_interval=metrics.percentile_interval(by_accuracy),
                macro_f1_difference=_macro_f1(outputs[first], truth) - _macro_f1(outputs[second], truth),
                macro_f1_difference_interval=metrics.percentile_interval(by_f1),
                bootstrap_p_value=metrics.bootstrap_p_value(by_accuracy),
                only_first_right=won,
                only_second_right=lost,
                mcnemar_p_value=p,
                mcnemar_p_value_holm=adjusted,
            )
        )
    return comparisons


def judge_calibration(
    calibration: Calibration, log_probs: FloatArray, truth: Truth, *, fitted_on_this_split: bool
) -> CalibrationResult:
    """Return what a calibration does on the evaluated notes.

    Args:
        calibration: Fitted on validation notes.
        log_probs: The tuned model's, uncalibrated. Shape ``(notes, categories)``.
        truth: The evaluated notes.
        fitted_on_this_split: Said in the report where true.
    """
    raw, probabilities = np.exp(log_probs), calibration.apply(log_probs)
    right = probabilities.argmax(axis=1) == truth.true
    answered = ~calibration.abstains(probabilities)
    n_answered, n_right = int(answered.sum()), int(right[answered].sum())
    kinds: tuple[SetKind, ...] = ("marginal", "per_category")
    return CalibrationResult(
        method=calibration.method,
        temperature=calibration.temperature,
        n_notes=calibration.n_notes,
        candidates=dict(calibration.candidates),
        before=judge_probabilities(raw, truth),
        after=judge_probabilities(probabilities, truth),
        reliability_before=reliability(raw.max(axis=1), raw.argmax(axis=1) == truth.true),
        fitted_on_this_split=fitted_on_this_split,
        selective_accuracy=calibration.selective_accuracy,
        threshold=calibration.threshold,
        answered=n_answered,
        answered_share=n_answered / len(right),
        answered_accuracy=n_right / n_answered if n_answered else None,
        answered_accuracy_interval=metrics.wilson_interval(n_right, n_answered) if n_answered else None,
        abstained_accuracy=float(right[~answered].mean()) if n_answered < len(right) else None,
        conformal=[
            _conformal(calibration, probabilities, truth, kind, item.coverage)
            for kind in kinds
            for item in calibration.conformal
        ],
    )


def _conformal(
    calibration: Calibration, probabilities: FloatArray, truth: Truth, kind: SetKind, coverage: float
) -> ConformalResult:
    members = calibration.in_prediction_set(probabilities, coverage=coverage, kind=kind)
    covered, sizes = members[np.arange(len(truth.true)), truth.true], members.sum(axis=1)
    stored = next(item for item in calibration.conformal if item.coverage == coverage)
    return ConformalResult(
        kind=kind,
        target=coverage,
        coverage=float(covered.mean()),
        coverage_interval=metrics.wilson_interval(int(covered.sum()), len(covered)),
        mean_size=float(sizes.mean()),
        single_share=float((sizes == 1).mean()),
        empty_share=float((sizes == 0).mean()),
        fallback_categories=[truth.names[i] for i in stored.fallback] if kind == "per_category" else [],
    )


def _macro_f1(output: Output, truth: Truth) -> float:
    counts = metrics.confusion_counts(truth.true, output.predicted, len(truth.names))
    return float(metrics.macro_average(metrics.category_scores(counts).f1, counts.sum(axis=1)))


def _report(scores: metrics.Scores, support: IntArray, names: tuple[str, ...]) -> dict[str, CategoryScores]:
    return {
        name: CategoryScores(
            precision=float(scores.precision[i]),
            recall=float(scores.recall[i]),
            f1=float(scores.f1[i]),
            support=int(support[i]),
        )
        for i, name in enumerate(names)
    }


def _detection(output: Output, truth: Truth) -> dict[str, CategoryDetection]:
    told = metrics.detection(truth.true, output.predicted, output.probabilities, len(truth.names))
    return {name: CategoryDetection(**one._asdict()) for name, one in zip(truth.names, told, strict=True)}


def _confused_pairs(counts: IntArray, names: tuple[str, ...]) -> list[ConfusedPair]:
    support = counts.sum(axis=1)
    return [
        ConfusedPair(
            true=names[pair.true], predicted=names[pair.predicted], n=pair.n, share=float(pair.n / support[pair.true])
        )
        for pair in metrics.confused_pairs(counts)
    ]


def _top3_accuracy(probabilities: FloatArray | None, true: IntArray) -> float | None:
    if probabilities is None:
        return None
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :3]
    return float((best == true[:, None]).any(axis=1).mean())


def _risk_coverage(confidence: FloatArray, right: BoolArray) -> list[CoveragePoint]:
    return [CoveragePoint(**point._asdict()) for point in metrics.risk_coverage(confidence, right)]


def _answered_at(confidence: FloatArray | None, right: BoolArray, target: float) -> float | None:
    if confidence is None:
        return None
    point = metrics.answered_at(confidence, right, target)
    return point.coverage if point else 0.0


def _subgroups(predicted: IntArray, truth: Truth) -> list[Subgroup]:
    rows = []
    for column, values in truth.subgroups.items():
        of_note = np.array(values)
        for value in sorted(set(values), key=_natural):
            inside = of_note == value
            true, answers = truth.true[inside], predicted[inside]
            counts = metrics.confusion_counts(true, answers, len(truth.names))
            n, right = int(inside.sum()), int((answers == true).sum())
            others = int((predicted == truth.true).sum()) - right, len(predicted) - n
            rows.append(
                Subgroup(
                    column=column,
                    value=value,
                    n=n,
                    accuracy=right / n,
                    accuracy_interval=metrics.wilson_interval(right, n),
                    macro_f1=float(metrics.macro_average(metrics.category_scores(counts).f1, counts.sum(axis=1))),
                    difference=right / n - others[0] / others[1],
                    difference_interval=metrics.difference_interval((right, n), others),
                )
            )
    return rows


def _natural(value: str) -> tuple[float, str]:
    """Return a sorting key that puts bands ("67–82 words", "45-64", "80+") in the order of their first number."""
    number = re.search(r"\d[\d,]*", value)
    return (float(number[0].replace(",", "")) if number else float("inf"), value)
