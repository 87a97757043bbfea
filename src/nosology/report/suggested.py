"""Notes with their suggestions as a page: the note with its evidence marked, beside the ranked list.

The page shows the notes in full, so the file is readable by its owner alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from nosology.export import NOTICE
from nosology.files import write_text
from nosology.records import Suggestions

FULL_COLOUR = 0.4
"""Fall of a suggestion's probability from which its sentence is marked in full colour."""
LEAST_FALL = 0.03
"""Below, a sentence is not marked: every sentence moves some unlikely suggestion a little."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a note.

    Attributes:
        text: Its text.
        numbers: The suggestions that it speaks for, by their rank from 1.
        strength: 0 to 1, from the largest fall of a probability without it.
        marks: ``denied`` and ``relative``, where it speaks so of every one of them.
    """

    text: str = field(repr=False)
    numbers: tuple[int, ...] = ()
    strength: float = 0.0
    marks: tuple[str, ...] = ()


def pieces(text: str, found: Suggestions) -> list[Piece]:
    """Return a note cut at the edges of its evidence; together the pieces are the note."""
    evidence = [
        (number, e, fall)
        for number, item in enumerate(found, start=1)
        for e in item.evidence
        if (fall := fall_without(item.probability, e.effect)) >= LEAST_FALL
    ]
    edges = sorted({0, len(text), *(e.start for _, e, _ in evidence), *(e.end for _, e, _ in evidence)})
    cut = []
    for start, end in pairwise(edges):
        here = [item for item in evidence if item[1].start <= start and end <= item[1].end]
        is_denied = bool(here) and all(e.negated for _, e, _ in here)
        is_of_relative = bool(here) and all(e.family_history for _, e, _ in here)
        marks = (*(["denied"] if is_denied else []), *(["relative"] if is_of_relative else []))
        strength = max((min(fall / FULL_COLOUR, 1.0) for _, _, fall in here), default=0.0)
        cut.append(Piece(text[start:end], tuple(number for number, _, _ in here), strength, marks))
    return cut


def fall_without(probability: float, effect: float) -> float:
    """Return how much a probability falls when its log-odds fall by an effect."""
    kept = probability * math.exp(-effect)
    return probability - kept / (kept + (1 - probability))  # the brackets keep a tiny part of 1 from being rounded away


def write_suggestions_page(path: Path, notes: Sequence[tuple[str, str, Suggestions]]) -> None:
    """Write one page of notes with their suggestions, readable by its owner alone.

    Args:
        path: The file.
        notes: Id, original text and suggestions of each note.
    """
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("suggested.html.jinja").render(
        notes=[shown(*note) for note in notes],
        cautions=sorted({found.caution for *_, found in notes} - {""}),
        notice=NOTICE,
        css=_template("report.css") + _template("suggested.css"),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, html, is_private=True)


def shown(note_id: str, text: str, found: Suggestions) -> dict[str, Any]:
    """Return what the template shows of one note.

    Args:
        note_id: The note's id, or its row number as text.
        text: The note in full, as it was given; offsets of evidence are into it.
        found: What was suggested for it; without suggestions, the reason is shown in their place.
    """
    return {"id": note_id, "text": text, "pieces": pieces(text, found), "found": found}


def _template(name: str) -> str:
    return resources.files("nosology").joinpath("report", "templates", name).read_text(encoding="utf-8")
