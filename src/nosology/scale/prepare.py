"""A dataset from partitions of a table: the rows, the funnel and the splits of one machine, made by many workers.

Three stages. Workers read, label, clean and sign the notes of each partition; which notes stay is decided over all of
them at once; workers write those of each partition. A stage's finished partitions are never done again: a job that was
stopped goes on where it was. The output is a dataset folder whose ``notes.parquet`` is a folder of parts.
"""

import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from nosology import __version__
from nosology.coding.labels import LabelSet
from nosology.config import PrepareConfig
from nosology.dataset.folder import ATTRIBUTES, COLUMNS, FUNNEL_FILE, LABELS_FILE, NOTES_FILE, QUARANTINE_FILE
from nosology.dataset.funnel import Funnel
from nosology.dataset.summary import DatasetSummary, summarize
from nosology.dataset.writing import write_labels_and_funnel
from nosology.deidentification.surrogates import secret_digest
from nosology.errors import DataError
from nosology.files import MANIFEST, as_json, sha256_bytes
from nosology.preparation.lost import LostLabels
from nosology.preparation.pipeline import check_notes, notices, origin_of
from nosology.preparation.quarantine import Quarantine
from nosology.records import Progress
from nosology.scale.cluster import Engine, Needs
from nosology.scale.partitions import WORK, begin, find_partitions, mark_done, missing, what_is_done
from nosology.scale.reading import STAGE as READ_STAGE
from nosology.scale.reading import PrepareJob, as_parquet, draws_surrogates, read_partition
from nosology.scale.selecting import selected
from nosology.scale.storage import Storage
from nosology.sources.codecolumn import CodeColumn
from nosology.sources.formats import ReadingOptions
from nosology.sources.reading import Rejected
from nosology.sources.table import EACH_NOTE_A_PATIENT, TableColumns, no_rows, without_patients

_WRITTEN, _KEPT = "written", "kept"
_ORDER = "order"


def prepare_partitions(
    where: str,
    out: str,
    config: PrepareConfig,
    columns: TableColumns,
    *,
    engine: Engine,
    progress: Progress,
    how: ReadingOptions | None = None,
) -> DatasetSummary:
    """Prepare a dataset from the partitions of a table and return what came out.

    Args:
        where: A file, a folder or a pattern; a path or an address.
        out: The dataset folder to make; a path or an address. Whole when it holds ``manifest.json``.
        config: What is done and which notes stay.
        columns: Which column holds what; ids must come from one, since rows of two partitions have one number.
        engine: Has partitions worked on.
        progress: Shows how many partitions are done.
        how: What the user says of the files.

    Raises:
        RunError: ``out`` holds something else already.
        ConfigError: A worker has another secret for surrogates than this process.
        LabelError: There is no such label set.
        DataError: The input cannot be read, too many of its rows are damaged, no note is left, all notes have one
            category, or a patient is in two splits.
    """
    if columns.note_id is None:
        hint = "name their column with --id: rows of several files have the same numbers"
        raise DataError("partitions need note ids", place="--engine ray", hint=hint)
    labels, secret = LabelSet.load(config.label_set), secret_digest() if draws_surrogates(config) else None
    job = PrepareJob(Storage(out), find_partitions(where), columns, config, labels, how, secret)
    begin(job.out, _settings(job), job.partitions)
    _each(job, engine, READ_STAGE, partial(_reader, job), progress, "prepare")
    seen = [what_is_done(job.out, READ_STAGE, number) for number in range(len(job.partitions))]
    funnel, quarantine, lost, warnings = _over_all(job, seen, where)
    notes = selected(job, engine, funnel, lost)
    check_notes(notes, funnel)
    _write_kept(job, notes)
    _each(job, engine, _WRITTEN, partial(_writer, job), progress, "write")
    folder = out if "://" in out else Path(out)
    summary = summarize(folder, notes, job.labels, funnel, len(quarantine), notices(warnings, lost, notes))
    _finish(job, summary, quarantine)
    return summary


def _settings(job: PrepareJob) -> dict[str, Any]:
    """Return what decides the outcome beside the input, as plain values."""
    return {
        "kind": "dataset",
        "version": __version__,
        "config": job.config.model_dump(mode="json"),
        "labels_sha256": job.labels.sha256,
        "columns": asdict(job.columns),
        "how": asdict(job.how) if job.how else None,
        "secret": job.secret,
    }


def _each(
    job: PrepareJob, engine: Engine, stage: str, make: "Callable[[], partial[None]]", progress: Progress, task: str
) -> None:
    """Have a stage done with every partition with which it is not."""
    n_partitions = len(job.partitions)
    left = missing(job.out, stage, n_partitions)
    with progress(task, total=n_partitions, unit="partitions") as advance:
        if len(left) < n_partitions:
            advance(n_partitions - len(left), "from before")
        for _ in engine.each(make, left, Needs()):
            advance(1)


def _reader(job: PrepareJob) -> "partial[None]":
    return partial(read_partition, job)


def _writer(job: PrepareJob) -> "partial[None]":
    return partial(write_partition, job)


def _over_all(
    job: PrepareJob, seen: Sequence[dict[str, Any]], where: str
) -> tuple[Funnel, Quarantine, LostLabels, list[str]]:
    """Return the counts of all partitions together, and what the user should know of their columns.

    Raises:
        DataError: Too many rows are damaged, there are none, or codes were numbers once.
    """
    funnel, quarantine, lost = job.new_funnel(), Quarantine(job.config.max_failed_share), LostLabels(job.labels.names)
    codes = CodeColumn(job.columns.code or "", where)
    for about in seen:
        funnel.add(about["rows_in"], about["steps"])
        quarantine.add((Rejected(*item) for item in about["rejected"]), funnel.rows_in)
        lost.add(about["lost"])
        codes.add(about["codes"])
    quarantine.check(None, funnel.rows_in)
    if not funnel.rows_in:
        raise no_rows(where)
    warnings = [] if job.columns.patient else [EACH_NOTE_A_PATIENT]
    warnings += _together([item for about in seen for item in about["warnings"]], len(seen))
    return (
        funnel,
        quarantine,
        lost,
        [
            *warnings,
            *codes.check(),
            *without_patients(sum(about["n_without_patient"] for about in seen)),
        ],
    )


def _together(said: Iterable[str], n_partitions: int) -> list[str]:
    """Return each kind of notice once, with how many partitions it is of where they are several."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for notice in said:
        if notice != EACH_NOTE_A_PATIENT:
            kinds[re.sub(r"\d[\d,.]*", "#", notice)].append(notice)
    return [
        f"{n[0]} (the first of {len(n):,} such files)" if n_partitions > 1 and n[1:] else n[0] for n in kinds.values()
    ]


def _write_kept(job: PrepareJob, notes: pl.DataFrame) -> None:
    """Write for each partition which of its rows stay, and in which split."""
    by_part = {number: rows for (number,), rows in notes.select("part", "row", "split").group_by("part")}
    none = notes.select("row", "split").clear()
    for number in missing(job.out, _WRITTEN, len(job.partitions)):
        rows = by_part.get(number, none).select("row", "split")
        job.out.write(f"{WORK}/{_KEPT}/{number:05d}.parquet", as_parquet(rows))


def write_partition(job: PrepareJob, number: int) -> None:
    """Write the notes of a partition that stay, in the order of their ids.

    Args:
        job: The preparation.
        number: The partition's place in the input.
    """
    there = job.out.frame(f"{WORK}/{READ_STAGE}/{number:05d}.parquet", ["row", _ORDER, *_stored()])
    kept = job.out.frame(f"{WORK}/{_KEPT}/{number:05d}.parquet")
    notes = there.join(kept, on="row", how="inner").sort(_ORDER, "note_id").select(*COLUMNS, *ATTRIBUTES)
    content = as_parquet(notes)
    job.out.write(part_name(number), content)
    mark_done(job.out, _WRITTEN, number, {"sha256": sha256_bytes(content), "bytes": len(content)})


def part_name(number: int) -> str:
    """Return the file, below a dataset folder, that holds the notes of a partition."""
    return f"{NOTES_FILE}/part-{number:05d}.parquet"


def _stored() -> list[str]:
    return [name for name in (*COLUMNS, *ATTRIBUTES) if name != "split"]


def _finish(job: PrepareJob, summary: DatasetSummary, quarantine: Quarantine) -> None:
    """Write what says what came out, the manifest last; then remove what was needed to get there."""
    files = {part_name(number): what_is_done(job.out, _WRITTEN, number) for number in range(len(job.partitions))}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        quarantine.write(folder / QUARANTINE_FILE)
        write_labels_and_funnel(folder, job.labels, list(summary.funnel))
        for name in (LABELS_FILE, FUNNEL_FILE, QUARANTINE_FILE):
            content = (folder / name).read_bytes()
            files[name] = {"sha256": sha256_bytes(content), "bytes": len(content)}
            job.out.write(name, content)
    source: dict[str, Any] = {"kind": "table", "files": sorted({partition.name for partition in job.partitions})}
    if any(partition.is_invented for partition in job.partitions):
        source["is_invented"] = True
    contents = origin_of(source, job.config, job.labels) | summary.contents()
    manifest = {"kind": "dataset", "format": 1, **contents, "files": dict(sorted(files.items()))}
    job.out.write(MANIFEST, as_json(manifest).encode())
    job.out.remove(WORK)
