"""A CSV file as a stream of blocks of whole, sound records, and a list of the records that were not.

Notes make CSV hard: texts of many lines inside quotes, gigabytes of them, and now and then a stray quote that turns
everything after it inside out. This reader looks at quotes first (with numpy, since almost all bytes lie between them),
then at the separators and line ends outside of them. A quote in an impossible place marks a damaged record; the reader
goes on at the next line that begins a sound record. Every damaged record is reported with the physical line on which it
starts and a reason, never with its text. A file that ends inside a quoted field is refused, since it was cut off; and
so is one with a record of more than `MAX_RECORD_BYTES`.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nosology.errors import DataError
from nosology.sources.csvblock import CsvBlock, Positions
from nosology.sources.encodings import Utf8Blocks
from nosology.sources.files import BLOCK_BYTES, BlockReader
from nosology.sources.mending import Mender
from nosology.sources.names import describe_columns, find_column
from nosology.sources.reading import Rejected
from nosology.sources.separators import SEPARATORS, choose_separator, sep_line

MAX_RECORD_BYTES = 64 << 20
"""No clinical note comes near; beyond it a missing quote is the better explanation."""

_QUOTE, _NEWLINE, _RETURN = 0x22, 0x0A, 0x0D
_IMPOSSIBLE_QUOTE = "a quote in an impossible place"
_NEVER_ENDS = "a quoted field that never ends"
_HEADER_SAMPLE = 1 << 16


class CsvReader:
    """Reads one CSV file.

    Attributes:
        path: The file.
        columns: Its columns, as its header spells them, without blanks around them.
        separator: The sign between fields.
        source: What delivers the bytes; knows how far reading has come.
        n_mended: Damaged records that were read, since only one reading was possible.

    Args:
        path: Plain or gzipped.
        separator: One character; None to tell it by the first records.
        whole_numbers: Columns that hold whole numbers or nothing, which helps to find the next sound record after a
            damaged one.
        encoding: As `nosology.sources.encodings` names it; None to tell UTF-8 and UTF-16 apart.
        expected: The separator that the file's name lets expect, where none is given.

    Raises:
        DataError: The file is missing, empty, damaged or has no usable header.
    """

    def __init__(
        self,
        path: Path,
        *,
        separator: str | None = ",",
        whole_numbers: Sequence[str] = (),
        block_bytes: int = BLOCK_BYTES,
        max_record_bytes: int = MAX_RECORD_BYTES,
        encoding: str | None = None,
        expected: str = ",",
    ) -> None:
        self.path = path
        self.source = BlockReader(path, block_bytes)
        self._max_record_bytes = max_record_bytes
        self._text = Utf8Blocks(self.source, encoding)
        self._blocks = iter(self._text)
        self._rest, self._line = b"", 1
        self._ends_in_returns = False
        self.n_mended = 0
        self._expected = expected
        self.separator = self._read_separator(separator)
        self._separator = self.separator.encode()
        self.columns = self._read_header()
        self._mender = Mender(self._separator, len(self.columns))
        numeric = {name.lower() for name in whole_numbers}
        self._sound = _sound_record(self._separator, [column.lower() in numeric for column in self.columns])

    @property
    def notices(self) -> list[str]:
        """What the user should know of how the file was read; complete once all blocks are."""
        said = []
        if self.separator != self._expected:
            said.append(
                f"{self.path.name}: its fields are separated by {SEPARATORS.get(self.separator, 'another sign')}"
            )
        if self._text.encoding not in ("utf-8", "ascii"):
            said.append(f"{self.path.name}: read as {self._text.encoding}")
        if self._text.n_replaced:
            said.append(f"{self.path.name}: {self._text.n_replaced:,} characters mean nothing in its encoding")
        if self._ends_in_returns:
            said.append(f"{self.path.name}: its lines end in a carriage return alone, which was read as a line end")
        if self.n_mended:
            said.append(
                f"{self.path.name}: quotes in {self.n_mended:,} records are not doubled; they were read, "
                "as only one reading is possible"
            )
        return said

    def column(self, name: str) -> str:
        """Return a column's own spelling; case does not matter.

        Raises:
            DataError: There is no such column.
        """
        return self.require([name])[0]

    def require(self, names: Sequence[str]) -> list[str]:
        """Return the spellings of several columns.

        Raises:
            DataError: Some are missing; all of them are named.
        """
        found = {name: find_column(self.columns, name) for name in names}
        missing = [name for name, column in found.items() if column is None]
        if missing:
            what = f"column {missing[0]} is" if len(missing) == 1 else f"columns {', '.join(missing)} are"
            raise DataError(f"{what} missing", place=f"{self.path}, line {self._line - 1}", hint=self._columns_hint())
        return [column for column in found.values() if column is not None]

    def _columns_hint(self) -> str:
        if len(self.columns) == 1:
            other = next((name for mark, name in SEPARATORS.items() if mark in self.columns[0]), None)
            if other and self.columns[0].count(" ") < 3:
                return f"the fields seem to be separated by {other}; {self.separator!r} was expected"
        return describe_columns(self.columns)

    def _read_separator(self, given: str | None) -> str:
        """Read the beginning of the file and return what separates its fields."""
        content = self._first_lines()
        named = sep_line(content)
        if named is not None:
            content = content[named[1] :]
            self._line += 1
        self._rest = content
        if given is not None:
            return given
        return named[0] if named is not None else choose_separator(content, self._expected)

    def _first_lines(self) -> bytes:
        """Return the beginning of the file with at least one whole line, where it has one."""
        content = b""
        n_wanted = min(_HEADER_SAMPLE, self._max_record_bytes)
        while (b"\n" not in content or len(content) < n_wanted) and (block := next(self._blocks, b"")):
            content += block
            if len(content) > self._max_record_bytes and b"\n" not in content:
                if b"\r" in content:
                    break
                raise DataError("the first line never ends", place=f"{self.path}, line 1", hint="is it a CSV file?")
        if b"\n" not in content and b"\r" in content[:-1]:
            self._ends_in_returns = True
            self._blocks = (block.replace(b"\r", b"\n") for block in chain([content], self._blocks))
            return next(self._blocks)
        return content

    def _read_header(self) -> tuple[str, ...]:
        header, _, self._rest = self._rest.partition(b"\n")
        place = f"{self.path}, line {self._line}"
        self._line += 1
        try:
            text = header.decode("utf-8").rstrip("\r")
        except UnicodeDecodeError as error:
            hint = (
                "name its encoding, as in --encoding cp1252, or convert it: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW"
            )
            raise DataError(f"not UTF-8 at byte {error.start}", place=place, hint=hint) from None
        names = next(csv.reader([text], delimiter=self.separator, skipinitialspace=True), []) or [""]
        columns = _named([" ".join(name.split()) for name in names])
        counts = Counter(column.lower() for column in columns)
        twice = [column for column in columns if counts[column.lower()] > 1]
        if twice:
            hint = (
                describe_columns(columns)
                if len(columns) < 2 or "header" in describe_columns(columns)
                else ("is the first line the header?")
            )
            shown = ", ".join(sorted({column.lower() for column in twice}))
            what = f": {shown}" if "header" not in describe_columns(columns) else ""
            raise DataError(f"the header has columns named twice{what}", place=place, hint=hint)
        return columns

    def blocks(self) -> Iterator[CsvBlock]:
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
            buffer, consumed, block = self._parse(buffer, is_last)
            if block is not None:
                yield block
            self._line += int(np.count_nonzero(np.frombuffer(buffer, np.uint8, consumed) == _NEWLINE))
            buffer = buffer[consumed:]

    def _parse(self, data: bytes, is_last: bool) -> tuple[bytes, int, CsvBlock | None]:
        """Return the bytes, mended; how many of them are done with; the sound records among those."""
        pieces: list[Positions] = []
        rejected: list[Rejected] = []
        position = 0
        while True:
            bounds, wrong, stop, is_damaged = self._scan(data, position)
            shorter = self._without_empty_fields(data, wrong)
            if shorter is not None:
                data = shorter
                continue
            pieces.append(bounds)
            rejected += [
                self._reject(data, start, f"{n} fields instead of {len(self.columns)}") for start, _, n in wrong
            ]
            if len(bounds):
                self._mender.learn(data[bounds[0, 0] : bounds[0, -1] - 1])
            position = stop
            if not is_damaged and len(data) - stop <= self._max_record_bytes and not (is_last and stop < len(data)):
                break
            reason = _IMPOSSIBLE_QUOTE if is_damaged else _NEVER_ENDS
            found = self._sound.search(data, data.index(b"\n", stop) + 1) if b"\n" in data[stop:] else None
            if found is None:
                self._give_up_or_wait(data, stop, is_damaged, is_last, reason)
                if not is_last:
                    break
            end = found.start() if found is not None else len(data)
            data = self._mend(data, stop, end, reason, rejected)
        return data, position, self._block(data[:position], pieces, rejected)

    def _block(self, data: bytes, pieces: list[Positions], rejected: list[Rejected]) -> CsvBlock | None:
        good, not_text = self._drop_undecodable(data, np.concatenate(pieces))
        rejected += not_text
        if not len(good) and not rejected:
            return None
        rejected.sort(key=lambda item: item.line)
        return CsvBlock(self.columns, self._separator, data, good, tuple(rejected), self._line, self.path.name)

    def _mend(self, data: bytes, start: int, end: int, reason: str, rejected: list[Rejected]) -> bytes:
        """Return the bytes with a damaged stretch mended; what is lost of it joins the rejected."""
        mended, lost, n_read = self._mender.mend(data[start:end])
        rejected += [self._reject(data, start + offset, reason) for offset in lost]
        self.n_mended += n_read
        return data[:start] + mended + data[end:]

    def _without_empty_fields(self, data: bytes, wrong: list[tuple[int, int, int]]) -> bytes | None:
        """Return the bytes without the empty fields that table programs put behind the last one; None if none are."""
        pieces, done = [], 0
        for start, end, n in wrong:
            record = data[start:end].removesuffix(b"\r")
            extra = self._separator * (n - len(self.columns))
            if extra and record.endswith(extra):
                pieces += [data[done : start + len(record) - len(extra)]]
                done = start + len(record)
        return b"".join([*pieces, data[done:]]) if pieces else None

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

    def _scan(self, data: bytes, begin: int) -> tuple[Positions, list[tuple[int, int, int]], int, bool]:
        """Find the records from ``begin`` on.

        Returns:
            Bounds of sound records; start, end and field count of records with another count; where the first
            unfinished or damaged record starts; whether it is damaged.
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
        wrong = [
            (begin + int(starts[i]), begin + int(ends[i]), int(counts[i])) for i in np.flatnonzero(~is_good & ~is_blank)
        ]
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


def _named(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of columns; one without a name is called after its place."""
    return tuple(name or f"unnamed_{place}" for place, name in enumerate(names, start=1))


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
