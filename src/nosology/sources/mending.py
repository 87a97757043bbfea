r"""Damaged records of a CSV file, read where only one reading is possible, and counted where there are more or none.

Exports go wrong in two ways: quotes inside a quoted field are not doubled (``"he said "no", then left"``), or a
backslash stands before them. A record is read here as follows. It ends at the first line end where it is complete: a
quoted field begins with a quote and ends with one that a separator or the line's end follows; any other field holds no
quote. If exactly one way to cut the record into as many fields as the header has fits, it is taken and written down
with doubled quotes. Else the record is lost, and so is every one that begins in the lines after it as records of this
file begin: each is counted with its line.
"""

import re
from collections.abc import Iterator
from functools import cache

_QUOTE, _BACKSLASH = 0x22, 0x5C
_MOST_LINES = 2_000  # of one record; notes have a few hundred
_MOST_QUOTES = 400
_MOST_FIELDS = 200


class Mender:
    """Reads damaged stretches of one file.

    Args:
        separator: The one byte between fields.
        n_fields: How many fields the header has, and so every record must have.
    """

    def __init__(self, separator: bytes, n_fields: int) -> None:
        self._separator, self._n_fields = separator, n_fields
        self._start = re.compile(rb'"?[^"\n' + re.escape(separator) + rb']{1,40}"?' + re.escape(separator))
        self._has_learned = False

    def learn(self, record: bytes) -> None:
        """Take a sound record as an example of how records of the file begin."""
        if not self._has_learned:
            self._start = _beginning(record.partition(self._separator)[0], self._separator) or self._start
            self._has_learned = True

    def mend(self, stretch: bytes) -> tuple[bytes, list[int], int]:
        """Read a stretch of whole lines that begins with a damaged record.

        Returns:
            The stretch with what could be read as sound records, and blank lines in place of the rest; offsets at
            which lost records begin; how many records were read.
        """
        self.learn(stretch)  # where there was no sound record before it, its own beginning must do
        lines = _lines(stretch)
        starts = _offsets(lines)
        pieces: list[bytes] = []
        lost: list[int] = []
        n_read = at = 0
        while at < len(lines):
            n_taken, mended = self._record(lines, at) if not at or self._begins(lines[at]) else (1, None)
            if mended is not None:
                pieces.append(mended)
                n_read += 1
            else:
                begun = (k for k in range(at, at + n_taken) if not k or self._begins(lines[k]))
                lost += [starts[k] for k in begun if lines[k].strip()]
                pieces.append(b"\n" * sum(line.endswith(b"\n") for line in lines[at : at + n_taken]))
            at += n_taken
        return b"".join(pieces), lost, n_read

    def _begins(self, line: bytes) -> bool:
        return bool(self._start.match(line))

    def _record(self, lines: list[bytes], first: int) -> tuple[int, bytes | None]:
        """Return how many lines the record that begins here has, and the record mended; None where it is lost."""
        content = b""
        n_lines = min(len(lines) - first, _MOST_LINES)
        for n in range(1, n_lines + 1):
            line = lines[first + n - 1]
            if n > 1 and self._begins(line):
                # As many lines as there are before the next record belong to this one.
                return n - 1, None
            content += line
            # A record of several lines ends in the line of a closing quote.
            if n > 1 and b'"' not in line:
                continue
            body = content.rstrip(b"\r\n")
            readings = self.fields(body)
            if len(readings) == 1:
                return n, self._written(readings[0]) + content[len(body) :]
            if readings:
                return n, None
        return n_lines, None

    def fields(self, record: bytes) -> list[list[bytes]]:
        """Return the readings of a record as fields, with their quotes; two at most."""
        if self._n_fields > _MOST_FIELDS or record.count(b'"') > _MOST_QUOTES:
            return []
        cuts = list(_readings(record, self._separator, self._n_fields))
        return [[record[start:end] for start, end in cut] for cut in cuts]

    def _written(self, fields: list[bytes]) -> bytes:
        return self._separator.join(_doubled(field) if field[:1] == b'"' else field for field in fields)


def _lines(stretch: bytes) -> list[bytes]:
    parts = stretch.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _offsets(lines: list[bytes]) -> list[int]:
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    return offsets


def _beginning(field: bytes, separator: bytes) -> re.Pattern[bytes] | None:
    """Return what a record's beginning looks like, from one first field: digits for digits, letters for letters."""
    bare = field.strip(b'"')
    if not bare or len(bare) > 40:
        return None
    shape = re.sub(rb"[0-9]+", b"0", re.sub(rb"[A-Za-z]+", b"a", bare))
    pattern = re.escape(shape).replace(b"a", rb"[A-Za-z]+").replace(b"0", rb"[0-9]+")
    return re.compile(b'"?' + pattern + b'"?' + re.escape(separator))


def _doubled(field: bytes) -> bytes:
    r"""Return a quoted field with its inner quotes doubled, whether they were bare, doubled or behind a backslash."""
    inner = field[1:-1]
    is_escaped = b'\\"' in inner
    inner = re.sub(rb'\\(["\\])', rb"\1", inner) if is_escaped else inner.replace(b'""', b'"')
    return b'"' + inner.replace(b'"', b'""') + b'"'


def _readings(record: bytes, separator: bytes, n_fields: int) -> Iterator[list[tuple[int, int]]]:
    """Yield the ways to cut a record into fields, two at most."""
    closing = _closing_quotes(record, separator)

    def ends(start: int) -> list[int]:
        """Return where a field that begins here may end."""
        if record[start : start + 1] != b'"':
            end = record.find(separator, start)
            end = len(record) if end < 0 else end
            return [] if b'"' in record[start:end] or b"\n" in record[start:end] else [end]
        found = []
        for quote in closing:
            if quote > start and _is_open(record, start, quote):
                found.append(quote + 1)
                if record[quote + 2 : quote + 3] == b'"':
                    break  # where the next field opens with a quote, this one is over
        return found

    @cache
    def cuts(start: int, n_left: int) -> tuple[tuple[tuple[int, int], ...], ...]:
        found: list[tuple[tuple[int, int], ...]] = []
        for end in ends(start):
            if n_left == 1:
                found += [((start, end),)] if end == len(record) else []
            elif end < len(record):
                found += [((start, end), *rest) for rest in cuts(end + 1, n_left - 1)]
            if len(found) > 1:
                break
        return tuple(found[:2])

    yield from (list(cut) for cut in cuts(0, n_fields))


def _closing_quotes(record: bytes, separator: bytes) -> list[int]:
    """Return the quotes that a separator or the end follows and no backslash precedes."""
    places = []
    quote = record.find(b'"')
    while quote >= 0:
        after = record[quote + 1 : quote + 2]
        if after in (b"", separator) and not _is_escaped(record, quote):
            places.append(quote)
        quote = record.find(b'"', quote + 1)
    return places


def _is_open(record: bytes, start: int, quote: int) -> bool:
    """Return whether a quote can close the field that begins at `start`: of doubled ones none does."""
    n_quotes = 0
    while quote - n_quotes > start and record[quote - n_quotes] == _QUOTE:
        if _is_escaped(record, quote - n_quotes):
            break
        n_quotes += 1
    return n_quotes % 2 == 1


def _is_escaped(record: bytes, quote: int) -> bool:
    n_backslashes = 0
    while quote - n_backslashes > 0 and record[quote - n_backslashes - 1] == _BACKSLASH:
        n_backslashes += 1
    return n_backslashes % 2 == 1
