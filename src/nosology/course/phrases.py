"""What a course teaches: phrases, each with the code that it stands for, and where it may be used.

The shipped part are the terms of `nosology.coding.terms` (public domain, and names written by hand), and findings
written for this project, which tell a disease without its name (``data/course/findings.tsv``). More come as TSV files
with the columns ``text, code, icd_version, kind, source, licence``; `scripts/starter` makes such files from the Disease
Ontology and from MedQuAD. A file whose licence is not known here, or does not allow commercial use, is refused, because
what a model learned cannot be taken out of its weights again.
"""

import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Literal, cast, get_args

from nosology.coding import icd
from nosology.coding.labels import LabelSet
from nosology.coding.names import shown_code
from nosology.coding.terms import TermTable
from nosology.errors import DataError, LabelError

Kind = Literal["name", "definition", "answer", "finding"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""``name``: what a disease is called. ``definition``: what it is. ``answer``: what people are told about it.
``finding``: what is seen and done, without its name."""

LICENCES = ("public domain", "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "MIT", "Apache-2.0")
"""Licences whose text may be learned from by weights that are given away, commercially too."""

COLUMNS = ("text", "code", "icd_version", "kind", "source", "licence")

SHIPPED_SOURCE = "ICD"
_FINDINGS = "data/course/findings.tsv"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase and what it stands for.

    Attributes:
        text: The words.
        code: Undotted and upper case.
        version: ICD version of the code, 9 or 10.
        category: Its category in the label set.
        kind: One of `KINDS`.
        source: Where it is from, as NOTICE names it.
    """

    text: str = field(repr=False)
    code: str
    version: int
    category: str
    kind: Kind
    source: str


def collect(labels: LabelSet, files: Iterable[Path] = ()) -> list[Phrase]:
    """Return all phrases whose code has a category: shipped terms and findings, then those of files, none twice.

    ICD-9-CM titles are left out: they say the same in older words, and a course would read everything twice.

    Args:
        labels: Gives each code its category.
        files: Phrase files, see `read_phrases`.

    Raises:
        LabelError: The label set has no codes, so no phrase has a category.
        DataError: A file cannot be read, or its licence does not allow it.
    """
    if not labels.has_codes:
        raise LabelError(
            f"the label set {labels.name!r} has no code ranges, so no phrase belongs to any of its categories",
            hint="a course needs a label set with the columns icd9 or icd10; train on notes alone (train.course unset)",
        )
    own = [phrase for file in files for phrase in read_phrases(file, labels)]  # what can fail, before what takes time
    found = [
        Phrase(term.term, term.code, term.version, cast(str, term.category), "name", SHIPPED_SOURCE)
        for term in TermTable.shipped(labels, [10])
        if not term.cues  # an abbreviation of several readings names nothing when it stands alone
    ]
    with resources.as_file(resources.files("nosology").joinpath(_FINDINGS)) as shipped:
        found += read_phrases(shipped, labels)
    found += own
    seen: set[tuple[str, str]] = set()
    unique = []
    for phrase in found:
        key = (" ".join(phrase.text.lower().split()), phrase.category)
        if key not in seen:
            seen.add(key)
            unique.append(phrase)
    return unique


def read_phrases(path: Path, labels: LabelSet) -> list[Phrase]:
    """Return the phrases of a TSV file (plain or gzipped) whose code has a category.

    Args:
        path: Columns `COLUMNS`, separated by tabs, no quoting.
        labels: Gives each code its category.

    Raises:
        DataError: The file is missing or malformed, or a licence is not among `LICENCES`; names the line.
    """
    lines = _lines(path)
    header, *rows = [line.split("\t") for line in lines] or [[]]
    if tuple(header) != COLUMNS:
        raise DataError(
            f"its first line is not the header: it has {len(header)} columns",
            place=str(path),
            hint=f"the first line must be {', '.join(COLUMNS)}, separated by tabs",
        )
    phrases = (_phrase(row, labels, f"{path}, line {number}") for number, row in enumerate(rows, 2) if any(row))
    return [phrase for phrase in phrases if phrase is not None]


def _lines(path: Path) -> list[str]:
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except FileNotFoundError:
        raise DataError("there is no such file of phrases", place=str(path), hint="check the path") from None
    except (UnicodeDecodeError, OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"cannot be read as UTF-8 text: {type(error).__name__}", place=str(path), hint="write it again"
        ) from None
    return text.splitlines()


def _phrase(row: list[str], labels: LabelSet, place: str) -> Phrase | None:
    if len(row) != len(COLUMNS):
        raise DataError(f"{len(row)} columns instead of {len(COLUMNS)}", place=place, hint="separate them by tabs")
    text, code, version, kind, source, licence = (cell.strip() for cell in row)
    if licence not in LICENCES:
        raise DataError(
            "the licence is not one that weights may learn from",
            place=place,
            hint=f"leave this source out; accepted are {', '.join(LICENCES)}",
        )
    if kind not in KINDS:
        raise DataError("this is no kind of phrase", place=place, hint=f"use {', '.join(KINDS)}")
    if version not in ("9", "10"):
        raise DataError(f"{shown_code(version)} is no ICD version", place=place, hint="use 9 or 10")
    normal = icd.normalize(code, int(version))
    if normal is None or not text:
        raise DataError(f"{shown_code(code)} is no ICD-{version}-CM code" if text else "no text", place=place)
    category = labels.category_of(normal, int(version))
    return None if category is None else Phrase(text, normal, int(version), category, kind, source)
