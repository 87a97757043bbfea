"""What `nosology calibrate` makes of a few hundred notes of another style, over random splits of stored scores.

Nothing is scored: log-probabilities and true categories lie in ``.npz`` files, as `starter.py` leaves them under its
``--work``. Each split fits on some notes and judges the others; debiased calibration error and coverage of prediction
sets are means over splits, before and after::

    python benchmarks/calibrate.py --scores WORK/ohsumed-*.npz --run RUN --json FILE

Before is the run's own calibration, or bare probabilities where it holds none.
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
    parser.add_argument("--system", default="tuned", help="array of log-probabilities")
    parser.add_argument("--run", default=None, help="whose own calibration stands before")
    parser.add_argument("--notes", type=int, default=300, help="notes that each split calibrates on")
    parser.add_argument("--splits", type=int, default=N_SPLITS)
    options = parser.parse_args()
    pieces = [np.load(path) for path in sorted(options.scores)]
    log_probs = np.concatenate([piece[options.system] for piece in pieces])
    true = np.concatenate([piece["true"] for piece in pieces])
    found = judge(log_probs, true, own_calibration(options.run), options.notes, options.splits)
    harness.print_table(
        [{"when": when, **values} for when, values in found.items()],
        {"when": "", "ece_debiased": ".3f", "coverage": ".3f", "log_loss": ".3f", "set_size": ".2f"},
    )
    settings = {key: str(value) for key, value in vars(options).items()} | {"n": len(true)}
    harness.write_report(options.json, {"settings": settings, "measurements": [found]})


def own_calibration(run: str | None) -> Any:
    """Return the calibration that a run came with; None where it holds none."""
    from nosology.classifier.calibration import Calibration
    from nosology.runs.run import Run

    return Calibration.load(Run.open(run).files.calibration) if run else None


def judge(log_probs: Any, true: Any, own: Any, n_notes: int, n_splits: int) -> dict[str, dict[str, float]]:
    """Return mean figures before and after over random splits.

    Args:
        log_probs: Natural-log probabilities. Shape ``(notes, categories)``.
        true: Indices of the true categories. Shape ``(notes,)``.
        own: The calibration before; None for bare probabilities, whose sets hold nothing to judge.
        n_notes: Notes that each split calibrates on; the others judge.
        n_splits: How many.
    """
    from nosology.classifier import calibration as calibrating

    if n_notes >= len(true):
        raise SystemExit(f"{len(true)} notes leave none to judge on beside {n_notes}")
    rows: dict[str, list[dict[str, float]]] = {"before": [], "after": []}
    for seed in range(n_splits):
        order = np.random.default_rng(seed).permutation(len(true))
        fitted_on, judged = order[:n_notes], order[n_notes:]
        fitted = calibrating.fit(log_probs[fitted_on], true[fitted_on], coverage=COVERAGE, seed=seed)
        for when, calibration in (("before", own), ("after", fitted)):
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
