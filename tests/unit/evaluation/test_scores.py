"""Judging answers: every figure of a system against brute force, comparisons against their definition."""

import random
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, f1_score, top_k_accuracy_score

from nosology import metrics
from nosology.classifier import calibration
from nosology.evaluation import scores
from nosology.evaluation.systems import Output
from nosology.metrics import INVALID

NAMES = ("Cardiovascular", "Respiratory", "Digestive")


def made_up(n: int = 120, seed: int = 0, *, invalid: float = 0.0, patients: int = 60, right: float = 0.6) -> Any:
    """Return the truth about notes and one system's answers, right about as often as said."""
    generator = np.random.default_rng(seed)
    true = generator.integers(3, size=n)
    scores_ = generator.normal(size=(n, 3))
    scores_[np.arange(n), true] += np.where(generator.random(n) < right, 3.0, 0.0)
    probabilities = np.exp(scores_) / np.exp(scores_).sum(axis=1, keepdims=True)
    predicted = np.where(generator.random(n) < invalid, INVALID, probabilities.argmax(axis=1))
    sex = ["F" if i % 2 else "M" for i in range(n)]
    truth = scores.Truth(
        true=true,
        names=NAMES,
        resamples=metrics.draw_resamples(np.arange(n) % patients, 150, seed=1),
        subgroups={"sex": sex},
        selective_accuracy=0.8,
        seed=0,
    )
    return truth, Output(predicted, None if invalid else probabilities, 2.0, "60 notes", {"C": 1.0})


def judged(truth: Any, output: Any, name: str = "base") -> Any:
    return scores.judge(name, output, truth, scores.resample(output, truth))


def notes_of(resamples: Any, row: Any) -> Any:
    """Return the notes of one resample, repeated as often as their patient was drawn."""
    return np.concatenate(
        [
            np.repeat(np.flatnonzero(resamples.group_of_note == group), weight)
            for group, weight in enumerate(resamples.weights[row])
        ]
    )


@pytest.mark.parametrize("invalid", [0.0, 0.2])
def test_resampled_figures_are_those_of_the_drawn_notes(invalid: float) -> None:
    truth, output = made_up(invalid=invalid)
    found = scores.resample(output, truth)
    for row in range(0, 150, 30):
        drawn = notes_of(truth.resamples, row)
        true, predicted = truth.true[drawn], output.predicted[drawn]
        assert found.accuracy[row] == pytest.approx((true == predicted).mean())
        expected = f1_score(true, predicted, labels=sorted(set(true.tolist())), average="macro", zero_division=0)
        assert found.macro_f1[row] == pytest.approx(expected)


def test_a_systems_figures_are_those_of_scikit_learn() -> None:
    truth, output = made_up()
    found = judged(truth, output)
    assert found.n == 120
    assert found.accuracy == pytest.approx((output.predicted == truth.true).mean())
    assert found.macro_f1 == pytest.approx(f1_score(truth.true, output.predicted, average="macro"))
    assert found.weighted_average.f1 == pytest.approx(f1_score(truth.true, output.predicted, average="weighted"))
    assert found.top3_accuracy == 1.0  # of three categories
    assert found.brier == pytest.approx(
        brier_score_loss(truth.true, output.probabilities, labels=range(3), scale_by_half=False)
    )
    assert found.accuracy_interval == metrics.wilson_interval(round(120 * found.accuracy), 120)
    assert found.notes_per_second == 60
    assert (found.trained_on, found.settings) == ("60 notes", {"C": 1.0})


def test_the_best_three_are_counted_as_scikit_learn_counts_them() -> None:
    generator = np.random.default_rng(3)
    probabilities, true = generator.dirichlet(np.ones(7), size=90), generator.integers(7, size=90)
    truth = scores.Truth(
        true, tuple("abcdefg"), metrics.draw_resamples(range(90), 100, 0), {}, selective_accuracy=0.9, seed=0
    )
    found = judged(truth, Output(probabilities.argmax(axis=1), probabilities, 1.0, ""))
    assert found.top3_accuracy == pytest.approx(top_k_accuracy_score(true, probabilities, k=3, labels=range(7)))


def test_answers_without_a_category_count_as_wrong_and_are_shown_by_true_category() -> None:
    truth, output = made_up(invalid=0.3)
    found = judged(truth, output)
    unread = output.predicted == INVALID
    assert found.invalid == unread.sum()
    assert found.invalid_share == pytest.approx(unread.mean())
    assert found.invalid_by_category == [int((unread & (truth.true == category)).sum()) for category in range(3)]
    counted = np.array(found.confusion_matrix).sum() + sum(found.invalid_by_category)
    assert counted == 120
    for row, (name, category) in zip(found.confusion_matrix, found.report.items(), strict=True):
        assert sum(row) + found.invalid_by_category[NAMES.index(name)] == category.support


def test_answers_without_probabilities_have_no_figures_of_probabilities() -> None:
    found = judged(*made_up(invalid=0.3))
    assert (found.ece, found.brier, found.log_loss, found.probabilities) == (None, None, None, None)
    assert (found.top3_accuracy, found.aurc, found.answered_at_target) == (None, None, None)
    assert (found.reliability, found.risk_coverage) == ([], [])


def test_the_reliability_diagram_holds_every_note_and_gives_the_error_shown() -> None:
    found = judged(*made_up())
    assert sum(part.n for part in found.reliability) == 120
    gaps = [part.n * abs(part.accuracy - part.confidence) for part in found.reliability]
    assert found.ece == pytest.approx(sum(gaps) / 120)


def test_the_share_answered_at_the_target_is_on_the_curve() -> None:
    truth, output = made_up(n=400)
    found = judged(truth, output)
    confidence = output.probabilities.max(axis=1)
    answered = np.sort(confidence)[::-1][: round(found.answered_at_target * 400)]
    right = (output.predicted == truth.true)[confidence >= answered.min()]
    assert right.mean() >= truth.selective_accuracy


def test_a_system_that_never_reaches_the_target_answers_nothing() -> None:
    truth, output = made_up()
    wrong = Output((truth.true + 1) % 3, np.eye(3)[(truth.true + 1) % 3], 1.0, "")
    assert judged(truth, wrong).answered_at_target == 0.0
    assert judged(truth, output).answered_at_target > 0


def test_groups_are_judged_on_their_own_notes() -> None:
    truth, output = made_up()
    rows = judged(truth, output).subgroups
    assert [(row.column, row.value, row.n) for row in rows] == [("sex", "F", 60), ("sex", "M", 60)]
    women = np.arange(120) % 2 == 1
    assert rows[0].accuracy == pytest.approx((output.predicted == truth.true)[women].mean())
    expected = f1_score(truth.true[women], output.predicted[women], average="macro")
    assert rows[0].macro_f1 == pytest.approx(expected)


def test_groups_are_compared_with_all_other_notes() -> None:
    truth, output = made_up()
    women, men = judged(truth, output).subgroups
    assert women.difference == pytest.approx(women.accuracy - men.accuracy)
    right = [round(60 * row.accuracy) for row in (women, men)]
    assert women.difference_interval == metrics.difference_interval((right[0], 60), (right[1], 60))


def test_each_category_is_told_from_the_rest() -> None:
    truth, output = made_up()
    found = judged(truth, output)
    told = metrics.detection(truth.true, output.predicted, output.probabilities, 3)
    assert [found.detection[name].model_dump() for name in NAMES] == [item._asdict() for item in told]
    assert [found.detection[name].sensitivity for name in NAMES] == pytest.approx(
        [found.report[name].recall for name in NAMES]
    )


@pytest.mark.parametrize(
    "values",
    [
        ["9–66 words", "67–1,082 words", "1,083–2,000 words"],
        ["0", "18-44", "45-64", "65-79", "80+"],
        ["ELECTIVE", "EMERGENCY", "not recorded"],
        ["ICD-9", "ICD-10"],
    ],
)
def test_groups_come_in_the_order_a_reader_expects(values: list[str]) -> None:
    shuffled = random.Random(0).sample(values, len(values))
    assert sorted(shuffled, key=scores._natural) == values


def test_a_comparison_counts_who_alone_was_right() -> None:
    truth, first = made_up(seed=1)
    second = Output(made_up(seed=1, right=0.1)[1].predicted, None, 1.0, "")
    outputs = {"tfidf": first, "base": second}
    (test,) = scores.compare(outputs, {name: scores.resample(output, truth) for name, output in outputs.items()}, truth)
    one, other = first.predicted == truth.true, second.predicted == truth.true
    assert (test.first, test.second) == ("tfidf", "base")
    assert (test.only_first_right, test.only_second_right) == ((one & ~other).sum(), (other & ~one).sum())
    assert test.accuracy_difference == pytest.approx(one.mean() - other.mean())
    assert test.mcnemar_p_value == metrics.mcnemar_p_value(test.only_first_right, test.only_second_right)
    low, high = test.accuracy_difference_interval
    assert low <= test.accuracy_difference <= high


def test_intervals_of_differences_are_paired() -> None:
    """Two systems that fail on the same notes differ by little, however uncertain each one's accuracy is."""
    truth, first = made_up(seed=2)
    nearly = first.predicted.copy()
    nearly[0] = (nearly[0] + 1) % 3
    outputs = {"tfidf": first, "tuned": Output(nearly, None, 1.0, "")}
    (test,) = scores.compare(outputs, {name: scores.resample(output, truth) for name, output in outputs.items()}, truth)
    width = np.subtract(*reversed(test.accuracy_difference_interval))
    alone = judged(truth, first).accuracy_interval
    assert width < 0.3 * (alone[1] - alone[0])


def test_p_values_are_adjusted_for_all_pairs() -> None:
    truth, first = made_up(seed=3, right=0.9)
    outputs = {"tfidf": first, "base": made_up(seed=3, right=0.2)[1], "tuned": made_up(seed=3, right=0.3)[1]}
    tests = scores.compare(outputs, {name: scores.resample(output, truth) for name, output in outputs.items()}, truth)
    assert [(test.first, test.second) for test in tests] == [("tfidf", "base"), ("tfidf", "tuned"), ("base", "tuned")]
    assert [test.mcnemar_p_value_holm for test in tests] == metrics.holm([test.mcnemar_p_value for test in tests])


@pytest.fixture(scope="module")
def calibrated() -> Any:
    """A calibration that was fitted on 300 notes, with 300 others."""
    generator = np.random.default_rng(5)
    true = generator.integers(3, size=600)
    logits = generator.normal(size=(600, 3))
    logits[np.arange(600), true] += 1.2
    log_probs = 3 * logits - np.logaddexp.reduce(3 * logits, axis=1, keepdims=True)
    fitted = calibration.fit(log_probs[:300], true[:300], selective_accuracy=0.8)
    truth = scores.Truth(true[300:], NAMES, metrics.draw_resamples(range(300), 100, 0), {}, 0.8, seed=0)
    return fitted, log_probs[300:], truth


def test_a_calibration_is_judged_before_and_after_on_the_same_notes(calibrated: Any) -> None:
    fitted, log_probs, truth = calibrated
    found = scores.judge_calibration(fitted, log_probs, truth, fitted_on_this_split=False)
    assert found.before == scores.judge_probabilities(np.exp(log_probs), truth)
    assert found.after == scores.judge_probabilities(fitted.apply(log_probs), truth)
    assert found.after.log_loss < found.before.log_loss
    assert found.after.calibration_p_value > found.before.calibration_p_value
    assert sum(part.n for part in found.reliability_before) == 300
    assert (found.n_notes, found.method, found.temperature) == (300, fitted.method, fitted.temperature)


@pytest.mark.parametrize(("power", "verdict"), [(1.0, "agree"), (6.0, "differ")])
def test_the_verdict_on_probabilities_agrees_with_its_tests(power: float, verdict: str) -> None:
    generator = np.random.default_rng(0)
    honest = generator.dirichlet(np.ones(3), size=800)
    true = np.array([generator.choice(3, p=row) for row in honest])
    truth = scores.Truth(true, NAMES, metrics.draw_resamples(range(800), 10, 0), {}, 0.8, seed=0)
    stated = honest**power / (honest**power).sum(axis=1, keepdims=True)
    found = scores.judge_probabilities(stated, truth)
    assert found.verdict == verdict
    assert (found.calibration_p_value < 0.05, found.ece_debiased_interval[0] > 0) == (power > 1, power > 1)


def test_answered_and_abstained_notes_make_up_all(calibrated: Any) -> None:
    fitted, log_probs, truth = calibrated
    found = scores.judge_calibration(fitted, log_probs, truth, fitted_on_this_split=False)
    accuracy = (fitted.apply(log_probs).argmax(axis=1) == truth.true).mean()
    together = found.answered_share * found.answered_accuracy + (1 - found.answered_share) * found.abstained_accuracy
    assert together == pytest.approx(accuracy)
    assert found.answered_accuracy > found.abstained_accuracy


def test_a_calibration_that_always_abstains_has_no_accuracy_on_answered_notes(calibrated: Any) -> None:
    fitted, log_probs, truth = calibrated
    silent = calibration.Calibration.from_json(fitted.to_json() | {"threshold": None})
    found = scores.judge_calibration(silent, log_probs, truth, fitted_on_this_split=True)
    assert (found.answered, found.answered_accuracy, found.answered_accuracy_interval) == (0, None, None)
    assert found.abstained_accuracy is not None
    assert found.fitted_on_this_split


def test_prediction_sets_grow_with_the_coverage_they_aim_at(calibrated: Any) -> None:
    fitted, log_probs, truth = calibrated
    found = scores.judge_calibration(fitted, log_probs, truth, fitted_on_this_split=False).conformal
    assert [(item.kind, item.target) for item in found] == [
        (kind, target) for kind in ("marginal", "per_category") for target in (0.8, 0.9, 0.95)
    ]
    for kind in ("marginal", "per_category"):
        sizes = [item.mean_size for item in found if item.kind == kind]
        assert sizes == sorted(sizes)
        assert all((kind == "marginal") <= size <= 3 for size in sizes)
        assert kind == "per_category" or all(item.empty_share == 0 for item in found if item.kind == kind)
    assert all(item.coverage == pytest.approx(item.target, abs=0.06) for item in found)
