"""Whole tables in and out, by file name: CSV, TSV, JSON lines and arrays, Parquet; Excel in; `.gz` where text.

For commands that add columns to a user's table and give everything else back as it was: every column, every row, the
same order, and values as they were (no text is read as a number, so ``0389`` stays ``0389``; a JSON number stays one).
A row that cannot be read stops the command, since leaving it out would move all others. For notes in bulk use
`nosology.sources.table`, which streams.
"""

import gzip
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from nosology.errors import DataError
from nosology.files import replacing
from nosology.sources.door import DoorTable
from nosology.sources.formats import Chunk, ReadingOptions, kind_of
from nosology.sources.formulas import escaped
from nosology.sources.limits import ReadLimits
from nosology.sources.names import find_column
from nosology.sources.reading import Rejected

FORMATS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
}
"""What can be written, by suffix."""

_UNNAMED = "unnamed_"


def table_format(path: Path) -> str:
    """Return ``csv``, ``tsv``, ``parquet``, ``jsonl`` or ``json``: how a file of this name is written.

    Raises:
        DataError: The name ends in none of the known ways.
    """
    found = FORMATS.get(kind_of(path.name))
    if found is None or (found == "parquet" and path.suffix.lower() == ".gz"):
        raise DataError(f"cannot tell the format from {path.name!r}", hint=f"use one of {', '.join(FORMATS)}")
    return found


def has_lists(path: Path) -> bool:
    """Return whether a file of this name can hold lists."""
    return table_format(path) in ("jsonl", "json", "parquet")


@dataclass(frozen=True, slots=True)
class WholeTable:
    """A table with all its columns and rows.

    Attributes:
        frame: Text formats give columns of text, typed ones theirs; JSON columns of several kinds hold objects.
        place: The file.
        notices: What the user should know of how it was read.
    """

    frame: pl.DataFrame = field(repr=False)
    place: str
    notices: tuple[str, ...] = ()

    def column(self, name: str) -> str:
        """Return a column's own spelling."""
        found = find_column(self.frame.columns, name)
        assert found is not None, "whoever opened the table asked for this column"
        return found

    def texts(self, name: str) -> list[str]:
        """Return a column's values as text, empty where there is none.

        Raises:
            DataError: It holds lists or objects.
        """
        return [_as_text(value, self.place) for value in self.frame[self.column(name)].to_list()]


def read_whole(
    source: Path | bytes,
    *required: str,
    name: str = "",
    how: ReadingOptions | None = None,
    limits: ReadLimits | None = None,
) -> WholeTable:
    """Return a table with all its columns.

    Args:
        source: The file, or its bytes.
        required: Columns that must be there, in any case.
        name: What messages call bytes; its suffix says the format.
        how: What the user says of the file.
        limits: What reading it may take; those of the command line if not given.

    Raises:
        DataError: It is missing, unreadable or empty, a row is damaged, a required column is not there, or a limit is
            reached.
    """
    table = DoorTable(source, name, required, is_whole=True, how=how, limits=limits)
    place = str(source) if isinstance(source, Path) else name
    chunks = list(table.chunks())
    rejected = [item for chunk in chunks for item in chunk.rejected]
    if rejected:
        raise _unreadable(rejected, sum(len(chunk.numbers) for chunk in chunks) + len(rejected), place)
    return WholeTable(_frame(chunks, table.columns, required), place, tuple(table.notices))


def read_table(path: Path, *required: str) -> pl.DataFrame:
    """Return the frame of `read_whole`."""
    return read_whole(path, *required).frame


def _unreadable(rejected: Sequence[Rejected], n_rows: int, place: str) -> DataError:
    reasons = Counter(item.reason for item in rejected)
    named = "; ".join(f"{n:,} x {reason}" for reason, n in reasons.most_common(3))
    lines = ", ".join(f"{item.line:,}" for item in rejected[:5]) + (", ..." if len(rejected) > 5 else "")
    hint = "mend or remove these rows; the rows of the output must be those of the input"
    return DataError(
        f"{len(rejected):,} of {n_rows:,} rows could not be read (lines {lines}): {named}", place=place, hint=hint
    )


def _frame(chunks: Sequence[Chunk], columns: Sequence[str], required: Sequence[str]) -> pl.DataFrame:
    """Return the rows of all chunks as one frame."""
    frames = [chunk.content for chunk in chunks if isinstance(chunk.content, pl.DataFrame)]
    if frames:
        frame = pl.concat(frames, how="vertical_relaxed", rechunk=True)
    elif any(isinstance(chunk.content, dict) for chunk in chunks):
        frame = _from_json([chunk.columns for chunk in chunks], [len(chunk.numbers) for chunk in chunks])
    else:
        frame = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    needed = {find_column(frame.columns, name) for name in required}
    empty = [name for name in frame.columns if name not in needed and _is_leftover(frame[name])]
    return frame.drop(empty)


def _is_leftover(column: pl.Series) -> bool:
    """Return whether a column has neither a name nor any content: what table programs leave at the right."""
    is_unnamed = column.name.startswith((_UNNAMED, "__UNNAMED__"))
    return is_unnamed and all(value is None or value == "" for value in column.to_list())


def _from_json(pieces: Sequence[dict[str, list[Any]]], heights: Sequence[int]) -> pl.DataFrame:
    values: dict[str, list[Any]] = {name: [] for piece in pieces for name in piece}
    for piece, height in zip(pieces, heights, strict=True):
        for name, column in values.items():
            column += piece.get(name) or [None] * height
    return pl.DataFrame([_series(name, column) for name, column in values.items()])


def _series(name: str, values: list[Any]) -> pl.Series:
    """Return JSON values as a column of one kind, or of objects where they are of several."""
    kinds = {type(value) for value in values if value is not None}
    types: dict[type, Any] = {str: pl.String, bool: pl.Boolean, float: pl.Float64, int: pl.Int64}
    only = kinds.pop() if len(kinds) == 1 else None
    if not kinds and only is None:
        return pl.Series(name, values, dtype=pl.Null)
    is_large = only is int and any(value is not None and abs(value) >= 1 << 63 for value in values)
    return pl.Series(name, values, dtype=pl.Object if only not in types or is_large else types[only])


def _as_text(value: Any, place: str) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, list | dict | bytes | pl.Series):
        raise DataError("the column of notes holds lists, objects or bytes", place=place, hint="name the one of text")
    return str(value)


def refuse_taken(table: pl.DataFrame, path: Path, names: Iterable[str]) -> None:
    """Refuse a table that has a column of a name that is about to be added: adding it would drop the user's own.

    Args:
        table: The user's table, with all its columns.
        path: The file it was read from, named in the error.
        names: Names of the columns that are about to be added.

    Raises:
        DataError: A name is taken.
    """
    for name in names:
        if name in table.columns:
            raise DataError(f"has a column {name!r} already", place=str(path), hint="rename it, or leave it out")


def write_table(table: pl.DataFrame, path: Path, *, escapes_formulas: bool = False) -> None:
    """Write a table in the format of the file's name, whole or not at all, readable by its owner alone.

    Nested columns become JSON in CSV and TSV.

    Args:
        table: What to write.
        path: Where to.
        escapes_formulas: In CSV and TSV, cells that a table program would run get an apostrophe in front.

    Raises:
        DataError: The name ends in none of the known ways.
    """
    kind = table_format(path)
    with replacing(path, is_private=True) as partial:
        if kind == "parquet":
            without_objects(table).write_parquet(partial)
        else:
            opener = gzip.open if path.suffix.lower() == ".gz" else open
            with opener(partial, "wb") as file:
                for piece in content_of(table, kind, escapes_formulas=escapes_formulas):
                    file.write(piece)


def without_objects(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table whose columns of objects have a type of their own, or hold JSON where there is none in common."""
    return table.with_columns(_typed(column) for column in table if column.dtype == pl.Object)


def content_of(table: pl.DataFrame, kind: str, *, escapes_formulas: bool = False) -> Iterator[bytes]:
    """Yield a table in a text format, piece by piece.

    Args:
        table: What to write.
        kind: ``csv``, ``tsv``, ``jsonl`` or ``json``.
        escapes_formulas: In CSV and TSV, cells that a table program would run get an apostrophe in front.
    """
    if kind in ("csv", "tsv"):
        flat = table.with_columns(
            _flat(column) for column in table if column.dtype == pl.Object or column.dtype.is_nested()
        )
        yield (
            (escaped(flat) if escapes_formulas else flat)
            .write_csv(separator="," if kind == "csv" else "\t")
            .encode("utf-8")
        )
        return
    before = "[\n" if kind == "json" else ""
    for row in table.iter_rows(named=True):
        yield (before + json.dumps(row, ensure_ascii=False, default=_plain) + ("" if kind == "json" else "\n")).encode()
        before = ",\n" if kind == "json" else ""
    if kind == "json":
        yield b"\n]\n" if table.height else b"[]\n"


def _typed(column: pl.Series) -> pl.Series:
    """Return a column of objects as one of a type, or as JSON where they have none in common."""
    values = column.to_list()
    try:
        return pl.Series(column.name, values, strict=True)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return _flat(column)


def _flat(column: pl.Series) -> pl.Series:
    """Return a column as text: strings as they are, everything else as JSON."""
    return pl.Series(column.name, [_flat_value(value) for value in column.to_list()], dtype=pl.String)


def _flat_value(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value.to_list() if isinstance(value, pl.Series) else value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    return value.to_list() if isinstance(value, pl.Series) else str(value)
