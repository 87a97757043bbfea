"""The run that a service serves: its classifier, what it says of itself, and de-identification before scoring.

Whatever can read notes like a `Classifier` can be served (`NoteReader`). A run may be unable to suggest diagnoses; the
service then says so, with status 501, instead of guessing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from nosology.coding.labels import LabelSet
from nosology.errors import NosologyError
from nosology.files import MANIFEST, read_json, read_manifest, sha256_file
from nosology.patience import next_note
from nosology.records import Prediction
from nosology.serve.masking import MaskedNote

EVALUATION = "test"


class NoteReader(Protocol):
    """What a service needs of a classifier."""

    labels: LabelSet

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Return a prediction for each text, in order."""
        ...


@runtime_checkable
class Suggester(Protocol):
    """A classifier that can suggest diagnoses."""

    def suggest(self, texts: Sequence[str], k: int = 10) -> Sequence[Any]:
        """Return at most ``k`` suggestions for each text, in order."""
        ...


class CannotSuggest(Exception):
    """This run cannot suggest diagnoses. Carries the reason, which names files and settings only."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model said of one note.

    Attributes:
        prediction: The category.
        suggestions: Diagnoses to consider; None where only the category was asked for.
    """

    prediction: Prediction
    suggestions: Any = None


class ServedModel:
    """One run, ready to read notes. Not safe for several threads at once; one thread reads.

    Args:
        reader: The run's classifier.
        card: What the run says of itself, as ``GET /v1/model`` gives it.
        sha256: Names the run: the hash of its manifest.
        replaces_identifiers: De-identify each note first.
    """

    def __init__(self, reader: NoteReader, card: dict[str, Any], sha256: str, *, replaces_identifiers: bool) -> None:
        self._reader = reader
        self._card = card
        self._replaces_identifiers = replaces_identifiers
        self.sha256 = sha256
        self.labels = reader.labels

    @classmethod
    def load(cls, run: Path, *, replaces_identifiers: bool) -> "ServedModel":
        """Return a finished run, ready to read notes.

        Raises:
            RunError: The folder is no finished run, or was changed.
            ModelError: The model cannot be loaded.
        """
        from nosology.classifier.classifier import Classifier

        reader = Classifier.load(run)
        reader.classify(["warm-up"])  # computes the instruction once, so that the first reader does not wait for it
        card = model_card(run, can_suggest=can_suggest(reader))
        return cls(reader, card, card["sha256"]["manifest"], replaces_identifiers=replaces_identifiers)

    @property
    def card(self) -> dict[str, Any]:
        """What the run says of itself, and what the service does to notes."""
        return self._card | {"deidentifies_before_scoring": self._replaces_identifiers}

    @property
    def can_suggest(self) -> bool:
        """Whether diagnoses can be suggested."""
        return bool(self._card["can_suggest"])

    def read(self, texts: Sequence[str], n_suggestions: int | None) -> list[Reading]:
        """Return what the model says of each note, in order.

        Args:
            texts: Notes as they were sent.
            n_suggestions: How many diagnoses to suggest; None for the category alone.

        Raises:
            CannotSuggest: Diagnoses were asked of a run that has none.
        """
        masked = [self._masked(text) for text in texts]
        prepared = [item.text for item in masked]
        predictions = self._reader.classify(prepared)
        if n_suggestions is None:
            return [Reading(prediction) for prediction in predictions]
        if not isinstance(self._reader, Suggester):
            raise CannotSuggest("this version cannot suggest diagnoses")
        try:
            suggested = self._reader.suggest(prepared, k=n_suggestions)
        except NosologyError as error:
            raise CannotSuggest(error.message) from None
        found = zip(predictions, suggested, masked, strict=True)
        return [Reading(prediction, suggestions_json(items, mask)) for prediction, items, mask in found]

    def _masked(self, text: str) -> MaskedNote:
        next_note()
        return MaskedNote.of(text) if self._replaces_identifiers else MaskedNote(text)


def can_suggest(reader: NoteReader) -> bool:
    """Return whether a classifier can suggest diagnoses, by asking it once."""
    if not isinstance(reader, Suggester):
        return False
    try:
        reader.suggest(["warm-up"], k=1)
    except NosologyError:
        return False
    return True


def suggestions_json(suggestions: Any, note: MaskedNote) -> dict[str, Any]:
    """Return suggestions as plain values, with evidence at the offsets of the original text."""
    items = []
    for item in suggestions:
        evidence = []
        for piece in item.evidence:
            start, end = note.original_span(piece.start, piece.end)
            marks = {"negated": piece.negated, "family_history": piece.family_history}
            evidence.append({"start": start, "end": end, "effect": piece.effect, **marks})
        items.append(
            {
                "code": item.code,
                "icd_version": item.icd_version,
                "title": item.title,
                "category": item.category,
                "probability": item.probability,
                "is_seen": item.is_seen,
                "evidence": evidence,
            }
        )
    return {
        "items": items,
        "none_of_these": suggestions.none_of_these,
        "mass_left_out": suggestions.mass_left_out,
        "is_calibrated": suggestions.is_calibrated,
        "sentences_left_out": suggestions.sentences_left_out,
    }


def model_card(run: Path, *, can_suggest: bool) -> dict[str, Any]:
    """Return what a run says of itself: what it was trained on, how good it is, how sure it may be, and its hashes.

    Raises:
        RunError: The folder is no finished run.
    """
    manifest = read_manifest(run, "run")
    labels = LabelSet.load(run / "labels.tsv")
    return {
        "run": run.resolve().name,
        "model": manifest["model"],
        "trained_on": {"n_notes": manifest["n_train_notes"], "preparation": manifest["dataset"]["preparation"]},
        "labels": [
            {"name": category.name, "description": category.description, "icd10": ",".join(map(str, category.icd10))}
            for category in labels.categories
        ],
        "label_set": labels.name,
        "max_note_tokens": manifest["config"]["model"]["max_note_tokens"],
        "calibration": _calibration(run),
        "evaluation": _evaluation(run),
        "can_suggest": can_suggest,
        "sha256": {
            "manifest": sha256_file(run / MANIFEST),
            "adapter": manifest["adapter_sha256"],
            "labels": manifest["labels_sha256"],
            "prompt": manifest["prompt_sha256"],
            "weights": manifest["model"]["weights_sha256"],
        },
        "versions": manifest["environment"],
        "limits": list(LIMITS),
    }


LIMITS = (
    "Not a medical device. Decision support for people who can judge it: a suggestion to consider, never a diagnosis.",
    "Categories are chapters of the ICD, learnt from billed primary diagnoses; billing and medicine disagree.",
    "Probabilities hold for notes like those it was calibrated on; for others they are too sure.",
    "English notes only. What does not fit into the model's reading length is left out, and said so.",
)


def training_shares(run: Path) -> dict[str, float] | None:
    """Return the share of each category among the notes that the run was trained on; None where nobody knows."""
    path = run / "eval" / EVALUATION / "results.json"
    if not path.is_file():
        return None
    rows = read_json(path)["distribution"]["categories"]
    return {str(row["category"]): float(row["train"]) for row in rows}


def _calibration(run: Path) -> dict[str, Any] | None:
    path = run / "calibration.json"
    if not path.is_file():
        return None
    values = read_json(path)
    kept = ("method", "temperature", "threshold", "selective_accuracy", "coverage", "n_notes")
    return {name: values[name] for name in kept}


def _evaluation(run: Path) -> dict[str, Any] | None:
    path = run / "eval" / EVALUATION / "results.json"
    if not path.is_file():
        return None
    results = read_json(path)
    tuned = results["systems"].get("tuned")
    if tuned is None:
        return None
    kept = ("accuracy", "accuracy_interval", "macro_f1", "macro_f1_interval", "ece")
    return {"split": EVALUATION, "n": results["n"], **{name: tuned.get(name) for name in kept}}
