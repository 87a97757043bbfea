"""A table's column of ICD codes: read cell by cell, and suspected by what the codes have in common.

Programs that take codes for numbers lose leading zeros, and then 0389 (septicemia) reads as 389 (hearing loss). A
number is refused at once; codes that were numbers once are told by what is missing among them.
"""

import re
from collections.abc import Iterable
from typing import Any

from nosology.coding.cells import codes_in, is_list_of_numbers
from nosology.errors import DataError
from nosology.records import Code
from nosology.sources.identifiers import is_missing

_FLOAT = re.compile(r"\d{4,5}\.0")
_NUMERIC = re.compile(r"\d+(?:\.\d+)?")
_PROCEDURE = re.compile(r"\d{2}\.\d{1,2}")
_MOST_REMEMBERED = 20_000
_MANY_CODES = 100
"""Of so many different ICD-9 codes of a hospital, several begin with 0: about one in fifteen does."""


class CodeSuspicions:
    """Remembers a source's different ICD-9 codes and says what looks wrong with them."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def add(self, code: str) -> None:
        """Take a code as the source spells it."""
        if len(self._seen) < _MOST_REMEMBERED and _NUMERIC.fullmatch(code):
            self._seen.add(code)

    @property
    def seen(self) -> list[str]:
        """The different codes that are remembered, sorted."""
        return sorted(self._seen)

    @property
    def are_all_floats(self) -> bool:
        """Whether every code is a number with one zero behind the dot, as programs print whole numbers."""
        return len(self._seen) > 1 and all(code.endswith(".0") for code in self._seen)

    def notices(self, where: str) -> list[str]:
        """Return what looks wrong.

        Args:
            where: What a message calls the column or file, such as ``column CODE``.
        """
        said = []
        n_codes = len(self._seen)
        n_short = sum(len(code) < 3 for code in self._seen)
        has_zeros = any(code.startswith("0") for code in self._seen)
        n_procedures = sum(bool(_PROCEDURE.fullmatch(code)) for code in self._seen)
        n_dotted = sum("." in code for code in self._seen)
        if not has_zeros and (n_short or n_codes >= _MANY_CODES):
            so = f", and {n_short} have less than three digits" if n_short else ""
            said.append(f"no ICD-9 code in {where} begins with 0{so}: were leading zeros lost? Then 0389 reads as 389")
        if n_procedures >= 3 and n_procedures > n_dotted / 5:
            said.append(
                f"{n_procedures} different ICD-9 codes in {where} have two digits before the dot, as procedures do: "
                "are they diagnoses?"
            )
        elif n_codes >= _MANY_CODES / 2 and not n_dotted and all(2 <= len(code) <= 4 for code in self._seen):
            said.append(f"no ICD-9 code in {where} has five digits, as many diagnoses do: are they procedures?")
        return said


class CodeColumn:
    """Reads the codes of one column.

    Args:
        name: The column, as the user spells it.
        place: The file, named in errors.
    """

    def __init__(self, name: str, place: str) -> None:
        self._name, self._place = name, place
        self._suspicions = CodeSuspicions()

    def read(self, cell: Any, version: int) -> tuple[Code, ...]:
        """Return a cell's codes, the primary one first; what is no code stays as it is spelled, for a reason later.

        Raises:
            DataError: It holds numbers.
        """
        parts = cell if isinstance(cell, list | tuple) else [cell]
        found: list[str] = []
        spelled: list[str] = []
        for part in parts:
            if is_missing(part):
                continue
            if not isinstance(part, str) or is_list_of_numbers(part) or _FLOAT.fullmatch(part.strip()):
                raise self._numbers()
            text = part.strip()
            if version == 9:
                for word in re.split(r"[\s;,|^/]+", text) if len(text) < 200 else ():
                    self._suspicions.add(word.strip("[](){}'\""))
            found += codes_in(text, version)
            spelled += [text] if text else []
        values = list(dict.fromkeys(found)) or spelled[:1] or [""]
        return tuple(Code(value, version, sequence) for sequence, value in enumerate(values, start=1))

    @property
    def seen(self) -> list[str]:
        """The different ICD-9 codes that are remembered, as the column spells them."""
        return self._suspicions.seen

    def add(self, seen: Iterable[str]) -> None:
        """Remember codes that were read from other parts of the column."""
        for code in seen:
            self._suspicions.add(code)

    def check(self) -> list[str]:
        """Return what looks wrong with the codes that were read.

        Raises:
            DataError: All of them are whole numbers with ``.0``.
        """
        if self._suspicions.are_all_floats:
            raise self._numbers()
        return self._suspicions.notices(f"column {self._name}")

    def _numbers(self) -> DataError:
        hint = "write the column as text; as a number 0389 (septicemia) becomes 389 (hearing loss)"
        return DataError(f"column {self._name} holds numbers, not codes", place=self._place, hint=hint)
