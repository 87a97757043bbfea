"""Notes from a table of one's own: a text column, and a column with either a category or an ICD code."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nosology.errors import DataError
from nosology.records import Code, Note
from nosology.sources.codecolumn import CodeColumn
from nosology.sources.door import DoorTable
from nosology.sources.formats import Chunk, ReadingOptions
from nosology.sources.identifiers import IdColumn
from nosology.sources.invented import is_marked
from nosology.sources.reading import MAX_NOTE_CHARACTERS, NoteBatch, Rejected

EACH_NOTE_A_PATIENT = (
    "no patient column: every note counts as a patient of its own, so notes of one patient can be in two splits"
)
NO_PATIENT_ID = "{n:,} notes have no patient id (blank, or a word such as nan): each counts as a patient of its own"
_SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "eval": "validation",
    "test": "test",
    "testing": "test",
}
WITHOUT_PATIENT = "note-"
"""Stands before the note's id where nobody says whose note it is."""
_VERSION = re.compile(r"(?:ICD)?[-_ ]?(9|10)(?:[-_ ]?CM)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TableColumns:
    """Which column of a table holds what. Names match in any case where the exact one is not there.

    Attributes:
        text: The note.
        category: Its category; None where `code` is given.
        code: Its ICD code, or several, the primary one first, separated by blanks, commas or semicolons.
        icd_version: 9 or 10, or the name of the column that says so. Goes with `code`.
        note_id: The note's id; None for its line or row number.
        patient: Whose note it is; None makes every note a patient of its own.
        split: train, validation or test; None to draw splits.

    Raises:
        DataError: Not exactly one of `category` and `code` is given, or a code without its version.
    """

    text: str
    category: str | None = None
    code: str | None = None
    icd_version: Literal[9, 10] | str | None = None
    note_id: str | None = None
    patient: str | None = None
    split: str | None = None

    def __post_init__(self) -> None:
        if (self.category is None) == (self.code is None):
            hint = "give --category COL, or --code COL with --icd-version"
            raise DataError("a table needs either a category column or a code column", hint=hint)
        if self.code is not None and self.icd_version is None:
            hint = "give --icd-version 9, 10, or the name of a column that says so"
            raise DataError("codes without an ICD version: E870 is a code in both", hint=hint)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are read."""
        version = self.icd_version if isinstance(self.icd_version, str) else None
        named = (self.text, self.category, self.code, version, self.note_id, self.patient, self.split)
        return tuple(dict.fromkeys(name for name in named if name is not None))


class TableSource:
    """The notes of a table; a `nosology.sources.reading.Source`.

    Args:
        path: CSV, TSV, JSON lines, Parquet, or a folder that Hugging Face's datasets saved.
        columns: Which column holds what.
        how: What the user says of the file.
        content: The file's bytes where it does not lie on this machine.

    Raises:
        DataError: The table or a column is missing, or the table is broken.
    """

    kind = "table"
    steps: tuple[str, ...] = ()

    def __init__(
        self, path: Path, columns: TableColumns, how: ReadingOptions | None = None, *, content: bytes | None = None
    ) -> None:
        self._path, self._columns = path, columns
        self._table = DoorTable(path if content is None else content, path.name, columns.names, how=how)
        self._spelling = self._table.found
        self._note_ids = IdColumn(columns.note_id or "", str(path))
        self._patient_ids = IdColumn(columns.patient or "", str(path))
        self._code_column = CodeColumn(columns.code or "", str(path))
        self.files: tuple[str, ...] = (path.name,)
        self.notes_file = path.name
        self.side_rejected: Mapping[str, tuple[int, tuple[Rejected, ...]]] = {}
        self.warnings = [] if columns.patient else [EACH_NOTE_A_PATIENT]
        self.is_invented = is_marked(path)
        self.bytes_total = self._table.bytes_total

    @property
    def bytes_done(self) -> int:
        """How much of the table has been read, in bytes on disk."""
        return self._table.bytes_done

    def batches(self) -> Iterator[NoteBatch]:
        """Yield all notes.

        Raises:
            DataError: The table is damaged, has no rows, or holds ICD codes as numbers.
        """
        n_rows = 0
        for chunk in self._table.chunks():
            batch = self._batch(chunk)
            n_rows += batch.n_rows
            yield batch
        self.warnings += [*self._table.notices, *self._note_ids.notices, *self._patient_ids.notices]
        self._conclude(n_rows)

    def _conclude(self, n_rows: int) -> None:
        """Judge what only the whole table tells.

        Args:
            n_rows: Its rows.

        Raises:
            DataError: It has none, or holds ICD codes as numbers.
        """
        self.warnings += self._code_column.check()
        self.warnings += without_patients(self._patient_ids.n_missing)
        if not n_rows:
            raise no_rows(str(self._path))

    def _batch(self, chunk: Chunk) -> NoteBatch:
        notes: list[Note] = []
        rejected = list(chunk.rejected)
        columns = chunk.columns
        for i, number in enumerate(chunk.numbers):
            row = {name: columns[spelled][i] for name, spelled in self._spelling.items()}
            made = self._note(row.__getitem__, number, chunk.part)
            if isinstance(made, Note):
                notes.append(made)
            else:
                rejected.append(Rejected(self._path.name, number, made))
        return NoteBatch(tuple(notes), len(chunk.numbers) + len(chunk.rejected), rejected=tuple(rejected))

    def _note(self, value: Callable[[str], Any], number: int, part: str | None) -> Note | str:
        """Return the note of a row, or why the row cannot be read."""
        columns = self._columns
        text = value(columns.text)
        if not isinstance(text, str):
            return "no text" if text is None else "a text that is no string"
        if len(text) > MAX_NOTE_CHARACTERS:
            return f"a note of more than {MAX_NOTE_CHARACTERS:,} characters"
        note_id = str(number) if columns.note_id is None else self._note_ids.read(value(columns.note_id))
        if not note_id:
            return "no note id"
        patient_id = note_id if columns.patient is None else self._patient_ids.read(value(columns.patient))
        patient_id = patient_id or f"{WITHOUT_PATIENT}{note_id}"
        split = self._split(value, part)
        if split is None:
            return "a split that is neither train, validation nor test"
        attributes = {"split": split} if split else {}
        if columns.category is not None:
            category = _word(value(columns.category))
            return Note(note_id, patient_id, "", text, category=category, attributes=attributes)
        codes = self._codes(value)
        if isinstance(codes, str):
            return codes
        return Note(note_id, patient_id, "", text, codes, attributes=attributes)

    def _split(self, value: Callable[[str], Any], part: str | None) -> str | None:
        """Return the split a row states, an empty string where it states none, None where it is not understood."""
        if self._columns.split is not None:
            return _SPLITS.get(_word(value(self._columns.split)).lower())
        return _SPLITS.get(part.lower()) if part is not None else ""

    def _codes(self, value: Callable[[str], Any]) -> tuple[Code, ...] | str:
        """Return a row's codes, the primary one first, or why they cannot be read."""
        assert self._columns.code is not None
        version = self._columns.icd_version
        if isinstance(version, str):
            match = _VERSION.fullmatch(_word(value(version)))
            if not match:
                return "an ICD version that is neither 9 nor 10"
            version = 9 if match[1] == "9" else 10
        assert version is not None
        return self._code_column.read(value(self._columns.code), version)


def without_patients(n: int) -> list[str]:
    """Return what the user should know where notes have no patient id.

    Args:
        n: How many.
    """
    return [NO_PATIENT_ID.format(n=n)] if n else []


def no_rows(place: str) -> DataError:
    """Return the error of a table without rows."""
    return DataError("the table has no rows", place=place, hint="is it the right file?")


def _word(value: Any) -> str:
    return "" if value is None else str(value).strip()
