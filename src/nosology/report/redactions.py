"""A page for whoever checks de-identification: the notes of a sample, what is replaced in them marked, doubtful first.

The page is self-contained and holds the notes as they were, identifiers and all: it is readable by its owner alone.
Clicking a mark says that it is wrong; selecting text says that it was missed; once every note is read, recall and its
interval follow: before that the notes read are the doubtful ones, and recall over them would not be the sample's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np
from jinja2 import Environment, FunctionLoader, StrictUndefined

from nosology.deidentification.findings import Finding
from nosology.files import write_text

_DOUBTFUL = 0.3
"""Findings of more doubt than this are marked as doubtful."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A note with what is replaced in it.

    Attributes:
        number: Which row of the table it is, from 1.
        text: The note as it was.
        findings: What is replaced, in order, none overlapping another.
    """

    number: int
    text: str = field(repr=False)
    findings: tuple[Finding, ...]


def drawn(n_notes: int, n_sample: int, seed: int = 0) -> list[int]:
    """Return which notes to check, drawn at random: an estimate from chosen notes would be worth nothing.

    Args:
        n_notes: How many there are.
        n_sample: How many to check.
        seed: Of the draw.

    Returns:
        Their numbers, ascending.
    """
    drawn_ones = np.random.default_rng(seed).choice(n_notes, min(n_sample, n_notes), replace=False)
    return sorted(map(int, drawn_ones))


def write_redactions(notes: Iterable[Reviewed], path: Path, *, n_notes: int, recall: str) -> None:
    """Write the page of a sample of notes.

    Args:
        notes: The notes to check.
        path: The page to write; readable by its owner alone.
        n_notes: How many notes they were drawn from.
        recall: The operating point, told on the page.
    """
    sample = sorted(notes, key=_doubt_of_note, reverse=True)
    environment = Environment(loader=FunctionLoader(_template), autoescape=True, undefined=StrictUndefined)
    page = environment.get_template("redactions.html.jinja").render(
        notes=[{"number": note.number, "pieces": _pieces(note), "n": len(note.findings)} for note in sample],
        n_notes=n_notes,
        recall=recall,
    )
    write_text(path, page, is_private=True)


def _template(name: str) -> str:
    return resources.files("nosology").joinpath("report", "templates", name).read_text(encoding="utf-8")


def _doubt(finding: Finding) -> float:
    """Return how probable the network holds it that a finding is no identifier."""
    return 1 - finding.certainty


def _doubt_of_note(note: Reviewed) -> float:
    """Return the doubt of the most doubtful finding; notes without findings come last."""
    return max(map(_doubt, note.findings), default=-1.0)


def _pieces(note: Reviewed) -> Sequence[dict[str, object]]:
    """Return the note as stretches of text, with type and certainty where they are replaced."""
    pieces: list[dict[str, object]] = []
    position = 0
    for finding in note.findings:
        span = finding.span
        pieces.append({"text": note.text[position : span.start], "type": ""})
        shown = {"text": note.text[span.start : span.end], "type": span.type, "certainty": f"{finding.certainty:.2f}"}
        pieces.append({**shown, "is_doubtful": _doubt(finding) > _DOUBTFUL})
        position = span.end
    return [*pieces, {"text": note.text[position:], "type": ""}]
