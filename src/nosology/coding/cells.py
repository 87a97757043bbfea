r"""Codes as they stand in a cell of somebody's table: alone, several, in a list, with titles, prefixes and marks.

What is read: codes separated by blanks, commas, semicolons, bars, slashes, carets or line ends; lists as Python and
JSON print them; a title before or behind a code, the code in brackets or not; ``ICD10:`` and its like before it.
Marks of the German and WHO editions: ``.-`` stands for anything below; ``+`` and ``†`` mark the cause, which goes
first; ``*`` marks a manifestation and ``!`` an addition, which go last; a letter behind a blank says how sure it is,
and V (suspected), Z (past) and A (excluded) are no diagnosis, so such a code is left out. A word of a title
that only looks like a code (B12) is none: without a dot and brackets, beside words, a code must be of a known rubric.
"""

import re
from dataclasses import dataclass

from nosology.coding import icd
from nosology.coding.rubrics import shipped_titles

_PREFIX = re.compile(r"\bICD[-_ ]?(?:9|10)?[-_ ]?(?:CM|GM|WHO)?(?:[-_ ]?codes?)?\s*[:=|#]\s*", re.IGNORECASE)
_BARE_PREFIX = re.compile(r"^\(?\s*ICD[-_ ]?(?:9|10)[-_ ]?(?:CM|GM)?\s*\)?\s+", re.IGNORECASE)
_LIST = re.compile(r"^\s*[\[({]\s*(?P<inside>.*?)\s*,?\s*[\])}]\s*$", re.DOTALL)
_ITEM = re.compile(r"[;|^\n\r\t]+|,(?!\s+[a-z])|(?<=[\d.*+!†-])\s*/\s*(?=[A-Za-z]?\d)|(?<=\d)\s*&\s*")
_MARKS = r"(?:\.?-)?\s?[+*!†#]?"
_TOKEN = re.compile(
    rf"(?<![\w.])(?P<code>[A-Za-z]?\d[\dABab](?:\d{{0,3}}|[\dA-Za-z]{{0,4}})(?:\.[\dA-Za-z]{{1,4}}|\.)?)(?P<marks>{_MARKS})(?![\w])"
)
_SURE = re.compile(r"^\s+(?P<letter>[GVZA])(?=$|\s)")
_NUMBER_LIST = re.compile(r"^\s*\[\s*\d+(?:\.\d+)?(?:\s*,\s*\d+(?:\.\d+)?)*\s*\]\s*$")
_NO_DIAGNOSIS = frozenset("VZA")
_LETTERS = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class _Found:
    code: str
    mark: str
    is_dotted: bool
    is_bracketed: bool
    is_at_edge: bool


def is_list_of_numbers(cell: str) -> bool:
    """Return whether a cell is a list of numbers as a program prints it: ``[389, 4280]``."""
    return bool(_NUMBER_LIST.match(cell))


def codes_in(cell: str, version: int) -> list[str]:
    """Return the codes of a cell, normalized, the primary one first; none where none can be made out.

    Args:
        cell: One cell of a code column as text, with whatever stands beside the codes.
        version: 9 or 10: the version of ICD that all its codes are of.
    """
    text = _PREFIX.sub(" ", cell).strip()
    inside = _LIST.match(text)
    if inside and not _LETTERS.search(re.sub(r"[\"']", "", inside["inside"]).split("(")[0]):
        text = inside["inside"]
    elif text[:1] == "[" and text[-1:] == "]":
        text = text[1:-1]
    found: list[_Found] = []
    for item in _ITEM.split(text):
        found += _codes_of_item(_BARE_PREFIX.sub("", item.strip().strip("\"'").strip()), version)
    first = [item.code for item in found if item.mark in "+†" and item.mark]
    last = [item.code for item in found if item.mark in "*!" and item.mark]
    plain = [item.code for item in found if not item.mark or item.mark == "#"]
    return list(dict.fromkeys([*first, *plain, *last]))


def _codes_of_item(item: str, version: int) -> list[_Found]:
    """Return the codes of one item: all of them where there is nothing else, else the most certain ones."""
    whole = icd.normalize(item, version)
    if whole is not None and " " not in item:
        return [_Found(whole, "", "." in item, False, True)]
    found: list[_Found] = []
    rest, end = "", 0
    for match in _TOKEN.finditer(item):
        rest += item[end : match.start()]
        end = match.end()
        code = icd.normalize(match["code"].rstrip("."), version)
        if code is None:
            rest += match[0]
            continue
        sure = _SURE.match(item[end:])
        if sure and version == 10:
            end += sure.end()
            if sure["letter"] in _NO_DIAGNOSIS:
                continue
        before, after = item[: match.start()].rstrip(), item[match.end() :].lstrip()
        is_bracketed = before[-1:] in tuple("([{") and after[:1] in tuple(")]}")
        is_at_edge = not before.strip("-–—:\"'") or not after.strip("-–—:.\"'")
        mark = match["marks"].strip()[-1:] if match["marks"].strip() else ""
        found.append(_Found(code, mark.replace("-", ""), "." in match["code"], is_bracketed, is_at_edge))
    rest += item[end:]
    if not _LETTERS.search(rest):
        return found
    best = [f for f in found if f.is_bracketed] or [f for f in found if f.is_dotted]
    if best:
        return best
    known = shipped_titles(icd.check_version(version))
    return [f for f in found if f.is_at_edge and icd.rubric_of(f.code, version) in known][:1]
