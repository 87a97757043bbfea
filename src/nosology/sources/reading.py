"""What every source of notes gives: batches of notes, what it left out and why, and what it could not read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from nosology.records import Note

KIND = "note_type"
"""Funnel step: notes of another kind than the wanted one are left out."""
ERROR_FLAG = "error_flag"
"""Funnel step: notes that their source marks as errors are left out."""

MAX_NOTE_CHARACTERS = 2_000_000
"""The longest real summaries have some 60,000; beyond this a note is a merged file or damage."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not be read.

    Attributes:
        file: Name of the file.
        line: Physical line on which the record starts, from 1; the row's number where a format has no lines.
        reason: Why, without any of its text.
    """

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class NoteBatch:
    """Some notes in the source's order.

    Attributes:
        notes: The notes to prepare.
        n_rows: Rows of the notes' file that this batch comes from, with those lost and rejected.
        lost: How many rows were left out, by funnel step and reason.
        rejected: Rows that could not be read.
    """

    notes: tuple[Note, ...]
    n_rows: int
    lost: Mapping[tuple[str, str], int] = field(default_factory=lambda: MappingProxyType({}))
    rejected: tuple[Rejected, ...] = ()


class Source(Protocol):
    """Where notes come from.

    Attributes:
        kind: ``"mimic3"``, ``"mimic4"``, ``"table"`` or ``"feedback"``.
        files: Names of the files that are read.
        notes_file: Name of the one that holds the notes.
        steps: Funnel steps that this source's losses fall under, in order.
        side_rejected: Records of other files than the notes' that could not be read, with the number of rows of their
            file, by file name.
        warnings: What the user should know before trusting the dataset; complete once all batches are read.
        is_invented: Whether its notes are marked as invented (`nosology.sources.invented`).
        bytes_total: Size on disk of the notes' file.
        bytes_done: How much of it has been read.
    """

    kind: str
    files: tuple[str, ...]
    notes_file: str
    steps: tuple[str, ...]
    side_rejected: Mapping[str, tuple[int, tuple[Rejected, ...]]]
    warnings: list[str]
    is_invented: bool
    bytes_total: int

    @property
    def bytes_done(self) -> int:
        """Bytes read from disk so far."""
        ...

    def batches(self) -> Iterator[NoteBatch]:
        """Yield all notes, once."""
        ...
