"""From the codes of an admission to the one category that labels its note.

Two rules. ``primary``: the category of the code with sequence number 1. ``dominant``: the category with most distinct
rubrics, symptoms and supplementary codes counting only when nothing else is coded. Whatever does not lead to exactly
one category gives no label and says why.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from nosology.coding.icd import rubric_of
from nosology.coding.labels import Icd10Mapping, LabelSet
from nosology.coding.names import folded
from nosology.preparation.lost import LostLabels
from nosology.records import Code, Note

LabelRule = Literal["primary", "dominant"]

NO_ADMISSION = "no admission id"
NO_CODES = "no diagnosis code for this patient and admission"
NO_PRIMARY = "no primary diagnosis (sequence number 1)"
SEVERAL_PRIMARIES = "several primary diagnoses"
NO_CATEGORY = "no code with a category"
TIE = "two categories equally frequent"
FOREIGN_CATEGORY = "category not in the label set"

LAST_RESORTS = frozenset({"Symptoms/Ill-defined", "Supplementary"})
"""Categories that count for `dominant` only when nothing else is coded: they say little about the disease."""


@dataclass(frozen=True, slots=True)
class Label:
    """What labels a note.

    Attributes:
        category: Its category.
        code: The code that decided, of several the first in sequence; or the first of those that came with a category.
        rubric: The code's rubric.
    """

    category: str
    code: Code | None = None
    rubric: str | None = None


class Labeller:
    """Gives a note's label, or the reason why it has none.

    Attributes:
        lost: What had no label.

    Args:
        labels: The categories.
        rule: Which of an admission's codes decide.
        icd10_mapping: How codes of ICD-10-CM find their category.
    """

    def __init__(self, labels: LabelSet, rule: LabelRule, icd10_mapping: Icd10Mapping) -> None:
        self._rule = rule
        self._named = {folded(name): name for name in labels.names}
        self.lost = LostLabels(labels.names)

        @lru_cache(maxsize=1 << 16)
        def place(value: str, version: int) -> tuple[str | None, str | None]:
            category = labels.category_of(value, version, icd10_mapping=icd10_mapping)
            return category, labels.reason_for(value, version, icd10_mapping=icd10_mapping)

        self._place = place

    def __call__(self, note: Note) -> Label | str:
        """Return the label of a note, or why it has none."""
        if note.category is not None:
            category = self._named.get(folded(note.category))
            if category is None:
                self.lost.category(note.category)
                return FOREIGN_CATEGORY
            return _given_label(note, category)
        if not note.codes:
            return NO_CODES if note.admission_id else NO_ADMISSION
        if self._rule == "dominant":
            label = dominant_label(note.codes, lambda code: self._place(code.value, code.version)[0])
            if label == NO_CATEGORY:
                first = note.codes[0]
                self.lost.code(first, self._place(first.value, first.version)[1] or NO_CATEGORY)
            return label
        primaries = {code for code in note.codes if code.sequence == 1}
        if len(primaries) != 1:
            return SEVERAL_PRIMARIES if primaries else NO_PRIMARY
        code = primaries.pop()
        category, reason = self._place(code.value, code.version)
        if category is None:
            self.lost.code(code, reason or NO_CATEGORY)
            return f"primary: {reason}"
        return Label(category, code, rubric_of(code.value, code.version))


def _given_label(note: Note, category: str) -> Label:
    """Return the label of a note whose source gave the category; its first code, if it has one, accompanies it."""
    code = next(iter(note.codes), None)
    return Label(category, code, rubric_of(code.value, code.version) if code else None)


def dominant_label(codes: Sequence[Code], category_of: Callable[[Code], str | None]) -> Label | str:
    """Return the category with most distinct rubrics, or why there is none.

    Args:
        codes: An admission's codes in sequence order.
        category_of: Gives a code's category, None where it has none.
    """
    rubrics: dict[str, set[tuple[int, str | None]]] = {}
    first: dict[str, Code] = {}
    for code in codes:
        category = category_of(code)
        if category is not None:
            rubrics.setdefault(category, set()).add((code.version, rubric_of(code.value, code.version)))
            first.setdefault(category, code)
    counts = {category: len(found) for category, found in rubrics.items() if category not in LAST_RESORTS}
    counts = counts or {category: len(found) for category, found in rubrics.items()}
    if not counts:
        return NO_CATEGORY
    most = max(counts.values())
    winners = [category for category, n in counts.items() if n == most]
    if len(winners) > 1:
        return TIE
    code = first[winners[0]]
    return Label(winners[0], code, rubric_of(code.value, code.version))
