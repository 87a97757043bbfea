"""Notes by other authors as training text: as they stand, and again with yet others' identifiers in them.

A note of one author carries the identifiers that this author thought of. Given those of another of the same kind, it is
a note that neither wrote: five authors' sentences around five authors' names, numbers and dates.
"""

import csv
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from grammar_notes import destroyed, marked
from training_notes import Piece

Row = dict[str, Any]
SHARE_SWAPPED = 0.7
"""Of the identifiers of a note's second copy."""


def authors_notes(paths: Iterable[Path], rng: random.Random) -> Iterator[tuple[str, list[Row]]]:
    """Yield every note twice: as it was written, then with others' identifiers, and its dress destroyed.

    Args:
        paths: JSON lines, a file an author, with text and spans; a span with start, end, type and kind.
        rng: Draws the identifiers.
    """
    rows = [(path.stem, row) for path in paths for row in _rows(path)]
    values: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for author, row in rows:
        for span in row["spans"]:
            values[span["kind"]][author].append(row["text"][span["start"] : span["end"]])
    for author, row in rows:
        yield row["text"], row["spans"]
        yield marked(destroyed(_swapped(author, row, values, rng), rng))


def terms(paths: Iterable[Path], rng: random.Random) -> Iterator[str]:
    """Yield terms of medicine that are no identifiers: alone, in a sentence and in a list, their dress destroyed.

    Args:
        paths: Tables with the columns ``term``, ``context_sentence`` and ``list_line``.
        rng: Draws the dress.
    """
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                for text in (row["term"], row["context_sentence"], row["list_line"]):
                    yield text
                    yield marked(destroyed([(text, "")], rng))[0]


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _swapped(author: str, row: Row, values: dict[str, dict[str, list[str]]], rng: random.Random) -> list[Piece]:
    """Return a note's pieces with others' identifiers of the same kinds; equal ones become equal ones."""
    pieces: list[Piece] = []
    chosen: dict[str, str] = {}
    position = 0
    for span in row["spans"]:
        text = row["text"][span["start"] : span["end"]]
        others = [other for other in values[span["kind"]] if other != author]
        if text not in chosen and others and rng.random() < SHARE_SWAPPED:
            chosen[text] = rng.choice(values[span["kind"]][rng.choice(others)])
        kind = "?" if span.get("optional") else span["type"]
        pieces += ((row["text"][position : span["start"]], ""), (chosen.get(text, text), kind))
        position = span["end"]
    return [*pieces, (row["text"][position:], "")]
