"""A service for tests: real parts throughout, and a reader whose answers are known.

The reader counts words that belong to a category and suggests the diagnoses that those words name, with the sentences
they stand in as evidence. It can be told to break on a word, or to take its time.
"""

import base64
import math
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from starlette.testclient import TestClient

from evaluation_world import PREPARATION, Loader, write_dataset, write_run
from nosology.classifier.calibration import fit
from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import RubricTable
from nosology.config import EvaluateConfig
from nosology.evaluation import evaluate
from nosology.files import read_json, write_json
from nosology.records import Evidence, Prediction, Suggestion, Suggestions
from nosology.runs.run import Run
from nosology.serve.app import create_app
from nosology.serve.model import ServedModel
from nosology.serve.service import Service
from nosology.serve.settings import Settings
from nosology.text.demands import find_demands
from nosology.text.normalize import EMPTY_NOTE, is_blank
from once import copied

NAMES = ("Cardiovascular", "Respiratory", "Digestive", "Skin Disorders")
DIAGNOSES = {
    "infarction": ("I21", "Acute myocardial infarction", 0),
    "pneumonia": ("J18", "Pneumonia, unspecified organism", 1),
    "ulcer": ("K25", "Gastric ulcer", 2),
    "eczema": ("L20", "Atopic dermatitis", 3),
}
NOTE = "Crushing chest pain. Acute infarction of the anterior wall. No pneumonia."
UNSURE_NOTE = "A note that says nothing at all."


class KeywordReader:
    """Reads notes by their words.

    Args:
        labels: The label set.
        caution: What it says beside every answer.
    """

    def __init__(self, labels: LabelSet, caution: str = "") -> None:
        self.labels = labels
        self.caution = caution
        self.batches: list[int] = []
        self.texts: list[list[str]] = []
        self.breaks_on: str | None = None
        self.seconds = 0.0
        self.gate = threading.Event()
        self.gate.set()

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Return a prediction for each note."""
        self.batches.append(len(texts))
        self.texts.append([*texts])
        self.gate.wait(30)
        time.sleep(self.seconds)
        if self.breaks_on and any(self.breaks_on in text for text in texts):
            raise ValueError(f"cannot read {texts!r}")  # as libraries do: the message quotes the note
        return [self._prediction(text) for text in texts]

    def classify_and_suggest(self, texts: Sequence[str], k: int = 10) -> list[tuple[Prediction, Suggestions]]:
        """Return a prediction and the diagnoses whose words stand in each note."""
        return [(found, self._suggestions(text, k)) for found, text in zip(self.classify(texts), texts, strict=True)]

    def unseen(self, texts: Sequence[str]) -> list[float | None]:
        """Return a high share for notes of eczema, and nothing for those that say nothing."""
        return [0.9 if "eczema" in text else 0.1 if "infarction" in text else None for text in texts]

    def unread(self, text: str) -> list[tuple[int, int]]:
        """Return the stretch behind the words that fit."""
        words = list(re.finditer(r"\S+", text))
        return [(words[300].start(), words[-1].end())] if len(words) > 300 else []

    def _prediction(self, text: str) -> Prediction:
        if is_blank(text):
            return Prediction.absent(EMPTY_NOTE, is_calibrated=True)
        weights = [1.0] * len(self.labels.names)
        for word, (_, _, place) in DIAGNOSES.items():
            weights[place] += 20.0 * (word in text.lower() and f"no {word}" not in text.lower())
        total = math.fsum(weights)
        order = sorted(range(len(weights)), key=lambda i: (-weights[i], i))
        ranking = tuple((self.labels.names[i], weights[i] / total) for i in order)
        members = tuple(name for name, share in ranking if share > 0.1)
        n_left_out, demands = max(0, len(text.split()) - 300), find_demands(text, self.labels.names)
        return Prediction(
            *ranking[0], ranking, members, ranking[0][1] < 0.5, n_left_out, demands=demands, caution=self.caution
        )

    def _suggestions(self, text: str, k: int) -> Suggestions:
        items = []
        for word, (code, title, place) in DIAGNOSES.items():
            found = [m.span() for m in re.finditer(rf"[^.\n]*\b{word}[^.\n]*\.?", text, re.IGNORECASE)]
            evidence = tuple(
                Evidence(start, end, 1.5, negated=f"no {word}" in text[start:end].lower()) for start, end in found
            )
            share = 0.8 if any(not piece.negated for piece in evidence) else 0.02
            items.append(Suggestion(code, 10, title, self.labels.names[place], share, share, True, evidence))
        items.sort(key=lambda item: (-item.probability, item.code))
        return Suggestions(tuple(items[:k]), 0.1, 0.0, len(DIAGNOSES), True)


def write_served_run(folder: Path) -> Path:
    """Write a run folder that says of itself what a real one says, and return it."""
    return copied(_write_served_run, folder)


def _write_served_run(folder: Path) -> Path:
    dataset = write_dataset(folder / "dataset", {"train": 30, "validation": 12, "test": 12})
    run = write_run(folder / "run", dataset, n_train=30)
    preparation = {
        **PREPARATION,
        "label_set": "icd-chapters-18",
        "min_words": 3,
        "max_words": None,
        "split_shares": [0.6, 0.2, 0.2],
        "seed": 0,
    }
    manifest = read_json(run / "manifest.json")
    manifest["dataset"]["preparation"] = preparation
    write_json(run / "manifest.json", manifest)
    shares = (0.4, 0.3, 0.2, 0.1)
    tuned = {
        "accuracy": 0.8,
        "accuracy_interval": [0.7, 0.9],
        "macro_f1": 0.75,
        "macro_f1_interval": [0.6, 0.8],
        "ece": 0.05,
    }
    config = EvaluateConfig(systems=("tuned",), bootstrap_samples=100, robustness_notes=0)
    results = evaluate(run, config=config, load=Loader())
    results["systems"]["tuned"] |= tuned
    for row, share in zip(results["distribution"]["categories"], shares, strict=True):
        row["train"] = share
    write_json(run / "eval" / "test" / "results.json", results)
    generator = np.random.default_rng(0)
    log_probs = np.log(generator.dirichlet(np.ones(4) * 0.3, size=200))
    write_json(run / "calibration.json", fit(log_probs, log_probs.argmax(axis=1)).to_json())
    RubricTable.shipped(LabelSet.load("icd-chapters-18"), (10,)).save(run / "rubrics.tsv")
    (run / "report").mkdir()
    (run / "report" / "index.html").write_text("<!doctype html><title>Report</title><p>The report.", encoding="utf-8")
    return run


def open_service(
    run: Path, state: Path, *, can_suggest: bool = True, with_model: bool = False, **settings: Any
) -> tuple[Service, KeywordReader]:
    """Return a service over a run, and a reader that goes by words; with the run's model, that one reads instead."""
    if not can_suggest:
        run = Path(shutil.copytree(run, state / "run-without-rubrics"))
        (run / "rubrics.tsv").unlink()
    opened = Run.open(run)
    reader = KeywordReader(opened.labels, opened.caution)
    chosen = Settings(**{"state": state, "keys_file": state / "keys.json", **settings})
    replaces = chosen.deidentify
    model = (
        ServedModel.load(opened, replaces_identifiers=replaces)
        if with_model
        else ServedModel(reader, opened, replaces_identifiers=replaces)
    )
    return Service.open(opened, model, chosen), reader


@contextmanager
def client_of(service: Service, **app: Any) -> Iterator[TestClient]:
    """Yield a client of a running service; leaving stops the service."""
    with TestClient(
        create_app(service, **app), base_url="http://127.0.0.1:8000", raise_server_exceptions=False
    ) as client:
        yield client


def notes(*texts: str) -> dict[str, Any]:
    """Return a request's body."""
    return {"notes": [{"id": f"n{i}", "text": text} for i, text in enumerate(texts)]}


def hook_call(text: str, **changes: Any) -> dict[str, Any]:
    """Return a call of the CDS service with a note."""
    data = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"contentType": "text/plain", "data": data}}],
    }
    return {
        "hook": "encounter-discharge",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/example", "patientId": "1288992", "encounterId": "456"},
        "prefetch": {"note": document},
    } | changes


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something to become true.

    Raises:
        AssertionError: It did not.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
