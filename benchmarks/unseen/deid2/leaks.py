"""Stricter checks of this set: parts of marked names, numbers, addresses and ages that stand unmarked."""

from __future__ import annotations

import re
from typing import Any

NAME_PART = re.compile(r"[^\W\d_][\w'’-]{3,}")
PATTERNS: list[tuple[str, re.Pattern[str]]] = [
    ("address of a mailbox", re.compile(r"[\w.-]+@[\w-]+\.[A-Za-z]{2,}")),
    ("link", re.compile(r"https?://\S+|www\.\S+|ftp://\S+")),
    ("long number", re.compile(r"(?<![\w.,/])\+?\(?\d(?:[\d()/–-]|[ .](?=[\d(])){6,}\d(?![\w%])")),
    ("date", re.compile(r"(?<![\d/.])\d{1,2}[/.-]\d{1,2}[/.-](?:19|20)?\d\d(?![\d/])|(?<!\d)(?:19|20)\d\d-\d\d-\d\d")),
    ("age", re.compile(r"\b(?:9\d|10[0-6])(?=(?:-| )?(?:year|yr|y/?o\b|y\.o|yrs))|\baged? (?:9\d|10[0-6])\b", re.I)),
    ("month", re.compile(r"\b(?:January|February|April|June|July|August|September|October|November|December)\b", re.I)),
    ("weekday", re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b", re.I)),
    (
        "titled name",
        re.compile(r"\b(?:Mrs?|Ms|Miss|Dr|Prof|Herr|Frau|Smt|Shri|Mx)\.? +(?!(?:Frau |Herr )?Dr\b)(?=[A-Z][a-z])"),
    ),
]


def loose_copies(row: dict[str, Any], covered: bytearray) -> list[str]:
    """Finds parts of marked names that stand elsewhere unmarked, in any case.

    Args:
        row: One JSON line of the output.
        covered: 1 at each marked character.

    Returns:
        One message per fault.
    """
    text = row["text"]
    parts = {
        part.lower()
        for span in row["spans"]
        if span["type"] == "NAME"
        for part in NAME_PART.findall(text[span["start"] : span["end"]])
    }
    plain = "".join(" " if covered[at] else char for at, char in enumerate(text))
    one_case = text == text.lower()
    out = []
    for match in NAME_PART.finditer(plain):
        word = match.group()
        stem = word.lower().removesuffix("'s").removesuffix("’s")
        if stem in parts and (word[0].isupper() or one_case):
            out.append(f"{row['note_id']}: part of a name stands unmarked: {word!r}")
    return out


def pattern_faults(row: dict[str, Any], covered: bytearray) -> list[str]:
    """Finds unmarked text of the shape of an identifier.

    Args:
        row: One JSON line of the output.
        covered: 1 at each marked character.

    Returns:
        One message per fault.
    """
    out = []
    for what, pattern in PATTERNS:
        for match in pattern.finditer(row["text"]):
            at, end = match.span()
            digits = sum(char.isdigit() for char in match.group())
            if what == "long number" and digits < 7:
                continue
            if what == "titled name":
                end += 2
            if not any(covered[at:end]):
                out.append(f"{row['note_id']}: unmarked {what}: {match.group()!r}")
    return out
