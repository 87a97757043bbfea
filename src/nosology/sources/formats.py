"""Tables of any usual format as chunks of rows: CSV, JSON lines and arrays, Parquet, Excel, saved datasets.

Everything here parses bytes that somebody else wrote, so it runs in a process of its own (`nosology.sources.door`).
Text formats give strings, or what JSON says; typed ones give a polars frame. No number becomes text on the way.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import polars as pl
from polars.exceptions import PolarsError

from nosology.errors import DataError
from nosology.sources.csvstream import CsvReader
from nosology.sources.limits import LimitReached, ReadLimits
from nosology.sources.names import find_column
from nosology.sources.reading import Rejected

CHUNK_ROWS = 2_000
KNOWN = ".csv, .tsv, .txt, .jsonl, .ndjson, .json (each also as .gz), .parquet, .xlsx, or a folder saved by datasets"


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What the user says of a file.

    Attributes:
        separator: Between the fields of a CSV file; None to find it.
        encoding: Of its text; None to tell UTF-8 and UTF-16 apart.
    """

    separator: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a table.

    Attributes:
        content: A frame, or the values by column where they are JSON's: a row that lacks a key has None there.
        numbers: Where each row stands: its physical line in a text format, else its number, from 1.
        rejected: Rows that could not be read.
        part: The saved dataset's own name for the split that these rows are in, where it has one.
    """

    content: pl.DataFrame | dict[str, list[Any]] = field(repr=False)
    numbers: list[int]
    rejected: tuple[Rejected, ...] = ()
    part: str | None = None

    @property
    def columns(self) -> dict[str, list[Any]]:
        """Values by column."""
        return self.content if isinstance(self.content, dict) else self.content.to_dict(as_series=False)


class Table(Protocol):
    """A table that can be read once, chunk by chunk.

    Attributes:
        bytes_total: Its size on disk.
    """

    bytes_total: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns; of JSON, those seen so far."""
        ...

    @property
    def bytes_done(self) -> int:
        """Bytes read from disk so far."""
        ...

    @property
    def notices(self) -> list[str]:
        """What the user should know of how it was read; complete at its end."""
        ...

    def find(self, name: str) -> str | None:
        """Return a column's own spelling; None where there is none."""
        ...

    def chunks(self, columns: Sequence[str] | None) -> Iterator[Chunk]:
        """Yield some of the columns of all rows; all of them for None."""
        ...


def kind_of(name: str) -> str:
    """Return the last suffix of a file's name without ``.gz``, in lower case."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes if suffix.lower() != ".gz"]
    return suffixes[-1] if suffixes else ""


def open_table(path: Path, name: str, how: ReadingOptions, limits: ReadLimits) -> Table:
    """Return the table in a file, or in a folder that Hugging Face's datasets saved.

    Args:
        path: Where its bytes are.
        name: The file's name, which says its format.
        how: What the user says of it.
        limits: What reading it may take.

    Raises:
        DataError: There is no such file, it is broken, its format is not known, or a limit is reached.
    """
    from nosology.sources.jsontable import JsonTable

    if path.is_dir():
        return ArrowFolder(path)
    match kind_of(name):
        case ".csv" | ".txt":
            return CsvTable(path, how, ",", limits)
        case ".tsv" | ".tab":
            return CsvTable(path, how, "\t", limits)
        case ".jsonl" | ".ndjson" | ".json":
            return JsonTable(path, how.encoding, limits)
        case ".parquet" | ".pq":
            return ParquetTable(path, limits)
        case ".xlsx":
            return ExcelTable(path, limits)
        case ".xls" | ".xlsb" | ".ods":
            raise DataError("older and other table programs' files are not read", place=name, hint="save it as .xlsx")
        case _:
            raise DataError("cannot tell the format from the name", place=name, hint=f"use {KNOWN}")


class CsvTable:
    """A CSV or TSV file with a header."""

    def __init__(self, path: Path, how: ReadingOptions, expected: str, limits: ReadLimits) -> None:
        self._reader = CsvReader(path, separator=how.separator, encoding=how.encoding, expected=expected)
        self.columns = self._reader.columns
        self.bytes_total = self._reader.source.bytes_total
        if len(self.columns) > limits.columns:
            raise limits.reached("columns", str(path))

    @property
    def bytes_done(self) -> int:
        """Bytes read from disk so far."""
        return self._reader.source.bytes_done

    @property
    def notices(self) -> list[str]:
        """What the user should know of how it was read."""
        return self._reader.notices

    def find(self, name: str) -> str | None:
        """Return a column's own spelling."""
        return find_column(self.columns, name)

    def chunks(self, columns: Sequence[str] | None) -> Iterator[Chunk]:
        """Yield some of the columns of all rows; blank rows at the end are none."""
        waiting: list[Chunk] = []
        for block in self._reader.blocks():
            frame, numbers = block.frame(self.columns), block.lines()
            n_full = _rows_before_trailing_blanks(frame)
            chosen = frame.select(columns if columns is not None else list(self.columns))
            if n_full:
                yield from waiting
                waiting = []
                yield Chunk(chosen.head(n_full), numbers[:n_full], block.rejected)
            elif block.rejected:
                yield Chunk(chosen.head(0), [], block.rejected)
            if n_full < frame.height:
                waiting.append(Chunk(chosen.slice(n_full), numbers[n_full:]))


class _Typed:
    """What tables of typed columns share."""

    columns: tuple[str, ...]
    bytes_total: int
    bytes_done: int = 0
    notices: list[str]

    def find(self, name: str) -> str | None:
        """Return a column's own spelling."""
        return find_column(self.columns, name)


class ParquetTable(_Typed):
    """A Parquet file."""

    def __init__(self, path: Path, limits: ReadLimits) -> None:
        if not path.is_file():
            raise DataError("no such file", place=str(path), hint="check the path")
        self._path = path
        self.notices: list[str] = []
        self.bytes_total = path.stat().st_size
        schema = readable(lambda: pl.read_parquet_schema(path), path)
        self.columns = tuple(schema)
        if len(schema) > limits.columns:
            raise limits.reached("columns", str(path))
        if any(_depth(kind) > limits.depth for kind in schema.values()):
            raise limits.reached("depth", str(path))

    def chunks(self, columns: Sequence[str] | None) -> Iterator[Chunk]:
        """Yield some of the columns of all rows."""
        n_rows = readable(lambda: pl.scan_parquet(self._path).select(pl.len()).collect().item(), self._path)
        wanted = list(self.columns) if columns is None else list(columns)
        for first in range(0, n_rows, CHUNK_ROWS):
            piece = pl.scan_parquet(self._path).select(wanted).slice(first, CHUNK_ROWS)
            yield _typed_chunk(readable(piece.collect, self._path), first)
            self.bytes_done = self.bytes_total * min(first + CHUNK_ROWS, n_rows) // n_rows
        if not n_rows:
            yield _typed_chunk(readable(pl.scan_parquet(self._path).select(wanted).head(0).collect, self._path), 0)
        self.bytes_done = self.bytes_total


class ExcelTable(_Typed):
    """The first sheet of an Excel file that holds anything."""

    def __init__(self, path: Path, limits: ReadLimits) -> None:
        if not path.is_file():
            raise DataError("no such file", place=str(path), hint="check the path")
        self._path = path
        self.bytes_total = path.stat().st_size
        self.notices = []
        sheets: dict[str, pl.DataFrame] = readable(
            lambda: pl.read_excel(path, sheet_id=0, engine="calamine", raise_if_empty=False, infer_schema_length=None),
            path,
        )
        filled = [name for name, sheet in sheets.items() if sheet.height]
        self._frame = sheets[filled[0]] if filled else next(iter(sheets.values()), pl.DataFrame())
        if len(filled) > 1:
            self.notices.append(f"{path.name}: the first of its {len(filled)} filled sheets was read")
        names = [name.strip() for name in self._frame.columns]
        if len(set(names)) == len(names):
            self._frame.columns = names
        self.columns = tuple(self._frame.columns)
        if len(self.columns) > limits.columns:
            raise limits.reached("columns", str(path))

    def chunks(self, columns: Sequence[str] | None) -> Iterator[Chunk]:
        """Yield some of the columns of all rows; blank rows at the end are none."""
        frame = self._frame.head(_rows_before_trailing_blanks(self._frame))
        frame = frame if columns is None else frame.select(columns)
        for piece in frame.iter_slices(CHUNK_ROWS) if frame.height else [frame]:
            yield _typed_chunk(piece, 1)  # the header is row 1
        self.bytes_done = self.bytes_total


class ArrowFolder(_Typed):
    """A folder written by ``save_to_disk`` of Hugging Face's datasets: one dataset, or one for each split."""

    def __init__(self, path: Path) -> None:
        listing = path / "dataset_dict.json"
        self.notices = []
        if listing.is_file():
            splits = readable(lambda: json.loads(listing.read_text(encoding="utf-8"))["splits"], listing)
            self._files = [(file, split) for split in splits for file in sorted((path / split).glob("*.arrow"))]
        else:
            self._files = [(file, None) for file in sorted(path.glob("*.arrow"))]
        if not self._files:
            hint = "give a table, or a folder written by save_to_disk of Hugging Face's datasets"
            raise DataError("this folder holds no .arrow files", place=str(path), hint=hint)
        self.bytes_total = sum(file.stat().st_size for file, _ in self._files)
        first = self._files[0][0]
        self.columns = tuple(readable(lambda: pl.read_ipc_stream(first, n_rows=1), first).columns)

    def chunks(self, columns: Sequence[str] | None) -> Iterator[Chunk]:
        """Yield some of the columns of all rows."""
        wanted = list(self.columns) if columns is None else list(columns)
        n_before = 0
        for file, split in self._files:
            frame = readable(partial(pl.read_ipc_stream, file, columns=wanted), file)
            for piece in frame.iter_slices(CHUNK_ROWS):
                yield _typed_chunk(piece, n_before, split)
                n_before += piece.height
            self.bytes_done += file.stat().st_size


def _typed_chunk(frame: pl.DataFrame, n_before: int, part: str | None = None) -> Chunk:
    numbers = list(range(n_before + 1, n_before + 1 + frame.height))
    return Chunk(frame, numbers, part=part)


def _rows_before_trailing_blanks(frame: pl.DataFrame) -> int:
    """Return how many rows there are without the blank ones at the end."""
    if not frame.width or not frame.height:
        return 0
    filled = pl.any_horizontal(
        pl.col(name).str.strip_chars().str.len_bytes().fill_null(0) > 0
        if kind == pl.String
        else pl.col(name).is_not_null()
        for name, kind in frame.schema.items()
    )
    last = frame.select(pl.arg_where(filled).max()).item()
    return 0 if last is None else int(last) + 1


def _depth(kind: pl.DataType) -> int:
    if isinstance(kind, pl.List | pl.Array):
        return 1 + _depth(kind.inner)  # type: ignore[arg-type]
    if isinstance(kind, pl.Struct):
        return 1 + max((_depth(inner.dtype) for inner in kind.fields), default=0)  # type: ignore[arg-type]
    return 0


def readable(read: Callable[[], Any], path: Path) -> Any:
    """Return what a reader gives.

    Raises:
        DataError: It could not read the file. Only the kind of error is told: a reader may quote values of the file.
    """
    try:
        return read()
    except (LimitReached, MemoryError):
        raise
    except (PolarsError, OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        name = type(error).__name__
    except BaseException as error:
        if type(error).__name__ not in ("PanicException", "CalamineError", "FastExcelError"):
            raise
        name = type(error).__name__
    message = f"the file is broken, or not of the format its name says ({name})"
    raise DataError(message, place=str(path), hint="write it again, or convert it to CSV")
