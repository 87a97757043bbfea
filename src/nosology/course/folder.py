"""A course as a dataset folder, so that training, resuming and results treat its phrases as they treat notes.

Every phrase and every invented note is of a patient of its own. A small part validates: it is drawn over rubrics, so
that no text of a validating rubric is learned from. There is no test split, since a course says nothing of real notes.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from nosology.coding import icd
from nosology.coding.labels import LabelSet
from nosology.course.compose import CourseText, compose
from nosology.course.phrases import Phrase
from nosology.dataset.folder import ATTRIBUTES, CODES_TYPE, COLUMNS
from nosology.dataset.writing import write_labels_and_funnel, write_manifest, write_notes
from nosology.errors import DataError
from nosology.files import new_folder
from nosology.runs.provenance import environment

VALIDATION_SHARE = 0.02
"""Of the rubrics: a look at the loss, not a measurement."""

SCHEMA: dict[str, Any] = {
    **dict.fromkeys((*COLUMNS, *ATTRIBUTES), pl.String),
    "icd_version": pl.Int8,
    "codes": CODES_TYPE,
}


def course_rows(phrases: Sequence[Phrase], n: int, seed: int, notes: Sequence[CourseText] = ()) -> pl.DataFrame:
    """Return a course as rows of a dataset: its columns, ids ``phrase-000000`` and so on, then ``note-000000``.

    Args:
        phrases: What there is to learn; each may be used many times, in other words.
        n: Number of phrases composed, those that validate included.
        seed: Of every draw: the same phrases, number, seed and notes give the same rows.
        notes: Invented notes, see `nosology.course.notes`; they follow the phrases.

    Raises:
        DataError: There is neither a phrase nor a note, or the phrases belong to fewer than two categories.
    """
    if not n and not notes:
        raise DataError("a course of no phrase and no note teaches nothing", hint="ask for some of either")
    texts = compose(phrases, n, seed) if n else []
    held_out = _validating({_rubric(text.phrase) for text in (*texts, *notes)}, seed)
    rows = [_row(f"phrase-{index:06d}", text, held_out) for index, text in enumerate(texts)]
    rows += [_row(f"note-{index:06d}", text, held_out) for index, text in enumerate(notes)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def write_course(
    out: Path,
    labels: LabelSet,
    phrases: Sequence[Phrase],
    n: int,
    seed: int,
    preparation: Mapping[str, Any],
    notes: Sequence[CourseText] = (),
) -> None:
    """Write a course of ``n`` phrases, and of notes behind them, as a dataset folder, whole or not at all.

    Args:
        out: The folder to write.
        labels: The label set that the phrases' categories come from.
        phrases: What there is to learn.
        n: Number of phrases composed.
        seed: Seed of every draw.
        preparation: What is to be done to notes before a model that took this course reads them: a preparation's
            configuration, as manifests hold it. Phrases and notes keep their form.
        notes: Invented notes, see `nosology.course.notes`.

    Raises:
        RunError: ``out`` holds something already.
        DataError: There is neither a phrase nor a note, or the phrases belong to fewer than two categories.
    """
    rows = course_rows(phrases, n, seed, notes)
    texts = rows["clean_text"].to_list()
    with new_folder(out) as folder:
        lengths = pl.Series("length", [len(text.encode("utf-8", "replace")) for text in texts])
        write_notes(folder, rows.drop("clean_text").with_columns(lengths), texts.__getitem__)
        write_labels_and_funnel(
            folder, labels, [{"step": "compose", "rows_in": len(rows), "rows_out": len(rows), "lost": {}}]
        )
        write_manifest(
            folder,
            {
                "source": {
                    "kind": "course",
                    "phrases": dict(sorted(Counter(phrase.source for phrase in phrases).items())),
                    "texts": n,
                    "notes": len(notes),
                    "seed": seed,
                },
                "config": dict(preparation),
                "labels": {"name": labels.name, "sha256": labels.sha256},
                "notes": dict(sorted(Counter(rows["split"]).items())),
                "environment": environment(),
            },
        )


def _row(note_id: str, text: CourseText, held_out: frozenset[str]) -> tuple[object, ...]:
    phrase = text.phrase
    values = {
        "note_id": note_id,
        "patient_id": note_id,
        "admission_id": note_id,
        "clean_text": text.text,
        "category": phrase.category,
        "code": phrase.code,
        "icd_version": phrase.version,
        "rubric": icd.rubric_of(phrase.code, phrase.version),
        "codes": [{"code": phrase.code, "icd_version": phrase.version}],
        "split": "validation" if _rubric(phrase) in held_out else "train",
    }
    return tuple(values.get(name) for name in SCHEMA)


def _rubric(phrase: Phrase) -> str:
    return f"{phrase.version}:{icd.rubric_of(phrase.code, phrase.version)}"


def _validating(rubrics: set[str], seed: int) -> frozenset[str]:
    """Return the rubrics that validate, at least one: those whose hash falls into the share, else the smallest."""
    hashes = {rubric: hashlib.sha256(f"{seed}:{rubric}".encode()).digest()[:8] for rubric in rubrics}
    chosen = {rubric for rubric, digest in hashes.items() if int.from_bytes(digest) < VALIDATION_SHARE * 2**64}
    return frozenset(chosen or {min(hashes, key=hashes.__getitem__)})
