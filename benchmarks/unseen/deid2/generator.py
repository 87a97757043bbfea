"""Writes synthetic clinical notes with marked identifiers, for judging a de-identification program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import machinery  # noqa: F401
from check import all_problems
from commands import write_command
from values import KIND_TYPE, OPTIONAL_KINDS, REQUIRED_KINDS
from writer import SecondWriter

TARGET_PER_NOTE = 0.325


def rows(seed: int, n_notes: int) -> Iterator[dict[str, Any]]:
    """Yields the notes of a seed."""
    writer = SecondWriter(seed)
    for style in writer.styles(n_notes):
        note = writer.note(style, TARGET_PER_NOTE)
        yield {"style": note.style, "text": note.text, "spans": note.spans}


if __name__ == "__main__":
    raise SystemExit(write_command(None, rows, all_problems, KIND_TYPE, REQUIRED_KINDS, OPTIONAL_KINDS))
