"""Decisions of people as a source of notes: the latest decision on each note says what its category is.

The text comes from the store where it was kept, or from the user's own notes, found by hash. A decision gives the
category itself, so its code, where one was chosen, only accompanies the note.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar

from nosology.errors import DataError
from nosology.files import sha256_text
from nosology.records import Code, Note
from nosology.sources.reading import NoteBatch, Rejected

DECISIONS, TEXT = "decisions", "text"
EARLIER = "an earlier decision on the same note"
UNDONE = "undone"
"""The verdict that takes back what was decided on a note before."""
TAKEN_BACK = "the decision on the note was undone"
NO_TEXT = "no text: none was kept, and the notes given do not hold it"


class Decided(Protocol):
    """What this source needs of a decision; `nosology.feedback.store.Decision` is one."""

    @property
    def note_sha256(self) -> str:
        """SHA-256 of the note's text as it was sent."""

    @property
    def patient_id(self) -> str:
        """Whose note it is; empty where nobody said."""

    @property
    def verdict(self) -> str:
        """Whether the person agreed, or took back what was decided."""

    @property
    def category(self) -> str:
        """What was decided for."""

    @property
    def code(self) -> str | None:
        """The diagnosis that was chosen, if one was."""

    @property
    def icd_version(self) -> int | None:
        """Of the code."""

    @property
    def text(self) -> str | None:
        """The note, where it was kept."""


Decision = TypeVar("Decision", bound=Decided)


def latest_by_note(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the newest decision on each note, in the order in which the notes were first decided; none undone."""
    return [decision for decision in _newest_by_note(decisions) if decision.verdict != UNDONE]


def _newest_by_note(decisions: Iterable[Decision]) -> list[Decision]:
    latest: dict[str, Decision] = {}
    for decision in decisions:
        latest[decision.note_sha256] = decision
    return list(latest.values())


def _hashes(text: str) -> set[str]:
    """Return the hashes that a note may have been sent under, with other line ends, outer blanks or Unicode form."""
    forms = {text, *(unicodedata.normalize(form, text) for form in ("NFC", "NFD"))}
    lines = {form.replace("\r\n", "\n").replace("\r", "\n") for form in forms}
    ends = forms | {form.replace("\n", end) for form in lines for end in ("\n", "\r\n", "\r")}
    outer = {
        before + form.strip() + after for form in ends for before in ("", "\n") for after in ("", "\n", "\r\n", " ")
    }
    return {sha256_text(form) for form in ends | outer}


class FeedbackSource:
    """The notes that people decided on; a `nosology.sources.reading.Source`.

    Args:
        decisions: All, oldest first.
        texts: Notes as they were sent to the service, for decisions whose text was not kept.
    """

    kind = "feedback"
    files: tuple[str, ...] = ()
    notes_file = "feedback"
    steps: tuple[str, ...] = (DECISIONS, TEXT)
    is_invented = False  # nobody says so of single notes
    bytes_total = 0
    bytes_done = 0

    def __init__(self, decisions: Iterable[Decided], texts: Iterable[str] = ()) -> None:
        self._decisions = list(decisions)
        self._given = {key: text for text in texts for key in _hashes(text)}
        self.warnings: list[str] = []
        self.side_rejected: Mapping[str, tuple[int, tuple[Rejected, ...]]] = MappingProxyType({})

    def batches(self) -> Iterator[NoteBatch]:
        """Yield all notes, once.

        Raises:
            DataError: There is no decision whose text is known.
        """
        newest = _newest_by_note(self._decisions)
        latest = latest_by_note(newest)
        lost = Counter({(DECISIONS, EARLIER): len(self._decisions) - len(newest)})
        lost[DECISIONS, TAKEN_BACK] += len(newest) - len(latest)
        notes = []
        for decision in latest:
            text = self._given.get(decision.note_sha256, decision.text)
            if text is None:
                lost[TEXT, NO_TEXT] += 1
            else:
                notes.append(_note(decision, text))
        if not notes:
            reasons = "; ".join(f"{n:,}: {reason}" for (_, reason), n in lost.items() if n)
            hint = "keep texts with `nosology serve --keep-text`, or give the notes again with --notes"
            raise DataError(f"no decision is left ({reasons or 'there is none'})", place=self.notes_file, hint=hint)
        yield NoteBatch(tuple(notes), len(self._decisions), +lost)


def _note(decision: Decided, text: str) -> Note:
    name = decision.note_sha256[:16]
    codes: tuple[Code, ...] = ()
    if decision.code is not None and decision.icd_version is not None:
        codes = (Code(decision.code, decision.icd_version),)
    patient_id = decision.patient_id or f"note-{name}"
    # Half of a surrogate pair, which JSON can bring, fits into no file.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return Note(f"feedback-{name}", patient_id, "", text, codes=codes, category=decision.category)
