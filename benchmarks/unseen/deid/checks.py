"""What can be wrong with generated notes: offsets, overlaps, types, identifiers left unmarked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from values import KIND_TYPE, OPTIONAL_KINDS

STRAY_DATE = re.compile(
    r"\b(?:January|February|April|June|July|August|September|October|November|December|"
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:19|20)\d\d-\d\d-\d\d|\d{1,2}/\d{1,2}/(?:19|20)\d\d)\b"
)


def problems(row: dict[str, Any], low: int = 80, high: int = 350) -> list[str]:
    """Finds what is wrong with one note.

    Args:
        row: One JSON line of the output.
        low: The fewest words that a note may have.
        high: The most words that a note may have.

    Returns:
        One message per fault.
    """
    out: list[str] = []
    text, where = row["text"], row["note_id"]
    last = 0
    covered = bytearray(len(text))
    for span in row["spans"]:
        start, end, kind = span["start"], span["end"], span["kind"]
        piece = text[start:end]
        if not 0 <= start < end <= len(text):
            out.append(f"{where}: bad offsets {start}-{end}")
            continue
        if start < last:
            out.append(f"{where}: overlap at {start}")
        last = end
        if piece != piece.strip():
            out.append(f"{where}: blank at the edge of {piece!r}")
        if KIND_TYPE.get(kind) != span["type"]:
            out.append(f"{where}: {kind} has type {span['type']}")
        if bool(span.get("optional")) != (kind in OPTIONAL_KINDS):
            out.append(f"{where}: optional flag of {kind}")
        covered[start:end] = b"\1" * (end - start)
    if not low <= len(text.split()) <= high:
        out.append(f"{where}: {len(text.split())} words")
    if re.search(r"[{}]|<<|\|>>", re.sub(r"\[|\]", "", text).replace(">>", "")):
        out.append(f"{where}: unfilled slot")
    for match in STRAY_DATE.finditer(text):
        if not all(covered[match.start() : match.end()]):
            out.append(f"{where}: unmarked {match.group()!r}")  # noqa: PERF401
    out += unmarked_copies(row, covered)
    return out


def unmarked_copies(row: dict[str, Any], covered: bytearray) -> list[str]:
    """Finds marked surfaces that occur again unmarked.

    Args:
        row: One JSON line of the output.
        covered: 1 at each marked character.

    Returns:
        One message per fault.
    """
    out: list[str] = []
    text = row["text"]
    for span in row["spans"]:
        piece = text[span["start"] : span["end"]]
        if len(piece) < 5 or span.get("optional") or span["kind"] in ("date_partial", "age90"):
            continue
        for match in re.finditer(r"(?<!\w)" + re.escape(piece) + r"(?!\w)", text):
            if not any(covered[match.start() : match.end()]):
                out.append(f"{row['note_id']}: {piece!r} also stands unmarked at {match.start()}")  # noqa: PERF401
    return out


def medicine_problems(path: Path) -> list[str]:
    """Checks medicine.tsv: four columns, no term twice, the term word for word in both texts.

    Args:
        path: The file.

    Returns:
        One message per fault.
    """
    out: list[str] = []
    seen: set[str] = set()
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        row = line.split("\t")
        if len(row) != 4 or row[0] not in row[2] or row[0] not in row[3] or row[0] in seen:
            out.append(f"medicine: {line!r}")
        seen.add(row[0])
    return out
