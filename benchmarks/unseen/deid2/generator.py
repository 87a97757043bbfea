"""Writes synthetic clinical notes with marked identifiers, for judging a de-identification program."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import machinery  # noqa: F401
from check import all_problems
from values import KIND_TYPE, OPTIONAL_KINDS, REQUIRED_KINDS
from writer import SecondWriter

FLOOR_PER_NOTE = 0.3
TARGET_PER_NOTE = 0.325


def main(argv: list[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: Arguments, or None for the process's own.

    Returns:
        0 when all notes pass the checks, else 1.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=1000, help="number of notes")
    parser.add_argument("--seed", type=int, default=11, help="seed of all chance")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines file to write")
    args = parser.parse_args(argv)

    writer = SecondWriter(args.seed)
    kinds: Counter[str] = Counter()
    styles: Counter[str] = Counter()
    faults: list[str] = []
    words = 0
    with args.out.open("w", encoding="utf-8") as handle:
        for index, style in enumerate(writer.styles(args.notes)):
            note = writer.note(style, TARGET_PER_NOTE)
            row = {
                "note_id": f"k{args.seed:03d}-{index:05d}",
                "style": note.style,
                "text": note.text,
                "spans": note.spans,
            }
            faults += all_problems(row)
            kinds.update(span["kind"] for span in note.spans)
            styles[style] += 1
            words += len(note.text.split())
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")

    marks = sum(count for kind, count in kinds.items() if kind not in OPTIONAL_KINDS)
    print(f"{args.notes} notes, {len(styles)} styles, {sum(kinds.values())} spans -> {args.out}")
    print(f"{words / args.notes:.0f} words a note, {words / marks:.1f} words an identifier")
    print(f"{'kind':<18}{'type':<10}{'spans':>7}")
    floor = FLOOR_PER_NOTE * args.notes
    for kind, type_name in KIND_TYPE.items():
        mark = "  below floor" if kind in REQUIRED_KINDS and kinds[kind] < floor else ""
        print(f"{kind:<18}{type_name:<10}{kinds[kind]:>7}{mark}")
    for fault in faults[:20]:
        print(fault, file=sys.stderr)
    print(f"checks: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
