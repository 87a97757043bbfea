"""What rows were lost at labelling for: examples of codes, unknown categories with the nearest known one, what helps.

Only what is certainly a code, or a name that several rows share or that is like a known one, is ever shown: somebody
may have named the wrong column, and then its cells are text.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from nosology.coding import labels as reasons
from nosology.coding.icd import normalize
from nosology.coding.names import folded, is_showable_category, nearest
from nosology.records import Code

_CODE_LIKE = re.compile(r"[A-Za-z]{1,2}\d{1,3}(?:[.A-Za-z\d+*!†-]{0,4})|\d{1,3}\.\d{1,2}|\d{2,5}|\d{1,3}[A-Za-z]")
_N_EXAMPLES = 5
_MOST_REMEMBERED = 10_000
_SEVERAL = 3


class LostLabels:
    """Remembers what had no label.

    Args:
        known: The label set's categories.
    """

    def __init__(self, known: Sequence[str]) -> None:
        self._known = known
        self._categories: Counter[str] = Counter()
        self._n_by_reason: Counter[str] = Counter()
        self._examples: dict[str, dict[str, int]] = defaultdict(dict)

    def category(self, name: str) -> None:
        """Take a category that the label set does not have."""
        if name in self._categories or len(self._categories) < _MOST_REMEMBERED:
            self._categories[name] += 1

    def code(self, code: Code, reason: str) -> None:
        """Take a code that has no category, and why."""
        self._n_by_reason[reason] += 1
        examples = self._examples[reason]
        if len(examples) < _N_EXAMPLES and _CODE_LIKE.fullmatch(code.value):
            examples[code.value] = code.version

    def state(self) -> dict[str, Any]:
        """Return what is remembered as plain values; names of categories can be cells of a column named by mistake."""
        return {"categories": self._categories, "n_by_reason": self._n_by_reason, "examples": self._examples}

    def add(self, state: Mapping[str, Any]) -> None:
        """Remember what another has remembered, behind what is here.

        Args:
            state: What its `state` returned.
        """
        for name, n in state["categories"].items():
            if name in self._categories or len(self._categories) < _MOST_REMEMBERED:
                self._categories[name] += n
        self._n_by_reason.update(state["n_by_reason"])
        for reason, examples in state["examples"].items():
            known = self._examples[reason]
            for code, version in examples.items():
                if len(known) < _N_EXAMPLES:
                    known[code] = version

    def notices(self) -> list[str]:
        """Return what the user should know, most frequent first."""
        said = [self._of_codes(reason, n) for reason, n in self._n_by_reason.most_common(5)]
        return said + ([self._of_categories()] if self._categories else [])

    def _of_codes(self, reason: str, n: int) -> str:
        examples = self._examples[reason]
        such_as = f", such as {', '.join(examples)}" if examples else " (none of them looks like a code)"
        return f"{n:,} notes have no category: {reason}{such_as}; {_remedy(reason, examples)}"

    def _of_categories(self) -> str:
        shown: list[str] = []
        n_others = 0
        for name, n in self._categories.most_common():
            near = nearest(name, self._known) if len(name) <= 200 else None
            if len(shown) < 10 and is_showable_category(name) and (near or n >= _SEVERAL):
                shown.append(f"{folded(name)!r} ({n:,}" + (f", is {near} meant?)" if near else ")"))
            else:
                n_others += 1
        more = f"{n_others} others that are not shown" if n_others else ""
        total = sum(self._categories.values())
        listed = ", ".join([*shown, *([more] if more else [])])
        return f"{total:,} notes have categories that the label set does not have: {listed}"


def _remedy(reason: str, examples: dict[str, int]) -> str:
    """Return the setting that would help."""
    other = {9: 10, 10: 9}
    if examples and all(normalize(code, other[version]) for code, version in examples.items()):
        version = next(iter(examples.values()))
        if reason in (reasons.NOT_ICD9, reasons.NOT_ICD10):
            return f"they are codes of ICD-{other[version]}: --icd-version {other[version]}"
    if reason in (reasons.NO_EQUIVALENT, reasons.SPLIT_EQUIVALENTS):
        return "--set prepare.icd10_mapping=chapter maps them by chapter"
    if reason in (reasons.UNCOVERED, reasons.SPECIAL_PURPOSE):
        return "add their range to a label set of your own and give it with --labels"
    if reason == reasons.NO_CODE:
        return "--set prepare.label_rule=dominant takes other codes of the note, where it has some"
    return "does --code name the right column, and --icd-version its version?"
