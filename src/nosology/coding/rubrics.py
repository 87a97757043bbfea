"""The rubrics that can be suggested: every 3-character code of ICD-9-CM and ICD-10-CM with its title and category.

The titles are data files (`scripts/coding/build_rubric_titles.py` made them). A rubric whose code no category of the
label set covers cannot be suggested, and two rubrics of one category never share a title, since a title is what a model
reads.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Self

from nosology.coding import icd
from nosology.coding.labels import LabelSet
from nosology.errors import RunError

_FILES = "data/icd/rubrics-icd{version}.tsv"
_HEADER = ("rubric", "icd_version", "title", "category", "n_notes", "codes")


@dataclass(frozen=True, slots=True)
class Rubric:
    """One rubric.

    Attributes:
        code: Undotted and upper case, e.g. ``"410"``.
        version: 9 or 10.
        title: Its official title.
        category: Name of its category in the label set.
        n_notes: Training notes that are coded with it.
        codes: The full codes below it with the number of training notes that have each, the most frequent first.
    """

    code: str
    version: int
    title: str
    category: str
    n_notes: int = 0
    codes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RubricTable:
    """Rubrics in a fixed order: by version, then by code. Arrays over rubrics are in this order.

    Attributes:
        rubrics: All of them.
    """

    rubrics: tuple[Rubric, ...]

    @classmethod
    def shipped(cls, labels: LabelSet, versions: Iterable[int]) -> Self:
        """Return the shipped rubrics that belong to a category of the label set.

        Args:
            labels: Gives each code its category.
            versions: Which ICD versions: those that the training notes are coded in.
        """
        rubrics = []
        for version in sorted(set(versions)):
            for code, title in shipped_titles(icd.check_version(version)).items():
                category = labels.category_of(code, version)
                if category is not None:
                    rubrics.append(Rubric(code, version, title, category))
        return cls(tuple(rubrics))

    def __len__(self) -> int:
        return len(self.rubrics)

    @property
    def counts(self) -> tuple[int, ...]:
        """How many training notes have each rubric."""
        return tuple(rubric.n_notes for rubric in self.rubrics)

    def counted(self, notes: Iterable[Sequence[tuple[str, int]]]) -> "RubricTable":
        """Return the table with the counts of some notes' codes.

        Args:
            notes: The codes of each note: code and ICD version.
        """
        places = self.places()
        n_notes: Counter[int] = Counter()
        full: dict[int, Counter[str]] = defaultdict(Counter)
        for codes in notes:
            n_notes.update(self.places_of(codes))
            for code, version in dict.fromkeys(codes):
                place = places.get((icd.rubric_of(code, version) or "", version))
                if place is not None:
                    full[place][code] += 1
        return RubricTable(
            tuple(
                replace(rubric, n_notes=n_notes[place], codes=tuple(full[place].most_common()))
                for place, rubric in enumerate(self.rubrics)
            )
        )

    def places(self) -> dict[tuple[str, int], int]:
        """Return each rubric's place in the table, by code and version."""
        return _places(self)

    def places_of(self, codes: Sequence[tuple[str, int]]) -> tuple[int, ...]:
        """Return the places of the rubrics of some full codes, in their order, each once; unknown ones are left out."""
        known = _places(self)
        found = (known.get((icd.rubric_of(code, version) or "", version)) for code, version in codes)
        return tuple(dict.fromkeys(place for place in found if place is not None))

    def by_category(self, categories: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        """Return the places of each category's rubrics."""
        groups: dict[str, list[int]] = {name: [] for name in categories}
        for place, rubric in enumerate(self.rubrics):
            groups[rubric.category].append(place)
        return tuple(tuple(group) for group in groups.values())

    def save(self, path: Path) -> None:
        """Write the table as a TSV file that `load` reads back."""
        rows = [
            (r.code, str(r.version), r.title, r.category, str(r.n_notes), " ".join(f"{c}:{n}" for c, n in r.codes))
            for r in self.rubrics
        ]
        path.write_text("".join("\t".join(row) + "\n" for row in [_HEADER, *rows]), encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the table that `save` wrote.

        Raises:
            RunError: The file is missing or not such a table.
        """
        try:
            header, *rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
            if tuple(header) != _HEADER:
                raise ValueError("another header")
            return cls(tuple(_read_row(*row) for row in rows))
        except FileNotFoundError:
            raise RunError(
                f"{path.name} is missing: this run knows no rubrics", place=str(path.parent), hint="train again"
            ) from None
        except (ValueError, TypeError) as error:
            raise RunError(f"not a table of rubrics: {error}", place=str(path), hint="train again") from None


@lru_cache(maxsize=8)
def _places(table: RubricTable) -> dict[tuple[str, int], int]:
    return {(rubric.code, rubric.version): place for place, rubric in enumerate(table.rubrics)}


def _read_row(code: str, version: str, title: str, category: str, n_notes: str, codes: str) -> Rubric:
    pairs = [item.rpartition(":") for item in codes.split()]
    if not all(full for full, _, _ in pairs):
        raise ValueError("a code without its number of notes")
    return Rubric(code, int(version), title, category, int(n_notes), tuple((c, int(n)) for c, _, n in pairs))


@lru_cache(maxsize=2)
def shipped_titles(version: icd.Version) -> Mapping[str, str]:
    """Return the title of every rubric of an ICD version, by code in ascending order."""
    text = resources.files("nosology").joinpath(_FILES.format(version=version)).read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {code: title for code, title in rows}  # noqa: C416 (each row must be a pair)
