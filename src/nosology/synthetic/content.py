"""The clinical content: what each rubric looks like in a note, read from the package's data files.

One TOML file per category under ``data/synthetic/rubrics``; ``categories.tsv`` says which category a file is and how
often it is the primary one. All content is invented; frequencies are chosen, not measured.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random

from nosology.errors import DataError
from nosology.synthetic.phrases import Phrase, compile_field

PHRASE_FIELDS = (
    "called",
    "complaint",
    "story",
    "exam",
    "labs",
    "study",
    "procedure",
    "drug",
    "course",
    "past",
    "minor",
    "kin",
    "follow",
)
_REQUIRED = ("called", "complaint", "story", "exam", "labs", "study", "drug", "course")
_OLDEST = 98
_BIRTH_FORGOTTEN = 12  # years; at that age nobody writes down how the newborn days went
_FOLDER = "data/synthetic"


@dataclass(frozen=True, slots=True)
class Titles:
    """The official titles of a rubric's two codes (CMS, public domain)."""

    icd9_short: str
    icd9: str
    icd10: str


@dataclass(frozen=True, slots=True, eq=False)
class RubricContent:
    """What one rubric contributes to notes: its phrases, and whom it befalls.

    Attributes:
        code: ICD-9-CM, undotted.
        icd10: The corresponding ICD-10-CM code, undotted.
        category: Its category in the shipped label set.
        ages: Youngest and oldest patient, in years.
        sex: ``"M"``, ``"F"``, or ``""`` for either.
        weight: How often it is drawn among the rubrics of its category.
        phrases: Field name to compiled phrases; a field that the rubric lacks is an empty tuple.
        titles: Its official titles.
        services: Where its patients are admitted; shared by the category.
    """

    code: str
    icd10: str
    category: str
    ages: tuple[int, int]
    sex: str
    weight: int
    phrases: dict[str, tuple[Phrase, ...]]
    titles: Titles
    services: tuple[str, ...]

    def fits(self, age: int, sex: str) -> bool:
        """Return whether a patient of this age and sex can be admitted for it."""
        return self.ages[0] <= age <= self.ages[1] and self.sex in ("", sex)

    def could_be_past(self, age: int, sex: str) -> bool:
        """Return whether a patient of this age and sex can have had it."""
        is_recent_enough = self.ages[1] > 0 or age < _BIRTH_FORGOTTEN
        return bool(self.phrases["past"]) and age >= self.ages[0] and self.sex in ("", sex) and is_recent_enough


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """All rubrics, ready to be drawn from.

    Attributes:
        categories: Category names, in the order of ``categories.tsv``.
        shares: How often each category is primary, before patients of several stays bend it. Sums to 1.
        rubrics: Category name to its rubrics.
    """

    categories: tuple[str, ...]
    shares: tuple[float, ...]
    rubrics: dict[str, tuple[RubricContent, ...]]

    @property
    def all(self) -> tuple[RubricContent, ...]:
        """Every rubric, in the order of the files."""
        return tuple(rubric for category in self.categories for rubric in self.rubrics[category])

    def draw(self, rng: Random, age: int | None = None, sex: str | None = None) -> RubricContent:
        """Return a rubric: a category by its share, then a rubric by its weight, among those the patient can have.

        Args:
            rng: Draws what varies.
            age: The patient's, in years; None for any.
            sex: ``M`` or ``F``; drawn where it is not given.
        """
        shares, fitting = self.shares, self.rubrics
        if age is not None and sex is not None:
            fitting = {name: tuple(r for r in rubrics if r.fits(age, sex)) for name, rubrics in self.rubrics.items()}
            shares = tuple(share if fitting[name] else 0.0 for name, share in zip(self.categories, shares, strict=True))
        category = rng.choices(self.categories, shares)[0]
        return rng.choices(fitting[category], [rubric.weight for rubric in fitting[category]])[0]


@cache
def load_book() -> Book:
    """Return the shipped rubrics, compiled; read once per process.

    Raises:
        DataError: A data file lacks a required field or names a code twice.
    """
    folder = resources.files("nosology") / _FOLDER
    titles = _titles((folder / "titles.tsv").read_text(encoding="utf-8"))
    lines = (folder / "categories.tsv").read_text(encoding="utf-8").splitlines()
    names, shares, rubrics = [], [], {}
    for line in lines[1:]:
        stem, category, share, services = line.split("\t")
        text = (folder / "rubrics" / f"{stem}.toml").read_text(encoding="utf-8")
        names.append(category)
        shares.append(float(share))
        rubrics[category] = parse_rubrics(text, category, tuple(services.split("; ")), titles)
    total = sum(shares)
    return Book(tuple(names), tuple(share / total for share in shares), rubrics)


def _titles(text: str) -> dict[str, Titles]:
    rows = (line.split("\t") for line in text.splitlines()[1:])
    return {icd9: Titles(short, long, icd10_title) for icd9, short, long, _, icd10_title in rows}


def parse_rubrics(
    text: str, category: str, services: tuple[str, ...], titles: Mapping[str, Titles]
) -> tuple[RubricContent, ...]:
    """Return the rubrics of one TOML file.

    Args:
        text: The file's content.
        category: The category of its rubrics.
        services: The hospital's services that treat it.
        titles: Official titles by code.

    Raises:
        DataError: A table lacks a required field or holds an unknown one.
    """
    tables = tomllib.loads(text)
    untitled = sorted(set(tables) - set(titles))
    if untitled:
        raise DataError(f"codes without a title: {untitled}", place=category, hint="add them to titles.tsv")
    return tuple(_rubric(code, table, category, services, titles[code]) for code, table in tables.items())


def _rubric(
    code: str, table: dict[str, object], category: str, services: tuple[str, ...], titles: Titles
) -> RubricContent:
    unknown = set(table) - {*PHRASE_FIELDS, "icd10", "age", "sex", "weight"}
    missing = {field for field in (*_REQUIRED, "icd10", "age") if not table.get(field)}
    if unknown or missing:
        raise DataError(f"unknown fields {sorted(unknown)}, missing fields {sorted(missing)}", place=f"rubric {code}")
    phrases = {field: compile_field(str(table.get(field, ""))) for field in PHRASE_FIELDS}
    ages = table["age"]
    if not (isinstance(ages, list) and len(ages) == 2 and ages[0] <= ages[1]):
        raise DataError("age must be [youngest, oldest]", place=f"rubric {code}")
    return RubricContent(
        code=code,
        icd10=str(table["icd10"]),
        category=category,
        ages=(int(ages[0]), min(int(ages[1]), _OLDEST)),
        sex=str(table.get("sex", "")),
        weight=int(str(table.get("weight", 1))),
        phrases=phrases,
        titles=titles,
        services=services,
    )
