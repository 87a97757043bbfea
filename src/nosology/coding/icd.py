"""ICD-9-CM and ICD-10-CM diagnosis codes as text: their shape, their rubric, ranges of them, and their equivalents.

A code is a string and stays one: ``"0389"`` is septicemia, 389 would be hearing loss. Nothing here knows a list of
valid codes; the shape decides, so that codes newer than any list still work. The same letters can be a code in both
versions (``E8700`` is an accident in ICD-9-CM and a sodium disorder in ICD-10-CM), which is why every function takes
the version.
"""

import gzip
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal, Self, cast

from nosology.errors import LabelError

Version = Literal[9, 10]

# Undotted and upper case. ICD-9-CM: 3 digits and up to 2 more; V and 2 + up to 2; E and 3 + at most 1.
# ICD-10-CM: a letter, a digit, a digit or A/B (C4A, M1A, C7B, O9A...), and up to 4 more; QA0 is the one exception.
_SHAPES: dict[int, re.Pattern[str]] = {
    9: re.compile(r"[0-9]{3,5}|V[0-9]{2,4}|E[0-9]{3,4}", re.ASCII),
    10: re.compile(r"(?:[A-Z][0-9][0-9AB]|QA[0-9])[0-9A-Z]{0,4}", re.ASCII),
}
# What a bound of a range may be: a code, or its beginning.
_BEGINNINGS: dict[int, re.Pattern[str]] = {
    9: re.compile(r"[0-9]{1,5}|[VE][0-9]{0,4}", re.ASCII),
    10: re.compile(r"[A-Z](?:[0-9A][0-9A-Z]{0,5})?", re.ASCII),
}
WHO_ONLY = {"E90": "E89", **{f"T{number}": "T88" for number in range(90, 99)}}
"""Rubrics that close a chapter of the WHO's edition and are not in ICD-10-CM, with the last one that is."""

_EQUIVALENTS = "data/icd/icd10cm-to-icd9cm-rubrics.tsv.gz"


def check_version(version: int) -> Version:
    """Return the version itself when it is 9 or 10.

    Raises:
        LabelError: It is another number, or no number.
    """
    if version not in (9, 10):
        raise LabelError(f"{version!r} is no ICD version", hint="use 9 (ICD-9-CM) or 10 (ICD-10-CM)")
    return cast(Version, int(version))


def normalize(code: str, version: int) -> str | None:
    """Return the code undotted, without blanks and in upper case; None where it is no diagnosis code of that version.

    A dot may stand where ICD puts it, later, or at the end; a dot further left makes another kind of code (``"38.9"``
    is an ICD-9-CM procedure, not 389), so that gives None.

    Args:
        code: A code as a source spells it: dotted or not, padded, in any case.
        version: 9 or 10.

    Raises:
        LabelError: The version is neither 9 nor 10.
    """
    shape = _SHAPES[check_version(version)]
    text = "".join(code.split()).upper()
    before, dot, after = text.partition(".")
    if dot and len(before) < _rubric_length(before, version):
        return None
    undotted = before + after.replace(".", "")
    return undotted if shape.fullmatch(undotted) else None


def rubric_of(code: str, version: int) -> str | None:
    """Return the code's rubric: its first 3 characters, or 4 for an ICD-9-CM E code. None where it is no code.

    Raises:
        LabelError: The version is neither 9 nor 10.
    """
    normal = normalize(code, version)
    return None if normal is None else normal[: _rubric_length(normal, version)]


def _rubric_length(code: str, version: int) -> int:
    return 4 if version == 9 and code.startswith("E") else 3


@dataclass(frozen=True, slots=True, order=True)
class CodeRange:
    """All codes from `low` to `high`, both included with everything below them: ``001-139`` holds ``0389``.

    Attributes:
        low: First code or beginning of a code, undotted and upper case.
        high: Last one.
    """

    low: str
    high: str

    @classmethod
    def parse(cls, text: str, version: int | None = None) -> Self:
        """Return the range that ``"001-139"`` or a single ``"U071"`` names.

        Args:
            text: The range.
            version: 9 or 10, whose codes it must be of; None for either.

        Raises:
            LabelError: It is neither, it runs backwards, or it is of the other version.
        """
        low, dash, high = text.strip().upper().replace(".", "").partition("-")
        low, high = low.strip(), high.strip() if dash else low.strip()
        shown = repr(text.strip()) if len(text.strip()) <= 15 else "this cell"
        if not (low.isalnum() and high.isalnum()) or high < low[: len(high)]:
            raise LabelError(f"{shown} is no range of codes", hint="write 001-139, or a single code such as U071")
        versions = (version,) if version else (9, 10)
        if not any(_BEGINNINGS[v].fullmatch(low) and _BEGINNINGS[v].fullmatch(high) for v in versions) or (
            low[0].isdigit() != high[0].isdigit() or (low[0] in "VE" and 10 not in versions and low[0] != high[0])
        ):
            of = f"of ICD-{version} codes" if version else "of codes"
            other = {9: "ICD-9 ranges are like 390-459, V08, E800-E999", 10: "ICD-10 ranges are like I00-I99, U071"}
            raise LabelError(f"{shown} is no range {of}", hint=other.get(version or 0, "write 001-139 or A00-B99"))
        return cls(low, high)

    def __contains__(self, code: str) -> bool:
        return code[: len(self.low)] >= self.low and code[: len(self.high)] <= self.high

    def __str__(self) -> str:
        return self.low if self.low == self.high else f"{self.low}-{self.high}"

    def overlaps(self, other: "CodeRange") -> bool:
        """Return whether any code could be in both ranges."""
        return _not_above(self.low, other.high) and _not_above(other.low, self.high)


def _not_above(low: str, high: str) -> bool:
    shared = min(len(low), len(high))
    return low[:shared] <= high[:shared]


@lru_cache(maxsize=1)
def _equivalence_table() -> dict[str, tuple[str, ...]]:
    raw = resources.files("nosology").joinpath(_EQUIVALENTS).read_bytes()
    lines = gzip.decompress(raw).decode("ascii").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {prefix: tuple(rubrics.split(",")) if rubrics else () for prefix, rubrics in rows}


def equivalent_rubrics(code: str) -> tuple[str, ...]:
    """Return the ICD-9-CM rubrics that the official tables hold equivalent to an ICD-10-CM code, sorted.

    Source: the General Equivalence Mappings of CMS, release 2018 (the last one). Of alternative single equivalents all
    count; of a combination of codes the first one does, which states the condition itself. A code that the tables do
    not list gets what its nearest listed beginning has: a newer, more specific code that of its parent, a parent those
    of all its children.

    Args:
        code: A normalized ICD-10-CM code.

    Returns:
        Several rubrics where the tables offer a choice; none where they offer nothing.
    """
    table = _equivalence_table()
    return next((table[code[:n]] for n in range(len(code), 2, -1) if code[:n] in table), ())
