"""Checks generated notes: offsets, overlaps, types, and identifiers left unmarked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import machinery  # noqa: F401
from commands import check_command, faults_of
from kinds import coarse_spans

MIN_WORDS, MAX_WORDS = 60, 520


def all_problems(row: dict[str, Any]) -> list[str]:
    """Finds what is wrong with one note; see ``commands.faults_of``."""
    return faults_of(row | {"spans": coarse_spans(row["spans"])}, MIN_WORDS, MAX_WORDS)


if __name__ == "__main__":
    raise SystemExit(check_command(None, Path(__file__).resolve().parent / "medicine.tsv", all_problems))
