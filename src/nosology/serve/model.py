"""The run that a service serves: its classifier, what it says of itself, and de-identification before scoring.

Whatever can read notes like a `Classifier` can be served (`NoteReader`). A run may be unable to suggest diagnoses; the
service then says so, with status 501, instead of guessing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from nosology.classifier.calibration import Calibration
from nosology.coding.labels import LabelSet
from nosology.errors import NosologyError
from nosology.machine.patience import next_note
from nosology.records import Demand, Prediction, Suggestions
from nosology.runs.files import TEST
from nosology.runs.run import Run
from nosology.serve.masking import MaskedNote


class NoteReader(Protocol):
    """What a service needs of a classifier."""

    labels: LabelSet

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Return a prediction for each note, in order."""
        ...

    def classify_and_suggest(self, texts: Sequence[str], k: int = 10) -> list[tuple[Prediction, Suggestions]]:
        """Return a prediction and `k` diagnoses to consider for each note, in order."""
        ...

    def unseen(self, texts: Sequence[str]) -> list[float | None]:
        """Return the share of each note's words that the run has not seen; None where it does not know."""
        ...

    def unread(self, text: str) -> list[tuple[int, int]]:
        """Return the stretches of a note that are too much for the model and are not read."""
        ...


_WARM_UP = "Chest pain since noon, troponin raised."


class CannotSuggest(Exception):
    """This run cannot suggest diagnoses. Carries the reason, which names files and settings only."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model said of one note.

    Attributes:
        prediction: The category.
        suggestions: Diagnoses to consider; None where only the category was asked for.
        unread: Stretches of the note as it was sent that did not fit and were not read.
    """

    prediction: Prediction
    suggestions: Any = None
    unread: tuple[tuple[int, int], ...] = ()


class ServedModel:
    """One run, ready to read notes; two threads read, one of them long notes (`nosology.serve.batching`).

    Args:
        reader: The run's classifier.
        run: What it is a classifier of.
        replaces_identifiers: De-identify each note first.
    """

    def __init__(self, reader: NoteReader, run: Run, *, replaces_identifiers: bool) -> None:
        self._reader = reader
        self._card = model_card(run)
        self._replaces_identifiers = replaces_identifiers
        self.sha256 = run.prediction_sha256
        self._why_not = _why_not(run)
        self.labels = reader.labels

    @classmethod
    def load(cls, run: Run, *, replaces_identifiers: bool) -> "ServedModel":
        """Return a run, ready to read notes.

        Raises:
            RunError: A file of the run was changed.
            ModelError: The model cannot be loaded.
        """
        from nosology.classifier.classifier import Classifier

        reader = Classifier.load(run)
        model = cls(reader, run, replaces_identifiers=replaces_identifiers)
        # Computes the instruction, the trie of titles and the words once, so that the first reader waits for none.
        model.read([_WARM_UP], 1 if model.can_suggest else None)
        return model

    @property
    def card(self) -> dict[str, Any]:
        """What the run says of itself, and what the service does to notes."""
        return self._card | {"deidentifies_before_scoring": self._replaces_identifiers}

    @property
    def can_suggest(self) -> bool:
        """Whether diagnoses can be suggested."""
        return not self._why_not

    def read(self, texts: Sequence[str], n_suggestions: int | None) -> list[Reading]:
        """Return what the model says of each note, in order.

        Args:
            texts: Notes as they were sent.
            n_suggestions: How many diagnoses to suggest; None for the category alone.

        Raises:
            CannotSuggest: Diagnoses were asked of a run that has none.
        """
        if n_suggestions is not None and not self.can_suggest:
            raise CannotSuggest(self._why_not)
        masked = [self._masked(text) for text in texts]
        prepared = [item.text for item in masked]
        if n_suggestions is None:
            alone = zip(self._reader.classify(prepared), masked, strict=True)
            return [Reading(_unmasked(found, mask), unread=self._unread(found, mask)) for found, mask in alone]
        both = zip(self._reader.classify_and_suggest(prepared, n_suggestions), masked, strict=True)
        return [
            Reading(_unmasked(found, mask), suggestions_json(items, mask), self._unread(found, mask))
            for (found, items), mask in both
        ]

    def unseen(self, texts: Sequence[str]) -> list[float | None]:
        """Return how unlike the run's own notes each note is, 0 to 1; None where the run does not know."""
        return self._reader.unseen([self._masked(text).text for text in texts])

    def _unread(self, prediction: Prediction, note: MaskedNote) -> tuple[tuple[int, int], ...]:
        """Return the stretches of a note as it was sent that did not fit."""
        if not prediction.truncated_tokens:
            return ()
        return tuple(note.original_span(start, end) for start, end in self._reader.unread(note.text))

    def _masked(self, text: str) -> MaskedNote:
        next_note()
        return MaskedNote.of(text) if self._replaces_identifiers else MaskedNote(text)


def _unmasked(prediction: Prediction, note: MaskedNote) -> Prediction:
    """Return a prediction with its passages at the offsets of the original text."""
    spans = [note.original_span(demand.start, demand.end) for demand in prediction.demands]
    return replace(prediction, demands=tuple(Demand(*span) for span in spans))


def _why_not(run: Run) -> str:
    """Return why a run suggests nothing; empty where it does."""
    try:
        run.check_suggests()
    except NosologyError as error:
        return error.message
    return ""


def suggestions_json(suggestions: Any, note: MaskedNote) -> dict[str, Any]:
    """Return suggestions as plain values, with evidence at the offsets of the original text."""
    items = []
    for item in suggestions:
        evidence = []
        for piece in item.evidence:
            start, end = note.original_span(piece.start, piece.end)
            evidence.append(asdict(piece) | {"start": start, "end": end})
        items.append(
            {
                "code": item.code,
                "icd_version": item.icd_version,
                "title": item.title,
                "category": item.category,
                "probability": item.probability,
                "is_seen": item.is_seen,
                "evidence": evidence,
                "full_code": asdict(item.full_code) if item.full_code else None,
            }
        )
    return {
        "items": items,
        "none_of_these": suggestions.none_of_these,
        "mass_left_out": suggestions.mass_left_out,
        "reason": suggestions.reason,
        "sentences_left_out": suggestions.sentences_left_out,
    }


def model_card(run: Run) -> dict[str, Any]:
    """Return what a run says of itself: what it was trained on, how good it is, how sure it may be, and its hashes.

    Raises:
        RunError: A file of the run is damaged, or of another version.
    """
    manifest = run.manifest
    dataset = manifest.dataset.model_dump(mode="json")
    return {
        "run": run.name,
        "model": manifest.model.model_dump(mode="json"),
        "trained_on": {"n_notes": manifest.n_train_notes, "preparation": dataset["preparation"]},
        "labels": [
            {"name": category.name, "description": category.description, "icd10": ",".join(map(str, category.icd10))}
            for category in run.labels.categories
        ],
        "label_set": run.labels.name,
        "max_note_tokens": manifest.config.model.max_note_tokens,
        "calibration": _calibration(run),
        "evaluation": _evaluation(run),
        "caution": run.caution,
        "can_suggest": run.can_suggest,
        "sha256": {
            "prediction": run.prediction_sha256,
            "manifest": run.sha256,
            "adapter": manifest.adapter_sha256,
            "labels": manifest.labels_sha256,
            "prompt": manifest.prompt_sha256,
            "weights": manifest.model.weights_sha256,
        },
        "versions": manifest.environment,
        "limits": list(LIMITS),
    }


LIMITS = (
    "Not a medical device. Decision support for people who can judge it: a suggestion to consider, never a diagnosis.",
    "Categories are chapters of the ICD, learnt from billed primary diagnoses; billing and medicine disagree.",
    "Probabilities hold for notes like those it was calibrated on; for others they are too sure.",
    "English notes only. What does not fit into the model's reading length is left out, and said so.",
)


def _calibration(run: Run) -> dict[str, Any] | None:
    calibration = Calibration.load(run.files.calibration)
    if calibration is None:
        return None
    kept = ("method", "temperature", "threshold", "selective_accuracy", "coverage", "n_notes")
    return {name: getattr(calibration, name) for name in kept}


def _evaluation(run: Run) -> dict[str, Any] | None:
    if not run.has_results():
        return None
    results = run.results()
    tuned = results.systems.get("tuned")
    if tuned is None:
        return None
    return {
        "split": TEST,
        "n": results.n,
        "accuracy": tuned.accuracy,
        "accuracy_interval": tuned.accuracy_interval,
        "macro_f1": tuned.macro_f1,
        "macro_f1_interval": tuned.macro_f1_interval,
        "ece": tuned.ece,
    }
