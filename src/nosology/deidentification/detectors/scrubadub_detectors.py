"""scrubadub's own detectors as one of ours: its defaults for American English, each behind a cheap gate.

They find e-mail addresses, phone, social security and credit card numbers, user names with passwords, web addresses and
Twitter names. scrubadub finds no names, dates, places or record numbers, so it adds little to our rules; a gate (a
pattern that every finding must contain) keeps its cost away from texts that hold nothing for it. Scrubadub takes
seconds to import, so it is imported when a gate first opens.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from nosology.records import Span

# name of scrubadub's detector -> our span type and what every finding contains
_DETECTORS: dict[str, tuple[str, re.Pattern[str]]] = {
    "credential": ("CONTACT", re.compile(r"(?:username|login|\bu:)[^\n]{0,200}(?:password|pw|p:)", re.IGNORECASE)),
    "credit_card": ("ID", re.compile(r"\s\d{13}")),
    # An address written "jane at example.org" counts only with letters behind its last dot: "at 2.5 cm" is none.
    "email": ("CONTACT", re.compile(r"@|\sat\s[a-z0-9-]{1,63}(?:\.|\sdot\s)[a-z]{2,}", re.IGNORECASE)),
    "phone": ("CONTACT", re.compile(r"\+\s?\d|\d(?:[ ().+/\-~]{0,3}\d){8}")),
    "social_security_number": ("ID", re.compile(r"\d{3}[-. ]\d\d[-. ]\d{4}")),
    "twitter": ("CONTACT", re.compile(r"(?<!\w)@\w")),
    "url": ("CONTACT", re.compile(r"https?://|www\.")),
}
_AROUND_PHONE = 40  # characters on either side that the phone matcher may look at
_LOCALE = "en_US"


def scrubadub_detectors(text: str) -> Iterator[Span]:
    """Yield what scrubadub's default detectors find."""
    for name, (kind, gate) in _DETECTORS.items():
        if name == "phone":
            yield from _phones(text, gate)
        elif gate.search(text):
            for filth in _detector(name).iter_filth(text):
                if name != "email" or gate.search(text, filth.beg, filth.end):
                    yield Span(filth.beg, filth.end, kind)


def _phones(text: str, gate: re.Pattern[str]) -> Iterator[Span]:
    """Yield phone numbers; the matcher, at milliseconds a stretch, sees those that could hold one, and each once."""
    known: dict[str, list[tuple[int, int]]] = {}
    end = 0
    for match in gate.finditer(text):
        if match.start() < end:
            continue
        start, end = max(0, match.start() - _AROUND_PHONE), match.end() + _AROUND_PHONE
        stretch = text[start:end]
        if stretch not in known:
            known[stretch] = [(filth.beg, filth.end) for filth in _detector("phone").iter_filth(stretch)]
        for first, last in known[stretch]:
            is_open = stretch[first] == "(" and ")" not in stretch[first:last]  # "(617-555-0142)" in brackets
            yield Span(start + first + is_open, start + last, "CONTACT")


# scrubadub's own patterns for these two let several repeats share the same characters, which takes time beyond all
# bounds on a text made for it ("login" and blanks; "a@a.a.a.a_"). These find the same with every repeat bounded.
_BOUNDED = {
    "credential": re.compile(
        r"(username|login|u:)\s{0,8}(?::\s{0,8})?(?P<username>[\w\-\.@+]{0,200})\s{1,8}(password|pw|p:)\s{0,8}(?::\s{0,8})?"
        r"(?P<password>.*)",
        re.MULTILINE | re.IGNORECASE,
    ),
    "email": re.compile(
        r"\b[a-z0-9!#$%&'*+\/=?^_`{|}~-](?:[\.a-z0-9!#$%&'*+\/=?^_`{|}~-]{0,62}[a-z0-9!#$%&'*+\/=?^_`{|}~-])?"
        r"(?:@|\sat\s)[a-z0-9](?=[a-z0-9-]{0,253}(\.|\sdot\s))(?:\.|\sdot\s|[a-z0-9-]){0,251}[a-z0-9]\b",
        re.IGNORECASE,
    ),
}


@cache
def _detector(name: str) -> Any:
    from scrubadub.detectors import detector_catalogue

    detector = detector_catalogue.get(name)(locale=_LOCALE)
    if name in _BOUNDED:
        detector.regex = _BOUNDED[name]
    return detector
