"""Writes synthetic clinical notes with marked identifiers, for judging a de-identification program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import machinery  # noqa: F401
from check import all_problems
from commands import write_command
from composer import Composer
from kinds import KIND_TYPE, OPTIONAL_KINDS, REQUIRED_KINDS

TRIES = 60


def rows(seed: int, n_notes: int) -> Iterator[dict[str, Any]]:
    """Yields the notes of a seed, each written anew until the checks find nothing wrong with it."""
    composer = Composer(seed)
    for frame in composer.frames_for(n_notes):
        for _ in range(TRIES):
            note = composer.write(frame)
            if not all_problems({"note_id": frame.style, **note}):
                break
        composer.keep()
        yield note


if __name__ == "__main__":
    raise SystemExit(write_command(None, rows, all_problems, KIND_TYPE, REQUIRED_KINDS, OPTIONAL_KINDS))
