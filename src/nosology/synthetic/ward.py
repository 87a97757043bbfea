"""Everything that is in MIMIC's notes table beside discharge summaries: nursing, radiology, ECG, physicians' notes.

There are 34 of them for each discharge summary in MIMIC-III, so they come from a pool of texts composed once per
process and differ in their numbers: the last digit of a number outside identifiers is replaced, which moves nothing.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from random import Random

from nosology.synthetic.content import load_book
from nosology.synthetic.identifiers import Style
from nosology.synthetic.notes import Mark, WrittenNote, identifiers_of
from nosology.synthetic.patients import Stay, draw_block
from nosology.synthetic.scene import Scene
from nosology.synthetic.surface import break_lines, unmark
from nosology.synthetic.wording import load_wording

_POOL_SIZE = 400
_HOLES = re.compile(r"\[\*\*.*?\*\*\]|(?<=[0-9])[0-9](?![0-9])")

_KINDS = (
    ("Nursing/other", "Report", 40, "ward_nursing", 22),
    ("Radiology", "CHEST (PORTABLE AP)", 14, "ward_radiology", 15),
    ("Radiology", "CT HEAD W/O CONTRAST", 6, "ward_radiology", 15),
    ("Nursing", "Nursing Progress Note", 11, "ward_nursing", 34),
    ("ECG", "Report", 10, "ward_ecg", 3),
    ("Physician ", "Physician Resident Progress Note", 7, "ward_physician", 39),
    ("Physician ", "Intensivist Note", 2, "ward_physician", 34),
    ("Echo", "Report", 3, "ward_echo", 20),
    ("Respiratory ", "Respiratory Care Shift Note", 2, "ward_nursing", 17),
    ("Nutrition", "Clinical Nutrition Note", 1, "ward_nursing", 17),
    ("General", "Generic Note", 1, "ward_physician", 17),
    ("Rehab Services", "Physical Therapy Evaluation Note", 1, "ward_nursing", 20),
    ("Social Work", "Social Work Progress Note", 1, "ward_nursing", 15),
    ("Case Management ", "Discharge Planning", 1, "ward_nursing", 11),
    ("Consult", "Infectious Disease Consult", 1, "ward_physician", 26),
)
"""Category and description as MIMIC-III writes them, weight, group of sentences, and how many of them on average."""

_ERROR_SHARE = 0.002


@dataclass(frozen=True, slots=True)
class _Draft:
    """A text of the pool, cut at the digits that change."""

    category: str
    description: str
    pieces: tuple[str, ...]
    marks: list[Mark]


def ward_notes(stay: Stay, seed: int, style: Style, n_notes: int) -> list[WrittenNote]:
    """Return this many notes of other categories, spread over the stay.

    Args:
        stay: The admission they belong to.
        seed: Of the whole output.
        style: How identifiers are written.
        n_notes: How many.
    """
    pool = _pool(seed, style)
    rng = Random(f"{seed}/ward/{stay.index}")
    minutes = (stay.discharged - stay.admitted).total_seconds() / 60
    notes = []
    for _ in range(n_notes):
        draft = pool[int(rng.random() * _POOL_SIZE)]
        digits = rng.choices("0123456789", k=len(draft.pieces))
        text = "".join([part for pair in zip(draft.pieces, digits, strict=True) for part in pair][:-1])
        charted = stay.admitted + timedelta(minutes=rng.random() * minutes)
        is_error = rng.random() < _ERROR_SHARE
        notes.append(WrittenNote(stay, draft.category, draft.description, is_error, charted, text, draft.marks))
    return notes


@cache
def _pool(seed: int, style: Style) -> tuple[_Draft, ...]:
    rng = Random(f"{seed}/ward/pool/{style}")
    stays = draw_block(0, 100, seed, load_book())
    return tuple(_draft(rng, stays[n % len(stays)], seed, style) for n in range(_POOL_SIZE))


def _draft(rng: Random, stay: Stay, seed: int, style: Style) -> _Draft:
    category, description, _, group, mean = rng.choices(_KINDS, [kind[2] for kind in _KINDS])[0]
    scene = Scene(rng, stay, identifiers_of(stay, seed, style, rng), load_wording(), load_book())
    n_sentences = 1 + int(rng.gammavariate(4, mean / 4))
    separator = rng.choice(("\n", " ", "\n\n", "  "))
    sentences = [scene.say(f"{group}_opening"), *(scene.say(group) for _ in range(n_sentences))]
    text, marks = unmark(separator.join(sentences))
    text = break_lines(text, 72)
    return _Draft(category, description, _cut(text, marks), marks)


def _cut(text: str, marks: list[Mark]) -> tuple[str, ...]:
    """Return the text without the digits that may change: the last ones of numbers, outside identifiers."""
    pieces, at = [], 0
    for match in _HOLES.finditer(text):
        inside = any(start <= match.start() < end for start, end, _ in marks)
        if inside or len(match[0]) > 1:
            continue
        pieces.append(text[at : match.start()])
        at = match.end()
    return (*pieces, text[at:])
