"""Every name that a code is known by: titles, what the official lists include, abbreviations and common names.

The official part is data (`scripts/coding/build_terms.py` made it); abbreviations and common names were written by hand
(``data/icd/clinical-words.tsv``), and a user's own come from a TSV file. ICD-9-CM, whose list has titles alone, also
gets the names of ICD-10-CM codes that are equivalent to one single rubric of it, so such a term's code is that rubric;
and an abbreviation of several readings names a code only beside words that point to it.
"""

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Literal, Self, cast, get_args

from nosology.coding import icd
from nosology.coding.labels import LabelSet
from nosology.coding.names import shown_code
from nosology.errors import LabelError

Kind = Literal["title", "inclusion", "includes", "child title", "abbreviation", "common name", "own"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""How a term came to its code.

``title``: a rubric's own. ``inclusion`` and ``includes``: listed below a code. ``child title``: of a code below a
rubric. ``abbreviation`` and ``common name``: shipped, written by hand. ``own``: from a user's file.
"""

_OFFICIAL = "data/icd/terms-icd{version}.tsv.gz"
_CLINICAL = "data/icd/clinical-words.tsv"
_OWN_COLUMNS = ("term", "code", "icd_version")


@dataclass(frozen=True, slots=True)
class Term:
    """One name of one code.

    Attributes:
        term: As the list writes it.
        code: Undotted and upper case; a rubric or a code below one.
        version: 9 or 10.
        rubric: The code's rubric.
        kind: One of `KINDS`.
        category: Name of the rubric's category in the label set; None where it has none, or no set was asked.
        cues: Lower-case words of which one must stand in the same sentence; empty where the term has one reading.
    """

    term: str
    code: str
    version: int
    rubric: str
    kind: Kind
    category: str | None = None
    cues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TermTable:
    """Terms by version, then by code, titles before other names.

    Attributes:
        terms: All of them.
    """

    terms: tuple[Term, ...]

    @classmethod
    def shipped(cls, labels: LabelSet, versions: Iterable[int], own: Path | None = None) -> Self:
        """Return the terms of every code that has a category in the label set.

        Args:
            labels: Gives each code its category.
            versions: Which ICD versions.
            own: A file of the user's own terms, which come last.

        Raises:
            LabelError: The user's file is missing or cannot be read as one.
        """
        wanted = sorted(map(icd.check_version, set(versions)))
        last = [term for term in read_own(own) if term.version in wanted] if own else []
        found = [term for version in wanted for term in shipped_terms(version)] + last
        category_of = {
            (rubric, version): labels.category_of(rubric, version)
            for rubric, version in dict.fromkeys((term.rubric, term.version) for term in found)
        }
        placed = (replace(term, category=category_of[term.rubric, term.version]) for term in found)
        return cls(tuple(term for term in placed if term.category is not None))

    def __len__(self) -> int:
        return len(self.terms)

    def __iter__(self) -> Iterator[Term]:
        return iter(self.terms)

    def rows(self) -> list[dict[str, str | int | None]]:
        """Return one plain row a term: ``term, code, version, rubric, category, kind``."""
        return [
            {
                "term": t.term,
                "code": t.code,
                "version": t.version,
                "rubric": t.rubric,
                "category": t.category,
                "kind": t.kind,
            }
            for t in self.terms
        ]


def shipped_terms(version: icd.Version) -> tuple[Term, ...]:
    """Return the shipped terms of an ICD version, without categories.

    Those of ICD-9-CM end with the names of ICD-10-CM codes that the official tables hold equivalent to one rubric.
    """
    own = [_term(term, code, version, kind) for code, kind, term in _official(version)]
    if version == 10:
        return tuple(sorted([*own, *clinical_names()], key=lambda term: term.code))
    known = {(term.term.lower(), term.rubric) for term in own}
    carried = (_carried(term) for term in shipped_terms(10))
    return tuple(own + [term for term in carried if term and (term.term.lower(), term.rubric) not in known])


def _carried(term: Term) -> Term | None:
    """Return an ICD-10-CM term as one of ICD-9-CM; None where its code has no single equivalent rubric."""
    rubrics = icd.equivalent_rubrics(term.code)
    if len(rubrics) != 1:
        return None
    # A title of a code that is another classification's is no title here: it is one name among others.
    kind: Kind = "inclusion" if term.kind in ("title", "child title") else term.kind
    return replace(term, code=rubrics[0], rubric=rubrics[0], version=9, kind=kind)


def _term(term: str, code: str, version: int, kind: str, cues: tuple[str, ...] = ()) -> Term:
    rubric = icd.rubric_of(code, version)
    assert rubric is not None, "shipped codes are codes"
    return Term(term, code, version, rubric, cast(Kind, kind), None, cues)


def _official(version: icd.Version) -> Iterator[tuple[str, str, str]]:
    raw = resources.files("nosology").joinpath(_OFFICIAL.format(version=version)).read_bytes()
    for line in gzip.decompress(raw).decode("utf-8").splitlines():
        if not line.startswith("#"):
            code, kind, term = line.split("\t")
            yield code, kind, term


def clinical_names() -> Iterator[Term]:
    """Yield the hand-written names of ICD-10-CM codes; one line may give a name several codes."""
    text = resources.files("nosology").joinpath(_CLINICAL).read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            kind, codes, names, *cues = line.split("\t")
            for code in codes.split():
                for name in names.split("|"):
                    yield _term(name.strip(), code, 10, kind, tuple(cues[0].split()) if cues else ())


def read_own(path: Path) -> list[Term]:
    """Return a user's own terms, from a TSV file with the columns ``term``, ``code`` and ``icd_version``.

    Raises:
        LabelError: The file is missing, has other columns, or names something that is no code.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise LabelError("there is no such file of terms", place=str(path), hint="check the path") from None
    except UnicodeDecodeError as error:
        raise LabelError(f"not UTF-8 at byte {error.start}", place=str(path), hint="save it as UTF-8") from None
    header, *rows = [line.split("\t") for line in lines] or [[]]
    if tuple(header) != _OWN_COLUMNS:
        hint = f"the first line must be {', '.join(_OWN_COLUMNS)}, separated by tabs"
        raise LabelError(f"its first line is not the header: it has {len(header)} columns", place=str(path), hint=hint)
    return [_own_term(row, f"{path}, line {number}") for number, row in enumerate(rows, 2) if any(row)]


def _own_term(row: list[str], place: str) -> Term:
    if len(row) != len(_OWN_COLUMNS) or not row[0].strip():
        raise LabelError(f"{len(row)} columns", place=place, hint="each line is a term, a code and 9 or 10")
    term, code, version = (cell.strip() for cell in row)
    if version not in ("9", "10"):
        raise LabelError(f"{shown_code(version)} is no ICD version", place=place, hint="use 9 or 10")
    normal = icd.normalize(code, int(version))
    rubric = icd.rubric_of(code, int(version))
    if normal is None or rubric is None:
        raise LabelError(
            f"{shown_code(code)} is no ICD-{version}-CM diagnosis code", place=place, hint="check code and version"
        )
    return Term(term, normal, int(version), rubric, "own")
