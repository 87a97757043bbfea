"""What a few notes of one's own are worth, from the base model and from the starter: 50, 200 and 800 of them.

The 18-category task of `accuracy.py`, with a draw of the locked third of its own; cases that the starter's confidence
was fitted on (CodiEsp's training part) are in no locked note. Both beginnings read the same notes as often and with the
same settings. ``ensemble`` blends the tuned model with words that learned from the same notes and the shipped phrases;
all systems fit their blend on the same validation notes. The notes of another style are `accuracy_elsewhere.py`'s
invented discharge notes. Log-probabilities lie under ``--work``; a killed run goes on where it stopped::

    NOSOLOGY_DEV_DATA=DATA python benchmarks/learning_curve.py --work WORK --json FILE
"""

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import accuracy
import harness
from accuracy_elsewhere import discharge_notes

accuracy.DRAW = "curve"
SIZES = (50, 200, 800)
EPOCHS = {50: 4, 200: 4, 800: 2}  # fewer steps than a hundred teach a fresh adapter nothing
STARTS = ("base", "starter")
N_RESAMPLES = 2000
TRAINING = [  # the starter's adapter decides rank, scale and targets; the rest is the benchmark's and the demo's
    "model.max_note_tokens=192",
    "model.scoring=constrained",
    "model.dtype=native",
    "train.start_share=0.5",
    "train.lora_r=16",
    "train.lora_alpha=32",
    "train.lora_targets=all-linear",
    "train.batch_size=8",
    "train.learning_rate=1.0e-3",
    "train.schedule=linear",
    "train.adam_beta2=0.95",
    "train.choice_weight=0.9",
    "train.max_validation_notes=32",
]
Arrays = dict[str, NDArray[Any]]


def main() -> None:
    """Train, score and compare; print one table, and write it as JSON where asked."""
    parser = harness.parser(__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps what each stage leaves")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="training notes")
    parser.add_argument("--test-notes", type=int, default=300, help="locked notes, drawn once")
    parser.add_argument("--validation-notes", type=int, default=100)
    parser.add_argument("--admissions", type=int, default=100, help="invented ones of each length")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    notes = Notes(options)
    scored = dict(notes.starter(options))
    for size in options.sizes:
        scored |= {f"{name} {size}": arrays for name, arrays in notes.words(size)}
        for start in STARTS:
            scored[f"tuned from {start} {size}"] = notes.tuned(start, size, options)
            print(f"{start} {size}: scored", flush=True)
    found = report(notes, scored, options.sizes)
    settings = {"training": TRAINING, "epochs": EPOCHS, "draw": accuracy.DRAW, "seeds": 1}
    harness.write_report(options.json, {"settings": settings, **found})


class Notes:
    """Documents to learn from, to fit blends on, and to judge by, with their categories."""

    def __init__(self, options: argparse.Namespace) -> None:
        from nosology.classifier.knowledge import Texts
        from nosology.coding.labels import LabelSet
        from nosology.course.phrases import collect

        self.labels = LabelSet.load("icd-chapters-18")
        self.phrases = Texts.of_phrases(collect(self.labels), self.labels)
        rows = list(_documents())
        order = np.random.default_rng(0).permutation(len(rows))
        by_split: dict[str, list[dict[str, str]]] = {"train": [], "validation": [], "test": []}
        for place in order:
            by_split[rows[place]["split"]].append(rows[place])
        by_split["validation"] = by_split["validation"][: options.validation_notes]
        by_split["test"] = by_split["test"][: options.test_notes]
        self.rows = by_split
        self.texts = {split: [row["text"] for row in by_split[split]] for split in ("validation", "test")}
        self.true = {split: self._places(row["category"] for row in by_split[split]) for split in self.texts}
        for length in ("short", "full"):
            self.texts[length], self.true[length] = discharge_notes(length, options.admissions, self.labels.names)

    def _places(self, categories: Iterator[str]) -> NDArray[np.int64]:
        return np.array([self.labels.index(category) for category in categories], np.int64)

    def words(self, size: int) -> Iterator[tuple[str, Arrays]]:
        """Yield the linear models that learned from the first notes: notes alone, and with the shipped phrases."""
        from nosology.classifier.knowledge import Texts
        from nosology.classifier.words import fit_hashed
        from nosology.evaluation.baselines import fit_tfidf, fit_tfidf_knowledge

        texts = [row["text"] for row in self.rows["train"][:size]]
        groups = [row["id"] for row in self.rows["train"][:size]]
        true, n = self._places(row["category"] for row in self.rows["train"][:size]), len(self.labels.names)
        held_out = Texts(self.texts["validation"], self.true["validation"])
        models = {
            "tfidf": fit_tfidf(texts, true, n, groups=groups),
            "tfidf_parts": fit_hashed(texts, true, n, groups=groups),
            "tfidf_knowledge": fit_tfidf_knowledge(self.phrases, texts, true, n, groups=groups, held_out=held_out),
            "words": fit_hashed(texts, true, n, groups=groups, phrases=self.phrases, held_out=held_out),
        }
        for name, model in models.items():
            if model is None:
                raise ValueError(f"{size} notes are all of one category")
            yield name, {split: model.log_probs(self.texts[split]) for split in self.texts}

    def starter(self, options: argparse.Namespace) -> Iterator[tuple[str, Arrays]]:
        """Yield what the starter answers without any note, as it ships."""
        from nosology.classifier.classifier import Classifier

        path = options.work / "starter.npz"
        if not path.exists():
            self._score(Classifier.load("starter", system="ensemble"), path)
        yield "starter 0", dict(np.load(path))

    def tuned(self, start: str, size: int, options: argparse.Namespace) -> Arrays:
        """Return what a model says that learned from the first notes."""
        from nosology.classifier.classifier import Classifier

        path = options.work / f"{start}-{size}.npz"
        if not path.exists():
            run = self._train(start, size, options)
            self._score(Classifier.load(run, system="tuned"), path)
        return dict(np.load(path))

    def _score(self, classifier: Any, path: Path) -> None:
        arrays = {split: classifier.log_probs(self.texts[split]) for split in self.texts}
        partial = path.with_name(f".{path.stem}.{os.getpid()}.npz")
        np.savez(partial, **arrays)
        os.replace(partial, path)

    def _train(self, start: str, size: int, options: argparse.Namespace) -> Path:
        from nosology.config import PrepareConfig, load_config
        from nosology.files import MANIFEST
        from nosology.preparation.pipeline import prepare_table
        from nosology.runs.files import RunFiles
        from nosology.sources.table import TableColumns
        from nosology.training import train

        work: Path = options.work
        dataset, run = work / f"dataset-{size}", work / f"run-{start}-{size}"
        if not (dataset / MANIFEST).exists():
            table = work / f"documents-{size}.jsonl"
            rows = self.rows["train"][:size] + self.rows["validation"] + self.rows["test"]
            table.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            columns = TableColumns("text", "category", note_id="id", split="split")
            prepare_table(table, dataset, PrepareConfig(**accuracy.NO_FILTERS), columns)
        if not RunFiles(run).manifest.exists():
            overrides = [*TRAINING, f"train.start={start}", f"train.epochs={EPOCHS.get(size, 2)}"]
            train(dataset, run, load_config(None, overrides), resume=RunFiles(run).config.exists())
        return run


def _documents() -> Iterator[dict[str, str]]:
    """Yield the documents of the 18-category task; a locked one never comes from CodiEsp's training part."""
    folder = Path(os.environ["NOSOLOGY_DEV_DATA"])
    lines = (folder / "codiesp_train_dev.jsonl").read_text(encoding="utf-8").splitlines()
    calibrating = {f"codiesp-{row['id']}" for row in map(json.loads, lines) if row["split"] == "train"}
    for row in accuracy.documents("chapters"):
        if row["split"] != "test" or row["id"] not in calibrating:
            yield row


def report(notes: Notes, scored: dict[str, Arrays], sizes: list[int]) -> dict[str, Any]:
    """Return accuracies with intervals and the differences that count, and print them."""
    from nosology import metrics
    from nosology.classifier.ensemble import blend, fit_exponents

    for size in sizes:
        for start in STARTS:
            members = [scored[f"tuned from {start} {size}"], scored[f"words {size}"]]
            exponents = fit_exponents(members[0]["validation"], members[1]["validation"], notes.true["validation"])
            scored[f"ensemble from {start} {size}"] = {
                split: blend(exponents, members[0][split], members[1][split]) for split in notes.texts
            }
    measurements, tests = [], []
    for part in ("test", "short", "full"):
        true = notes.true[part]
        right = {name: arrays[part].argmax(axis=1) == true for name, arrays in scored.items()}
        for name, hits in right.items():
            low, high = metrics.wilson_interval(int(hits.sum()), len(true))
            system, _, learned = name.rpartition(" ")
            row = {
                "part": part,
                "system": system,
                "notes": int(learned),
                "n": len(true),
                "accuracy": float(hits.mean()),
            }
            measurements.append(row | {"low": low, "high": high})
        resamples = metrics.draw_resamples(np.arange(len(true)), N_RESAMPLES, 0)
        pairs = [("tuned from starter {}", "tuned from base {}"), ("ensemble from starter {}", "ensemble from base {}")]
        pairs += [(f"{kind} from starter {{}}", f"{other} {{}}") for kind in ("tuned", "ensemble") for other in _WORDS]
        for size in sizes:
            for first, second in pairs:
                one, other = right[first.format(size)], right[second.format(size)]
                draws = resamples.totals(one.astype(float) - other) / len(true)
                low, high = metrics.percentile_interval(draws)
                difference = float(one.mean() - other.mean())
                row = {"part": part, "notes": size, "first": first[:-3], "second": second[:-3], "n": len(true)}
                tests.append(row | {"difference": difference, "low": low, "high": high})
    interval = {"low": ".3f", "high": ".3f"}
    harness.print_table(measurements, {"part": "", "system": "", "notes": "d", "n": "d", "accuracy": ".3f"} | interval)
    print()
    signed = {"difference": "+.3f", "low": "+.3f", "high": "+.3f"}
    harness.print_table(tests, {"part": "", "notes": "d", "first": "", "second": "", "n": "d"} | signed)
    return {"measurements": measurements, "tests": tests}


_WORDS = ("tfidf_parts", "tfidf_knowledge")

if __name__ == "__main__":
    main()
