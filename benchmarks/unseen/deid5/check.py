"""Checks generated notes: offsets, overlaps, types, lengths, and identifiers left unmarked."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import machinery  # noqa: F401
from kinds import KIND_TYPE, OPTIONAL_KINDS, REQUIRED_KINDS

MIN_WORDS, MAX_WORDS = 80, 480
MEDICINE = Path(__file__).resolve().parent / "medicine.tsv"
FLOOR_PER_NOTE = 0.3
FEWEST_TERMS = 700
SHORTEST_COPY = 4

_STRAY = {
    "e-mail": re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}", re.IGNORECASE),
    "address": re.compile(r"https?://|www\."),
    "date": re.compile(r"\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b|\b(?:19|20)\d\d-\d\d-\d\d\b"),
    "long number": re.compile(r"\d(?:[ -]?\d){6,}"),
    "month": re.compile(
        r"\b\d{1,2}(?:st|nd|rd|th)? (?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\b"
        r"|\b(?:January|February|August|September|October|November|December)\b"
    ),
    "year": re.compile(r"\b(?:19[2-9]\d|20[0-3]\d)\b"),
    "slot": re.compile(r"[{}]|\[[^\]]*\||#{3,}"),
}
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def _span_faults(text: str, spans: list[dict[str, Any]]) -> list[str]:
    faults = []
    end = 0
    for span in spans:
        value = text[span["start"] : span["end"]]
        if not 0 <= span["start"] < span["end"] <= len(text):
            faults.append(f"out of bounds: {span}")
            continue
        if span["start"] < end:
            faults.append(f"overlap at {span['start']}: {value!r}")
        if value != value.strip():
            faults.append(f"blank at the edge: {value!r}")
        if KIND_TYPE.get(span["kind"]) != span["type"]:
            faults.append(f"type of {span['kind']} is not {span['type']}")
        if bool(span.get("optional")) != (span["kind"] in OPTIONAL_KINDS):
            faults.append(f"optional mark of {span['kind']}")
        after, before = text[span["end"] : span["end"] + 1], text[span["start"] - 1 : span["start"]]
        if span["kind"] not in {"name_in_file", "age90"} and (
            (after.isalnum() and value[-1].isalnum()) or (before.isalnum() and value[0].isalnum())
        ):
            faults.append(f"grown together: {before}{value}{after}")
        end = span["end"]
    return faults


def all_problems(row: dict[str, Any]) -> list[str]:
    """Finds what is wrong with one note.

    Args:
        row: One JSON line of the output.

    Returns:
        One message per fault.
    """
    text, spans = row["text"], row["spans"]
    faults = _span_faults(text, spans)
    words = len(text.split())
    if not MIN_WORDS <= words <= MAX_WORDS:
        faults.append(f"{words} words")
    rest = list(text)
    for span in spans:
        rest[span["start"] : span["end"]] = "\0" * (span["end"] - span["start"])
    outside = "".join(rest)
    for name, pattern in _STRAY.items():
        faults += [f"stray {name}: {match.group()!r}" for match in pattern.finditer(outside)]
    loose = set(_WORD.findall(outside))
    for span in spans:
        if span["type"] in {"NAME", "LOCATION"} and span["kind"] not in {"name_initials", "region", "street"}:
            value = text[span["start"] : span["end"]]
            copies = [word for word in _WORD.findall(value) if len(word) >= SHORTEST_COPY and word in loose]
            faults += [f"unmarked copy: {word!r} of {value!r}" for word in copies]
    return [f"{row['note_id']}: {fault}" for fault in faults]


def medicine_faults() -> list[str]:
    """Finds what is wrong with the table of terms."""
    with MEDICINE.open(encoding="utf-8", newline="") as handle:
        table = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    faults = [] if len(table) >= FEWEST_TERMS else [f"{len(table)} terms"]
    seen: set[str] = set()
    for line in table:
        term = line["term"]
        if not all(line.values()) or None in line:
            faults.append(f"columns of {term!r}")
        elif term not in line["context_sentence"] or term not in line["list_line"]:
            faults.append(f"not word for word: {term!r}")
        if term.lower() in seen:
            faults.append(f"twice: {term!r}")
        seen.add(term.lower())
    return faults


def main(path: str) -> int:
    """Checks a file of notes and the terms."""
    faults = medicine_faults()
    kinds: Counter[str] = Counter()
    notes = 0
    with Path(path).open(encoding="utf-8") as handle:
        for line in handle:
            row = json.loads(line)
            notes += 1
            faults += all_problems(row)
            kinds.update(span["kind"] for span in row["spans"])
    faults += [f"few: {kind} {kinds[kind]}" for kind in REQUIRED_KINDS if kinds[kind] < FLOOR_PER_NOTE * notes]
    print(f"{notes} notes, {len(faults)} faults")
    for fault in faults[:50]:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
