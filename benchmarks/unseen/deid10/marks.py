"""The kinds of identifiers, and marks that travel inside a text until its offsets are taken."""

from __future__ import annotations

import re
from collections.abc import Callable

TYPES = {
    "NAME": "name_patient name_clinician name_relative name_bare name_initials name_in_file",
    "DATE": "date_full date_partial date_range date_odd weekday month year",
    "AGE90": "age90",
    "CONTACT": "phone fax_pager email url_handle",
    "ID": "id_record id_national id_account id_device",
    "LOCATION": "street town postcode region",
    "HOSPITAL": "hospital",
    "ORG": "employer org_other",
}
TYPE_OF = {kind: name for name, kinds in TYPES.items() for kind in kinds.split()}
OPTIONAL = {"weekday", "month", "year", "region"}
COUNTED = [kind for kind in TYPE_OF if kind not in OPTIONAL]

OPEN, MIDDLE, CLOSE = "\ue000", "\ue001", "\ue002"
MARKED = re.compile(f"{OPEN}([^{MIDDLE}]*){MIDDLE}([^{CLOSE}]*){CLOSE}")


def mark(kind: str, value: str) -> str:
    """Puts a value between the marks of its kind."""
    if kind not in TYPE_OF:
        raise ValueError(f"no such kind: {kind}")
    return f"{OPEN}{kind}{MIDDLE}{value}{CLOSE}"


def mark_after(kind: str, value: str) -> str:
    """Marks what stands after a label that ends in ¬, and after an article in small letters."""
    label, _, rest = value.rpartition("¬")
    article = re.match(r"(?:(?:the|le|la|el|den) )?", rest)
    cut = article.end() if article else 0
    return label + rest[:cut] + mark(kind, rest[cut:])


def kinds_in(text: str) -> list[str]:
    """Lists the kinds of the marks in a text, in order."""
    return [found.group(1) for found in MARKED.finditer(text)]


def bare(text: str) -> str:
    """Takes the marks out and leaves their values."""
    return MARKED.sub(lambda found: found.group(2), text)


def outside(text: str, change: Callable[[str], str]) -> str:
    """Changes what stands outside all marks."""
    parts, last = [], 0
    for found in MARKED.finditer(text):
        parts += [change(text[last : found.start()]), found.group(0)]
        last = found.end()
    return "".join([*parts, change(text[last:])])


def everywhere(text: str, change: Callable[[str], str]) -> str:
    """Changes what stands outside all marks, and the values inside them, but never the marks."""
    parts, last = [], 0
    for found in MARKED.finditer(text):
        parts += [change(text[last : found.start()]), mark(found.group(1), change(found.group(2)))]
        last = found.end()
    return "".join([*parts, change(text[last:])])


def settle(text: str) -> tuple[str, list[dict[str, object]]]:
    """Turns marks into spans with offsets in code points."""
    spans: list[dict[str, object]] = []
    parts: list[str] = []
    at = last = 0
    for found in MARKED.finditer(text):
        before, kind, value = text[last : found.start()], found.group(1), found.group(2)
        start = at + len(before)
        at = start + len(value)
        span: dict[str, object] = {"start": start, "end": at, "type": TYPE_OF[kind], "kind": kind}
        if kind in OPTIONAL:
            span["optional"] = True
        spans.append(span)
        parts += [before, value]
        last = found.end()
    parts.append(text[last:])
    return "".join(parts), spans
