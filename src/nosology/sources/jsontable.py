"""JSON tables: one object per line, or one array of objects; keys may differ from row to row.

Values stay what JSON says: 1 is no text and no list becomes one. Half a surrogate pair, which no text may hold, becomes
U+FFFD and is counted; NaN, which JSON does not know but Python writes, is a missing value.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nosology.errors import DataError
from nosology.sources.encodings import REPLACEMENT, Utf8Blocks
from nosology.sources.files import BlockReader
from nosology.sources.formats import CHUNK_ROWS, Chunk
from nosology.sources.limits import ReadLimits
from nosology.sources.names import find_column
from nosology.sources.reading import Rejected

_SURROGATES = re.compile("[\ud800-\udfff]")
_LONGEST_LINE = 256 << 20
_CHUNK_BYTES = 8 << 20
_BLANK = b" \t\r\n"


class JsonTable:
    """A file of JSON objects.

    Attributes:
        columns: The keys seen so far, in the order of their first appearance.
    """

    def __init__(self, path: Path, encoding: str | None, limits: ReadLimits) -> None:
        self._path, self._encoding, self._limits = path, encoding, limits
        self._source = BlockReader(path)
        self.bytes_total = self._source.bytes_total
        self._seen: dict[str, None] = {}
        self.n_surrogates = self.n_replaced = 0
        first = next(self._rows(BlockReader(path, 1 << 16)), None)
        if first is not None and isinstance(first[1], str):
            hint = "is it JSON lines, or an array of objects?"
            message = f"{first[1]}, where a JSON object was expected"
            raise DataError(message, place=f"{path}, line {first[0]}", hint=hint)
        if first is None:
            raise DataError("the table has no rows", place=str(path), hint="is it the right file?")
        self.n_surrogates = 0  # its first row is read again

    @property
    def columns(self) -> tuple[str, ...]:
        """The keys seen so far."""
        return tuple(self._seen)

    @property
    def bytes_done(self) -> int:
        """Bytes read from disk so far."""
        return self._source.bytes_done

    @property
    def notices(self) -> list[str]:
        """What the user should know of how it was read."""
        said = []
        if self.n_surrogates:
            said.append(f"{self._path.name}: {self.n_surrogates:,} halves of surrogate pairs were replaced by U+FFFD")
        if self.n_replaced:
            said.append(f"{self._path.name}: {self.n_replaced:,} characters mean nothing in its encoding")
        return said

    def find(self, name: str) -> str | None:
        """Return a key's own spelling; where the keys seen so far lack it, the whole file is searched."""
        if find_column(self._seen, name) is None:
            for _ in self._rows(BlockReader(self._path)):
                if name in self._seen:
                    break
            self.n_surrogates = self.n_replaced = 0  # they are counted when the rows are read for good
        return find_column(self._seen, name)

    def chunks(self, columns: Sequence[str] | None) -> Iterator[Chunk]:
        """Yield some of the columns of all rows; a row without one of them has None there."""
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        rejected: list[Rejected] = []
        n_bytes = 0

        def chunk() -> Chunk:
            names = dict.fromkeys(key for row in rows for key in row) if columns is None else columns
            return Chunk({name: [row.get(name) for row in rows] for name in names}, numbers, tuple(rejected))

        for number, row, n in self._rows(self._source):
            if isinstance(row, str):
                rejected.append(Rejected(self._path.name, number, row))
            else:
                rows.append(row)
                numbers.append(number)
            n_bytes += n
            if len(rows) == CHUNK_ROWS or n_bytes > _CHUNK_BYTES:
                yield chunk()
                rows, numbers, rejected, n_bytes = [], [], [], 0
        yield chunk()

    def _rows(self, source: BlockReader) -> Iterator[tuple[int, dict[str, Any] | str, int]]:
        """Yield line, object or what is wrong with it, and number of bytes of every row."""
        text = Utf8Blocks(source, self._encoding)
        lines = _lines(text)
        first = next(((number, line) for number, line in lines if line.strip()), None)
        if first is None:
            return
        start = first[1].lstrip(_BLANK)
        pieces = (
            _array_items(first[1], first[0], lines)
            if start.startswith(b"[") and (start.strip() == b"[" or start[1:].lstrip()[:1] in (b"{", b"]"))
            else _following(first, lines)
        )
        for number, line in pieces:
            if line.strip():
                yield number, self._object(line), len(line)
        self.n_replaced = text.n_replaced

    def _object(self, line: bytes) -> dict[str, Any] | str:
        """Return the object of a line, or what is wrong with it.

        Raises:
            LimitReached: It is too deep, or there are too many keys.
        """
        if line.count(b"{") + line.count(b"[") > self._limits.depth:
            self._check_depth(line)
        try:
            value: Any = json.loads(line.decode("utf-8"), parse_constant=lambda _: None)
        except UnicodeDecodeError:
            return "not UTF-8"
        except RecursionError:
            raise self._limits.reached("depth", str(self._path)) from None
        except ValueError:
            return "not valid JSON"
        if not isinstance(value, dict):
            return "no JSON object"
        if b"\\u" in line:
            value = self._without_surrogates(value)
        if not value.keys() <= self._seen.keys():
            self._seen.update(dict.fromkeys(value))
            if len(self._seen) > self._limits.columns:
                raise self._limits.reached("columns", str(self._path))
        row: dict[str, Any] = value
        return row

    def _check_depth(self, line: bytes) -> None:
        """Refuse a line whose brackets outside of strings are too deep, before a parser goes down into it."""
        depth = 0
        for bracket in re.finditer(rb'"(?:[^"\\]++|\\.)*+"|[\[{]|[\]}]', line, re.DOTALL):
            sign = bracket[0]
            depth += (sign in b"[{") - (sign in b"]}") if len(sign) == 1 else 0
            if depth > self._limits.depth:
                raise self._limits.reached("depth", str(self._path))

    def _without_surrogates(self, value: Any) -> Any:
        if isinstance(value, str):
            text, n = _SURROGATES.subn(REPLACEMENT, value)
            self.n_surrogates += n
            return text
        if isinstance(value, list):
            return [self._without_surrogates(item) for item in value]
        if isinstance(value, dict):
            return {self._without_surrogates(key): self._without_surrogates(item) for key, item in value.items()}
        return value


def _following(first: tuple[int, bytes], lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    yield first
    yield from lines


def _lines(blocks: Utf8Blocks) -> Iterator[tuple[int, bytes]]:
    number, pieces, size = 1, [], 0
    for block in blocks:
        *whole, rest = block.split(b"\n")
        if whole:
            pieces.append(whole[0])
            yield number, b"".join(pieces)
            for line in whole[1:]:
                number += 1
                yield number, line
            number += 1
            pieces, size = [], 0
        pieces.append(rest)
        size += len(rest)
        if size > _LONGEST_LINE:
            raise DataError("a line never ends", place=f"line {number}", hint="write one JSON object per line")
    if any(pieces):
        yield number, b"".join(pieces)


_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[{]|[\]}]|,', re.DOTALL)


def _array_items(first: bytes, number: int, lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Yield the items of an array that spans the file, each with the line on which it begins."""
    depth, item, began = 0, [], number
    for line_number, line in _following((number, first), lines):
        start = 0
        for token in _TOKEN.finditer(line):
            sign = token[0]
            if sign in (b"[", b"{"):
                depth += 1
                if depth == 1:
                    start = token.end()
                elif depth == 2:
                    began = line_number
            elif sign in (b"]", b"}"):
                depth -= 1
            if (sign == b"," and depth == 1) or (sign == b"]" and depth == 0):
                item.append(line[start : token.start()])
                if b"".join(item).strip():
                    yield began, b" ".join(item)
                item, start = [], token.end()
                if depth == 0:
                    return
        item.append(line[start:])
    if b"".join(item).strip():
        yield began, b" ".join(item)  # the file was cut off: no JSON, and said so
