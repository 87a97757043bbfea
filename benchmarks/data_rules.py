"""What the label rule and the leak rule change: losses, labels, and how much a simple classifier gains by the leak.

    python benchmarks/data_rules.py                          # synthetic MIMIC-III files, whole discharge summaries
    python benchmarks/data_rules.py --source MIMIC_FOLDER    # the same figures for files of your own

The classifier is TF-IDF over word 1- and 2-grams with a linear SVM: trained on the dataset's train split, scored once
on its test split, with a percentile bootstrap over patients. The notes of both leak rules are the same.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

import harness
from nosology.config import PrepareConfig
from nosology.dataset.folder import Dataset, open_dataset
from nosology.metrics.resampling import draw_resamples, percentile_interval
from nosology.preparation.pipeline import prepare_mimic3
from nosology.synthetic import write_mimic
from nosology.text.sections import find_sections

RULES: dict[str, dict[str, Any]] = {
    "primary, keep": {},
    "primary, strip": {"leak": "strip"},
    "dominant, keep": {"label_rule": "dominant"},
    "dominant, strip": {"label_rule": "dominant", "leak": "strip"},
}
N_RESAMPLES = 1_000


def main() -> None:
    """Prepare by every pair of rules, print one table, and write it as JSON where asked."""
    parser = harness.parser(__doc__)
    parser.add_argument("--source", type=Path, help="MIMIC-III files; synthetic ones if not given")
    parser.add_argument("--admissions", type=int, default=3_000, help="of the synthetic files")
    parser.add_argument("--seed", type=int, default=0, help="of the synthetic files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        source = options.source or _synthetic(Path(work) / "mimic3", options)
        datasets = {name: _prepared(source, Path(work) / name, rules) for name, rules in RULES.items()}
        measurements = [_measure(name, dataset) for name, dataset in datasets.items()]
        agreement = _agreement(datasets["primary, keep"], datasets["dominant, keep"])
    _print_table(measurements, agreement)
    if options.json:
        settings = {"admissions": options.admissions, "seed": options.seed, "source": bool(options.source)}
        report = {"settings": settings, "measurements": measurements, "agreement": agreement, "ratios": {}}
        harness.write_report(options.json, report)


def _synthetic(folder: Path, options: argparse.Namespace) -> Path:
    write_mimic(
        folder,
        admissions=options.admissions,
        seed=options.seed,
        length="full",
        other_notes_per_admission=0,
        processes=1,
    )
    return folder


def _prepared(source: Path, out: Path, rules: dict[str, Any]) -> Dataset:
    # The files hold MIMIC's placeholders and no identifier; they are left as they are, the same for all four.
    prepare_mimic3(source, out, PrepareConfig(deidentify=False, **rules))
    return open_dataset(out)


def _measure(name: str, dataset: Dataset) -> dict[str, Any]:
    notes = dataset.notes()
    texts = notes["clean_text"].to_list()
    lost = {reason: n for step in dataset.funnel() if step["step"] == "label" for reason, n in step["lost"].items()}
    stating = [any(section.states_diagnosis for section in find_sections(text)) for text in texts]
    accuracy, interval, n_test = _accuracy(dataset)
    return {
        "rules": name,
        "notes": notes.height,
        "without_label": sum(lost.values()),
        "lost": lost,
        "words_per_note": float(np.mean([len(text.split()) for text in texts])),
        "share_with_a_diagnosis_section": float(np.mean(stating)),
        "accuracy": accuracy,
        "accuracy_interval": interval,
        "n_test": n_test,
    }


def _accuracy(dataset: Dataset) -> tuple[float, tuple[float, float], int]:
    """Return the accuracy on the test split, its 95 % interval over patients, and the number of notes."""
    train, test = dataset.split("train"), dataset.split("test")
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    model = LinearSVC(class_weight="balanced", random_state=0)
    model.fit(vectorizer.fit_transform(train["clean_text"]), train["category"].to_list())
    is_right = model.predict(vectorizer.transform(test["clean_text"])) == np.array(test["category"].to_list())
    resamples = draw_resamples(test["patient_id"].to_numpy(), N_RESAMPLES, seed=0)
    shares = resamples.totals(is_right.astype(float)) / resamples.totals(np.ones(len(is_right)))
    return float(is_right.mean()), percentile_interval(shares), len(is_right)


def _agreement(primary: Dataset, dominant: Dataset) -> dict[str, Any]:
    """Return for how many notes that have both labels the two rules agree."""
    columns = ["note_id", "category"]
    both = primary.notes().select(columns).join(dominant.notes().select(columns), on="note_id", suffix="_dominant")
    same = both.filter(pl.col("category") == pl.col("category_dominant")).height
    return {"n": both.height, "same": same, "share": same / both.height}


def _print_table(measurements: list[dict[str, Any]], agreement: dict[str, Any]) -> None:
    print(f"{'label, leak':16} {'notes':>7} {'no label':>9} {'words':>7} {'stating':>8} {'accuracy':>9} interval")
    for row in measurements:
        low, high = row["accuracy_interval"]
        print(
            f"{row['rules']:16} {row['notes']:7,} {row['without_label']:9,} {row['words_per_note']:7,.0f} "
            f"{row['share_with_a_diagnosis_section']:8.1%} {row['accuracy']:9.3f} {low:.3f}-{high:.3f}"
        )
    print(f"the label rules agree on {agreement['same']:,} of {agreement['n']:,} notes ({agreement['share']:.1%})")
    for row in measurements[::2]:
        print(
            f"{row['rules'].split(',')[0]}: " + ("; ".join(f"{n} x {r}" for r, n in row["lost"].items()) or "no loss")
        )


if __name__ == "__main__":
    main()
