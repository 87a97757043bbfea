"""Checks generated notes: offsets, overlaps, types, and identifiers left unmarked."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from checks import medicine_problems, problems


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
