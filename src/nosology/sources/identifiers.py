"""Ids of notes and patients as tables have them: what is none, what was damaged by a table program, what was mended."""

import math
import re
from typing import Any

from nosology.errors import DataError

_MISSING = frozenset({"", "nan", "none", "null", "<na>", "na", "n/a", "#n/a", "nat", "undefined", "missing", "-", "."})
_SCIENTIFIC = re.compile(r"[+-]?\d(?:[.,]\d+)?[eE]\+?\d{1,3}")
_WHOLE = re.compile(r"[+-]?\d+\.0+")
_EXACT = 1 << 53  # beyond it, neighboring whole numbers are the same float


def is_missing(value: Any) -> bool:
    """Return whether a cell holds no id: empty, or one of the words that programs write for nothing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and value.strip().casefold() in _MISSING


class IdColumn:
    """Reads the ids of one column.

    Args:
        name: The column, as the user spells it.
        place: The file, named in errors.
    """

    def __init__(self, name: str, place: str) -> None:
        self._name, self._place = name, place
        self.n_missing = 0
        self._mended: set[str] = set()
        self._plain: set[str] = set()

    def read(self, value: Any) -> str:
        """Return an id as text; empty where there is none.

        Raises:
            DataError: It was turned into a number that stands for many ids.
        """
        if is_missing(value):
            self.n_missing += 1
            return ""
        if isinstance(value, float):
            if abs(value) >= _EXACT or math.isinf(value):
                raise self._damaged("floating-point numbers beyond 2^53, where different ids become one")
            text = str(int(value)) if value.is_integer() else str(value)
            (self._mended if value.is_integer() else self._plain).add(text)
            return text
        text = str(value).strip()
        if _SCIENTIFIC.fullmatch(text) and ("+" in text or "." in text or "," in text):
            raise self._damaged("numbers in scientific notation, which each stand for many ids")
        if _WHOLE.fullmatch(text):
            text = text.partition(".")[0]
            self._mended.add(text)
        else:
            self._plain.add(text)
        return text

    @property
    def notices(self) -> list[str]:
        """What the user should know of the column; complete once all rows are read."""
        if not self._mended:
            return []
        n_both = len(self._mended & self._plain)
        fall = f"; {n_both:,} of them fall together with one written without" if n_both else ""
        return [f"column {self._name}: {len(self._mended):,} different ids ended in .0 and were read without it{fall}"]

    def _damaged(self, what: str) -> DataError:
        hint = "export the column as text; what is lost in this file cannot be had back"
        return DataError(f"the ids in column {self._name} are {what}", place=self._place, hint=hint)
