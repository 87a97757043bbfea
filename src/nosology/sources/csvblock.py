"""A stretch of a CSV file: whole, sound records and where their fields are."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from nosology.sources.reading import Rejected

_NEWLINE = 0x0A
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CsvBlock:
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
