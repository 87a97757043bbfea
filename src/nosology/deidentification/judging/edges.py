"""Marks and groups of digits at the edge of what was found that belong to it: "(0911) 822495", "Okafor, T.", "*460".

Detectors end where letters and digits do. A bracket whose other half was found, the point of an initial, the star of
an extension and the first digits of a number in groups are part of the identifier all the same.
"""

import re
from collections.abc import Iterable, Iterator

from nosology.records import Span

_NUMBERS = frozenset({"CONTACT", "ID"})
_NAMED = frozenset({"NAME", "ORG", "LOCATION", "HOSPITAL"})
_GROUPS = re.compile(r"\d{1,6}(?:[ ]\d{1,6}){2,6}")
_GROUP_BEFORE = re.compile(r"(?<![\w.,:/+-])(?<![\w.,:/+-][ ])\d{1,3}[ ]\Z|(?<=[a-z][ ])\d{1,3}[ ]\Z")
_STAR_BEFORE = re.compile(r"(?<![\w*#])[*#]{1,2}\Z")
_ACCOUNT_BEFORE = re.compile(r"(?<!\S)[A-Za-z]{1,8}[:/]\Z")
_NUMBER_BEFORE = re.compile(r"(?<![\w.:/-])\d{1,4}[:/]\Z")
_QUOTE_BEFORE = re.compile(r"(?<![\w'’])['’]\Z")
_SHORT_ARTICLE = re.compile(r"[st][- ]", re.IGNORECASE)
_ENDS_IN_INITIAL = re.compile(r"(?<![\w'’])[^\W\d_]\Z")
_ENDS_IN_DAY_AND_MONTH = re.compile(r"(?<![\d.])\d{1,2}\.\d{1,2}\Z")


def whole_edges(spans: Iterable[Span], text: str) -> Iterator[Span]:
    """Yield the spans with the marks at their edges that are part of them.

    Args:
        spans: Sorted, none overlapping another; so are those that come back, except that neighbours may now touch.
        text: The note as detectors read it.
    """
    reached = 0
    for span in spans:
        start = max(reached, _start(span, text))
        reached = _end(text, start, span)
        yield Span(start, reached, span.type)


def _start(span: Span, text: str) -> int:
    start, end = span.start, span.end
    before = max(0, start - 12)
    if text[start - 1 : start] == "(" and ")" in text[start : end + 1]:
        is_open = text.count("(", start, end) < text.count(")", start, end)
        return start - 1 if is_open else start
    if span.type in _NUMBERS and text[start].isdigit():
        patterns = [_NUMBER_BEFORE, _STAR_BEFORE]
        if _GROUPS.fullmatch(text, start, end):
            patterns.append(_GROUP_BEFORE)
    elif span.type == "CONTACT":
        patterns = [_ACCOUNT_BEFORE]
    elif span.type in _NAMED and _SHORT_ARTICLE.match(text, start):
        patterns = [_QUOTE_BEFORE]
    else:
        return start
    matches = (pattern.search(text, before, start) for pattern in patterns)
    return min((match.start() for match in matches if match), default=start)


def _end(text: str, start: int, span: Span) -> int:
    end = span.end
    after = text[end : end + 1]
    if after == ")":
        return end + (text.count("(", start, end) > text.count(")", start, end))
    if after == "." and (
        (span.type in _NAMED and text[end - 1].isalpha() and _ENDS_IN_INITIAL.search(text, start, end))
        or (span.type == "DATE" and _ENDS_IN_DAY_AND_MONTH.search(text, start, end))
    ):
        return end + 1
    return end
