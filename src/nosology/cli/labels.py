"""``nosology labels``: which categories there are, and which one a code belongs to."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nosology.cli import app
from nosology.cli.console import say
from nosology.errors import LabelError

if TYPE_CHECKING:
    from nosology.coding.search import Found

labels = typer.Typer(help="Show and check label sets, and map codes to categories.", no_args_is_help=True)
app.add_typer(labels, name="labels")


class Mapping(StrEnum):
    """How ICD-10-CM codes find their category."""

    CHAPTER = "chapter"
    EQUIVALENCE = "equivalence"


LabelSetArgument = Annotated[str, typer.Argument(metavar="[LABELS]", help="A shipped label set's name, or a TSV file.")]
MappingOption = Annotated[
    Mapping, typer.Option("--icd10-mapping", help="equivalence: through the official ICD-9-CM equivalents.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@labels.command()
def show(name: LabelSetArgument = "icd-chapters-18", as_json: Json = False) -> None:
    """Print the categories of a label set with their code ranges.

    Example: nosology labels show icd-chapters-18
    """
    from nosology.coding.labels import LabelSet

    label_set = LabelSet.load(name)
    rows = [(c.name, ",".join(map(str, c.icd9)), ",".join(map(str, c.icd10))) for c in label_set.categories]
    if as_json:
        print(json.dumps([dict(zip(("category", "icd9", "icd10"), row, strict=True)) for row in rows], indent=2))
        return
    widths = [max(len(row[k]) for row in [*rows, ("category", "ICD-9-CM", "ICD-10-CM")]) for k in range(3)]
    for row in [("category", "ICD-9-CM", "ICD-10-CM"), *rows]:
        print("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    say(f"{len(rows)} categories, sha256 {label_set.sha256[:12]}")


@labels.command()
def check(name: LabelSetArgument) -> None:
    """Check a label set of your own: names, ranges, overlaps.

    Example: nosology labels check our-labels.tsv
    """
    from nosology.coding.labels import LabelSet

    label_set = LabelSet.load(name)
    with_codes = sum(bool(category.icd9 or category.icd10) for category in label_set.categories)
    say(f"{label_set.name}: {len(label_set.names)} categories, {with_codes} with code ranges, no two ranges overlap")


@labels.command()
def search(
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS", help="A disease in your words, typing errors and all.")
    ],
    icd_version: Annotated[int, typer.Option("--icd-version", metavar="9|10", help="Version of the codes.")] = 10,
    name: Annotated[
        str, typer.Option("--labels", help="A shipped label set's name, or a TSV file.")
    ] = "icd-chapters-18",
    terms: Annotated[
        Path | None, typer.Option(help="Your own terms: a TSV file with the columns term, code, icd_version.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, max=100, help="At most so many rubrics.")] = 5,
    as_json: Json = False,
) -> None:
    """Find codes by the names of diseases, typing errors forgiven.

    Example: nosology labels search "hart attack"
    """
    from nosology.coding.icd import check_version
    from nosology.coding.labels import LabelSet
    from nosology.coding.search import TermSearch
    from nosology.coding.terms import TermTable

    table = TermTable.shipped(LabelSet.load(name), [check_version(icd_version)], terms)
    found = TermSearch(table.terms).search(" ".join(words), n)
    if as_json:
        print(json.dumps([row(item) for item in found], indent=2, ensure_ascii=False))
    else:
        for item in found:
            term = item.term
            print(f"{term.rubric:5} {term.code:8} {term.category}: {term.term} ({term.kind})")
    if not found:
        raise LabelError("no name of a disease is like that", hint="try fewer or other words")


def row(item: "Found") -> dict[str, str | int | float | None]:
    """Return what was found as a plain row."""
    term = item.term
    return {
        "rubric": term.rubric,
        "code": term.code,
        "icd_version": term.version,
        "term": term.term,
        "kind": term.kind,
        "category": term.category,
        "score": round(item.score, 4),
    }


@labels.command("map")
def map_code(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Dotted or not, in any case.")],
    icd_version: Annotated[int, typer.Option("--icd-version", metavar="9|10", help="Version of the code.")],
    name: Annotated[
        str, typer.Option("--labels", help="A shipped label set's name, or a TSV file.")
    ] = "icd-chapters-18",
    mapping: MappingOption = Mapping.CHAPTER,
    as_json: Json = False,
) -> None:
    """Print the category of a code; exit status 2 where it has none.

    Example: nosology labels map 410.71 --icd-version 9
    """
    from nosology.coding.labels import Icd10Mapping, LabelSet

    label_set = LabelSet.load(name)
    rule: Icd10Mapping = "equivalence" if mapping is Mapping.EQUIVALENCE else "chapter"
    category = label_set.category_of(code, icd_version, icd10_mapping=rule)
    reason = label_set.reason_for(code, icd_version, icd10_mapping=rule)
    if as_json:
        print(json.dumps({"code": code, "icd_version": icd_version, "category": category, "reason": reason}))
    elif category:
        print(category)
    if category is None:
        raise LabelError(f"{code!r} has no category: {reason}", hint="check the code and its --icd-version")
