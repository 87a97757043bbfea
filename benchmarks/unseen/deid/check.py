"""Checks generated notes: offsets, overlaps, types, and identifiers left unmarked."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from values import KIND_TYPE, OPTIONAL_KINDS

STRAY_DATE = re.compile(
    r"\b(?:January|February|April|June|July|August|September|October|November|December|"
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:19|20)\d\d-\d\d-\d\d|\d{1,2}/\d{1,2}/(?:19|20)\d\d)\b"
)


def problems(row: dict[str, Any]) -> list[str]:
    """Finds what is wrong with one note.

    Args:
        row: One JSON line of the output.

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
    if not 80 <= len(text.split()) <= 350:
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


def main(argv: list[str] | None = None) -> int:
    """Checks a file.

    Args:
        argv: Arguments, or None for the process's own.

    Returns:
        0 when there is no fault, else 1.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    args = parser.parse_args(argv)
    faults = medicine_problems(Path(__file__).resolve().parent / "medicine.tsv")
    notes = 0
    with args.file.open(encoding="utf-8") as handle:
        for line in handle:
            notes += 1
            faults += problems(json.loads(line))
    print(f"{notes} notes, {len(faults)} faults")
    for fault in faults[:50]:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
