"""Whole tables in and out, by file name: CSV, TSV, Parquet, JSON lines; `.gz` where text.

For commands that add columns to a user's table and give everything else back as it was: every column, every row, the
same order, and values of text formats untouched (no number is read as a number, so ``0389`` stays ``0389``). For
notes in bulk use `nosology.sources.table`, which streams.
"""

from collections.abc import Iterable
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from nosology.errors import DataError
from nosology.files import replacing

FORMATS = {".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def table_format(path: Path) -> str:
    """Return ``csv``, ``tsv``, ``parquet`` or ``jsonl``, by the file's name.

    Raises:
        DataError: The name ends in none of the known ways.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    last = suffixes[-2] if suffixes[-1:] == [".gz"] and len(suffixes) > 1 else (suffixes or [""])[-1]
    found = FORMATS.get(last)
    if found is None:
        raise DataError(f"cannot tell the format from {path.name!r}", hint=f"use one of {', '.join(FORMATS)}")
    return found


def read_table(path: Path, *required: str) -> pl.DataFrame:
    """Return a table with all its columns; those of CSV and TSV files are text.

    Args:
        path: The file.
        required: Columns that must be there.

    Raises:
        DataError: The file is missing, unreadable, empty, or lacks a required column.
    """
    kind = table_format(path)
    try:
        if kind == "parquet":
            table = pl.read_parquet(path)
        elif kind == "jsonl":
            table = pl.read_ndjson(path, infer_schema_length=None)
        else:
            separator = "," if kind == "csv" else "\t"
            table = pl.read_csv(path, separator=separator, infer_schema=False)
    except FileNotFoundError:
        raise DataError("no such file", place=str(path)) from None
    except (PolarsError, OSError) as error:
        # Only the kind of trouble is told: a reader's message may quote the row, and rows hold notes.
        raise DataError(
            f"not readable as {kind} ({type(error).__name__})", place=str(path), hint="is it whole, and UTF-8?"
        ) from None
    missing = [name for name in required if name not in table.columns]
    if missing:
        raise DataError(f"no column {missing[0]!r}", place=str(path), hint=f"the file has: {', '.join(table.columns)}")
    return table


def refuse_taken(table: pl.DataFrame, path: Path, names: Iterable[str]) -> None:
    """Refuse a table that has a column of a name that is about to be added: adding it would drop the user's own.

    Raises:
        DataError: A name is taken.
    """
    for name in names:
        if name in table.columns:
            raise DataError(f"has a column {name!r} already", place=str(path), hint="rename it, or leave it out")


def write_table(table: pl.DataFrame, path: Path) -> None:
    """Write a table in the format of the file's name, whole or not at all; nested columns become JSON in CSV and TSV.

    Raises:
        DataError: The name ends in none of the known ways.
    """
    kind = table_format(path)
    with replacing(path) as partial:
        if kind == "parquet":
            table.write_parquet(partial)
        elif kind == "jsonl":
            table.write_ndjson(partial)
        else:
            table.write_csv(partial, separator="," if kind == "csv" else "\t")
