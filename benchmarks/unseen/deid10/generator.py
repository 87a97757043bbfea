"""Writes synthetic clinical notes with marked identifiers, as JSON lines."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from scribe import write_notes


def main() -> int:
    """Reads the command line, writes the notes and says how many there are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=1000, help="how many notes to write")
    parser.add_argument("--seed", type=int, default=11, help="the same seed gives the same file")
    parser.add_argument("--out", type=Path, required=True, help="where the JSON lines go")
    wanted = parser.parse_args()
    written = 0
    with wanted.out.open("w", encoding="utf-8", newline="\n") as sink:
        for row in write_notes(wanted.notes, wanted.seed):
            sink.write(json.dumps(row, ensure_ascii=False) + "\n")
            written += 1
    print(f"{written} notes written to {wanted.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
