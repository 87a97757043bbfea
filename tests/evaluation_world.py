"""A small world for evaluation tests: a dataset, a finished run, and a classifier whose answers are known.

Every note ends in a marker that names its category and is unlike any other note's, so that the fake classifier can read
it and TF-IDF cannot. The fake is right about as often as its `skill` says, and surer than it should be, so that
calibration has something to do.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from nosology.coding.labels import LabelSet
from nosology.config import Config
from nosology.files import sha256_file, sha256_text, write_json
from nosology.modeling.encoding import EncodedNote
from nosology.records import Prediction

PREPARATION = {
    "deidentify": True,
    "deidentify_style": "token",
    "leak": "keep",
    "lowercase": False,
    "strip_punctuation": False,
}
CATEGORIES = ("Cardiovascular", "Respiratory", "Digestive", "Skin Disorders")
LEFT_OUT = {"discharge diagnosis": 1_234}
WORDS = ("chest pain infarction", "cough dyspnea sputum", "nausea melena reflux", "rash pruritus eczema")


def write_dataset(
    folder: Path,
    n_notes: dict[str, int],
    *,
    seed: int = 0,
    names: tuple[str, ...] = CATEGORIES,
    prefix: str = "n",
    in_turn: bool = False,
) -> Path:
    """Write a prepared dataset of made-up notes, two to a patient, and return its folder.

    Categories are drawn, the first most often; or they come in turn.
    """
    folder.mkdir(parents=True)
    labels = folder / "labels.tsv"
    labels.write_text("category\n" + "".join(f"{name}\n" for name in names), encoding="utf-8")
    generator = np.random.default_rng(seed)
    rows = []
    for split, n in n_notes.items():
        for i in range(n):
            category = i % len(names) if in_turn else int(generator.choice(len(names), p=_shares(len(names))))
            filler = " ".join(generator.choice(["patient", "day", "history", "stable", "labs"], size=8 + i % 20))
            hinted = category if generator.random() < 0.7 else int(generator.integers(len(names)))
            hint = " ".join(f"{word}{hinted // 4 or ''}" for word in WORDS[hinted % 4].split())
            rows.append(
                {
                    "note_id": f"{prefix}-{split}-{i}",
                    "patient_id": f"{prefix}-{split}-p{i // 2}",
                    "admission_id": f"a{i}",
                    "clean_text": f"{filler} {hint} true{category}x{prefix}{split}-{i}",
                    "category": names[category],
                    "code": "",
                    "icd_version": 9,
                    "rubric": "",
                    "split": split,
                    "sex": "F" if i % 3 else "M",
                }
            )
    pl.DataFrame(rows).write_parquet(folder / "notes.parquet")
    write_json(
        folder / "funnel.json",
        [
            {"step": "read", "rows_in": len(rows) + 5, "rows_out": len(rows) + 5, "lost": {}, "left_out": LEFT_OUT},
            {"step": "select", "rows_in": len(rows) + 5, "rows_out": len(rows), "lost": {"too short": 5}},
        ],
    )
    files = {
        name: {"sha256": sha256_file(folder / name), "bytes": (folder / name).stat().st_size}
        for name in ("notes.parquet", "labels.tsv", "funnel.json")
    }
    write_json(folder / "manifest.json", {"kind": "dataset", "format": 1, "files": files, "config": PREPARATION})
    return folder


def write_run(folder: Path, dataset: Path, *, n_train: int = 60, config: dict[str, Any] | None = None) -> Path:
    """Write a finished run trained on the first notes of a dataset, and return its folder."""
    folder.mkdir(parents=True)
    labels = LabelSet.load(dataset / "labels.tsv")
    labels.save(folder / "labels.tsv")
    notes = pl.read_parquet(dataset / "notes.parquet")
    note_ids = notes.filter(pl.col("split") == "train")["note_id"].to_list()[:n_train]
    write_json(folder / "train_notes.json", {"note_ids": note_ids})
    with (folder / "training_log.jsonl").open("w", encoding="utf-8") as file:
        for step in range(1, 21):
            line = {"step": step, "train/loss": 3 * 0.9**step, "train/epoch": step / 10}
            line |= {"train/learning_rate": 2e-4 * (1 - step / 20), "train/tokens_per_second": 900 + step}
            file.write(json.dumps(line) + "\n")
            if step % 10 == 0:
                line = {"step": step, "eval/loss": 2 * 0.92**step, "eval/accuracy": 0.6, "eval/runtime": 4.2}
                line |= {"eval/samples_per_second": 9.5, "eval/steps_per_second": 1.2}
                file.write(json.dumps(line) + "\n")
    manifest = {
        "kind": "run",
        "format": 1,
        "dataset": {
            "path": str(dataset),
            "manifest_sha256": sha256_file(dataset / "manifest.json"),
            "preparation": PREPARATION,
            "n_train": len(notes.filter(pl.col("split") == "train")),
        },
        "labels_sha256": labels.sha256,
        "prompt_sha256": "0" * 64,
        "model": {
            "name": "tiny",
            "revision": None,
            "weights_sha256": "1" * 64,
            "n_parameters": 135_000_000,
            "n_trainable": 4_800_000,
        },
        "adapter_sha256": "2" * 64,
        "n_steps": 20,
        "best_step": None,
        "train_note_ids_sha256": sha256_text("\n".join(note_ids)),
        "n_train_notes": len(note_ids),
        "config": Config.model_validate(config or {}).model_dump(mode="json"),
        "environment": {"python": "3.11", "nosology": "0.1.0"},
        "timings": {"train_seconds": 12.5},
    }
    write_json(folder / "manifest.json", manifest)
    return folder


@dataclass
class FakeClassifier:
    """Answers from the marker word of a note; counts what it was asked."""

    names: tuple[str, ...]
    skill: float
    sharpness: float = 5.0
    calibration: Any = None
    asked: list[str] = field(default_factory=list)
    calibrated_with: list[Any] = field(default_factory=list)

    def log_probs(self, texts: Any, *, correction: str = "none", progress: Any = None) -> Any:
        """Return overconfident scores; the prior correction takes 1 nat from the first category."""
        texts = [text if isinstance(text, str) else text.text for text in texts]
        self.asked.append(f"log_probs {correction} {len(texts)}")
        rows = np.array([self._scores(text) for text in texts])
        if correction == "prior":
            rows[:, 0] -= 1
        if progress:
            progress(len(texts))
        return rows - np.logaddexp.reduce(rows, axis=1, keepdims=True)

    def _scores(self, text: Any) -> Any:
        generator = np.random.default_rng(int(hashlib.sha256(text.encode()).hexdigest()[:8], 16))
        scores = generator.normal(size=len(self.names))
        marker = text.rpartition("true")[2].partition("x")[0]
        if marker.isdigit() and generator.random() < self.skill:
            scores[int(marker)] += 2.5 + generator.random()
        return scores * self.sharpness

    def predictions_from(self, log_probs: Any, truncated: Any, *, calibration: Any = None) -> Any:
        """Return records as the real classifier does."""
        calibration = calibration or self.calibration
        probabilities = calibration.apply(log_probs) if calibration else np.exp(log_probs)
        sets = calibration.prediction_sets(probabilities) if calibration else [()] * len(log_probs)
        silent = calibration.abstains(probabilities) if calibration else [False] * len(log_probs)
        found = []
        for row, cut, members, abstained in zip(probabilities, truncated, sets, silent, strict=True):
            ranking = tuple((self.names[i], float(row[i])) for i in np.argsort(-row, kind="stable"))
            chosen = tuple(self.names[i] for i in members)
            found.append(Prediction(*ranking[0], ranking, chosen, bool(abstained), cut))
        return found

    def log_probs_and_answers(self, texts: Any, *, max_new_tokens: int = 12, progress: Any = None) -> Any:  # noqa: ARG002 (as the classifier)
        """Return scores, and answers as in the original's transcripts: exact, with residue, or nonsense, by turns."""
        self.asked.append(f"answers {len(texts)}")
        ways = {kind: self.log_probs(texts, correction=kind) for kind in ("none", "length", "prior")}
        if progress:
            progress(len(texts))
        dress = ("{}", "assistant{}", "assistantassistant")
        best = ways["none"].argmax(axis=1)
        return ways, [dress[i % 3].format(self.names[category].lower()) for i, category in enumerate(best)]

    def encode(self, texts: Any) -> Any:
        """Return notes of a hundred tokens, of which every tenth loses seven."""
        around = "Which category?\n", "\nAnswer:"
        return [EncodedNote(text, (), 7 if i % 10 == 0 else 0, 100, around=around) for i, text in enumerate(texts)]

    def with_calibration(self, calibration: Any) -> Any:
        """Return this classifier, calibrated; what it was asked is remembered in one place."""
        self.calibrated_with.append(calibration)
        return replace(self, calibration=calibration)

    def in_order(self, order: Any) -> Any:
        """Return a classifier that favours what is listed first and forgets the rest for every fifth note."""
        return Positional(self.names, self.skill, self.sharpness, first=order[0])


class Positional(FakeClassifier):
    """Answers as the fake does, but every fifth note with the category that the instruction lists first."""

    def __init__(self, *arguments: Any, first: Any) -> None:
        super().__init__(*arguments)
        self._first = first

    def log_probs(self, texts: Any, *, correction: str = "none", progress: Any = None) -> Any:
        """Return the fake's scores, bent for every fifth note."""
        rows = super().log_probs(texts, correction=correction, progress=progress)
        rows[::5] = np.log(0.01)
        rows[::5, self._first] = np.log(0.97)
        return rows


class Loader:
    """Loads a good tuned and a poor base classifier, and a starter between them, and remembers them."""

    def __init__(
        self, names: Any = CATEGORIES, tuned_skill: float = 0.9, base_skill: float = 0.2, kind: Any = FakeClassifier
    ) -> None:
        self.loaded: dict[Any, Any] = {}
        self._kind = kind
        self._skills = {"tuned": tuned_skill, "base": base_skill, "starter": (tuned_skill + base_skill) / 2}
        self._names = names

    def __call__(self, _run: Any, system: Any) -> Any:
        """Return a new classifier, and keep it."""
        self.loaded[system] = self._kind(self._names, self._skills[system])
        return self.loaded[system]


def _shares(n: Any) -> Any:
    shares = 1 / np.arange(1, n + 1)
    return shares / shares.sum()


class Scripted(FakeClassifier):
    """Answers by the number of the note alone: base in steps of five, tuned right but for every seventh note."""

    def _scores(self, text: Any) -> Any:
        number = int(re.findall(r"^\d*", text.rpartition("-")[2])[0] or 0)  # a demand may stand behind it
        category = int(text.rpartition("true")[2].partition("x")[0] or 0)
        answer = number * 5 + number // 18 if self.skill < 0.5 else category + (number % 7 == 0) * (1 + number // 18)
        scores = np.full(len(self.names), -3.0)
        scores[answer % len(self.names)] = 0.0
        return scores
