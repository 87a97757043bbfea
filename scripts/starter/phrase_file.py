"""Phrase files: the TSV that `nosology course --file` takes, written by the converters of this folder."""

import gzip
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from nosology.course.phrases import COLUMNS


@dataclass(frozen=True, slots=True)
class Row:
    """One phrase of an ICD-10-CM code."""

    text: str
    code: str
    kind: str
    source: str
    licence: str


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write a phrase file, the same bytes for the same rows; return the number of phrases.

    Args:
        path: The file; gzipped if it ends in ``.gz``.
        rows: The phrases; blanks, tabs and line ends inside a text become single blanks.
    """
    text = io.StringIO()
    text.write("\t".join(COLUMNS) + "\n")
    n = 0
    for row in rows:
        words, code, kind, source, licence = astuple(row)
        text.write("\t".join((" ".join(words.split()), code, "10", kind, source, licence)) + "\n")
        n += 1
    raw = text.getvalue().encode("utf-8")
    path.write_bytes(gzip.compress(raw, mtime=0) if path.suffix == ".gz" else raw)
    return n
