"""What is taken for an uploaded table: its formats, and the columns that hold its notes and their ids.

A table is parsed in a process of its own. What cannot be taken is refused with a status that says why; never with a
word of the table, and not with its columns' names either: in a file without a header they are text of a note.
"""

from collections.abc import Sequence
from typing import Literal

import polars as pl

from nosology.errors import DataError
from nosology.records import PREDICTION_COLUMNS
from nosology.serve.http.problems import Refused
from nosology.serve.table_schemas import ColumnOut
from nosology.sources.limits import FOR_UPLOADS, LimitReached
from nosology.sources.names import find_column
from nosology.sources.tablefile import WholeTable, read_whole

Format = Literal["csv", "jsonl", "parquet"]
FORMATS: dict[str, Format] = {
    "text/csv": "csv",
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/vnd.apache.parquet": "parquet",
}

_TEXT_COLUMNS = ("text", "note", "clean_text", "note_text")
_ID_COLUMNS = ("id", "note_id", "row_id")
_PATIENT_COLUMNS = ("patient_id", "subject_id")
DECISION_COLUMNS = ("decided_category", "decided_code", "decided_by", "decided_at", "decided_blind")
"""What is added to a table of which somebody decided on a note."""
_COMPRESSED = {b"\x1f\x8b", b"PK", b"BZ", b"\xfd7", b"\x28\xb5"}


def parse_table(data: bytes, kind: Format, max_rows: int) -> WholeTable:
    """Return an uploaded table, parsed in a process of its own; every column of a CSV file is text.

    Args:
        data: The whole table as it was uploaded, not compressed.
        kind: The format that its media type names.
        max_rows: The most rows that are taken; a longer table is refused.

    Raises:
        Refused: It is empty, compressed, unreadable or too large, or reading it takes more than it may. Never quotes
            the table.
    """
    if not data.strip():
        raise Refused(422, "The table is empty.")
    if data[:2] in _COMPRESSED:
        raise Refused(415, "Compressed tables are not taken; unpack it first.")
    try:
        table = read_whole(data, name=f"table.{kind}", limits=FOR_UPLOADS)
    except LimitReached as error:
        raise Refused(413, f"The table cannot be read: {error.message}.") from None
    except DataError as error:
        raise Refused(422, f"The table is not readable as {kind}: {error.message}.") from None
    _check_rows(table.frame.height, max_rows)
    if not table.frame.height:
        raise Refused(422, "The table has no rows.")
    taken = [name for name in (*PREDICTION_COLUMNS, *DECISION_COLUMNS) if name in table.frame.columns]
    if taken:
        raise Refused(422, f"The table has a column {taken[0]} already, which would be overwritten; rename it.")
    return table


def note_column(table: pl.DataFrame, wanted: str | None) -> list[str]:
    """Return the notes of a table: of the column named, or of one with a usual name.

    Raises:
        Refused: There is no such column, or it holds something else than text. Column names are not quoted: in a file
            without a header they are text of a note.
    """
    name = _find(table, (wanted,) if wanted else _TEXT_COLUMNS)
    if name is None:
        usual = "the one that was named" if wanted else ", ".join(_TEXT_COLUMNS)
        raise Refused(422, f"None of the table's {table.width} columns is {usual}; name it with ?text=COLUMN.")
    column = table[name]
    if column.dtype != pl.String:
        raise Refused(422, "The column of notes does not hold text.")
    return column.fill_null("").to_list()


def id_column_of(table: pl.DataFrame, wanted: str | None) -> list[str]:
    """Return what each row is called: by the column named, or one with a usual name, or its number.

    Raises:
        Refused: There is no column of the name that was given.
    """
    name = _find(table, (wanted,) if wanted else _ID_COLUMNS)
    if name is None:
        if wanted:
            raise Refused(422, "The table has no column of the name given with ?id=.")
        return [str(number) for number in range(1, table.height + 1)]
    values = table[name].to_list()
    if any(isinstance(value, list | dict | pl.Series | bytes) for value in values):
        raise Refused(422, "The column of ids does not hold text or numbers.")
    return ["" if value is None else str(value)[:200] for value in values]


def patient_column_of(table: pl.DataFrame, wanted: str | None) -> list[str]:
    """Return whose note each row is: by the column named, or one with a usual name; empty texts where there is none.

    Raises:
        Refused: There is no column of the name that was given.
    """
    name = _find(table, (wanted,) if wanted else _PATIENT_COLUMNS)
    if name is None:
        if wanted:
            raise Refused(422, "The table has no column of the name given with ?patient=.")
        return [""] * table.height
    return id_column_of(table, name)


def columns_of(table: pl.DataFrame) -> list[ColumnOut]:
    """Return the columns of a table, to choose those of notes, ids and patients from."""
    found = []
    for name in table.columns:
        column = table[name]
        is_text = column.dtype == pl.String
        lengths = column.str.len_chars().fill_null(0) if is_text else pl.Series([0])
        empty = int(column.null_count()) + (int((lengths == 0).sum()) - int(column.null_count()) if is_text else 0)
        mean = float(lengths.mean() or 0)  # type: ignore[arg-type]
        found.append(ColumnOut(name=name, is_text=is_text, mean_characters=mean, share_empty=empty / table.height))
    return found


def _find(table: pl.DataFrame, names: Sequence[str]) -> str | None:
    """Return the first column of one of these names, in its own spelling; case matters only where it has to."""
    return next((found for name in names if (found := find_column(table.columns, name)) is not None), None)


def _check_rows(n_rows: int, max_rows: int) -> None:
    if n_rows > max_rows:
        raise Refused(413, f"The table has more than {max_rows:,} rows; cut it into pieces.")
