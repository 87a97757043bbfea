"""What typing and printing do to a note: capitals, small letters, mistypes, odd blanks, lines broken at a width."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from slots import Piece

WORD = re.compile(r"[A-Za-z]{5,}")


def _mistyped(rng: random.Random, word: str) -> str:
    at = rng.randrange(1, len(word) - 2)
    return rng.choice(
        [
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        ]
    )


def _each(pieces: list[Piece], change: Callable[[str], str], *, marked: bool) -> list[Piece]:
    return [(change(text) if marked or kind is None else text, kind) for text, kind in pieces]


def _wrapped(pieces: list[Piece], width: int) -> list[Piece]:
    text = "".join(text for text, _ in pieces)
    chars, start, blank = list(text), 0, -1
    for at, char in enumerate(text):
        if char == "\n":
            start, blank = at + 1, -1
        elif char == " ":
            if at - start > width and blank > start:
                chars[blank], start = "\n", blank + 1
            blank = at
    out, at = [], 0
    for piece, kind in pieces:
        out.append(("".join(chars[at : at + len(piece)]), kind))
        at += len(piece)
    return out


def paint(rng: random.Random, pieces: list[Piece]) -> list[Piece]:
    """Applies what chance brings to one note; marks keep their letters, but may change case or be broken."""
    if rng.random() < 0.3:
        share = rng.choice([0.004, 0.01, 0.02])
        pieces = _each(
            pieces,
            lambda text: WORD.sub(
                lambda m: _mistyped(rng, m.group()) if rng.random() < share and m.group().islower() else m.group(), text
            ),
            marked=False,
        )
    if rng.random() < 0.1:
        pieces = _each(pieces, lambda text: re.sub(r"\. (?=[A-Z])", ".  ", text), marked=False)
    elif rng.random() < 0.05:
        pieces = _each(pieces, lambda text: re.sub(r"\.(?=\n|$)", "", text), marked=False)
    roll = rng.random()
    if roll < 0.06:
        pieces = _each(pieces, str.upper, marked=True)
    elif roll < 0.13:
        pieces = _each(pieces, str.lower, marked=True)
    if rng.random() < 0.15:
        pieces = _wrapped(pieces, rng.choice([58, 66, 72, 80]))
    return pieces
