"""Writes synthetic clinical notes with marked identifiers, for judging a de-identification program."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from checks import problems
from engine import Writer
from values import KIND_TYPE, REQUIRED_KINDS

FLOOR_PER_NOTE = 0.3
TARGET_PER_NOTE = 0.40


def main(argv: list[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: Arguments, or None for the process's own.

    Returns:
        0 when all notes pass the offset check, else 1.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=1000, help="number of notes")
    parser.add_argument("--seed", type=int, default=7, help="seed of all chance")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines file to write")
    args = parser.parse_args(argv)

    writer = Writer(args.seed)
    kinds: Counter[str] = Counter()
    styles: Counter[str] = Counter()
    faults: list[str] = []
    with args.out.open("w", encoding="utf-8") as handle:
        for index, style in enumerate(writer.styles(args.notes)):
            note = writer.note(style, TARGET_PER_NOTE)
            row = {
                "note_id": f"j{args.seed:03d}-{index:05d}",
                "style": note.style,
                "text": note.text,
                "spans": note.spans,
            }
            faults += problems(row)
            kinds.update(span["kind"] for span in note.spans)
            styles[style] += 1
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")

    print(f"{args.notes} notes, {len(styles)} styles, {sum(kinds.values())} spans -> {args.out}")
    print(f"{'kind':<18}{'type':<10}{'spans':>7}")
    floor = FLOOR_PER_NOTE * args.notes
    for kind, type_name in KIND_TYPE.items():
        mark = "  below floor" if kind in REQUIRED_KINDS and kinds[kind] < floor else ""
        print(f"{kind:<18}{type_name:<10}{kinds[kind]:>7}{mark}")
    for fault in faults[:20]:
        print(fault, file=sys.stderr)
    print(f"offset check: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
