"""The preparation of a dataset, from a source of notes to a finished folder.

What is done to the data, in this order:

1. ``read``: rows that cannot be read go to ``quarantine.jsonl`` with their line and reason.
2. ``note_type``, ``error_flag`` (MIMIC): only discharge summaries stay, and none marked as an error.
3. ``label``: the admission's codes give one category by the label rule; without one the note goes.
4. ``clean``: identifiers are replaced, diagnosis sections left out (if asked for), the text is normalized.
5. ``words``: notes with too few or too many words go.
   With ``addenda`` merged or dropped, one note an admission and category is made first, and ids are judged before that.
6. ``note_id``, ``duplicates``, ``near_duplicates``: one note per id, per text and per near-copy; the smallest id stays.
7. ``split``: patients are drawn into train, validation and test by a seeded hash of their id.

Decisions of people are a source like the others, with two steps of their own in the place of the second: ``decisions``
and ``text``. Their notes may join a dataset that is there already.

Reading streams, cleaning runs on all cores, and only ids and fingerprints of the notes are kept in memory. Nothing of
a note's text reaches a message, a log, the funnel or the quarantine.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from nosology.coding.labels import LabelSet
from nosology.config import PrepareConfig
from nosology.dataset.folder import QUARANTINE_FILE, Dataset, open_dataset
from nosology.dataset.funnel import Funnel
from nosology.dataset.split import check_disjoint, split_of
from nosology.dataset.summary import DatasetSummary, summarize
from nosology.dataset.writing import write_csv, write_labels_and_funnel, write_manifest, write_notes
from nosology.errors import DataError, RunError
from nosology.files import new_folder
from nosology.preparation.addenda import ADDENDA, one_per_admission
from nosology.preparation.collecting import CLEAN, LABEL, READ, WORDS, Collector
from nosology.preparation.joining import join
from nosology.preparation.labelling import Labeller
from nosology.preparation.lost import LostLabels
from nosology.preparation.quarantine import Quarantine
from nosology.preparation.select import (
    DUPLICATES,
    NEAR_DUPLICATES,
    NOTE_ID,
    one_per_id,
    one_per_text,
    without_near_duplicates,
)
from nosology.preparation.texts import TextFile
from nosology.records import Progress, no_progress
from nosology.runs.provenance import environment
from nosology.runs.run import Run
from nosology.sources.feedback import Decided, FeedbackSource
from nosology.sources.formats import ReadingOptions
from nosology.sources.mimic import MIMIC3, MIMIC4, MimicSource
from nosology.sources.reading import Source
from nosology.sources.table import TableColumns, TableSource
from nosology.text.cleaning import Cleaning

SPLIT = "split"
STEPS = (LABEL, CLEAN, WORDS, NOTE_ID, DUPLICATES, NEAR_DUPLICATES, SPLIT)
"""Funnel steps behind those of the source."""
STEPS_WITH_ADDENDA = (LABEL, CLEAN, NOTE_ID, ADDENDA, WORDS, DUPLICATES, NEAR_DUPLICATES, SPLIT)

_MANY_NOTES, _LARGE_SHARE = 10, 0.05
"""Of a patient: so many notes, and so large a share of all, are rare in any hospital and usual for a lost id."""


def prepare_mimic3(
    folder: Path,
    out: Path,
    config: PrepareConfig,
    *,
    progress: Progress | None = None,
    csv: bool = False,
    n_workers: int | None = None,
) -> DatasetSummary:
    """Prepare a dataset from MIMIC-III's files; see `prepare` for the arguments and errors.

    Args:
        folder: Where NOTEEVENTS and DIAGNOSES_ICD lie, with PATIENTS and ADMISSIONS for subgroups, plain or gzipped.
    """
    return prepare(lambda: MimicSource(folder, MIMIC3), out, config, progress=progress, csv=csv, n_workers=n_workers)


def prepare_mimic4(
    folder: Path,
    out: Path,
    config: PrepareConfig,
    *,
    progress: Progress | None = None,
    csv: bool = False,
    n_workers: int | None = None,
) -> DatasetSummary:
    """Prepare a dataset from MIMIC-IV's and MIMIC-IV-Note's files; see `prepare` for the arguments and errors.

    Args:
        folder: Where ``note/discharge`` and ``hosp/diagnoses_icd`` lie, themselves or below it.
    """
    return prepare(lambda: MimicSource(folder, MIMIC4), out, config, progress=progress, csv=csv, n_workers=n_workers)


def prepare_table(
    file: Path,
    out: Path,
    config: PrepareConfig,
    columns: TableColumns,
    *,
    how: ReadingOptions | None = None,
    progress: Progress | None = None,
    csv: bool = False,
    n_workers: int | None = None,
) -> DatasetSummary:
    """Prepare a dataset from a table of notes; see `prepare` for the other arguments and errors.

    Args:
        file: CSV, TSV, JSON lines, Parquet, Excel, or a folder that Hugging Face's datasets saved.
        columns: Which column holds what.
        how: What the user says of the file: separator, encoding.
    """
    return prepare(
        lambda: TableSource(file, columns, how), out, config, progress=progress, csv=csv, n_workers=n_workers
    )


def prepare_feedback(
    decisions: Iterable[Decided],
    run: Path,
    out: Path,
    *,
    texts: Iterable[str] = (),
    with_dataset: Path | None = None,
    progress: Progress | None = None,
    n_workers: int | None = None,
) -> DatasetSummary:
    """Prepare a dataset from what people decided, as the run's own notes were prepared; see `prepare` for other errors.

    A run trained on it serves alike. Notes are neither too short nor too long, and near-copies stay: people chose them.

    Args:
        decisions: All, oldest first.
        run: The run that predicted: its label set and its preparation are taken.
        out: The dataset folder to make.
        texts: Notes as they were sent to the service, for decisions whose text was not kept.
        with_dataset: A dataset to add the notes to; its validation and test splits stay as they are.
        progress: Shows how far reading has come; None for silence.
        n_workers: Worker processes for the text work; None for one per core, 1 for none.

    Raises:
        RunError: The run or the other dataset is missing or changed, or their label sets differ.
    """
    opened = Run.open(run)
    labels, config = opened.labels, opened.manifest.dataset.preparation
    anything_goes = {
        "addenda": "keep",
        "min_words": 0,
        "max_words": None,
        "drop_duplicates": True,
        "drop_near_duplicates": False,
    }
    there = open_dataset(with_dataset) if with_dataset else None
    if there and there.labels.sha256 != labels.sha256:
        raise RunError("its label set is not the run's", place=str(there.folder), hint="give the run's own dataset")
    return prepare(
        lambda: FeedbackSource(decisions, texts),
        out,
        config.model_copy(update=anything_goes),
        labels=labels,
        with_dataset=there,
        progress=progress,
        n_workers=n_workers,
    )


def prepare(
    open_source: Callable[[], Source],
    out: Path,
    config: PrepareConfig,
    *,
    labels: LabelSet | None = None,
    with_dataset: Dataset | None = None,
    progress: Progress | None = None,
    csv: bool = False,
    n_workers: int | None = None,
) -> DatasetSummary:
    """Prepare a dataset and return what came out.

    Args:
        open_source: Opens the source of notes; called once the output folder is known to be free.
        out: The dataset folder to make. It appears when everything in it is written, or not at all.
        config: What is done and which notes stay.
        labels: The label set; None for the configured one.
        with_dataset: A dataset that the notes join; None to make one of its own.
        progress: Shows how far reading has come; None for silence.
        csv: Also write ``df_classification.csv``.
        n_workers: Worker processes for the text work; None for one per core, 1 for none.

    Raises:
        RunError: ``out`` holds something already.
        LabelError: There is no such label set.
        DataError: The source cannot be read, too many of its rows are damaged, no note is left, all notes have one
            category, or a patient is in two splits.
    """
    labels = labels or LabelSet.load(config.label_set)
    with new_folder(out, is_private=True) as folder:
        source = open_source()
        steps = STEPS if config.addenda == "keep" else STEPS_WITH_ADDENDA
        funnel, quarantine = Funnel([READ, *source.steps, *steps]), Quarantine(config.max_failed_share)
        label_of = Labeller(labels, config.label_rule, config.icd10_mapping)
        with TextFile(folder / "texts.partial") as texts:
            collector = Collector(source, label_of, texts, funnel, quarantine)
            notes = collector.collect(cleaning_of_one(config), n_workers, progress or no_progress)
            notes = with_split(_selected(notes, texts, config, funnel, label_of), config)
            notes = join(notes, with_dataset, texts, funnel, SPLIT) if with_dataset else notes
            check_notes(notes, funnel)
            write_notes(folder, notes, _reader(notes, texts))
        summary = summarize(out, notes, labels, funnel, len(quarantine), notices(source.warnings, label_of.lost, notes))
        quarantine.write(folder / QUARANTINE_FILE)
        write_labels_and_funnel(folder, labels, list(summary.funnel))
        if csv:
            write_csv(folder)
        write_manifest(folder, origin_of(_source_of(source, with_dataset), config, labels) | summary.contents())
    return summary


def notices(of_source: Iterable[str], lost: LostLabels, notes: pl.DataFrame) -> list[str]:
    """Return what the user should know before trusting the dataset.

    Args:
        of_source: What the source says.
        lost: What had no label.
        notes: The notes that stay.
    """
    return [*of_source, *lost.notices(), *_large_patient(notes)]


def cleaning_of(config: PrepareConfig) -> Cleaning:
    """Return what is done to each note and which lengths stay."""
    return Cleaning(
        deidentify=config.deidentify,
        deidentify_style=config.deidentify_style,
        leak=config.leak,
        lowercase=config.lowercase,
        strip_punctuation=config.strip_punctuation,
        min_words=config.min_words,
        max_words=config.max_words,
        with_signature=config.drop_near_duplicates,
    )


def cleaning_of_one(config: PrepareConfig) -> Cleaning:
    """Return what is done to each note as it comes: where addenda are joined, lengths are judged and signed later."""
    how = cleaning_of(config)
    if config.addenda == "keep":
        return how
    return replace(how, min_words=0, max_words=None, with_signature=False)


def _selected(
    notes: pl.DataFrame, texts: TextFile, config: PrepareConfig, funnel: Funnel, label_of: Labeller
) -> pl.DataFrame:
    """Return the notes that stay, in the order of their ids.

    Raises:
        DataError: None stays.
    """
    notes = one_per_id(notes, funnel)
    notes = one_per_admission(notes, texts, config.addenda, cleaning_of(config), funnel, WORDS)
    if config.drop_duplicates:
        notes = one_per_text(notes, funnel)
    if config.drop_near_duplicates and notes.height:
        notes = without_near_duplicates(notes, _reader(notes, texts), funnel)
    if not notes.height:
        raise no_note_left(funnel, label_of.lost)
    return notes.drop("order", "digest", "signature")


def no_note_left(funnel: Funnel, lost: LostLabels) -> DataError:
    """Return the error of a preparation that keeps no note, with the step that is most to blame."""
    most = max(funnel.steps(), key=lambda step: step["rows_in"] - step["rows_out"])
    hint = f"most rows are lost at the step {most['step']!r}; its settings: `nosology schema config`"
    if most["step"] == LABEL and lost.notices():
        hint = "\n    ".join(lost.notices())
    return DataError(f"no note is left after filtering:\n{funnel.describe()}", place="funnel", hint=hint)


def _large_patient(notes: pl.DataFrame) -> list[str]:
    """Return a warning where one patient has more notes than one person is likely to have."""
    most = notes["patient_id"].value_counts().get_column("count").max() or 0
    if not isinstance(most, int) or most < _MANY_NOTES or most <= _LARGE_SHARE * notes.height:
        return []
    return [
        f"one patient has {most:,} of {notes.height:,} notes: is the id a word for nothing, or were ids cut or rounded?"
    ]


def check_notes(notes: pl.DataFrame, funnel: Funnel) -> None:
    """Refuse a dataset that nothing can be learned from, or that has a patient in two splits.

    Raises:
        DataError: It is one.
    """
    found = notes["category"].unique().to_list()
    if len(found) == 1:
        message = f"all {notes.height:,} notes that are left have one category, {found[0]}:\n{funnel.describe()}"
        raise DataError(message, place="funnel", hint="there is nothing to tell apart: loosen the filters or add notes")
    check_disjoint(notes.select("patient_id", "split").iter_rows())


def _source_of(source: Source, joined: Dataset | None) -> dict[str, Any]:
    is_invented = source.is_invented or (joined is not None and joined.is_invented)
    return (
        {"kind": source.kind, "files": list(source.files)}
        | ({"is_invented": True} if is_invented else {})
        | ({"with_dataset_sha256": joined.sha256} if joined else {})
    )


def origin_of(source: Mapping[str, Any], config: PrepareConfig, labels: LabelSet) -> dict[str, Any]:
    """Return what the manifest says of where the notes come from and what was done to them.

    Args:
        source: Its kind and files, and the dataset that its notes joined.
        config: What was done.
        labels: The label set.
    """
    return {
        "source": dict(source),
        "config": config.model_dump(mode="json"),
        "labels": {"name": labels.name, "sha256": labels.sha256},
        "environment": environment(),
    }


def with_split(notes: pl.DataFrame, config: PrepareConfig) -> pl.DataFrame:
    """Return the notes with the split that their source gives, or else the one drawn for their patient."""
    drawn = [split_of(patient, config.seed, config.split_shares) for patient in notes["patient_id"]]
    return notes.with_columns(split=pl.coalesce("given_split", pl.Series("split", drawn, dtype=pl.String)))


def _reader(notes: pl.DataFrame, texts: TextFile) -> Callable[[int], str]:
    """Return a function that gives the prepared text of the note in a row."""
    offsets, lengths = notes["offset"].to_list(), notes["length"].to_list()
    return lambda row: texts.read(offsets[row], lengths[row])
