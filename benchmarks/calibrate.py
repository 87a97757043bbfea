"""What `nosology calibrate` makes of a few hundred notes of another style, over random splits of stored scores.

Nothing is scored: log-probabilities and true categories lie in ``.npz`` files, as `starter.py` leaves them under its
``--work``. Each split fits on some notes and judges the others; debiased calibration error and coverage of prediction
sets are means over splits, before and after::

    python benchmarks/calibrate.py --scores WORK/ohsumed-*.npz --run RUN --json FILE

Before is the run's own calibration, or bare probabilities where it holds none. Two systems are blended as an ensemble
is: before with the run's exponents, after with those that each split's notes give (``--system tuned words``).
"""

from pathlib import Path
from typing import Any

import numpy as np

import harness

N_SPLITS = 200
COVERAGE = 0.9


def main() -> None:
    """Judge every split, print the means, and write them as JSON where asked."""
    parser = harness.parser(__doc__)
    parser.add_argument("--scores", type=Path, nargs="+", required=True, help="files of log-probabilities and `true`")
    parser.add_argument("--system", nargs="+", default=["tuned"], help="array of log-probabilities, or two to blend")
    parser.add_argument("--run", default=None, help="whose own calibration stands before")
    parser.add_argument("--notes", type=int, default=300, help="notes that each split calibrates on")
    parser.add_argument("--splits", type=int, default=N_SPLITS)
    options = parser.parse_args()
    pieces = [np.load(path) for path in sorted(options.scores)]
    members = [np.concatenate([piece[name] for piece in pieces]) for name in options.system]
    true = np.concatenate([piece["true"] for piece in pieces])
    found = judge(members, true, *own(options.run, len(members)), options.notes, options.splits)
    harness.print_table(
        [{"when": when, **values} for when, values in found.items()],
        {"when": "", "ece_debiased": ".3f", "coverage": ".3f", "log_loss": ".3f", "set_size": ".2f"},
    )
    settings = {key: str(value) for key, value in vars(options).items()} | {"n": len(true)}
    harness.write_report(options.json, {"settings": settings, "measurements": [found]})


def own(name: str | None, n_members: int) -> tuple[Any, tuple[float, float]]:
    """Return the calibration that a run came with, None where it holds none, and how its ensemble is blended."""
    from nosology.classifier.calibration import Calibration
    from nosology.classifier.ensemble import Ensemble
    from nosology.runs.run import Run

    run = Run.open(name) if name else None
    ensemble = Ensemble.load(run.files.ensemble) if run else None
    if n_members == 2 and ensemble is not None:
        return ensemble.calibration, ensemble.exponents
    return Calibration.load(run.files.calibration) if run else None, (0.5, 0.5)


def judge(
    members: list[Any], true: Any, own: Any, exponents: tuple[float, float], n_notes: int, n_splits: int
) -> dict[str, dict[str, float]]:
    """Return mean figures before and after over random splits.

    Args:
        members: Natural-log probabilities of one system, or of two to blend. Shape ``(notes, categories)`` each.
        true: Indices of the true categories. Shape ``(notes,)``.
        own: The calibration before; None for bare probabilities, whose sets hold nothing to judge.
        exponents: How two are blended before.
        n_notes: Notes that each split calibrates on; the others judge.
        n_splits: How many.
    """
    from nosology.classifier import calibration as calibrating
    from nosology.classifier.ensemble import blend, fit_exponents

    before = after = members[0]
    if n_notes >= len(true):
        raise SystemExit(f"{len(true)} notes leave none to judge on beside {n_notes}")
    rows: dict[str, list[dict[str, float]]] = {"before": [], "after": []}
    for seed in range(n_splits):
        order = np.random.default_rng(seed).permutation(len(true))
        fitted_on, judged = order[:n_notes], order[n_notes:]
        if len(members) == 2:
            before = blend(exponents, *members)
            after = blend(fit_exponents(*(member[fitted_on] for member in members), true[fitted_on]), *members)
        fitted = calibrating.fit(after[fitted_on], true[fitted_on], coverage=COVERAGE, seed=seed)
        for when, log_probs, calibration in (("before", before, own), ("after", after, fitted)):
            rows[when].append(_figures(log_probs[judged], true[judged], calibration, seed))
    return {
        when: {name: float(np.mean([row[name] for row in every])) for name in every[0]} for when, every in rows.items()
    }


def _figures(log_probs: Any, true: Any, calibration: Any, seed: int) -> dict[str, float]:
    from nosology import metrics

    probabilities = calibration.apply(log_probs) if calibration else np.exp(log_probs)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == true
    every = np.ones_like(probabilities, dtype=bool)
    members = calibration.in_prediction_set(probabilities) if calibration else every
    return {
        "ece_debiased": metrics.debiased_ece(confidence, right, np.arange(len(true)), seed).value,
        "coverage": float(members[np.arange(len(true)), true].mean()),
        "set_size": float(members.sum(axis=1).mean()),
        "log_loss": metrics.log_loss(probabilities, true),
        "accuracy": float(right.mean()),
    }


if __name__ == "__main__":
    main()
