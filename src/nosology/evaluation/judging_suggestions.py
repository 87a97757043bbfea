"""How good rankings of rubrics are, and how honest the probabilities beside them: all codes of a note are the truth."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy import special

from nosology import metrics
from nosology.config import EvaluateConfig
from nosology.evaluation.coded_notes import Coded
from nosology.records import BoolArray, FloatArray, IntArray
from nosology.runs.suggestion_results import Estimate, RankedSystem, ReliabilityBin, SuggestionResults
from nosology.suggesting.mixture import listed
from nosology.suggesting.suggester import Suggester

K = 10
N_NEIGHBOURS = 20
_BINS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

SYSTEMS = {
    "prior": ("Frequency prior", "The most frequent rubrics of the training notes, the same for every note."),
    "neighbours": ("TF-IDF neighbours", f"Rubrics of the {N_NEIGHBOURS} most similar training notes, by similarity."),
    "linear": ("TF-IDF one-vs-rest", "A linear SVM per rubric over TF-IDF of words and word pairs."),
    "model": ("Language model alone", "P(category) times P(rubric | category), as the tuned model reads the titles."),
    "words": ("Words and titles alone", "The suggester without the language model: its weights fitted anew."),
    "terms": (
        "Names of diseases alone",
        "The lexicon without any training note: its weights fitted on validation notes.",
    ),
    "suggester": ("Suggester", "All signals together, as `nosology suggest` ranks."),
}


Ranking = dict[str, tuple[FloatArray, float]]
"""Scores of every rubric, shape ``(notes, rubrics)``, and seconds, by system."""


def judge(
    suggester: Suggester,
    ranking: Ranking,
    train: Coded,
    test: Coded,
    config: EvaluateConfig,
    left_out: FloatArray,
    n_fit_notes: int,
) -> SuggestionResults:
    """Return how good every ranking is, and how honest the suggester's probabilities are.

    Args:
        suggester: What suggests.
        ranking: What each system said, by name.
        train: The training notes with their codes.
        test: The evaluated notes with their codes.
        config: How to judge.
        left_out: Probability that was not looked into. Shape ``(notes,)``.
        n_fit_notes: How many notes it was fitted on.
    """
    groups = [patient or note for patient, note in test.notes.select("patient_id", "note_id").iter_rows()]
    resamples = metrics.draw_resamples(groups, config.bootstrap_samples, config.seed)
    ones = resamples.totals(np.ones(len(groups)))

    def estimate(values: FloatArray) -> Estimate:
        interval = metrics.percentile_interval(resamples.totals(values) / ones)
        return Estimate(value=float(values.mean()), interval=interval)

    is_seen = suggester.known.is_seen
    order, said, right, honest = _said(ranking["suggester"][0], test.truth, is_seen)
    unseen_share, unseen_recall = _unseen(order, test.truth, is_seen)
    ranking = ranking | {name: _listed_first(*ranking[name], is_seen) for name in ("words", "suggester")}
    return SuggestionResults(
        n=len(test.notes),
        n_rubrics=len(suggester.table),
        n_seen=int(suggester.known.is_seen.sum()),
        n_train_notes=len(train.notes),
        n_validation_notes=n_fit_notes,
        rubrics_a_note=float(test.truth.sum(axis=1).mean()),
        unseen_share=unseen_share,
        unseen_recall_10=unseen_recall,
        systems={name: _ranked(name, *scored, test, estimate) for name, scored in ranking.items()},
        reliability=_reliability(said.ravel(), right.ravel()),
        debiased_ece=honest,
        none_of_these=estimate(np.array([suggester.fitted.mixture.none_of(row) for row in said])),
        none_was_right=estimate(1 - metrics.hit_rate(right, K)),
        mass_left_out=float(left_out.mean()),
    )


def _said(odds: FloatArray, truth: BoolArray, is_seen: BoolArray) -> tuple[IntArray, FloatArray, BoolArray, Estimate]:
    """Return what is listed, how probable it is said to be, whether it is coded, and how far off what is said is."""
    order = listed(special.expit(odds), is_seen, K)
    said = special.expit(np.take_along_axis(odds, order, axis=1))
    right = np.take_along_axis(truth, order, axis=1)
    numbers = np.repeat(np.arange(len(said), dtype=np.int64), said.shape[1])
    honest = metrics.debiased_ece(said.ravel(), right.ravel(), numbers)
    return order, said, right, Estimate(value=honest.value, interval=honest.interval)


def _ranked(
    name: str, scores: FloatArray, seconds: float, test: Coded, estimate: Callable[[FloatArray], Estimate]
) -> RankedSystem:
    """Return how good one system's ranking is."""
    main = np.zeros_like(test.truth)
    main[np.arange(len(main)), [places[0] for places in test.places]] = True
    right, right_main = metrics.ranked_truth(scores, test.truth), metrics.ranked_truth(scores, main)
    title, description = SYSTEMS[name]
    return RankedSystem(
        title=title,
        description=description,
        **{f"hit_{k}": estimate(metrics.hit_rate(right, k)) for k in (1, 5, 10)},
        **{f"recall_{k}": estimate(metrics.recall(right, k)) for k in (1, 5, 10)},
        mrr=estimate(metrics.reciprocal_rank(right)),
        mean_average_precision=estimate(metrics.average_precision(right)),
        main_1=estimate(metrics.hit_rate(right_main, 1)),
        main_10=estimate(metrics.hit_rate(right_main, 10)),
        seconds=seconds,
    )


def _listed_first(log_odds: FloatArray, seconds: float, is_seen: BoolArray) -> tuple[FloatArray, float]:
    """Return log-odds with those of the rubrics that are listed raised alike, above all others; and the seconds."""
    raised = log_odds.copy()
    order = listed(special.expit(log_odds), is_seen, K)
    np.put_along_axis(raised, order, np.take_along_axis(log_odds, order, axis=1) + np.ptp(log_odds) + 1, axis=1)
    return raised, seconds


def _unseen(order: IntArray, truth: BoolArray, is_seen: BoolArray) -> tuple[float, float | None]:
    """Return which share of coded rubrics no training note had, and how many of them were listed; None without any."""
    unseen, found = truth & ~is_seen, np.zeros_like(truth)
    np.put_along_axis(found, order, True, axis=1)
    recall = float((unseen & found).sum() / unseen.sum()) if unseen.any() else None
    return float(unseen.sum() / truth.sum()), recall


def _reliability(probabilities: FloatArray, right: BoolArray) -> list[ReliabilityBin]:
    bins = []
    for lower, upper in pairwise(_BINS):
        inside = (probabilities > lower) & (probabilities <= upper)
        if inside.any():
            said, came = float(probabilities[inside].mean()), float(right[inside].mean())
            n = int(inside.sum())
            bins.append(ReliabilityBin(lower=lower, upper=upper, n=n, probability=said, share_right=came))
    return bins
