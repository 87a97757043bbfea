"""Tables of any usual format as chunks of rows: CSV, TSV, JSON lines, Parquet, and saved Hugging Face datasets."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl
from polars.exceptions import PolarsError

from nosology.errors import DataError
from nosology.sources.csvstream import CsvReader
from nosology.sources.files import BlockReader
from nosology.sources.reading import Rejected

_CHUNK_ROWS = 2_000
_NOT_TEXT = "not UTF-8"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a table.

    Attributes:
        columns: Values by column: strings from text formats, anything from typed ones.
        numbers: Where each row stands: its physical line in a text format, else its number, from 1.
        rejected: Rows that could not be read.
        part: The saved dataset's own name for the split that these rows are in, where it has one.
    """

    columns: dict[str, list[Any]]
    numbers: list[int]
    rejected: tuple[Rejected, ...] = ()
    part: str | None = None


class Table(Protocol):
    """A table that can be read once, chunk by chunk.

    Attributes:
        columns: Its columns.
        bytes_total: Its size on disk.
    """

    columns: tuple[str, ...]
    bytes_total: int

    @property
    def bytes_done(self) -> int:
        """Bytes read from disk so far."""
        ...

    def chunks(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """Yield some of the columns of all rows."""
        ...


def open_table(path: Path) -> Table:
    """Return the table in a file, or in a folder that Hugging Face's datasets saved.

    Raises:
        DataError: There is no such file, it is broken, or its format is not known.
    """
    if path.is_dir():
        return ArrowFolder(path)
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    match suffixes[-1] if suffixes else "":
        case ".csv":
            return CsvTable(path, ",")
        case ".tsv" | ".tab":
            return CsvTable(path, "\t")
        case ".jsonl" | ".ndjson":
            return JsonLinesTable(path)
        case ".parquet" | ".pq":
            return ParquetTable(path)
        case other:
            hint = "use .csv, .tsv, .jsonl (each also as .gz), .parquet, or a folder saved by Hugging Face's datasets"
            raise DataError(f"tables of format {other!r} are not read", place=str(path), hint=hint)


class CsvTable:
    """A CSV or TSV file with a header."""

    def __init__(self, path: Path, separator: str) -> None:
        self._reader = CsvReader(path, separator=separator)
        self.columns = self._reader.columns
        self.bytes_total = self._reader.source.bytes_total

    @property
    def bytes_done(self) -> int:
        """Bytes read from disk so far."""
        return self._reader.source.bytes_done

    def chunks(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """Yield some of the columns of all rows."""
        for block in self._reader.blocks():
            frame = block.frame(columns)
            yield Chunk(frame.to_dict(as_series=False), block.lines(), block.rejected)


class JsonLinesTable:
    """A file with one JSON object a line; the first line's keys are its columns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._source = BlockReader(path)
        self.bytes_total = self._source.bytes_total
        first = next(iter(self._lines(iter(BlockReader(path, 1 << 16)))), b"")
        row = _json_object(first)
        if isinstance(row, str):
            raise DataError(
                f"{row}, where a JSON object was expected", place=f"{path}, line 1", hint="is it JSON lines?"
            )
        self.columns = tuple(row)

    @property
    def bytes_done(self) -> int:
        """Bytes read from disk so far."""
        return self._source.bytes_done

    def _lines(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        rest = b""
        for block in blocks:
            *whole, rest = (rest + block).split(b"\n")
            yield from whole
        if rest:
            yield rest

    def chunks(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """Yield some of the columns of all rows; a row without one of them has None there."""
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        rejected: list[Rejected] = []

        def chunk() -> Chunk:
            return Chunk({column: [row.get(column) for row in rows] for column in columns}, numbers, tuple(rejected))

        for number, line in enumerate(self._lines(iter(self._source)), start=1):
            if not line.strip():
                continue
            row = _json_object(line)
            if isinstance(row, str):
                rejected.append(Rejected(self._path.name, number, row))
            else:
                rows.append(row)
                numbers.append(number)
            if len(rows) == _CHUNK_ROWS:
                yield chunk()
                rows, numbers, rejected = [], [], []
        yield chunk()


def _json_object(line: bytes) -> dict[str, Any] | str:
    """Return the object of a line, or what is wrong with it."""
    try:
        value = json.loads(line.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    except UnicodeDecodeError:
        return _NOT_TEXT
    except (ValueError, RecursionError):
        return "not valid JSON"
    return value if isinstance(value, dict) else "no JSON object"


class ParquetTable:
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise DataError("no such file", place=str(path), hint="check the path")
        self._path = path
        self.bytes_total = path.stat().st_size
        self.bytes_done = 0
        self.columns = tuple(_readable(lambda: pl.read_parquet_schema(path), path))

    def chunks(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """Yield some of the columns of all rows."""
        n_rows = _readable(lambda: pl.scan_parquet(self._path).select(pl.len()).collect().item(), self._path)
        for first in range(0, n_rows, _CHUNK_ROWS):
            piece = pl.scan_parquet(self._path).select(columns).slice(first, _CHUNK_ROWS)
            yield _typed_chunk(_readable(piece.collect, self._path), first)
            self.bytes_done = self.bytes_total * min(first + _CHUNK_ROWS, n_rows) // n_rows


class ArrowFolder:
    """A folder written by ``save_to_disk`` of Hugging Face's datasets: one dataset, or one for each split."""

    def __init__(self, path: Path) -> None:
        listing = path / "dataset_dict.json"
        if listing.is_file():
            splits = json.loads(listing.read_text(encoding="utf-8"))["splits"]
            self._files = [(file, split) for split in splits for file in sorted((path / split).glob("*.arrow"))]
        else:
            self._files = [(file, None) for file in sorted(path.glob("*.arrow"))]
        if not self._files:
            hint = "give a table, or a folder written by save_to_disk of Hugging Face's datasets"
            raise DataError("this folder holds no .arrow files", place=str(path), hint=hint)
        self.bytes_total = sum(file.stat().st_size for file, _ in self._files)
        self.bytes_done = 0
        first = self._files[0][0]
        self.columns = tuple(_readable(lambda: pl.read_ipc_stream(first, n_rows=1), first).columns)

    def chunks(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """Yield some of the columns of all rows."""
        n_before = 0
        for file, split in self._files:
            frame = _readable(lambda file=file: pl.read_ipc_stream(file, columns=list(columns)), file)
            for piece in frame.iter_slices(_CHUNK_ROWS):
                yield _typed_chunk(piece, n_before, split)
                n_before += piece.height
            self.bytes_done += file.stat().st_size


def _typed_chunk(frame: pl.DataFrame, n_before: int, part: str | None = None) -> Chunk:
    numbers = list(range(n_before + 1, n_before + 1 + frame.height))
    return Chunk(frame.to_dict(as_series=False), numbers, part=part)


def _readable(read: Any, path: Path) -> Any:
    try:
        return read()
    except (PolarsError, OSError) as error:
        # Only the kind of error: polars may quote values of the file.
        message = f"the file is broken, or not of the format its name says ({type(error).__name__})"
        raise DataError(message, place=str(path), hint="write it again, or convert it to CSV") from None
