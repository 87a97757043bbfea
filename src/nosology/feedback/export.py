"""Decisions as a dataset that `nosology train` takes, alone or together with the dataset a run was trained on.

What is done:

1. ``decisions``: the latest decision on each note counts; earlier ones are lost, counted.
2. ``text``: the text comes from the store, where it was kept, or from a table of the user's own notes, found by hash.
3. ``clean``: the text is prepared as the run's training notes were, so that a run trained on it serves alike.
4. ``duplicates``: a text that the other dataset holds already goes, as do copies.
5. ``split``: alone, by a seeded hash of the patient (or of the note); with another dataset, into train, unless the
   patient is in its validation or test split: those stay as they were, so that figures before and after compare.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from nosology.coding.icd import rubric_of
from nosology.coding.labels import LabelSet
from nosology.dataset.folder import ATTRIBUTES, CODES_TYPE, COLUMNS, Dataset, open_dataset
from nosology.dataset.funnel import Funnel
from nosology.dataset.split import check_disjoint, split_of
from nosology.dataset.summary import DatasetSummary, summarize
from nosology.dataset.writing import write_labels_and_funnel, write_manifest, write_notes
from nosology.errors import DataError, RunError
from nosology.feedback.agreement import latest_by_note
from nosology.feedback.store import Decision
from nosology.files import new_folder, read_manifest, sha256_text
from nosology.runs.provenance import environment
from nosology.text.cleaning import Cleaning, clean

DECISIONS, TEXT, CLEAN, DUPLICATES, SPLIT = "decisions", "text", "clean", "duplicates", "split"
EARLIER = "an earlier decision on the same note"
NO_TEXT = "no text: none was kept, and the notes given do not hold it"
OTHER_LABELS = "a category that is not in the label set"
COPY = "the same text as another note"
HELD_OUT = "the patient is in the validation or test split of the other dataset"

_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(COLUMNS, pl.String),
    "icd_version": pl.Int8,
    "codes": CODES_TYPE,
    **dict.fromkeys(ATTRIBUTES, pl.String),
}


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is fixed before the first note: how texts are prepared, and how splits are drawn."""

    labels: LabelSet
    cleaning: Cleaning
    preparation: Mapping[str, Any]
    base: Dataset | None


def export_dataset(
    decisions: Iterable[Decision],
    run: Path,
    out: Path,
    *,
    texts: Iterable[str] = (),
    with_dataset: Path | None = None,
) -> DatasetSummary:
    """Write a dataset of decisions and return what came out.

    Args:
        decisions: All, oldest first.
        run: The run that predicted: its label set and its preparation are taken.
        out: The dataset folder to make.
        texts: Notes as they were sent to the service, for decisions whose text was not kept.
        with_dataset: A dataset to add the decisions to.

    Raises:
        RunError: The run or the other dataset is missing or changed, or ``out`` holds something already.
        DataError: No decision is left, or all have one category.
    """
    labels = LabelSet.load(run / "labels.tsv")
    preparation = read_manifest(run, "run")["dataset"]["preparation"]
    base = open_dataset(with_dataset) if with_dataset else None
    if base and base.labels.sha256 != labels.sha256:
        raise RunError("its label set is not the run's", place=str(base.folder), hint="give the run's own dataset")
    how = _Prepared(labels, Cleaning.like(preparation), preparation, base)
    funnel = Funnel([DECISIONS, TEXT, CLEAN, DUPLICATES, SPLIT])
    given = {sha256_text(text): text for text in texts}
    rows = _rows(decisions, given, how, funnel)
    notes = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    if not notes.height:
        hint = "keep texts with `nosology serve --keep-text`, or give the notes again with --notes"
        raise DataError(f"no decision is left:\n{funnel.describe()}", place="feedback", hint=hint)
    if base:
        notes = pl.concat([_as_ours(base.notes()), notes])
    if notes["category"].n_unique() == 1:
        raise DataError("all decisions are for one category", place="feedback", hint="add them --with a dataset")
    check_disjoint(notes.select("patient_id", "split").iter_rows())
    return _write(out, notes, how, funnel)


def _rows(
    decisions: Iterable[Decision], given: Mapping[str, str], how: _Prepared, funnel: Funnel
) -> list[tuple[Any, ...]]:
    """Return the notes that stay, as rows of the dataset; count the others."""
    everything = list(decisions)
    latest = latest_by_note(everything)
    funnel.rows_in = len(everything)
    funnel.lose(DECISIONS, EARLIER, len(everything) - len(latest))
    held_out, known = _held_out_patients(how.base), _known_texts(how.base)
    rows = []
    for decision in latest:
        text = given.get(decision.note_sha256, decision.text)
        patient_id = decision.patient_id or f"note-{decision.note_sha256[:16]}"
        if decision.category not in how.labels.names:
            funnel.lose(DECISIONS, OTHER_LABELS)
        elif text is None:
            funnel.lose(TEXT, NO_TEXT)
        elif (cleaned := clean(text, patient_id, how.cleaning)).lost:
            funnel.lose(CLEAN, cleaned.lost)
        elif cleaned.text in known:
            funnel.lose(DUPLICATES, COPY)
        elif patient_id in held_out:
            funnel.lose(SPLIT, HELD_OUT)
        else:
            known.add(cleaned.text)
            rows.append(_row(decision, patient_id, cleaned.text.decode("utf-8", "replace"), how))
    return rows


def _row(decision: Decision, patient_id: str, text: str, how: _Prepared) -> tuple[Any, ...]:
    """Return one row in the order of `_SCHEMA`."""
    note_id = f"feedback-{decision.note_sha256[:16]}"
    has_code = decision.code is not None and decision.icd_version is not None
    rubric = rubric_of(str(decision.code), int(decision.icd_version or 0)) if has_code else None
    split = "train"
    if how.base is None:
        shares: Sequence[float] = how.preparation["split_shares"]
        split = split_of(patient_id, how.preparation["seed"], (shares[0], shares[1], shares[2]))
    values = {
        "note_id": note_id,
        "patient_id": patient_id,
        "admission_id": "",
        "clean_text": text,
        "category": decision.category,
        "code": decision.code,
        "icd_version": decision.icd_version,
        "rubric": rubric,
        "codes": [{"code": decision.code, "icd_version": decision.icd_version}] if has_code else [],
        "split": split,
    }
    return tuple(values.get(name) for name in _SCHEMA)


def _as_ours(notes: pl.DataFrame) -> pl.DataFrame:
    """Return a dataset's notes in the columns of `_SCHEMA`; null where it was prepared before a column was kept."""
    missing = [pl.lit(None, kind).alias(name) for name, kind in _SCHEMA.items() if name not in notes.columns]
    return notes.with_columns(missing).select(*_SCHEMA).cast(pl.Schema(_SCHEMA))


def _held_out_patients(base: Dataset | None) -> set[str]:
    if base is None:
        return set()
    return {patient for split in ("validation", "test") for patient in base.split(split)["patient_id"]}


def _known_texts(base: Dataset | None) -> set[bytes]:
    return set() if base is None else {text.encode("utf-8", "surrogatepass") for text in base.notes()["clean_text"]}


def _write(out: Path, notes: pl.DataFrame, how: _Prepared, funnel: Funnel) -> DatasetSummary:
    texts = notes["clean_text"].to_list()
    lengths = pl.Series("length", [len(text.encode("utf-8", "surrogatepass")) for text in texts], dtype=pl.Int64)
    with new_folder(out) as folder:
        write_notes(folder, notes.drop("clean_text").with_columns(lengths), texts.__getitem__)
        summary = summarize(out, notes, how.labels, funnel, 0, ())
        write_labels_and_funnel(folder, how.labels, list(summary.funnel))
        source: dict[str, Any] = {"kind": "feedback", "files": []}
        if how.base:
            source["with_dataset_sha256"] = how.base.sha256
        label_set = {"name": how.labels.name, "sha256": how.labels.sha256}
        contents = {"source": source, "config": dict(how.preparation), "labels": label_set}
        write_manifest(folder, {**contents, **summary.contents(), "environment": environment()})
    return summary
