"""Writes synthetic clinical notes with marked identifiers, from which a de-identification program learns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import machinery  # noqa: F401
from check import all_problems
from commands import write_command
from kinds import KIND_TYPE, OPTIONAL_KINDS, REQUIRED_KINDS
from penman import Penman

TRIES = 40


def rows(seed: int, n_notes: int) -> Iterator[dict[str, Any]]:
    """Yields the notes of a seed, each written anew until the checks find nothing wrong with it."""
    penman = Penman(seed)
    for frame in penman.order(n_notes):
        for _ in range(TRIES):
            note = penman.write(frame)
            if not all_problems({"note_id": frame.style, **note}):
                break
        penman.count(note["spans"])
        yield note


if __name__ == "__main__":
    raise SystemExit(write_command(None, rows, all_problems, KIND_TYPE, REQUIRED_KINDS, OPTIONAL_KINDS))
