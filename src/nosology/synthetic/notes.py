"""The notes of an admission: which are written, when, and what stands in them.

Every admission has one discharge summary (``Report``); quotas decide how many also have an addendum, or an erroneous
version marked ``ISERROR``. Quotas are exact over the whole output, so that row numbers are known before a block is
drawn.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from nosology.synthetic.content import load_book
from nosology.synthetic.full import compose_full
from nosology.synthetic.identifiers import SPAN_TYPES, Identifiers, Style
from nosology.synthetic.patients import Stay
from nosology.synthetic.people import load_stock
from nosology.synthetic.phrases import pick
from nosology.synthetic.scene import Scene
from nosology.synthetic.short import compose_short
from nosology.synthetic.surface import break_lines, slip, unmark
from nosology.synthetic.wording import load_wording

Length = Literal["short", "full", "mixed"]
Mark = tuple[int, int, str]
"""Start, end and kind of a planted identifier, in code points of the text."""

_SLIP_SHARE = 0.3
_BROKEN_SHARE = 0.6
_GROWN, _PARENT = 18, 45  # years: when a partner, then grown children, become those one calls
_N_CARRIERS = {"realistic": (1, 4), "mimic3": (0, 1), "mimic4": (0, 1)}


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """One row of the notes table.

    Attributes:
        stay: The admission it belongs to.
        category: As MIMIC-III writes it, trailing blanks included.
        description: What kind of note within the category.
        is_error: Whether somebody has marked it as erroneous.
        charted: When it was written.
        text: The note.
        marks: Its planted identifiers, in order.
    """

    stay: Stay
    category: str
    description: str
    is_error: bool
    charted: datetime
    text: str = field(repr=False)
    marks: list[Mark] = field(repr=False, default_factory=list)


def spans_of(note: WrittenNote) -> list[dict[str, str | int]]:
    """Return the note's identifiers as phi.jsonl lists them."""
    return [
        {"start": start, "end": end, "type": SPAN_TYPES[kind], "kind": kind, "text": note.text[start:end]}
        for start, end, kind in note.marks
    ]


def discharge_note(stay: Stay, seed: int, style: Style, length: Length, variant: str = "Report") -> WrittenNote:
    """Return a discharge note of a stay.

    Args:
        stay: The admission.
        seed: Of the whole output.
        style: How identifiers are written.
        length: Of the note; ``mixed`` gives half the stays a short one.
        variant: ``Report``, ``Addendum``, or ``Error`` for an erroneous version of the report.
    """
    rng = Random(f"{seed}/note/{stay.index}/{variant}/{style}/{length}")
    scene = Scene(rng, stay, identifiers_of(stay, seed, style, rng), load_wording(), load_book())
    low, high = _N_CARRIERS[style]
    n_carriers = low + int(rng.random() * (high - low + 1))
    is_full = length == "full" or (length == "mixed" and stay.index % 2 == 1)
    text = compose_full(scene, 2 * n_carriers) if is_full else compose_short(scene, n_carriers)
    text, marks = unmark(text)
    if is_full or rng.random() < _BROKEN_SHARE:
        text = break_lines(text, 64 + int(rng.random() * 16))
    if rng.random() < _SLIP_SHARE:
        text = slip(text, rng, 1 + int(rng.random() * 3), marks)
    charted = stay.discharged + timedelta(minutes=int(rng.random() * 4 * 1440))
    description = "Addendum" if variant == "Addendum" else "Report"
    return WrittenNote(stay, "Discharge summary", description, variant == "Error", charted, text, marks)


def identifiers_of(stay: Stay, seed: int, style: Style, rng: Random) -> Identifiers:
    """Return what fills the identifier slots of a note; the patient is the same in all notes.

    Args:
        stay: The hospital stay.
        seed: Of what is drawn.
        style: How identifiers are written.
        rng: Draws what varies.
    """
    own = f"{seed}/person/{stay.patient.subject_id}"
    stock = load_stock()
    person = stock.person(Random(own), stay.patient.sex, stay.patient.born, own)
    kin = pick(rng, _kin_of(stay))
    return Identifiers(style, rng, person, stock, stay.admitted, stay.discharged, stay.age, kin)


def _kin_of(stay: Stay) -> tuple[str, ...]:
    if stay.age < _GROWN:
        return ("mother",)
    if stay.age < _PARENT:
        return ("mother", "father", "sister", "brother", "partner", "cousin")
    spouse = "wife" if stay.patient.sex == "M" else "husband"
    return (spouse, spouse, "daughter", "son", "sister", "brother", "niece", "nephew", "partner", "cousin")
