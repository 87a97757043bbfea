"""Sentences of clinical notes, as offsets: what evidence is made of.

Notes are full of headers, lists and half sentences, so a line that ends a thought ends a sentence, with or without a
full stop; a line that was only wrapped goes on. Every character that is no blank belongs to exactly one sentence. "Dr.
Roe" is one sentence, since an abbreviation's full stop ends nothing.
"""

import re
from collections.abc import Iterator

Stretch = tuple[int, int]
"""Start and end in Unicode code points, the end excluded."""

LONGEST = 400
"""Characters; longer ones are cut at a semicolon, a comma or a blank: a page without a stop is not one sentence."""

_ABBREVIATIONS = frozenset({
    "dr", "mr", "mrs", "ms", "mx", "prof", "st", "pt", "pts", "vs", "approx", "no", "nos", "fig", "e.g", "i.e", "etc",
    "a.m", "p.m", "inc", "dept", "hosp", "sr", "jr", "b.i.d", "t.i.d", "q.d", "q.i.d", "p.o", "i.v", "p.r.n", "q.h.s",
    "h.s", "wt", "ht", "temp", "resp", "hx", "dx", "tx", "rx", "fx", "s.p", "cf", "ca",
})  # fmt: skip
_STOP = re.compile(r"[.!?]+[\"')\]]*")
_BREAK = re.compile(r"(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])\s*")
_LAST_WORD = re.compile(r"[^\s\"'(\[]+$")
_BLANKS = re.compile(r"\s*")
_LONGEST_ABBREVIATION = 8  # characters that are looked at before a full stop
_WRAPPED_FROM = 50  # characters; a shorter line that ends without a stop was ended on purpose


def sentences(text: str) -> list[Stretch]:
    """Return the sentences in order, blanks around them left out."""
    found: list[Stretch] = []
    for start, end in _lines(text):
        for sentence in _within_line(text, start, end):
            found += _cut(text, *sentence)
    return found


def _lines(text: str) -> Iterator[Stretch]:
    """Yield stretches that no sentence crosses: lines, with wrapped ones joined."""
    start = line_start = 0
    for match in _BREAK.finditer(text):
        if _goes_on(text, line_start, match):
            line_start = match.end()
            continue
        yield start, match.start()
        start = line_start = match.end()
    yield start, len(text)


def _goes_on(text: str, line_start: int, match: re.Match[str]) -> bool:
    """Return whether the line before a break was only wrapped: it is long, unfinished, and goes on in lower case."""
    if match.end() >= len(text) or len(match[0].splitlines()) > 1:
        return False
    following = text[match.end()]
    line = text[line_start : match.start()].rstrip(" \t")
    is_long = len(line) >= _WRAPPED_FROM
    is_open = not line.rstrip().endswith((".", "!", "?", ":", ";"))
    return is_long and is_open and (following.islower() or following.isdigit())


def _within_line(text: str, start: int, end: int) -> Iterator[Stretch]:
    """Yield the sentences of one stretch."""
    first = start
    for match in _STOP.finditer(text, start, end):
        if match.end() < end and not (text[match.end()].isspace() and _ends_sentence(text, first, match, end)):
            continue
        yield first, match.end()
        first = match.end()
    yield first, end


def _ends_sentence(text: str, first: int, match: re.Match[str], end: int) -> bool:
    """Return whether a full stop ends a sentence: no abbreviation or list number before it, no small letter behind."""
    if match[0][0] in "!?":
        return True
    word = _LAST_WORD.search(text, max(first, match.start() - _LONGEST_ABBREVIATION), match.start())
    before = word[0].lower() if word else ""
    if before in _ABBREVIATIONS or (len(before) == 1 and before.isalpha()) or (before.isdigit() and len(before) < 3):
        return False
    following = _after_blanks(text, match.end(), end)
    return not text[following : min(end, following + 1)].islower()


def _after_blanks(text: str, start: int, end: int) -> int:
    blanks = _BLANKS.match(text, start, end)
    return blanks.end() if blanks else start


def _cut(text: str, start: int, end: int) -> Iterator[Stretch]:
    """Yield a sentence without the blanks around it, in parts where it is too long; nothing where it is blank."""
    end = start + len(text[start:end].rstrip())
    while True:
        start = _after_blanks(text, start, end)
        if end - start <= LONGEST:
            break
        window = text[start : start + LONGEST]
        cut = max(window.rfind(mark) for mark in ("; ", ", ")) + 1 or window.rfind(" ") or 0
        cut = cut if cut > 0 else LONGEST
        yield start, start + cut
        start += cut
    if start < end:
        yield start, end
