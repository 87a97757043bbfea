"""Label sets: the categories a note can have, and which ICD codes belong to each. A label set is a data file, not code.

The file is a TSV with the columns ``category``, ``icd9``, ``icd10`` and, if you like, ``description``; ranges are
written ``001-139,V08``. A set without ranges (a column ``category`` alone) serves tables that carry categories. The
order of the rows is the order of the categories everywhere. A code that no range covers has no category and a reason
(`LabelSet.reason_for`); nothing is guessed. U codes, which ICD-10-CM keeps for new diseases, follow AHRQ's clinical
grouping (CCSR) in ``icd-chapters-18``: COVID-19 (U07.1, U09) is infectious, vaping-related disorder (U07.0) an injury;
every other U code has no category.
"""

import csv
from bisect import bisect_right
from dataclasses import dataclass, field
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Literal, Self

from nosology.coding import icd
from nosology.coding.icd import CodeRange
from nosology.coding.names import folded
from nosology.errors import LabelError
from nosology.files import sha256_text

Icd10Mapping = Literal["chapter", "equivalence"]

NO_CODE = "blank code"
NOT_ICD9 = "not an ICD-9-CM diagnosis code"
NOT_ICD10 = "not an ICD-10-CM diagnosis code"
UNCOVERED = "code outside every range of the label set"
SPECIAL_PURPOSE = "U code without a stated category"
NO_EQUIVALENT = "ICD-10-CM code without an ICD-9-CM equivalent"
SPLIT_EQUIVALENTS = "ICD-9-CM equivalents fall into several categories"

_SHIPPED = "data/labels"
_HEADER = ("category", "icd9", "icd10", "description")
_NAME_LINE = "# label set:"


@dataclass(frozen=True, slots=True)
class Category:
    """One category and the codes that belong to it.

    Attributes:
        name: As it is written in datasets, prompts and reports.
        icd9: Ranges of ICD-9-CM codes.
        icd10: Ranges of ICD-10-CM codes.
        description: A few words for people; may be empty.
    """

    name: str
    icd9: tuple[CodeRange, ...] = ()
    icd10: tuple[CodeRange, ...] = ()
    description: str = ""

    def ranges(self, version: int) -> tuple[CodeRange, ...]:
        """Return the ranges of one ICD version."""
        return self.icd9 if icd.check_version(version) == 9 else self.icd10


@dataclass(frozen=True, slots=True)
class LabelSet:
    """An ordered set of categories with their code ranges.

    Attributes:
        name: A shipped set's name, or the file's.
        categories: In the file's order, which is the order everywhere.

    Example:
        >>> labels = LabelSet.load("icd-chapters-18")
        >>> labels.category_of("41071", version=9)
        'Cardiovascular'
        >>> labels.category_of("no code", version=9) is None
        True

    Raises:
        LabelError: There are no two categories, a name is blank or given twice, or ranges of two categories overlap.
    """

    name: str
    categories: tuple[Category, ...]
    names: tuple[str, ...] = field(init=False, repr=False)
    _sorted: dict[int, list[tuple[CodeRange, str]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(category.name for category in self.categories))
        ranges = {v: sorted((r, c.name) for c in self.categories for r in c.ranges(v)) for v in (9, 10)}
        object.__setattr__(self, "_sorted", ranges)
        _check(self)

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """Return a shipped label set by its name, or one of your own from a TSV file.

        Raises:
            LabelError: There is no such set or file, or the file contradicts itself.
        """
        path = Path(name_or_path)
        if path.suffix == ".tsv" or path.parent != Path():
            return cls._from_text(_read(path), name=path.stem, place=str(path))
        shipped = resources.files("nosology").joinpath(_SHIPPED, f"{name_or_path}.tsv")
        if not shipped.is_file():
            known = ", ".join(shipped_names())
            raise LabelError(
                f"there is no label set {str(name_or_path)!r}", hint=f"use {known}, or the path of a .tsv file"
            )
        return cls._from_text(shipped.read_text(encoding="utf-8"), name=str(name_or_path), place=str(name_or_path))

    @classmethod
    def _from_text(cls, text: str, *, name: str, place: str) -> Self:
        lines = list(enumerate(text.splitlines(), start=1))
        named = next((line.removeprefix(_NAME_LINE).strip() for _, line in lines if line.startswith(_NAME_LINE)), name)
        # Notes stand before the header alone: a category may begin with "#".
        first = next((k for k, (_, line) in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
        columns = [cell.strip() for cell in lines[first][1].split("\t")] if first < len(lines) else []
        if "category" not in columns or not set(columns) <= set(_HEADER) or len(set(columns)) < len(columns):
            hint = "the columns are category, icd9, icd10, description, separated by tabs; only category must be there"
            raise LabelError(f"found {_described(columns)}", place=place, hint=hint)
        rows = [
            (number, _cells(line, columns, f"{place}, line {number}"))
            for number, line in lines[first + 1 :]
            if line.strip()
        ]
        try:
            return cls(named, tuple(_category(row, f"{place}, line {number}") for number, row in rows))
        except LabelError as error:
            raise LabelError(error.message, place=error.place or place, hint=error.hint) from None

    @property
    def sha256(self) -> str:
        """The SHA-256 of the set's content as `save` writes it, without its name."""
        return sha256_text(self._rows())

    @property
    def has_codes(self) -> bool:
        """Whether any category has code ranges."""
        return any(category.icd9 or category.icd10 for category in self.categories)

    def save(self, path: Path) -> None:
        """Write the set as a TSV file that `load` reads back with the same hash."""
        path.write_text(f"{_NAME_LINE} {self.name}\n{self._rows()}", encoding="utf-8", newline="\n")

    def _rows(self) -> str:
        rows = [
            (c.name, ",".join(map(str, c.icd9)), ",".join(map(str, c.icd10)), c.description) for c in self.categories
        ]
        return "".join("\t".join(row) + "\n" for row in [_HEADER, *rows])

    def index(self, name: str) -> int:
        """Return the place of a category, from 0.

        Raises:
            LabelError: The set has no such category.
        """
        try:
            return self.names.index(name)
        except ValueError:
            hint = f"its categories are {', '.join(self.names)}"
            raise LabelError(f"{name!r} is not in the label set {self.name}", hint=hint) from None

    def category_of(self, code: str, version: int, *, icd10_mapping: Icd10Mapping = "chapter") -> str | None:
        """Return the category of a code by range, whether or not the code exists; None where it has none.

        Args:
            code: In any spelling: dotted or not, padded, in any case.
            version: 9 or 10.
            icd10_mapping: ``"chapter"`` asks the set's ICD-10-CM ranges; ``"equivalence"`` asks its ICD-9-CM ranges
                about the code's official equivalents, so that figures compare with ICD-9 data.

        Raises:
            LabelError: The version is neither 9 nor 10.
        """
        return self._place(code, version, icd10_mapping)[0]

    def reason_for(self, code: str, version: int, *, icd10_mapping: Icd10Mapping = "chapter") -> str | None:
        """Return why a code has no category, as one of the sentences named in this module; None where it has one.

        Args:
            code: In any spelling: dotted or not, padded, in any case.
            version: 9 or 10.
            icd10_mapping: How ICD-10-CM codes find their category: ``chapter`` or ``equivalence``.

        Raises:
            LabelError: The version is neither 9 nor 10.
        """
        return self._place(code, version, icd10_mapping)[1]

    def _place(self, code: str, version: int, icd10_mapping: Icd10Mapping) -> tuple[str | None, str | None]:
        if not isinstance(code, str):
            raise TypeError(f"a code is text, not {type(code).__name__}: as a number 0389 becomes 389")
        normal = icd.normalize(code, version)
        if normal is None:
            return None, NO_CODE if not code.strip() else NOT_ICD9 if version == 9 else NOT_ICD10
        if version == 10 and icd10_mapping == "equivalence":
            return self._place_by_equivalents(normal)
        found = self._covering(normal, version)
        if found is None and version == 10 and normal[:3] in icd.WHO_ONLY:
            found = self._covering(icd.WHO_ONLY[normal[:3]], version)
        reason = SPECIAL_PURPOSE if version == 10 and normal.startswith("U") else UNCOVERED
        return found, None if found else reason

    def _place_by_equivalents(self, code: str) -> tuple[str | None, str | None]:
        if code.startswith("U"):
            # The tables are older than every U code; the stated rule of the ICD-10-CM ranges decides instead.
            found = self._covering(code, 10)
            return found, None if found else SPECIAL_PURPOSE
        rubrics = icd.equivalent_rubrics(code)
        categories = {self._covering(rubric, 9) for rubric in rubrics}
        if len(categories) == 1:
            category = categories.pop()
            return category, None if category else UNCOVERED
        return None, SPLIT_EQUIVALENTS if rubrics else NO_EQUIVALENT

    def _covering(self, normal: str, version: int) -> str | None:
        # Ranges are disjoint, so only the last one that begins at or before the code can hold it.
        ranges = self._sorted[version]
        place = bisect_right(ranges, normal, key=lambda item: item[0].low) - 1
        return ranges[place][1] if place >= 0 and normal in ranges[place][0] else None


def shipped_names() -> tuple[str, ...]:
    """Return the names of the label sets that come with the package, sorted."""
    folder = resources.files("nosology").joinpath(_SHIPPED)
    return tuple(sorted(item.name.removesuffix(".tsv") for item in folder.iterdir() if item.name.endswith(".tsv")))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise LabelError("there is no such label set file", place=str(path), hint="check the path") from None
    except UnicodeDecodeError as error:
        raise LabelError(f"not UTF-8 at byte {error.start}", place=str(path), hint="save it as UTF-8") from None


def _described(columns: list[str]) -> str:
    shown = [name for name in columns if name in _HEADER]
    others = len(columns) - len(shown)
    return f"the columns {', '.join(shown) or 'none'}" + (f", and {others} of other names" if others else "")


def _cells(line: str, columns: list[str], place: str) -> dict[str, str]:
    """Return the cells of a row by column.

    Raises:
        LabelError: There are more cells than columns.
    """
    try:
        cells = next(csv.reader([line], delimiter="\t", strict=True))
    except csv.Error:
        raise LabelError("a quote in an impossible place", place=place, hint="write the row without quotes") from None
    if any(cell.strip() for cell in cells[len(columns) :]):
        hint = "a tab separates cells; put ranges of one version into one cell, separated by commas"
        raise LabelError(f"{len(cells)} cells, and {len(columns)} columns", place=place, hint=hint)
    return dict(zip(columns, cells, strict=False))


def _category(row: dict[str, str], place: str) -> Category:
    ranges = {}
    for column, version in (("icd9", 9), ("icd10", 10)):
        parts = [part for part in row.get(column, "").split(",") if part.strip()]
        try:
            ranges[column] = tuple(CodeRange.parse(part, version) for part in parts)
        except LabelError as error:
            raise LabelError(error.message, place=f"{place}, column {column}", hint=error.hint) from None
    return Category(
        row.get("category", "").strip(), ranges["icd9"], ranges["icd10"], row.get("description", "").strip()
    )


def _check(labels: LabelSet) -> None:
    if len(labels.categories) < 2:
        raise LabelError(f"{len(labels.categories)} categories: a label set needs two or more")
    if any(not name or not name.isprintable() for name in labels.names):
        raise LabelError("a category has no name, or one that does not print", hint="every row needs a category")
    spelled: dict[str, list[str]] = {}
    for name in labels.names:
        spelled.setdefault(folded(name), []).append(name)
    twice = [" and ".join(dict.fromkeys(names)) for names in spelled.values() if len(names) > 1]
    if twice:
        hint = "put all ranges of a category into one row; case, blanks and Unicode form tell no categories apart"
        raise LabelError(f"categories given twice: {', '.join(name[:40] for name in twice)}", hint=hint)
    for version, ranges in labels._sorted.items():
        for (a, one), (b, other) in pairwise(ranges):
            if a.overlaps(b):
                owners = f"{a} ({one}) and {b} ({other})"
                raise LabelError(
                    f"the ICD-{version} ranges {owners} overlap", hint="a code may stand in one range only"
                )
