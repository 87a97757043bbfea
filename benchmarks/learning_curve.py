"""What notes of one's own are worth, from the base model and from the starter: 50, 200, 800 and all of them.

The 18-category task of `accuracy.py`, with a draw of the locked third of its own; cases that the starter's confidence
was fitted on (CodiEsp's training part) are in no locked note. Both beginnings read the same notes as often and with the
same settings. ``ensemble`` blends the tuned model with words that learned from the same notes and the shipped phrases;
all systems fit their blend on the same validation notes. The notes of another style are `accuracy_elsewhere.py`'s
invented discharge notes. Training on every note is judged on all locked notes and blended on all validation notes,
the others on a part of both. Log-probabilities lie under ``--work``; a killed run goes on where it stopped, and several
processes may share the work by sizes and starts, before one with all of them reports::

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

accuracy.DRAW = "third"
SIZES = ("50", "200", "800", "all")
EPOCHS = {50: 4, 200: 4}  # fewer steps than a hundred teach a fresh adapter nothing
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
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), help="training notes, a number or `all`")
    parser.add_argument("--starts", nargs="+", default=list(STARTS), choices=STARTS, help="beginnings to train from")
    parser.add_argument("--test-notes", type=int, default=600, help="locked notes, drawn once")
    parser.add_argument("--validation-notes", type=int, default=100)
    parser.add_argument("--admissions", type=int, default=100, help="invented ones of each length")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    notes = Notes(options)
    sizes = [len(notes.rows["train"]) if size == "all" else int(size) for size in options.sizes]
    scored: dict[str, Arrays] = {}
    for size in sizes:
        for start in options.starts:
            scored[f"tuned from {start} {size}"] = notes.tuned(start, size, options)
            print(f"{start} {size}: scored", flush=True)
    if set(options.starts) != set(STARTS):
        return
    scored |= dict(notes.starter(max(sizes), options)) | {"findings 0": notes.findings()}
    for size in sizes:
        scored |= {f"{name} {size}": arrays for name, arrays in notes.words(size)}
    found = report(notes, scored, sizes)
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
        self.rows = by_split
        self.parts = {"validation": options.validation_notes, "test": options.test_notes}
        self.texts = {split: [row["text"] for row in by_split[split]] for split in ("validation", "test")}
        self.true = {split: self._places(row["category"] for row in by_split[split]) for split in self.texts}
        for length in ("short", "full"):
            self.texts[length], self.true[length] = discharge_notes(length, options.admissions, self.labels.names)

    def judging(self, size: int) -> dict[str, list[str]]:
        """Return the texts that a training on so many notes is judged on, by split."""
        if size == len(self.rows["train"]):
            return self.texts
        return {split: texts[: self.parts.get(split)] for split, texts in self.texts.items()}

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
        validation = self.judging(size)["validation"]
        held_out = Texts(validation, self.true["validation"][: len(validation)])
        models = {
            "tfidf": fit_tfidf(texts, true, n, groups=groups),
            "tfidf_parts": fit_hashed(texts, true, n, groups=groups),
            "tfidf_knowledge": fit_tfidf_knowledge(self.phrases, texts, true, n, groups=groups, held_out=held_out),
            "words": fit_hashed(texts, true, n, groups=groups, phrases=self.phrases, held_out=held_out),
        }
        for name, model in models.items():
            if model is None:
                raise ValueError(f"{size} notes are all of one category")
            yield name, {split: model.log_probs(texts) for split, texts in self.judging(size).items()}

    def findings(self) -> Arrays:
        """Return what the profiles of diseases say without any note."""
        from nosology.classifier.findings import CategoryFindings

        profiles = CategoryFindings.of(self.labels)
        assert profiles is not None
        return {split: profiles.log_probs(texts) for split, texts in self.texts.items()}

    def starter(self, size: int, options: argparse.Namespace) -> Iterator[tuple[str, Arrays]]:
        """Yield what the starter answers without any note, as it ships."""
        from nosology.classifier.classifier import Classifier

        path = options.work / "starter.npz"
        if not path.exists():
            self._score(Classifier.load("starter", system="ensemble"), path, self.judging(size))
        yield "starter 0", dict(np.load(path))

    def tuned(self, start: str, size: int, options: argparse.Namespace) -> Arrays:
        """Return what a model says that learned from the first notes."""
        from nosology.classifier.classifier import Classifier

        path = options.work / f"{start}-{size}.npz"
        if not path.exists():
            run = self._train(start, size, options)
            self._score(Classifier.load(run, system="tuned"), path, self.judging(size))
        return dict(np.load(path))

    def _score(self, classifier: Any, path: Path, texts: dict[str, list[str]]) -> None:
        arrays = {split: classifier.log_probs(texts[split]) for split in texts}
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
    from nosology.classifier.ensemble import blend, fit_exponents, mix

    for size in sizes:
        words = scored[f"words {size}"]
        mixed = {split: mix(linear, scored["findings 0"][split][: len(linear)]) for split, linear in words.items()}
        for start in STARTS:
            model = scored[f"tuned from {start} {size}"]
            true = notes.true["validation"][: len(model["validation"])]
            for name, side in (("ensemble", mixed), ("without findings", words)):
                exponents = fit_exponents(model["validation"], side["validation"], true)
                blended = {split: blend(exponents, model[split], side[split]) for split in notes.texts}
                scored[f"{name} from {start} {size}"] = blended
    measurements, tests = [], []
    for part in ("test", "short", "full"):
        right = {
            name: arrays[part].argmax(axis=1) == notes.true[part][: len(arrays[part])]
            for name, arrays in scored.items()
        }
        for name, hits in right.items():
            low, high = metrics.wilson_interval(int(hits.sum()), len(hits))
            system, _, learned = name.rpartition(" ")
            row = {"part": part, "system": system, "notes": int(learned), "n": len(hits)}
            measurements.append(row | {"accuracy": float(hits.mean()), "low": low, "high": high})
        pairs = [(f"{kind} from starter", f"{kind} from base") for kind in ("tuned", "ensemble")]
        pairs += [("ensemble from starter", "without findings from starter")]
        pairs += [(f"{kind} from starter", other) for kind in ("tuned", "ensemble") for other in _WORDS]
        for size in sizes:
            for first, second in pairs:
                one, other = right[f"{first} {size}"], right[f"{second} {size}"]
                resamples = metrics.draw_resamples(np.arange(len(one)), N_RESAMPLES, 0)
                draws = resamples.totals(one.astype(float) - other) / len(one)
                low, high = metrics.percentile_interval(draws)
                difference = float(one.mean() - other.mean())
                row = {"part": part, "notes": size, "first": first, "second": second, "n": len(one)}
                tests.append(row | {"difference": difference, "low": low, "high": high})
    interval = {"low": ".3f", "high": ".3f"}
    harness.print_table(measurements, {"part": "", "system": "", "notes": "d", "n": "d", "accuracy": ".3f"} | interval)
    print()
    signed = {"difference": "+.3f", "low": "+.3f", "high": "+.3f"}
    harness.print_table(tests, {"part": "", "notes": "d", "first": "", "second": "", "n": "d"} | signed)
    return {"measurements": measurements, "tests": tests}


_WORDS = ("tfidf_parts", "tfidf_knowledge", "words")

if __name__ == "__main__":
    main()
