"""The two commands of a judging set, writing notes and checking a file of them, for this set and the next."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from checks import medicine_problems, problems
from leaks import loose_copies, pattern_faults

FLOOR_PER_NOTE = 0.3
WRITE = "Writes synthetic clinical notes with marked identifiers, for judging a de-identification program."
CHECK = "Checks generated notes: offsets, overlaps, types, and identifiers left unmarked."


def faults_of(row: dict[str, Any], min_words: int, max_words: int) -> list[str]:
    """Finds what is wrong with one note, by the first set's checks and by the stricter ones.

    Args:
        row: One JSON line of the output.
        min_words: Fewest words of a note.
        max_words: Most words of a note.

    Returns:
        One message per fault.
    """
    covered = bytearray(len(row["text"]))
    for span in row["spans"]:
        covered[span["start"] : span["end"]] = b"\1" * (span["end"] - span["start"])
    return problems(row, min_words, max_words) + loose_copies(row, covered) + pattern_faults(row, covered)


def write_command(
    argv: list[str] | None,
    rows: Callable[[int, int], Iterable[dict[str, Any]]],
    faults_in: Callable[[dict[str, Any]], list[str]],
    kind_type: dict[str, str],
    required: Collection[str],
    optional: Collection[str],
) -> int:
    """Writes notes and reports what they hold.

    Args:
        argv: Arguments, or None for the process's own.
        rows: Returns the notes, without their numbers, of a seed and a count.
        faults_in: Checks one note.
        kind_type: The type of each kind.
        required: Kinds with a floor.
        optional: Kinds that count neither way.

    Returns:
        0 when all notes pass the checks, else 1.
    """
    parser = argparse.ArgumentParser(description=WRITE)
    parser.add_argument("--notes", type=int, default=1000, help="number of notes")
    parser.add_argument("--seed", type=int, default=11, help="seed of all chance")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines file to write")
    args = parser.parse_args(argv)

    kinds: Counter[str] = Counter()
    styles: Counter[str] = Counter()
    faults: list[str] = []
    words = 0
    with args.out.open("w", encoding="utf-8") as handle:
        for index, content in enumerate(rows(args.seed, args.notes)):
            row = {"note_id": f"k{args.seed:03d}-{index:05d}", **content}
            faults += faults_in(row)
            kinds.update(span["kind"] for span in row["spans"])
            styles[row["style"]] += 1
            words += len(row["text"].split())
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")

    marks = sum(count for kind, count in kinds.items() if kind not in optional)
    print(f"{args.notes} notes, {len(styles)} styles, {sum(kinds.values())} spans -> {args.out}")
    print(f"{words / args.notes:.0f} words a note, {words / marks:.1f} words an identifier")
    print(f"{'kind':<18}{'type':<10}{'spans':>7}")
    floor = FLOOR_PER_NOTE * args.notes
    for kind, type_name in kind_type.items():
        mark = "  below floor" if kind in required and kinds[kind] < floor else ""
        print(f"{kind:<18}{type_name:<10}{kinds[kind]:>7}{mark}")
    for fault in faults[:20]:
        print(fault, file=sys.stderr)
    print(f"checks: {len(faults)} faults")
    return 1 if faults else 0


def check_command(argv: list[str] | None, medicine: Path, faults_in: Callable[[dict[str, Any]], list[str]]) -> int:
    """Checks a file of notes and the set's medical terms.

    Args:
        argv: Arguments, or None for the process's own.
        medicine: The table of terms.
        faults_in: Checks one note.

    Returns:
        0 when there is no fault, else 1.
    """
    parser = argparse.ArgumentParser(description=CHECK)
    parser.add_argument("file", type=Path)
    args = parser.parse_args(argv)
    faults = medicine_problems(medicine)
    notes = 0
    with args.file.open(encoding="utf-8") as handle:
        for line in handle:
            notes += 1
            faults += faults_in(json.loads(line))
    print(f"{notes} notes, {len(faults)} faults")
    for fault in faults[:50]:
        print(fault)
    return 1 if faults else 0
