"""The one door to a finished run: opened once, passed along, typed throughout.

`Run.open` refuses a folder that is no finished run and says how to get one. Label set and rubrics are read once and
kept, evaluations are read each time they are asked for, since `evaluate` replaces them.
"""

import json
import os
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import RubricTable
from nosology.errors import RunError
from nosology.files import read_json, read_manifest, sha256_file, sha256_text
from nosology.runs.files import TEST, RunFiles
from nosology.runs.integrity import Recorded
from nosology.runs.manifest import RunManifest
from nosology.runs.results import Results
from nosology.runs.starter import CARD, is_starter, run_folder, state_folder
from nosology.runs.suggestion_results import SuggestionResults

_Record = TypeVar("_Record", bound=BaseModel)

CAUTION = "not calibrated on your notes: how sure this run is was fitted on {calibrated_on}"
"""What a run says beside every answer that was trained and calibrated by other people, on other notes."""
INVENTED = "trained on invented notes: no answer and no figure of this run says anything about medicine"
"""What a run says beside every answer that learned from notes of `nosology synth`."""


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        files: Where everything lies.
        manifest: What it is.

    Example:
        >>> run = Run.open("runs/first")
        >>> run.name, run.manifest.n_train_notes
        ('first', 24)
    """

    files: RunFiles
    manifest: RunManifest

    @classmethod
    def open(cls, folder: "Path | str | Run") -> "Run":
        """Return the run in a folder; a run that is open already is returned as it is.

        Args:
            folder: Its folder, or as text a run's name as users give it: ``"starter"`` is the one in the package.

        Raises:
            RunError: The folder is missing, unfinished, no run, or a run that this version does not read.
        """
        if isinstance(folder, Run):
            return folder
        files = RunFiles(run_folder(folder) if isinstance(folder, str) else folder)
        manifest = _validated(RunManifest, read_manifest(files.folder, "run"), files.manifest, "a run", "train again")
        return cls(files, manifest)

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.files.folder

    @property
    def name(self) -> str:
        """The run folder's name."""
        return self.folder.resolve().name

    @property
    def state(self) -> Path:
        """Where a service over this run keeps its audit log and decisions, unless it is given another folder."""
        return state_folder(self.folder)

    def check_writable(self, *, remedy: str | None = None) -> None:
        """Make sure that something may be written into the run.

        Args:
            remedy: What to do instead, where the caller knows something better than what is said here.

        Raises:
            RunError: It is the starter, which is part of the installation, or the folder lets nobody write.
        """
        if is_starter(self.folder):
            raise RunError(
                "the starter is part of the installation, and nothing is written into it",
                place=str(self.folder),
                hint=remedy
                or f"its figures are in {CARD} there; to see it on notes of yours, train with train.start=starter: "
                "evaluating that run sets the starter beside it",
            )
        if not os.access(self.folder, os.W_OK):
            raise RunError(
                "nothing can be written into this run",
                place=str(self.folder),
                hint=remedy or "copy it to a folder of yours, or ask its owner for the right to write",
            )

    @cached_property
    def caution(self) -> str:
        """What readers of the run's answers must know beside them; empty where there is nothing.

        A run of invented notes says so. One that was given away says that its calibration is not theirs, until it is
        calibrated anew.
        """
        invented = INVENTED if self.manifest.dataset.is_invented else ""
        return "; ".join(filter(None, (invented, self._foreign)))

    @property
    def _foreign(self) -> str:
        """That the calibration is of other notes; empty where it is not."""
        packed, own = self.manifest.packed, self.files.calibration
        if packed is None or (own.is_file() and sha256_file(own) != packed.calibration_sha256):
            return ""
        local = self.files.local_calibrations()
        if local and read_json(local[-1].about).get("run_manifest_sha256") == self.sha256:  # not packed with the run
            return ""
        return CAUTION.format(calibrated_on=packed.calibrated_on)

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the manifest, which names the run in what is fitted to it."""
        return sha256_file(self.files.manifest)

    @cached_property
    def prediction_sha256(self) -> str:
        """One hash of exactly the files that a prediction depends on, for audit logs and receipts.

        Raises:
            RunError: The run recorded none, or the record was changed.
        """
        return Recorded.read(self.files).sha256

    @cached_property
    def labels(self) -> LabelSet:
        """The label set.

        Raises:
            RunError: It is not the one that the run was trained with.
        """
        labels = LabelSet.load(self.files.labels)
        expect_unchanged(self.files.labels, labels.sha256, self.manifest.labels_sha256)
        return labels

    @cached_property
    def rubrics(self) -> RubricTable | None:
        """The rubrics that can be suggested, counted on the training notes; None where those had no codes."""
        return RubricTable.load(self.files.rubrics) if self.files.rubrics.exists() else None

    @property
    def has_category_head(self) -> bool:
        """Whether a classification head stands in the vocabulary's place."""
        return self.manifest.config.train.head == "classification"

    @property
    def can_suggest(self) -> bool:
        """Whether the run can suggest diagnoses: it knows rubrics, and its head knows words."""
        return bool(self.rubrics) and not self.has_category_head

    def check_suggests(self) -> None:
        """Make sure that the run can suggest diagnoses.

        Raises:
            RunError: It cannot; says why and what to do.
        """
        if not self.rubrics:
            raise RunError(
                "this run knows no rubrics to suggest: its training notes had no ICD codes",
                place=str(self.folder),
                hint="prepare notes with a code column, and train on them",
            )
        if self.has_category_head:
            raise RunError(
                "this run can suggest nothing: its classification head knows categories and no words",
                place=str(self.folder),
                hint="train with train.head=answer",
            )

    def train_note_ids(self) -> list[str]:
        """Return the ids of exactly the notes that were trained on, in the dataset's order.

        Raises:
            RunError: They are not the ones that the manifest names.
        """
        note_ids: list[str] = read_json(self.files.train_notes)["note_ids"]
        if sha256_text("\n".join(note_ids)) != self.manifest.train_note_ids_sha256:
            raise RunError(
                f"{self.files.train_notes.name} is not what the manifest recorded",
                place=str(self.folder),
                hint="restore it, or train again",
            )
        return note_ids

    def starting_run(self) -> "Run":
        """Return the run that training went on from.

        Raises:
            RunError: There is none, or it is no longer what it was then.
        """
        start, recorded = self.manifest.config.train.start, self.manifest.start
        hint = "put it back, or leave starter out of evaluate.systems"
        if recorded is None:
            raise RunError("training went on from no other run", place=str(self.folder), hint=hint)
        try:
            found = Run.open(start)
        except RunError as error:
            message = f"the run that training went on from cannot be read: {error.message}"
            raise RunError(message, place=start, hint=hint) from None
        is_same = found.sha256 == recorded.manifest_sha256 and found.files.adapter_weights.is_file()
        if not is_same or sha256_file(found.files.adapter_weights) != recorded.adapter_sha256:
            raise RunError("this is not the run that training went on from", place=start, hint=hint)
        return found

    def training_curves(self) -> dict[str, list[tuple[float, float]]]:
        """Return the curves of the training log by name: optimizer step and value. Empty where there is no log.

        Raises:
            RunError: A line is not JSON.
        """
        path = self.files.training_log
        curves: dict[str, list[tuple[float, float]]] = defaultdict(list)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for number, line in enumerate(lines, start=1):
            try:
                entry = json.loads(line)
            except ValueError:
                raise RunError("not a line of JSON", place=f"{path}:{number}", hint="the log was cut short") from None
            for name, value in entry.items():
                if name != "step" and isinstance(value, int | float):
                    curves[name].append((entry.get("step", number), value))
        return dict(curves)

    def evaluations(self) -> list[str]:
        """Return the names of the evaluations that the run holds, sorted."""
        folder = self.files.evaluation().folder.parent
        found = [item.name for item in folder.iterdir()] if folder.is_dir() else []
        return sorted(name for name in found if self.files.evaluation(name).results.is_file())

    def has_results(self, evaluation: str = TEST) -> bool:
        """Return whether the run holds an evaluation."""
        return self.files.evaluation(evaluation).results.is_file()

    def results(self, evaluation: str = TEST) -> Results:
        """Return the results of one evaluation.

        Raises:
            RunError: There is no such evaluation, or its file is of another version.
        """
        if not self.has_results(evaluation):
            found = self.evaluations()
            hint = f"there are {', '.join(found)}" if found else f"run `nosology evaluate {self.folder}` first"
            raise RunError(f"the run holds no evaluation {evaluation!r}", place=str(self.folder), hint=hint)
        path = self.files.evaluation(evaluation).results
        return _validated(Results, read_json(path), path, "results", "evaluate the run again")

    def training_shares(self) -> dict[str, float] | None:
        """Return the share of each category among the training notes; None before an evaluation counted them."""
        if not self.has_results():
            return None
        return {row.category: row.train for row in self.results().distribution.categories}

    def suggestion_results(self, evaluation: str = TEST) -> SuggestionResults | None:
        """Return how good suggestions are; None where they were not evaluated.

        Raises:
            RunError: The file is of another version.
        """
        path = self.files.evaluation(evaluation).suggestions
        if not path.exists():
            return None
        return _validated(SuggestionResults, read_json(path), path, "suggestion results", "evaluate the run again")


def expect_unchanged(place: Path, found: str, recorded: str, *, what: str = "this file") -> None:
    """Make sure that something is what the run's manifest recorded.

    Args:
        place: The file or folder, named in the error.
        found: SHA-256 of what is there now, in hexadecimal.
        recorded: SHA-256 in the run's manifest.
        what: What the error calls it, as the subject of its sentence.

    Raises:
        RunError: It is not.
    """
    if found != recorded:
        raise RunError(
            f"{what} changed since training: SHA-256 {found[:12]}..., recorded {recorded[:12]}...",
            place=str(place),
            hint="restore it, or train again",
        )


def _validated(kind: type[_Record], values: object, path: Path, what: str, remedy: str) -> _Record:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "kind"
        raise RunError(
            f"not {what} that this version reads ({error.error_count()} differences, the first at {where})",
            place=str(path),
            hint=remedy,
        ) from None
