"""Checks generated notes: offsets, overlaps, types, and identifiers left unmarked."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import machinery  # noqa: F401
from checks import medicine_problems, problems
from leaks import loose_copies, pattern_faults

MIN_WORDS, MAX_WORDS = 90, 480


def all_problems(row: dict[str, Any]) -> list[str]:
    """Finds what is wrong with one note, by the first set's checks and by the stricter ones.

    Args:
        row: One JSON line of the output.

    Returns:
        One message per fault.
    """
    covered = bytearray(len(row["text"]))
    for span in row["spans"]:
        covered[span["start"] : span["end"]] = b"\1" * (span["end"] - span["start"])
    return problems(row, MIN_WORDS, MAX_WORDS) + loose_copies(row, covered) + pattern_faults(row, covered)


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
            faults += all_problems(json.loads(line))
    print(f"{notes} notes, {len(faults)} faults")
    for fault in faults[:50]:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
