"""A CSV file as a stream of blocks of whole, sound records, and a list of the records that were not.

Notes make CSV hard: texts of many lines inside quotes, gigabytes of them, and now and then a stray quote that turns
everything after it inside out. This reader looks at quotes first (with numpy, since almost all bytes lie between
them), then at the separators and line ends outside of them. A quote in an impossible place marks a damaged record; the
reader goes on at the next line that begins a sound record. Every damaged record is reported with the physical line on
which it starts and a reason, never with its text. What would surprise you: a file that ends inside a quoted field is
refused, since it was cut off; and so is one with a record of more than `MAX_RECORD_BYTES`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from nosology.errors import DataError
from nosology.sources.files import BLOCK_BYTES, BlockReader
from nosology.sources.reading import Rejected

MAX_RECORD_BYTES = 64 << 20
"""No clinical note comes near; beyond it a missing quote is the better explanation."""

_QUOTE, _NEWLINE, _RETURN = 0x22, 0x0A, 0x0D
_BOM = b"\xef\xbb\xbf"
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records of one stretch of the file.

    Attributes:
        columns: The file's columns, as the header spells them.
        separator: The byte between fields.
        data: The stretch's bytes.
        bounds: Where each field begins and, one further, where the record ends (its line end); shape
            ``(records, columns + 1)``. Field ``k`` is ``data[bounds[i, k]:bounds[i, k + 1] - 1]``.
        rejected: Damaged records of the stretch.
        first_line: Physical line of ``data[0]``.
        file: Name of the file.
    """

    columns: tuple[str, ...]
    separator: bytes
    data: bytes = field(repr=False)
    bounds: Positions = field(repr=False)
    rejected: tuple[Rejected, ...]
    first_line: int
    file: str

    def __len__(self) -> int:
        return len(self.bounds)

    def raw(self, column: str) -> list[bytes]:
        """Return a column's fields as bytes, without the quotes around them; quotes inside stay doubled."""
        k = self.columns.index(column)
        starts, ends = self.bounds[:, k], self.bounds[:, k + 1] - 1
        data = self.data
        fields = [data[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        if b"\r" in data:
            fields = [value.removesuffix(b"\r") for value in fields]
        return [value[1:-1] if value[:1] == b'"' else value for value in fields]

    def line_of(self, record: int) -> int:
        """Return the physical line on which a record starts."""
        return self.first_line + self.data.count(b"\n", 0, int(self.bounds[record, 0]))

    def lines(self) -> list[int]:
        """Return the physical line on which each record starts."""
        newlines = np.flatnonzero(np.frombuffer(self.data, np.uint8) == _NEWLINE)
        lines: list[int] = (np.searchsorted(newlines, self.bounds[:, 0]) + self.first_line).tolist()
        return lines

    def reject(self, record: int, reason: str) -> Rejected:
        """Return a rejection of one of the block's records."""
        return Rejected(self.file, self.line_of(record), reason)

    def rows(self, columns: Sequence[str], records: Sequence[int]) -> list[tuple[str, ...]]:
        """Return columns of some records as strings; quick for few records with long fields."""
        places = [self.columns.index(column) for column in columns]
        chosen = self.bounds[np.asarray(records, dtype=np.int64)]
        fields = (
            zip(chosen[:, k].tolist(), (chosen[:, k + 1] - 1).tolist(), strict=True) for k in places
        )  # of each column, where its fields begin and end
        decoded = ([_decoded(self.data[start:end]) for start, end in column] for column in fields)
        return list(zip(*decoded, strict=True))

    def frame(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return columns of all records as strings; an empty field is an empty string."""
        if not len(self) or not columns:
            return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
        data = self.data
        spans = zip(self.bounds[:, 0].tolist(), self.bounds[:, -1].tolist(), strict=True)
        # Polars takes bytes that begin like a compressed file for one, even "x" before a control character: a header of
        # our own comes first.
        header = self.separator.join(b"%d" % place for place in range(len(self.columns)))
        records = (data[start : end - 1].removesuffix(b"\r") for start, end in spans)
        content = b"\n".join([header, *records]) + b"\n"
        frame = pl.read_csv(content, separator=self.separator.decode(), infer_schema=False)
        assert frame.height == len(self), "polars and this reader disagree about where records end"
        names = [frame.columns[self.columns.index(column)] for column in columns]
        return frame.select(
            pl.col(name).fill_null("").alias(column) for name, column in zip(names, columns, strict=True)
        )


def _decoded(field: bytes) -> str:
    """Return a field's text: without the quotes around it, and with one where two stand for one."""
    if field.endswith(b"\r"):
        field = field[:-1]
    if field[:1] == b'"':
        field = field[1:-1].replace(b'""', b'"')
    return field.decode("utf-8")


class CsvReader:
    """Reads one CSV file.

    Attributes:
        path: The file.
        columns: Its columns, as its header spells them, without blanks around them.
        source: What delivers the bytes; knows how far reading has come.

    Args:
        path: Plain or gzipped.
        separator: One character.
        whole_numbers: Columns that hold whole numbers or nothing, which helps to find the next sound record after a
            damaged one.

    Raises:
        DataError: The file is missing, empty, damaged or has no usable header.
    """

    def __init__(
        self,
        path: Path,
        *,
        separator: str = ",",
        whole_numbers: Sequence[str] = (),
        block_bytes: int = BLOCK_BYTES,
        max_record_bytes: int = MAX_RECORD_BYTES,
    ) -> None:
        self.path = path
        self.source = BlockReader(path, block_bytes)
        self._separator = separator.encode()
        self._max_record_bytes = max_record_bytes
        self._blocks = iter(self.source)
        self._rest, self._line = b"", 1
        self.columns = self._read_header()
        numeric = {name.lower() for name in whole_numbers}
        self._sound = _sound_record(self._separator, [column.lower() in numeric for column in self.columns])

    def column(self, name: str) -> str:
        """Return a column's own spelling; case does not matter.

        Raises:
            DataError: There is no such column.
        """
        found = next((column for column in self.columns if column.lower() == name.lower()), None)
        if found is None:
            hint = f"the file has {', '.join(self.columns)}"
            raise DataError(f"column {name} is missing", place=f"{self.path}, line 1", hint=hint)
        return found

    def require(self, names: Sequence[str]) -> list[str]:
        """Return the spellings of several columns.

        Raises:
            DataError: Some are missing; all of them are named.
        """
        known = {column.lower(): column for column in self.columns}
        missing = [name for name in names if name.lower() not in known]
        if missing:
            what = f"column {missing[0]} is" if len(missing) == 1 else f"columns {', '.join(missing)} are"
            raise DataError(f"{what} missing", place=f"{self.path}, line 1", hint=self._columns_hint())
        return [known[name.lower()] for name in names]

    def _columns_hint(self) -> str:
        if len(self.columns) == 1:
            other = next((name for mark, name in _SEPARATORS.items() if mark in self.columns[0]), None)
            if other:
                return f"the fields seem to be separated by {other}; {self._separator.decode()!r} was expected"
        return f"the file has {', '.join(self.columns)}"

    def _read_header(self) -> tuple[str, ...]:
        content = b""
        while b"\n" not in content and (block := next(self._blocks, b"")):
            content += block
            if b"\n" not in content and b"\r" in content[:-1]:
                hint = r"convert its line ends: tr '\r' '\n' < FILE > NEW"
                raise DataError("lines end in a carriage return alone", place=str(self.path), hint=hint)
            if len(content) > self._max_record_bytes:
                raise DataError("the first line never ends", place=f"{self.path}, line 1", hint="is it a CSV file?")
        header, _, self._rest = content.removeprefix(_BOM).partition(b"\n")
        self._line = 2
        try:
            names = header.decode("utf-8").rstrip("\r").split(self._separator.decode())
        except UnicodeDecodeError as error:
            hint = "convert it: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW"
            raise DataError(f"not UTF-8 at byte {error.start}", place=f"{self.path}, line 1", hint=hint) from None
        columns = tuple(name.strip().strip('"').strip() for name in names)
        lower = [column.lower() for column in columns]
        twice = sorted({column for column in lower if lower.count(column) > 1})
        if twice:
            what = "a column without a name" if twice == [""] else f"columns named twice: {', '.join(twice)}"
            raise DataError(
                f"the header has {what}", place=f"{self.path}, line 1", hint="is the first line the header?"
            )
        return columns

    def blocks(self) -> Iterator[Block]:
        """Yield the records, in the file's order. Can be called once.

        Raises:
            DataError: The file is cut off inside a quoted field, or damaged beyond repair.
        """
        buffer, self._rest = self._rest, b""
        is_last = False
        while not is_last:
            more = next(self._blocks, None)
            is_last = more is None
            buffer += more if more is not None else b"" if buffer.endswith(b"\n") or not buffer else b"\n"
            consumed, block = self._parse(buffer, is_last)
            if block is not None:
                yield block
            self._line += int(np.count_nonzero(np.frombuffer(buffer, np.uint8, consumed) == _NEWLINE))
            buffer = buffer[consumed:]

    def _parse(self, data: bytes, is_last: bool) -> tuple[int, Block | None]:
        """Return how many bytes are done with, and the sound records among them."""
        pieces: list[Positions] = []
        rejected: list[Rejected] = []
        position = 0
        while True:
            bounds, bad_counts, stop, is_damaged = self._scan(data, position)
            pieces.append(bounds)
            rejected += [
                self._reject(data, start, f"{n} fields instead of {len(self.columns)}") for start, n in bad_counts
            ]
            position = stop
            if not is_damaged and len(data) - stop <= self._max_record_bytes and not (is_last and stop < len(data)):
                break
            reason = "a quote in an impossible place" if is_damaged else "a quoted field that never ends"
            found = self._sound.search(data, data.index(b"\n", stop) + 1) if b"\n" in data[stop:] else None
            if found is None:
                self._give_up_or_wait(data, stop, is_damaged, is_last, reason)
                if is_last:
                    rejected.append(self._reject(data, stop, reason))
                    position = len(data)
                break
            rejected.append(self._reject(data, stop, reason))
            position = found.start()
        good = np.concatenate(pieces)
        good, not_text = self._drop_undecodable(data[:position], good)
        rejected += not_text
        if not len(good) and not rejected:
            return position, None
        rejected.sort(key=lambda item: item.line)
        return position, Block(
            self.columns, self._separator, data[:position], good, tuple(rejected), self._line, self.path.name
        )

    def _give_up_or_wait(self, data: bytes, start: int, is_damaged: bool, is_last: bool, reason: str) -> None:
        """Raise where no sound record follows and none can be hoped for; return where more of the file may help."""
        line = self._line + data.count(b"\n", 0, start)
        if is_last and not is_damaged:
            raise DataError(
                "unterminated quote: the file ends inside a quoted field of the record that starts here",
                place=f"{self.path}, line {line}",
                hint="the file was cut off, or the record lacks its closing quote: get it again or mend the record",
            )
        if len(data) - start > self._max_record_bytes:
            raise DataError(
                f"{reason}, and no sound record in the {self._max_record_bytes >> 20} MB after it",
                place=f"{self.path}, line {line}",
                hint="quotes inside a quoted field must be doubled; mend the record that starts on this line",
            )

    def _scan(self, data: bytes, begin: int) -> tuple[Positions, list[tuple[int, int]], int, bool]:
        """Find the records from ``begin`` on.

        Returns:
            Bounds of sound records; start and field count of records with another count; where the first unfinished
            or damaged record starts; whether it is damaged.
        """
        view = np.frombuffer(data, np.uint8, offset=begin)
        quotes = np.flatnonzero(view == _QUOTE)
        ends, separators = self._outside(view, quotes)
        damage = self._first_damage(view, quotes)
        if damage is not None:
            ends = ends[: int(np.searchsorted(ends, damage))]
        stop = int(ends[-1]) + 1 if len(ends) else 0
        starts = np.concatenate([np.zeros(1, np.int64), ends + 1])[:-1]
        at = np.searchsorted(separators, np.concatenate([starts, [stop]]))
        counts = np.diff(at) + 1
        is_blank = (ends - starts == 0) | ((ends - starts == 1) & (view[starts] == _RETURN) if len(starts) else False)
        is_good = (counts == len(self.columns)) & ~is_blank
        wrong = [(begin + int(starts[i]), int(counts[i])) for i in np.flatnonzero(~is_good & ~is_blank)]
        width = len(self.columns) - 1
        inner = (
            separators[at[:-1][is_good][:, None] + np.arange(width)] + 1
            if width
            else np.empty((is_good.sum(), 0), np.int64)
        )
        bounds = np.column_stack([starts[is_good], inner, ends[is_good] + 1]).astype(np.int64) + begin
        return bounds, wrong, begin + stop, damage is not None

    def _outside(self, view: npt.NDArray[np.uint8], quotes: Positions) -> tuple[Positions, Positions]:
        """Return the positions of line ends and of separators outside quotes."""
        if not len(quotes):
            return np.flatnonzero(view == _NEWLINE), np.flatnonzero(view == self._separator[0])
        opening, closing = quotes[::2], quotes[1::2]
        starts = np.concatenate([[0], closing + 1])
        stops = opening if len(opening) > len(closing) else np.concatenate([opening, [len(view)]])
        lengths = stops - starts
        where = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths) + np.arange(int(lengths.sum()))
        outside = view[where]
        return where[outside == _NEWLINE], where[outside == self._separator[0]]

    def _first_damage(self, view: npt.NDArray[np.uint8], quotes: Positions) -> int | None:
        """Return the position of the first quote that neither opens, closes nor doubles another one."""
        if not len(quotes):
            return None
        padded = np.concatenate([[_NEWLINE], view[quotes[1:] - 1]]) if quotes[0] == 0 else view[quotes - 1]
        is_doubled = np.zeros(len(quotes) + 1, bool)
        is_doubled[1:-1] = np.diff(quotes) == 1
        opens_well = (padded == self._separator[0]) | (padded == _NEWLINE) | is_doubled[:-1]
        known = quotes[quotes + 1 < len(view)]
        after = np.full(len(quotes), _NEWLINE, np.uint8)
        after[: len(known)] = view[known + 1]
        closes_well = (after == self._separator[0]) | (after == _NEWLINE) | (after == _RETURN) | is_doubled[1:]
        is_opening = np.arange(len(quotes)) % 2 == 0
        bad = np.flatnonzero(np.where(is_opening, ~opens_well, ~closes_well))
        return int(quotes[bad[0]]) if len(bad) else None

    def _drop_undecodable(self, data: bytes, bounds: Positions) -> tuple[Positions, list[Rejected]]:
        """Leave out records that are not UTF-8 or hold NUL bytes."""
        if (data.isascii() or _is_utf8(data)) and b"\0" not in data:
            return bounds, []
        keep = np.ones(len(bounds), bool)
        rejected = []
        for i, (start, end) in enumerate(zip(bounds[:, 0].tolist(), bounds[:, -1].tolist(), strict=True)):
            record = data[start:end]
            reason = "a NUL byte" if b"\0" in record else None if _is_utf8(record) else "not UTF-8"
            if reason:
                keep[i] = False
                rejected.append(self._reject(data, start, reason))
        return bounds[keep], rejected

    def _reject(self, data: bytes, start: int, reason: str) -> Rejected:
        return Rejected(self.path.name, self._line + data.count(b"\n", 0, start), reason)


_SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars"}


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _sound_record(separator: bytes, is_number: Sequence[bool]) -> re.Pattern[bytes]:
    """Return what a whole, sound record looks like from the beginning of a line on.

    Quantifiers are possessive, so that a search over megabytes of prose takes time in proportion to its length.
    """
    mark = re.escape(separator)
    number = rb'(?:"[\d.]*+"|[\d.]*+)'  # 145834.0 is how a table program may have left 145834
    anything = rb'(?:"(?:[^"]++|"")*+"|[^"\r\n' + mark + rb"]*+)"
    fields = mark.join(number if numeric else anything for numeric in is_number)
    return re.compile(rb"(?m)^" + fields + rb"\r?$")
