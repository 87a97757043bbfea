"""Judging what `accuracy.py` scored: one system at a time, pairs of systems, prediction sets over random halves."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nosology import metrics
from nosology.classifier import calibration as calibrating

N_RESAMPLES = 2000
N_SPLITS = 200  # random halves of the judged notes behind the conformal coverage
FEWEST_TRAINING_NOTES = 30  # of a category that macro-F1 counts
SELECTIVE_ACCURACY = 0.9
HEADLINE = ("tfidf", "tfidf_parts", "tuned", "ensemble")
WITH_SETS = ("tuned", "ensemble")
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Notes(Protocol):
    """What judging needs of a task's notes."""

    categories: tuple[str, ...]
    true: dict[str, IntArray]
    train: IntArray


def load_chunks(folder: Path, split: str) -> dict[str, NDArray[Any]]:
    """Return a system's chunks of a split, joined."""
    files = [np.load(path) for path in sorted(folder.glob(f"{split}-*.npz"))]
    return {name: np.concatenate([file[name] for file in files]) for name in (files[0].files if files else ())}


def judge(name: str, log_probs: FloatArray, calibration: Any, notes: Notes, look: str) -> dict[str, Any]:
    """Return what one system reaches: accuracy, macro-F1, calibration before and after, sets, selective answers."""
    true = notes.true[look]
    raw, probabilities = np.exp(log_probs), calibration.apply(log_probs)
    predicted = probabilities.argmax(axis=1)
    right, confidence, groups = predicted == true, probabilities.max(axis=1), np.arange(len(true))
    counts = metrics.confusion_counts(true, predicted, len(notes.categories))
    f1, n_train = metrics.category_scores(counts).f1, np.bincount(notes.train, minlength=len(notes.categories))
    counted = (n_train >= FEWEST_TRAINING_NOTES) & (counts.sum(axis=1) > 0)
    debiased = metrics.debiased_ece(confidence, right, groups)
    answered = ~calibration.abstains(probabilities)
    best = metrics.answered_at(confidence, right, SELECTIVE_ACCURACY)
    result = {
        "accuracy": float(right.mean()),
        "accuracy_interval": metrics.wilson_interval(int(right.sum()), len(right)),
        "macro_f1": float(f1[counted].mean()),
        "macro_f1_categories": int(counted.sum()),
        "f1": {name: float(f1[i]) for i, name in enumerate(notes.categories) if counts[i].sum()},
        "calibration_method": calibration.method,
        "ece": metrics.expected_calibration_error(metrics.reliability_bins(confidence, right)),
        "ece_debiased": debiased.value,
        "ece_debiased_interval": debiased.interval,
        "calibration_p_value": metrics.calibration_p_value(confidence, right),
        "brier": [metrics.brier_score(raw, true), metrics.brier_score(probabilities, true)],
        "log_loss": [metrics.log_loss(raw, true), metrics.log_loss(probabilities, true)],
        "answered_share": float(answered.mean()),
        "answered_accuracy": float(right[answered].mean()) if answered.any() else None,
        "answered_share_at_best_threshold": best.coverage if best else 0.0,
        "aurc": metrics.area_under_risk_coverage(confidence, right),
        "conformal": _conformal(log_probs, true) if name in WITH_SETS else [],
    }
    return {"result": result, "predicted": predicted}


def _conformal(log_probs: FloatArray, true: IntArray) -> list[dict[str, Any]]:
    """Return coverage and size of prediction sets: fitted on one random half of the notes, read off the other."""
    found: dict[tuple[str, float], list[tuple[float, float, float]]] = {}
    generator = np.random.default_rng(0)
    for seed in range(N_SPLITS):
        order = generator.permutation(len(true))
        fitted_on, read_off = order[: len(order) // 2], order[len(order) // 2 :]
        calibration = calibrating.fit(log_probs[fitted_on], true[fitted_on], seed=seed)
        probabilities = calibration.apply(log_probs[read_off])
        for kind in ("marginal", "per_category"):
            for coverage in calibrating.COVERAGES:
                members = calibration.in_prediction_set(probabilities, coverage=coverage, kind=kind)
                covered, sizes = members[np.arange(len(read_off)), true[read_off]], members.sum(axis=1)
                figures = (float(covered.mean()), float(sizes.mean()), float((sizes == 0).mean()))
                found.setdefault((kind, coverage), []).append(figures)
    return [
        {
            "kind": kind,
            "target": target,
            **dict(zip(("coverage", "size", "empty"), np.mean(values, axis=0).tolist(), strict=True)),
        }
        for (kind, target), values in found.items()
    ]


def compare(predicted: dict[str, IntArray], true: IntArray) -> list[dict[str, Any]]:
    """Return the accuracy difference of every pair of headline systems, with interval and exact test."""
    resamples = metrics.draw_resamples(np.arange(len(true)), N_RESAMPLES, 0)
    names = [name for name in HEADLINE if name in predicted]
    tests = []
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            one, other = predicted[first] == true, predicted[second] == true
            draws = resamples.totals(other.astype(float) - one) / len(true)
            won, lost = int((other & ~one).sum()), int((one & ~other).sum())
            tests.append(
                {
                    "systems": [second, first],
                    "difference": (won - lost) / len(true),
                    "interval": metrics.percentile_interval(draws),
                    "mcnemar_p_value": metrics.mcnemar_p_value(won, lost),
                    "only_right": [won, lost],
                }
            )
    return tests


def judge_base(folder: Path, notes: Notes) -> dict[str, Any]:
    """Return the base model's accuracy in each of its ways, on the locked notes it was asked about."""
    chunks = load_chunks(folder / "base", "test")
    true, found = notes.true["test"][chunks["places"]], {}
    ways = {"base_strict": "strict", "base_lenient": "lenient", "base": "none", "base_length": "length"}
    for name, key in (ways | {"base_prior": "prior"}).items():
        predicted = chunks[key] if chunks[key].ndim == 1 else chunks[key].argmax(axis=1)
        n_right = int((predicted == true).sum())
        found[name] = {
            "n": len(true),
            "accuracy": n_right / len(true),
            "accuracy_interval": metrics.wilson_interval(n_right, len(true)),
            "invalid": int((predicted < 0).sum()),
        }
    return found


def print_table(task: str, found: dict[str, Any]) -> None:
    print(f"\n{task}: {found['n']:,} notes of the {found['look']} part, {found['n_train']:,} training notes")
    print(f"{'system':13} {'accuracy':>20} {'macro-F1':>9} {'ECE':>5} {'debiased':>18} {'p':>5} {'Brier':>12}", end="")
    print(f" {'log loss':>12} {'answered':>9} {'right':>6}")
    for name, item in found["systems"].items():
        low, high = item["accuracy_interval"]
        least, most = item["ece_debiased_interval"]
        right = item["answered_accuracy"]
        print(
            f"{name:13} {item['accuracy']:.3f} [{low:.3f}, {high:.3f}] {item['macro_f1']:9.3f} {item['ece']:5.3f} "
            f"{item['ece_debiased']:.3f} [{least:.3f},{most:.3f}] {item['calibration_p_value']:5.3f} "
            f"{item['brier'][0]:.3f}→{item['brier'][1]:.3f} {item['log_loss'][0]:.3f}→{item['log_loss'][1]:.3f} "
            f"{item['answered_share']:9.1%} {'' if right is None else f'{right:.1%}':>6}"
        )
    for name, item in (found["base"] or {}).items():
        low, high = item["accuracy_interval"]
        print(f"{name:13} {item['accuracy']:.3f} [{low:.3f}, {high:.3f}] on {item['n']}, {item['invalid']} unreadable")
    for test in found["tests"]:
        low, high = test["interval"]
        print(
            f"{test['systems'][0]} - {test['systems'][1]}: {100 * test['difference']:+.1f} points "
            f"[{100 * low:+.1f}, {100 * high:+.1f}], McNemar p = {test['mcnemar_p_value']:.2g}"
        )
    for name in ("tuned", "ensemble"):
        for item in found["systems"].get(name, {}).get("conformal", []):
            print(
                f"{name} {item['kind']} sets at {item['target']:.0%}: {item['coverage']:.1%} covered, "
                f"{item['size']:.2f} categories, {item['empty']:.1%} empty (mean of {N_SPLITS} splits)"
            )
