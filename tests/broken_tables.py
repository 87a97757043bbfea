"""Tables as people have them, five and more of a kind, written apart from the code: data of a test and of a reference page.

Each input is a table of 24 sound notes, of which half are of hearts and half of lungs, written or changed in one way.
"""

# ruff: noqa: E501 - the inputs are a table, one row each

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from handmade_mimic import prose

Outcome = Literal["read", "warned", "refused"]
Rows = list[dict[str, object]]
N_NOTES = 24
CODES = {9: ("41071", "486"), 10: ("I21.4", "J18.9")}


@dataclass(frozen=True)
class Table:
    """One input.

    Attributes:
        kind: What it is an example of.
        what: What is odd about it.
        outcome: read: all 24 notes with their categories. warned: read, with a warning. refused: the command stops.
        says: A part of what is said.
        content: The file's.
        name: The file's.
        version: Of the codes; None for a column of categories.
    """

    kind: str
    what: str
    outcome: Outcome
    says: str
    content: Callable[[], bytes]
    name: str = "notes.csv"
    version: Literal[9, 10] | None = 10


def rows(version: int = 10, **columns: Callable[[int], object]) -> Rows:
    """Return the sound rows, with some columns made anew from a row's number."""
    sound = [{"id": f"n{i}", "mrn": f"p{i}", "text": prose(i), "icd": CODES[version][i % 2]} for i in range(N_NOTES)]
    return [row | {name: make(i) for name, make in columns.items()} for i, row in enumerate(sound)]


def table(made: Rows, separator: str = ",", end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    """Return rows as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(made[0]), delimiter=separator, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writeheader()
    writer.writerows(made)
    return out.getvalue()


def as_csv(version: int = 10, **columns: Callable[[int], object]) -> Callable[[], bytes]:
    """Return a maker of CSV."""
    return lambda: table(rows(version, **columns)).encode()


def as_json(version: int = 10, **columns: Callable[[int], object]) -> Callable[[], bytes]:
    """Return a maker of JSON lines."""
    return lambda: "".join(json.dumps(row) + "\n" for row in rows(version, **columns)).encode()


def codes(form: str, version: int = 10) -> Callable[[int], str]:
    """Return what makes a cell of a code, `{}` in a form."""
    return lambda i: form.format(CODES[version][i % 2])


def category(heart: str, lung: str) -> Callable[[], bytes]:
    """Return a maker of CSV with categories in place of codes."""
    return as_csv(cat=lambda i: (heart, lung)[i % 2])


def quoted_badly() -> bytes:
    """Return a table in which two notes hold quotes that are not doubled."""
    lines = table(rows(text=lambda i: prose(i).replace("\n", " ")), quoting=csv.QUOTE_ALL).splitlines()
    lines[5] = lines[5].replace(" and ", ' "and" ').replace(" with ", ' "with" ')
    return "\n".join(lines).encode() + b"\n"


def with_backslashes() -> bytes:
    """Return a table whose quotes are escaped by a backslash."""
    lines = table(rows(text=lambda i: prose(i).replace("\n", " ")), quoting=csv.QUOTE_ALL).splitlines()
    return "\n".join(line.replace("was ", '\\"was\\" ', 1) for line in lines).encode() + b"\n"


def late_key() -> bytes:
    """Return JSON lines whose first object lacks a key that the others have."""
    first, *others = rows(note=lambda i: i)
    del first["note"]
    return "".join(json.dumps(row) + "\n" for row in (first, *others)).encode()


LOST, READER, IDS, CODE, CATEGORY = (
    "nothing is lost uncounted",
    "one reader",
    "ids are ids",
    "codes are strings",
    "categories of one's own",
)
TABLES = (
    Table(LOST, "two notes with quotes that are not doubled", "read", "", quoted_badly),
    Table(LOST, "quotes escaped by backslashes", "read", "", with_backslashes),
    Table(LOST, "a record with a field too many at the end", "refused", "could not be read", lambda: table(rows()).encode() + b"n99,p99,a,b,c,d\n"),
    Table(LOST, "a quote opened in the last record and never closed", "refused", "unterminated quote", lambda: table(rows()).encode() + b'n99,p99,"never closed,I10\n'),
    Table(LOST, "a JSON line cut in the middle", "refused", "could not be read", lambda: as_json()() + b'{"id": "n99", "te', "notes.jsonl"),
    Table(LOST, "six records in another encoding", "refused", "could not be read", lambda: table(rows()).encode() + b"n9\xe9,p9,M\xe9ni\xe8re,I10\n" * 6),
    Table(READER, "semicolons", "read", "", lambda: table(rows(), ";").encode()),
    Table(READER, "tabs under the name of CSV", "read", "", lambda: table(rows(), "\t").encode()),
    Table(READER, "a line that names the separator", "read", "", lambda: b"sep=|\n" + table(rows(), "|").encode()),
    Table(READER, "UTF-16 with a mark", "read", "", lambda: table(rows(), "\t").encode("utf-16")),
    Table(READER, "Windows line ends, a mark, and blanks around column names", "read", "", lambda: b"\xef\xbb\xbf" + table(rows(), end="\r\n").replace("id,mrn,text,icd", " ID , MRN , Text , ICD ", 1).encode()),
    Table(READER, "gzip without its name", "read", "", lambda: gzip.compress(table(rows()).encode())),
    Table(READER, "a JSON array", "read", "", lambda: json.dumps(rows()).encode(), "notes.json"),
    Table(READER, "JSON lines of which the first lacks a key", "read", "", late_key, "notes.jsonl"),
    Table(READER, "empty rows and columns at the edges", "read", "", lambda: "".join(line + ",,\n" for line in table(rows(text=lambda i: prose(i).replace("\n", " "))).splitlines()).encode() + b",,,,,\n,,,,,\n"),
    Table(IDS, "patients named nan", "warned", "no patient id", as_csv(mrn=lambda _: "nan")),
    Table(IDS, "patients named NULL", "warned", "no patient id", as_csv(mrn=lambda _: "NULL")),
    Table(IDS, "patients that are blank", "warned", "no patient id", as_csv(mrn=lambda _: "  ")),
    Table(IDS, "ids in scientific notation", "refused", "scientific notation", as_csv(mrn=lambda _: "8.8E+09")),
    Table(IDS, "ids as floats with .0", "warned", ".0", as_csv(mrn=lambda i: f"{1000 + i}.0")),
    Table(IDS, "one patient with half of the notes", "warned", "one patient has", as_csv(mrn=lambda i: "p7" if i < 12 else f"p{i}")),
    Table(CODE, "lists as Python writes them", "read", "", as_csv(icd=codes("['{}', 'E11.9']"))),
    Table(CODE, "lists as JSON writes them", "read", "", as_csv(icd=codes('["{}"]'))),
    Table(CODE, "a title before the code", "read", "", as_csv(icd=codes("Vitamin B12, given ({})"))),
    Table(CODE, "a system before the code", "read", "", as_csv(icd=codes("ICD10:{}"))),
    Table(CODE, "several codes with semicolons", "read", "", as_csv(icd=codes("{}; I10; E78.5"))),
    Table(CODE, "German marks", "read", "", as_csv(icd=codes("{}+"))),
    Table(CODE, "floats in text", "refused", "numbers", as_csv(9, icd=codes("{}.0", 9)), version=9),
    Table(CODE, "numbers in JSON", "refused", "numbers", as_json(9, icd=lambda i: (41071, 486)[i % 2]), "notes.jsonl", 9),
    Table(CODE, "numbers in lists", "refused", "numbers", as_json(9, icd=lambda i: [(41071, 486)[i % 2]]), "notes.jsonl", 9),
    Table(CATEGORY, "in capitals", "read", "", category("CARDIOVASCULAR", "RESPIRATORY"), version=None),
    Table(CATEGORY, "with blanks around", "read", "", category(" Cardiovascular ", "Respiratory  "), version=None),
    Table(CATEGORY, "in small letters with a line end", "read", "", category("cardiovascular\n", "respiratory"), version=None),
    Table(CATEGORY, "in wide letters", "read", "", category("\uff23ardiovascular", "Respiratory"), version=None),
    Table(CATEGORY, "two thirds of one misspelled", "warned", "Cardiovascular", as_csv(cat=lambda i: "Respiratory" if i % 2 else "Cardio-vascular" if i % 3 else "Cardiovascular"), version=None),
)  # fmt: skip


def section() -> str:
    """Return the part of the reference page on tables."""
    lines = [
        "\n## Tables as people have them\n",
        "Inputs that were written apart from the code (`tests/broken_tables.py`), by kind. **warned**: read, with a warning.\n",
        "| kind | what is odd | outcome | what it says |",
        "|---|---|---|---|",
        *(f"| {t.kind} | {t.what} | {t.outcome} | {f'`{t.says}`' if t.says else ''} |" for t in TABLES),
    ]
    return "\n".join(lines) + "\n"
