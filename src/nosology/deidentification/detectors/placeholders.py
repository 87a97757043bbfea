"""The placeholders that MIMIC's own de-identification left: ``[**...**]`` in MIMIC-III and ``___`` in MIMIC-IV.

MIMIC-III says what it removed (``[**Last Name (NamePattern1) 4723**]``, ``[**2151-7-16**]``); MIMIC-IV does not, so
the words before a ``___`` decide, and it is OTHER where they say nothing.
"""

import re
from collections.abc import Iterator

from nosology.records import Span

# A placeholder never holds another one; the bound keeps a stray "[**" from costing more than a glance.
_MIMIC3 = re.compile(r"\[\*\*([^\[\]]{0,120}?)\*\*\]")

# Tried in order on the text inside the brackets; the first that is found decides.
_KINDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"age over", "AGE90"),
        (r"hospital|wardname|ward name|clinic\b", "HOSPITAL"),
        (r"telephone|fax|pager|e-?mail|url|contact|phone", "CONTACT"),
        (r"company|university|college|organization|employer", "ORG"),
        (
            r"location|address|street|city|state\b|country|zip|po box|apartment|county",
            "LOCATION",
        ),
        (
            r"md number|record|numeric id|identifier|clip number|job number|unit number|social security|serial|account|"
            r"provider number|license|number",
            "ID",
        ),
        (r"name|initial|doctor|dictator|attending|prefix|suffix|title", "NAME"),
        (r"month|year|day\b|date|holiday|season", "DATE"),
        (r"^\s*\d{1,4}(?:\s*[-/]\s*\d{1,4}){0,2}\s*$", "DATE"),
        (r"^\s*\d{1,2}(?:[-/]\d{1,2})?(?:[-/]\d{2,4})?\s*(?:to|-|through)\s*\d", "DATE"),
    )
)

_MIMIC4 = re.compile(r"(?<![_\w])_{3}(?![_])")

# In this order: "lives in" says more than "in".
_BEFORE_BLANK: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?:\b(?:{pattern}))\W*$", re.IGNORECASE), kind)
    for pattern, kind in (
        (r"unit no|mrn|record(?: number)?|account|ssn|id|job|number|\B#", "ID"),
        (r"(?:cell)?phone|tel|telephone|fax|pager|call(?: us| me)?(?: at)?|e-?mail", "CONTACT"),
        (
            r"hospital|transferred (?:from|to)|admitted to|presented to|clinic|facility|osh|rehab|center",
            "HOSPITAL",
        ),
        (r"address|lives in|lives at|resides in|street|city", "LOCATION"),
        (r"date of birth|birth|dob|date|discharged|since|until|dated|on|in|from|through", "DATE"),
        (
            r"(?:last|first|sur)?name|attending|dr|mr|mrs|ms|miss|doctor|md|physician|(?:neuro)?surgeon|pcp|provider|by|"
            r"with|(?:grand|step)?(?:daughter|son|sister|brother|mother|father)|wife|husband",
            "NAME",
        ),
    )
)
_CONTEXT = 32


def mimic3_placeholders(text: str) -> Iterator[Span]:
    """Yield a span for every ``[**...**]`` of MIMIC-III, typed by what it says inside."""
    if "[**" not in text:
        return
    for match in _MIMIC3.finditer(text):
        yield Span(match.start(), match.end(), _kind_of(match[1]))


def mimic4_placeholders(text: str) -> Iterator[Span]:
    """Yield a span for every ``___`` of MIMIC-IV, typed by the words before it."""
    if "___" not in text:
        return
    for match in _MIMIC4.finditer(text):
        before = text[max(0, match.start() - _CONTEXT) : match.start()]
        kind = next((kind for pattern, kind in _BEFORE_BLANK if pattern.search(before)), "OTHER")
        yield Span(match.start(), match.end(), kind)


def _kind_of(inside: str) -> str:
    return next((kind for pattern, kind in _KINDS if pattern.search(inside)), "OTHER")
