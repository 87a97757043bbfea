"""What training against demands inside notes costs where notes hold none.

Two runs learn from the same notes of a dataset with the same settings and seed, one with a share of the notes holding a
demand for a wrong category, one without. Both then read the same notes, which neither learned from and which hold no
demand; accuracies are compared note by note. Runs and log-probabilities lie under ``--work``; a killed run goes on
where it stopped::

    python benchmarks/demands_cost.py DATASET --config configs/demo.yaml --notes 1200 --work WORK --json FILE
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import harness

SHARES = {"with": None, "without": 0.0}
"""Of the notes that hold a demand in training; None for what the configuration says."""
N_RESAMPLES = 2000


def main() -> None:
    """Train both, read, compare, and write JSON where asked."""
    parser = harness.parser(__doc__)
    parser.add_argument("dataset", type=Path, help="a prepared dataset")
    parser.add_argument("--config", type=Path, required=True, help="settings of both trainings")
    parser.add_argument("--notes", type=int, default=1200, help="notes to read, drawn once")
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps runs and readings")
    parser.add_argument("--with-run", type=Path, default=None, help="take this run for the training with demands")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    runs = {
        name: options.with_run if name == "with" and options.with_run else _trained(name, options) for name in SHARES
    }
    texts, true, patients = _unread(options.dataset, list(runs.values()), options.notes)
    right = {name: _read(name, run, texts, options.work).argmax(axis=1) == true for name, run in runs.items()}
    found = compare(right, patients)
    harness.print_table([found], {"n": "d", "with": ".3f", "without": ".3f", "difference": "+.4f", "low": "+.4f"})
    settings = {key: str(value) for key, value in vars(options).items() if key != "json"}
    harness.write_report(options.json, {"settings": settings, "measurements": [found]})


def compare(right: dict[str, NDArray[np.bool_]], patients: list[str]) -> dict[str, Any]:
    """Return both accuracies and their difference with its 95 % interval over patients.

    Args:
        right: By name of the training, which notes were right. Shape ``(notes,)`` each.
        patients: Whose each note is.
    """
    from nosology import metrics

    difference = right["with"].astype(float) - right["without"]
    draws = metrics.draw_resamples(np.array(patients), N_RESAMPLES, 0)
    low, high = metrics.percentile_interval(draws.totals(difference) / draws.totals(np.ones(len(patients))))
    shares = {name: float(hits.mean()) for name, hits in right.items()}
    return {"n": len(patients)} | shares | {"difference": float(difference.mean()), "low": low, "high": high}


def _trained(name: str, options: Any) -> Path:
    from nosology.config import load_config
    from nosology.runs.files import RunFiles
    from nosology.training import train

    run: Path = options.work / name
    if not RunFiles(run).manifest.exists():
        share = SHARES[name]
        overrides = [] if share is None else [f"train.demands={share}"]
        train(options.dataset, run, load_config(options.config, overrides), resume=RunFiles(run).config.exists())
    return run


def _unread(dataset: Path, runs: list[Path], n_notes: int) -> tuple[list[str], NDArray[np.int64], list[str]]:
    """Return texts, places of categories and patients of notes that no run learned from or was chosen by."""
    from nosology.dataset.folder import open_dataset
    from nosology.runs.run import Run

    found = open_dataset(dataset)
    known = {note for run in runs for note in Run.open(run).train_note_ids()}
    notes = found.notes()
    notes = notes.filter([note not in known for note in notes["note_id"]])
    places = np.random.default_rng(0).permutation(len(notes))[:n_notes]
    notes = notes[places]
    true = np.array([found.labels.index(category) for category in notes["category"]], np.int64)
    return notes["clean_text"].to_list(), true, notes["patient_id"].to_list()


def _read(name: str, run: Path, texts: list[str], work: Path) -> NDArray[np.float64]:
    from nosology.classifier.classifier import Classifier

    path = work / f"{name}-{len(texts)}.npy"
    if not path.exists():
        partial = path.with_suffix(f".{os.getpid()}.npy")
        np.save(partial, Classifier.load(run, system="tuned").log_probs(texts))
        os.replace(partial, path)
    values: NDArray[np.float64] = np.load(path)
    return values


if __name__ == "__main__":
    main()
