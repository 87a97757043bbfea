"""Checks generated notes: offsets, kinds, counts and identifiers left unmarked; and the terms that must survive."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from marks import COUNTED, OPTIONAL, TYPE_OF

MIN_WORDS, MAX_WORDS, FLOOR, STYLES, TERMS = 90, 480, 300, 120, 600
COLUMNS = ["term", "kind", "context_sentence", "list_line"]
TERM_KINDS = {"eponym", "criteria", "procedures", "devices", "brands", "inhalers", "organisms", "anatomy", "sign"}
TERM_KINDS |= {"shortnote", "obstetric"}
MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
SHORT = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
DAY = r"(?:0?[1-9]|[12]\d|3[01])"
UNIT = r"(?:m[lLg]|kcal|h\b|hrs?|hours|units|IU|g\b|steps|cc)"
LEAKS = {
    "a mailbox": r"\S@\w",
    "an address of the web": r"https?://|www\.",
    "a telephone number": r"(?<!\d)(?:\d{3}[-. ]\d{3}[-. ]\d{4}|0\d{9,10}|\+\d{8,})(?!\d)",
    "a date": rf"(?<![\d/.-])(?:{DAY}[/.-]{DAY}[/.-](?:19|20)?\d\d|(?:19|20)\d\d[-/.]{DAY}[-/.]{DAY})(?![\d/-]|\.\d)",
    "a day of a month": rf"\b(?:{MONTH}|{SHORT})\.? \d|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{MONTH}|{SHORT})\b",
    "a month": r"\b(?:January|February|April|July|September|October|November|December)\b",
    "a weekday": r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day",
    "a year": rf"(?<![\w.,:/+-])(?:19[3-9]|20[0-3])\d(?![\d.,:/-]\d|\d| ?{UNIT})",
    "a national number": r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)",
    "a slot": r"\{|\}|\[\[|\]\]|<<|>>|[\ue000-\uf8ff]",
}
EPONYMS = re.compile(
    r"Bell's palsy|Graves' disease|Parkinson's|Wilson's disease|Turner syndrome|Murphy's sign|Foley catheter|Horner's|"
    r"Paget's disease|Gilbert's|Barrett's|Holter|Colles' fracture|Down syndrome|Still's murmur|Hunter's canal"
)


def outside_text(text: str, spans: list[dict[str, Any]]) -> str:
    """Blanks out all that is marked."""
    letters = list(text)
    for span in spans:
        letters[span["start"] : span["end"]] = "\n" * (span["end"] - span["start"])
    return "".join(letters)


def whole(value: str) -> re.Pattern[str]:
    """Matches a value where it stands as words of its own."""
    return re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")


def offset_faults(text: str, spans: list[dict[str, Any]]) -> list[str]:
    """Finds spans that lie wrong, are empty, or have a wrong type."""
    faults, last = [], 0
    for span in spans:
        start, end, kind = span["start"], span["end"], span["kind"]
        value = text[start:end]
        if not last <= start < end <= len(text):
            faults.append(f"span out of order or empty: {span}")
        if value != value.strip():
            faults.append(f"blank at the edge of {value!r}")
        if TYPE_OF.get(kind) != span["type"]:
            faults.append(f"{kind} is no {span['type']}")
        if (kind in OPTIONAL) != span.get("optional", False):
            faults.append(f"{kind} is or is not optional")
        if re.match(r"\w", value) and start and re.match(r"\w", text[start - 1]) and kind not in GLUED:
            faults.append(f"a word begins before {value!r}")
        if re.match(r"\w", value[-1:]) and re.match(r"[^\W\d_]", text[end : end + 1]) and kind not in GLUED:
            faults.append(f"a word goes on after {value!r}")
        last = max(last, end)
    return faults


GLUED = {"name_in_file", "age90", "date_full", "weekday", "id_record", "date_odd", "region"}


def leak_faults(text: str, spans: list[dict[str, Any]]) -> list[str]:
    """Finds identifiers that stand unmarked."""
    rest = outside_text(text, spans)
    faults = [f"{what} unmarked" for what, pattern in LEAKS.items() if re.search(pattern, rest)]
    plain = EPONYMS.sub(lambda found: "\n" * len(found.group()), rest)
    for span in spans:
        value = " ".join(text[span["start"] : span["end"]].split())
        kind = span["kind"]
        if kind in ("name_patient", "name_clinician", "name_relative", "name_bare"):
            pieces = [
                word for word in re.findall(r"[^\W\d_]{2,}", value) if word[0].isupper() or len(value) == len(word)
            ]
            plain_now = plain
        elif kind in ("weekday", "month", "year", "region", "name_in_file", "age90", "date_odd", "date_partial"):
            continue
        elif kind == "name_initials":
            pieces, plain_now = [value], rest
        else:
            pieces, plain_now = [value], rest
        faults += [f"{piece!r} also stands unmarked" for piece in pieces if whole(piece).search(plain_now)]
    return faults


def faults_of(row: dict[str, Any]) -> list[str]:
    """Finds what is wrong with one note."""
    text, spans = row["text"], row["spans"]
    words = len(text.split())
    faults = offset_faults(text, spans) + leak_faults(text, spans)
    if not MIN_WORDS <= words <= MAX_WORDS:
        faults.append(f"{words} words")
    return faults


def medicine_faults(path: Path) -> tuple[int, list[str]]:
    """Counts the terms and finds what is wrong with their table."""
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    faults = [] if head.split("\t") == COLUMNS else ["wrong columns"]
    seen: set[str] = set()
    for row in rows:
        term, kind, *texts = row.split("\t")
        if len(texts) != 2:
            faults.append(f"{term}: {len(texts) + 2} columns")
        if kind not in TERM_KINDS:
            faults.append(f"{term}: no such kind {kind}")
        if term in seen:
            faults.append(f"{term}: twice")
        seen.add(term)
        faults += [f"{term}: not word for word in {text!r}" for text in texts if not whole(term).search(text)]
        faults += [f"{term}: {what}" for what, pattern in LEAKS.items() if re.search(pattern, " ".join(texts))]
    if len(rows) < TERMS:
        faults.append(f"only {len(rows)} terms")
    return len(rows), faults


def main() -> int:
    """Checks a file of notes and the terms, prints the counts and the first faults."""
    path = Path(sys.argv[1])
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    faults = [f"{row['note_id']}: {fault}" for row in rows for fault in faults_of(row)]
    if len({row["note_id"] for row in rows}) != len(rows):
        faults.append("a note_id twice")
    counts = Counter(span["kind"] for row in rows for span in row["spans"])
    words = sum(len(row["text"].split()) for row in rows)
    counted = sum(counts[kind] for kind in COUNTED)
    floor = FLOOR * len(rows) / 1000
    for kind in TYPE_OF:
        short = kind not in OPTIONAL and counts[kind] < floor
        print(f"{kind:16} {counts[kind]:6}{'  optional' if kind in OPTIONAL else ''}{'  too few' if short else ''}")
        if short:
            faults.append(f"{kind}: {counts[kind]}, fewer than {floor:.0f}")
    styles = {row["style"] for row in rows}
    if len(rows) >= 1000 and len(styles) < STYLES:
        faults.append(f"only {len(styles)} styles")
    terms, wrong = medicine_faults(Path(__file__).resolve().parent / "medicine.tsv")
    faults += wrong
    print(f"{len(rows)} notes, {len(styles)} styles, {words} words ({words / max(1, len(rows)):.0f} a note)")
    print(f"{counted} spans that count, one in {words / max(1, counted):.1f} words; {terms} terms")
    print(f"{len(faults)} faults")
    print("\n".join(faults[:20]))
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
