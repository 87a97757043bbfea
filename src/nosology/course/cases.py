"""Diseases told in fragments: what a note of a course is made of (``data/course/cases.tsv``).

The file was written for this project (CC0-1.0). A row is one disease: its code, who has it, its names, and one fragment
or several for each thing that a note says of it. No fragment holds a name of its own disease, so a note can tell a
disease without naming it.
"""

import csv
import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Literal

from nosology.coding import icd
from nosology.coding.labels import LabelSet

Group = Literal["adult", "child", "infant", "newborn"]

FRAGMENTS = ("complaint", "words", "history", "examination", "tests", "treatment", "course")
"""The columns that say something of a disease. ``words`` are the patient's or a relative's own."""

VERSION = 10

_FILE = "data/course/cases.tsv"
_PATIENT = re.compile(r"([AFMCIN])(\d+)-(\d+)([fm]?)")
_GROUPS: dict[str, Group] = {"A": "adult", "F": "adult", "M": "adult", "C": "child", "I": "infant", "N": "newborn"}
_HIS = re.compile(r"\b(he|him|his)\b", re.IGNORECASE)
_HERS = re.compile(r"\b(she|her|hers)\b", re.IGNORECASE)
_OF_ANOTHER = re.compile(r"(He|She|His|Her|Mother|That is not) ")
_OWN_WORDS = re.compile(r"\b(I|my|My|me)\b")


@dataclass(frozen=True, slots=True)
class Case:
    """One disease.

    Attributes:
        code: Undotted ICD-10-CM code.
        category: Its category in the label set.
        group: Who has it; ages are years, of infants months, of newborns days.
        sex: ``F``, ``M``, or empty where both have it.
        youngest: Least age.
        oldest: Greatest age.
        settings: Letters of the styles that suit it: ``o`` operation, ``r`` radiology, ``p`` pathology, ``y``
            psychiatry, ``b`` birth, ``n`` newborn unit.
        names: What the disease is called, the commonest first.
        fragments: The fragments of each of `FRAGMENTS`.
        is_quoted_by_patient: ``words`` are the patient's own, not a relative's.
    """

    code: str
    category: str
    group: Group
    sex: str
    youngest: int
    oldest: int
    settings: str
    names: tuple[str, ...]
    fragments: dict[str, tuple[str, ...]] = field(repr=False, hash=False)
    is_quoted_by_patient: bool


def shipped_cases(labels: LabelSet) -> list[Case]:
    """Return the shipped diseases that have a category in a label set."""
    found = [_case(row, labels) for row in _rows()]
    return [case for case in found if case is not None]


@cache
def _rows() -> tuple[dict[str, str], ...]:
    text = resources.files("nosology").joinpath(_FILE).read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def _case(row: dict[str, str], labels: LabelSet) -> Case | None:
    code = icd.normalize(row["code"], VERSION)
    patient = _PATIENT.fullmatch(row["patient"])
    if code is None or patient is None:
        raise ValueError(f"{_FILE}: {row['code']} has no valid code or patient")
    category = labels.category_of(code, VERSION)
    if category is None:
        return None
    letter, youngest, oldest, sex = patient.groups()
    group = _GROUPS[letter]
    words = row["words"]
    speaks = group in ("adult", "child") and not _OF_ANOTHER.match(words)
    is_own = speaks and (bool(_OWN_WORDS.search(words)) or (group == "adult" and not _sex(words)))
    return Case(
        code=code,
        category=category,
        group=group,
        sex=letter if letter in "FM" else sex.upper() or ("" if is_own else _sex(words)),
        youngest=int(youngest),
        oldest=int(oldest),
        settings=row["settings"],
        names=tuple(row["names"].split(" | ")),
        fragments={name: tuple(row[name].split(" | ")) for name in FRAGMENTS},
        is_quoted_by_patient=is_own,
    )


def _sex(words: str) -> str:
    """Return the sex that a relative's words give away."""
    if _HIS.search(words):
        return "M"
    return "F" if _HERS.search(words) else ""
