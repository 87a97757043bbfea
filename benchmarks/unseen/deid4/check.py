"""Checks generated notes: offsets, overlaps, types, and identifiers left unmarked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import machinery  # noqa: F401
from commands import check_command
from kinds import KIND_TYPE, OPTIONAL_KINDS
from leaks import NAME_PART, pattern_faults

MIN_WORDS, MAX_WORDS = 60, 520
SENTENCE_START = re.compile(r"(?:^|[.!?:;\n•|/(\[\"“-])\s*$")
UNFILLED = re.compile(r"[{}]|<\+?[a-z]+(?:[*/]\d(?:-\d)?)?>|\[[^\]\n]*\|")


def span_faults(row: dict[str, Any]) -> list[str]:
    """Finds spans out of bounds, out of order, of a wrong type, or with a blank at an edge."""
    out: list[str] = []
    text, last = row["text"], 0
    for span in row["spans"]:
        start, end, kind = span["start"], span["end"], span["kind"]
        piece = text[start:end]
        if not 0 <= start < end <= len(text) or start < last:
            out.append(f"{row['note_id']}: bad offsets {start}-{end}")
        if piece != piece.strip():
            out.append(f"{row['note_id']}: blank at the edge of {piece!r}")
        if KIND_TYPE.get(kind) != span["type"] or bool(span.get("optional")) != (kind in OPTIONAL_KINDS):
            out.append(f"{row['note_id']}: type or flag of {kind}")
        last = end
    return out


def unmarked_copies(row: dict[str, Any], covered: bytearray) -> list[str]:
    """Finds marked text that stands elsewhere unmarked, and capitalised parts of names within sentences.

    A name that is an everyday word may stand as that word, in small letters or at the start of a sentence.
    """
    out: list[str] = []
    text = row["text"]
    plain = "".join("\0" if covered[at] else char for at, char in enumerate(text))
    parts = set()
    for span in row["spans"]:
        piece = text[span["start"] : span["end"]]
        if span["type"] == "NAME":
            parts |= {part.lower() for part in NAME_PART.findall(piece)}
        elif (
            len(piece) > 4
            and not span.get("optional")
            and span["kind"] not in ("date_partial", "age90")
            and re.search(r"(?<!\w)" + re.escape(piece) + r"(?!\w)", plain)
        ):
            out.append(f"{row['note_id']}: {piece!r} also stands unmarked")
    if text == text.lower() or text == text.upper():
        return out
    for match in NAME_PART.finditer(plain):
        word = match.group()
        stem = word.lower().removesuffix("'s").removesuffix("’s")
        if stem in parts and word[0].isupper() and not SENTENCE_START.search(plain[: match.start()]):
            out.append(f"{row['note_id']}: part of a name stands unmarked: {word!r}")
    return out


def all_problems(row: dict[str, Any]) -> list[str]:
    """Finds what is wrong with one note; returns one message per fault."""
    text = row["text"]
    covered = bytearray(len(text))
    for span in row["spans"]:
        covered[span["start"] : span["end"]] = b"\1" * (span["end"] - span["start"])
    out = span_faults(row) + unmarked_copies(row, covered) + pattern_faults(row, covered)
    if not MIN_WORDS <= len(text.split()) <= MAX_WORDS:
        out.append(f"{row['note_id']}: {len(text.split())} words")
    if UNFILLED.search(text):
        out.append(f"{row['note_id']}: unfilled slot {UNFILLED.search(text)}")
    return out


if __name__ == "__main__":
    raise SystemExit(check_command(None, Path(__file__).resolve().parent / "medicine.tsv", all_problems))
