"""Predictions for partitions of notes: a model a worker, a file of predictions for each file of notes.

A worker reads a partition, classifies its notes with the run's one classifier, and writes the table back with the
columns of predictions behind its own. Whatever the input's format, the output is Parquet.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from nosology import __version__
from nosology.records import PREDICTION_COLUMNS, Prediction, Progress, prediction_types
from nosology.runs.run import Run
from nosology.runs.starter import STARTER, is_starter, run_folder
from nosology.scale.cluster import Engine, Needs
from nosology.scale.partitions import (
    WORK,
    Partition,
    begin,
    find_partitions,
    mark_done,
    missing,
    what_is_done,
)
from nosology.scale.reading import as_parquet
from nosology.scale.storage import Storage, content_of
from nosology.sources.formats import ReadingOptions
from nosology.sources.tablefile import read_whole, refuse_taken, without_objects

if TYPE_CHECKING:
    from nosology.classifier.classifier import Classifier
    from nosology.classifier.opening import System

STAGE = "classified"
_NOTES_AT_ONCE = 4_096
"""Bounds what is in memory of a partition's tokens."""


@dataclass(frozen=True, slots=True)
class Classified:
    """What came out of a classification, over all partitions.

    Attributes:
        n_notes: Notes that were read.
        n_abstained: Those of them that are left to people, unread ones too.
        n_unread: Those with nothing to read.
        n_demanding: Those that tell their reader what to answer.
        cautions: What must be known beside some answers.
        is_calibrated: Whether the run could say how sure it is.
    """

    n_notes: int
    n_abstained: int
    n_unread: int
    n_demanding: int
    cautions: tuple[str, ...]
    is_calibrated: bool


@dataclass(frozen=True)
class ClassifyJob:
    """All that a worker must know of a classification.

    Attributes:
        out: The output folder.
        partitions: The input.
        run: The run folder with its whole path, by which every worker must reach it; or ``starter``.
        text: The column that holds the notes.
        system: What answers; None for what the run says.
        how: What the user says of the files.
    """

    out: Storage
    partitions: tuple[Partition, ...]
    run: str
    text: str
    system: "System | None" = None
    how: ReadingOptions | None = None


def classify_partitions(job: ClassifyJob, *, engine: Engine, progress: Progress) -> Classified:
    """Classify the notes of all partitions and return what came out.

    Args:
        job: Input, output and run.
        engine: Has partitions worked on.
        progress: Shows how many partitions are done.

    Raises:
        RunError: The run cannot be used, or the output folder holds something else already.
        DataError: A partition cannot be read, or has a column of a name that is added.
    """
    settings: dict[str, Any] = {"kind": "predictions", "version": __version__, "text": job.text, "system": job.system}
    settings |= {"run_manifest_sha256": Run.open(job.run).sha256, "how": asdict(job.how) if job.how else None}
    begin(job.out, settings, job.partitions)
    n_partitions = len(job.partitions)
    left = missing(job.out, STAGE, n_partitions)
    with progress("classify", total=n_partitions, unit="partitions") as advance:
        if len(left) < n_partitions:
            advance(n_partitions - len(left), "from before")
        for _ in engine.each(partial(_PartitionClassifier, job), left, Needs(is_lasting=True, wants_gpu=True)):
            advance(1)
    found = [what_is_done(job.out, STAGE, number) for number in range(n_partitions)]
    job.out.remove(WORK)
    return Classified(
        n_notes=sum(about["n_notes"] for about in found),
        n_abstained=sum(about["n_abstained"] for about in found),
        n_unread=sum(about["n_unread"] for about in found),
        n_demanding=sum(about["n_demanding"] for about in found),
        cautions=tuple(sorted({caution for about in found for caution in about["cautions"]})),
        is_calibrated=all(about["is_calibrated"] for about in found),
    )


def find_job(
    run: Path | str,
    where: str,
    out: str,
    text: str,
    *,
    system: "System | None" = None,
    how: ReadingOptions | None = None,
) -> ClassifyJob:
    """Return the job of classifying what lies somewhere.

    Args:
        run: A run folder; as text a run's name, so that ``"starter"`` is the one in the package.
        where: A file, a folder or a pattern; a path or an address.
        out: The folder to make; a path or an address.
        text: The column that holds the notes.
        system: What answers; None for what the run says.
        how: What the user says of the files.

    Raises:
        RunError: The starter is asked for, and this build has none.
        DataError: There is no file of notes.
    """
    folder = run_folder(run) if isinstance(run, str) else run
    named = STARTER if is_starter(folder) else str(folder.absolute())  # each machine has a starter of its own
    return ClassifyJob(Storage(out), find_partitions(where), named, text, system, how)


class _PartitionClassifier:
    """Classifies partitions; loads its model for the first one."""

    def __init__(self, job: ClassifyJob) -> None:
        self._job = job
        self._classifier: Classifier | None = None

    def __call__(self, number: int) -> None:
        from nosology.classifier.classifier import Classifier

        job, partition = self._job, self._job.partitions[number]
        content = content_of(partition.address)
        source = partition.path if content is None else content
        table = read_whole(source, job.text, name=partition.name, how=job.how)
        refuse_taken(table.frame, partition.path, PREDICTION_COLUMNS)
        if self._classifier is None:
            self._classifier = Classifier.load(job.run, system=job.system)
        texts, found = table.texts(job.text), list[Prediction]()
        for first in range(0, len(texts), _NOTES_AT_ONCE):
            found += self._classifier.classify(texts[first : first + _NOTES_AT_ONCE])
        columns = pl.DataFrame([prediction.columns() for prediction in found], schema=prediction_types())
        whole = as_parquet(without_objects(table.frame).with_columns(columns.get_columns()))
        job.out.write(f"part-{number:05d}.parquet", whole)
        mark_done(job.out, STAGE, number, _counts(found))


def _counts(found: Sequence[Prediction]) -> dict[str, Any]:
    return {
        "n_notes": len(found),
        "n_abstained": sum(prediction.abstained for prediction in found),
        "n_unread": sum(bool(prediction.reason) for prediction in found),
        "n_demanding": sum(bool(prediction.demands) for prediction in found),
        "cautions": sorted({prediction.caution for prediction in found} - {""}),
        "is_calibrated": all(prediction.is_calibrated for prediction in found),
    }
