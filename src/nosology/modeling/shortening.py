"""Which tokens of a long note stay: whole sections by what they tell about the diagnosis, or head and tail.

A discharge summary spends most of its words on medication lists, laboratory values and instructions. Where a note has
sections, those that say why the patient came, what was found and what was concluded are kept first, and the rest fills
what room is left; a note without headers keeps its beginning and its end. Kept sections stay in the note's own order,
and every gap is marked.
"""

import re
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

from nosology.text.sections import Section, find_sections

Shortening = Literal["sections", "middle"]
T = TypeVar("T")
"""A token: its id, or its id with whatever the caller wants to keep beside it."""

HEAD_SHARE = 0.7
"""Share of tokens taken from the beginning where the middle is left out: history and course; the rest is the end: the
discharge diagnoses and plan."""

_FEWEST_SECTIONS = 3  # fewer headers are no structure to rely on
_SHORTEST_REST = 16  # tokens; less of a section that does not fit says nothing
_TELLING = re.compile(
    r"complaint|reason for|(?<!on )present|hpi|hospital course|^course|icu course|diagnos|\bdx\b|assessment|^history$",
    re.IGNORECASE,
)
_SUPPORTING = re.compile(
    r"past|pmh|medical history|procedure|operation|results|studies|imaging|radiology|pathology|micro|e[ck]g|"
    r"labs?\b|laborator",
    re.IGNORECASE,
)


def shorten(
    text: str, tokenize: Callable[[int, int], tuple[T, ...]], limit: int, mark: tuple[T, ...], how: Shortening
) -> tuple[tuple[T, ...], int]:
    """Return the tokens of a note that stay, at most ``limit``, and how many are left out.

    Args:
        text: The note.
        tokenize: Gives the tokens of ``text[start:end]``.
        limit: Most tokens to keep, marks included.
        mark: Stands where something was left out.
        how: ``sections`` falls back to ``middle`` where a note has no sections.
    """
    tokens = tokenize(0, len(text))
    if len(tokens) <= limit:
        return tokens, 0
    sections = find_sections(text) if how == "sections" else []
    if len(sections) < _FEWEST_SECTIONS:
        return _without_middle(tokens, limit, mark)
    parts = [tokenize(section.start, section.end) for section in sections]
    kept, left_out = _choose(sections, parts, limit, mark)
    if not kept:
        return _without_middle(tokens, limit, mark)
    return _join(parts, kept, mark), left_out


def _choose(
    sections: Sequence[Section], parts: Sequence[tuple[T, ...]], limit: int, mark: tuple[T, ...]
) -> tuple[dict[int, tuple[T, ...]], int]:
    """Return what stays of each section that stays, and the tokens left out; the first too long loses its middle."""
    room, left_out = limit, sum(map(len, parts))
    kept: dict[int, tuple[T, ...]] = {}
    for index in sorted(range(len(sections)), key=lambda i: (_rank(sections[i]), i)):
        part = parts[index]
        if room < len(part) + 2 * len(mark):
            own_room = room - 2 * len(mark)
            if own_room >= (_SHORTEST_REST if kept else 2 * len(mark)):
                kept[index], lost = _without_middle(part, own_room, mark)
                left_out -= len(part) - lost
            break
        kept[index] = part
        left_out -= len(part)
        room -= len(part) + len(mark)  # a gap may follow each section
    return kept, left_out


def _rank(section: Section) -> int:
    """Return how soon a section is kept, 0 first."""
    if not section.title or _TELLING.search(section.title):
        return 0
    return 1 if _SUPPORTING.search(section.title) else 2


def _join(parts: Sequence[tuple[T, ...]], kept: dict[int, tuple[T, ...]], mark: tuple[T, ...]) -> tuple[T, ...]:
    """Return the kept sections in order, with one mark for each gap."""
    joined: list[T] = []
    in_gap = False
    for index in range(len(parts)):
        if index in kept:
            joined.extend(kept[index])
        elif not in_gap:
            joined.extend(mark)
        in_gap = index not in kept
    return tuple(joined)


def _without_middle(tokens: tuple[T, ...], limit: int, mark: tuple[T, ...]) -> tuple[tuple[T, ...], int]:
    if limit <= len(mark):
        return tokens[:limit], len(tokens) - limit
    room = limit - len(mark)
    head = round(room * HEAD_SHARE)
    kept = (*tokens[:head], *mark, *tokens[len(tokens) - (room - head) :])
    return kept, len(tokens) - room
