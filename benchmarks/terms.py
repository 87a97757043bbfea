"""The official vocabulary at work: searches that find their rubric, and short notes whose disease is suggested.

Prints shares over a judging set and never a single line of it (``benchmarks/unseen/terms``)::

    python benchmarks/terms.py --queries benchmarks/unseen/terms/queries.jsonl
    python benchmarks/terms.py --notes benchmarks/unseen/terms/short_notes.jsonl --run demo/run

A query is right where one of its rubrics is among the first five. A note is right where its rubric is among the first
three suggestions; a run of ICD-9-CM codes is right where it suggests an official equivalent of the rubric.
"""

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import harness
from nosology.classifier.classifier import Classifier
from nosology.coding import icd
from nosology.coding.labels import LabelSet
from nosology.coding.search import TermSearch
from nosology.coding.terms import TermTable

N_QUERY, N_NOTE = 5, 3


def main() -> None:
    """Score what was asked for, print the table, and write it as JSON where asked."""
    parser = harness.parser(__doc__)
    parser.add_argument("--queries", type=Path, help="JSON lines: kind, query, rubrics")
    parser.add_argument("--notes", type=Path, help="JSON lines: text, rubric, also_right, named")
    parser.add_argument("--run", type=Path, help="the run that suggests for the notes")
    options = parser.parse_args()
    measurements = []
    if options.queries:
        measurements.append(score_queries(_lines(options.queries)))
    if options.notes:
        measurements.append(score_notes(_lines(options.notes), options.run))
    table = Table("measurement", "right", "of")
    for measurement in measurements:
        for name, (right, total) in measurement["shares"].items():
            table.add_row(f"{measurement['measurement']}: {name}", f"{right / total:.3f}", str(total))
    Console().print(table)
    if options.json:
        report = {
            "settings": {key: str(value) for key, value in vars(options).items()},
            "measurements": measurements,
        }
        harness.write_report(options.json, report)


def score_queries(queries: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how many queries of each kind find one of their rubrics among five, and how long one takes."""
    search = TermSearch(TermTable.shipped(LabelSet.load("icd-chapters-18"), [10]).terms)
    shares: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    seconds = []
    for query in queries:
        started = time.perf_counter()
        found = {item.term.rubric for item in search.search(query["query"], N_QUERY)}
        seconds.append(time.perf_counter() - started)
        _count(shares, ("all", query["kind"]), bool(found & set(query["rubrics"])))
    return {"measurement": "search", "shares": dict(shares), "seconds": float(np.median(seconds)), "most": max(seconds)}


def score_notes(notes: list[dict[str, Any]], run: Path) -> dict[str, Any]:
    """Return how many notes have their rubric among the first three suggestions: those that name it, and the rest."""
    classifier = Classifier.load(run)
    shares: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for note in notes:
        found = classifier.suggest([note["text"]], k=N_NOTE, with_evidence=False)[0]
        right = {note["rubric"], *note.get("also_right", ())}
        is_right = any(_is_equal(item.code, item.icd_version, rubric) for item in found for rubric in right)
        _count(shares, ("named" if note["named"] else "unnamed",), is_right)
    return {"measurement": "short notes", "shares": dict(shares)}


def _is_equal(code: str, version: int, rubric: str) -> bool:
    return code == rubric if version == 10 else code in icd.equivalent_rubrics(rubric)


def _count(shares: dict[str, list[int]], names: tuple[str, ...], is_right: bool) -> None:
    for name in names:
        shares[name][0] += is_right
        shares[name][1] += 1


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
