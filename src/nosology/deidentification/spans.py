"""What every detector speaks: a callable from text to spans, and how spans of several detectors become one list."""

import re
from collections.abc import Callable, Iterable

from nosology.records import Span

Detector = Callable[[str], Iterable[Span]]
"""Anything that takes a text and gives back spans of it, in any order, overlapping or not."""

SPAN_TYPES = ("NAME", "DATE", "CONTACT", "ID", "LOCATION", "HOSPITAL", "ORG", "AGE90", "OTHER")


_NAMES = frozenset({"NAME", "LOCATION", "HOSPITAL", "ORG"})
_NUMBERS = frozenset({"CONTACT", "ID"})
_LONGEST_LETTERS = 4
_BETWEEN = re.compile(r"[ ]{1,2}|,[ ]?|-")
_BETWEEN_DATES = re.compile(rf"{_BETWEEN.pattern}|\s{{0,2}}(?:to|until|till|through|thru)\s{{0,2}}", re.IGNORECASE)
_BETWEEN_PLACES = re.compile(r"[ ]{1,2}|,?\s{1,2}|,|-")


def merge_spans(spans: Iterable[Span], length: int) -> tuple[Span, ...]:
    """Return spans sorted and non-overlapping, covering exactly the union of what came in.

    Where spans overlap they become one, with the type of the longest of them (the earliest given, on a tie), because
    leaving out a part that any detector found would leak it.

    Args:
        spans: Spans in order of preference for ties.
        length: Length of the text, in code points. Parts outside ``[0, length)`` and empty spans are ignored.
    """
    kept = [Span(max(s.start, 0), min(s.end, length), s.type) for s in spans]
    ordered = sorted((s.start, rank, s) for rank, s in enumerate(kept) if s.start < s.end)
    merged: list[Span] = []
    best = (0, 0)  # length and, to prefer the earliest given, negative rank of the span that gave the last type
    for start, rank, span in ordered:
        claim = (span.end - start, -rank)
        if merged and start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Span(last.start, max(last.end, span.end), span.type if claim > best else last.type)
            best = max(best, claim)
        else:
            best = claim
            merged.append(span)
    return tuple(merged)


def join_neighbours(spans: Iterable[Span], text: str) -> tuple[Span, ...]:
    """Return the spans with those of one type joined over a blank, a comma or a hyphen.

    Places are also joined over a line break, two dates over what makes a period of them ("to", "until").
    ``<LOCATION>, <LOCATION>`` says no more than ``<LOCATION>``, and nothing between two parts of one address is left.
    Names of different types with a blank between them are one name that detectors disagreed about: the longer wins. So
    are a number to dial and another one, and a number with up to four capitals beside it.
    """
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last and last.type == span.type:
            between = {"LOCATION": _BETWEEN_PLACES, "DATE": _BETWEEN_DATES}.get(span.type, _BETWEEN)
            if between.fullmatch(text, last.end, span.start):
                joined[-1] = Span(last.start, span.end, span.type)
                continue
        elif last and text[last.end : span.start] == " " and _are_one(last, span, text):
            longer = max(last, span, key=lambda part: part.end - part.start)
            joined[-1] = Span(last.start, span.end, longer.type)
            continue
        joined.append(span)
    return tuple(joined)


def _are_one(first: Span, second: Span, text: str) -> bool:
    """Return whether neighbours are one thing that detectors disagreed about: a name, or a number with its letters."""
    types = {first.type, second.type}
    if types <= _NAMES or types <= _NUMBERS:
        return True
    if types.isdisjoint(_NUMBERS) or types.isdisjoint(_NAMES):
        return False
    letters = first if first.type in _NAMES else second  # "HL09 FKB", a plate
    return letters.end - letters.start <= _LONGEST_LETTERS and text[letters.start : letters.end].isupper()


def leave_out(spans: Iterable[Span], taken: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
    """Return the spans without the stretches that are taken; a span around one falls into the parts beside it.

    Args:
        spans: Sorted, none overlapping another.
        taken: Stretches that do not overlap either.
    """
    gaps = sorted(taken)
    left: list[Span] = []
    first = 0  # of the gaps that end behind the spans so far
    for span in spans:
        while first < len(gaps) and gaps[first][1] <= span.start:
            first += 1
        start = span.start
        gap = first
        while gap < len(gaps) and gaps[gap][0] < span.end:
            if start < gaps[gap][0]:
                left.append(Span(start, gaps[gap][0], span.type))
            start, gap = max(start, gaps[gap][1]), gap + 1
        if start < span.end:
            left.append(Span(start, span.end, span.type))
    return tuple(left)
