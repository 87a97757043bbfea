"""Pieces of a note, each plain or one marked identifier, and the number formats that fill them."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """A stretch of text; ``kind`` is None where it identifies nobody."""

    text: str
    kind: str | None = None


def fill(pattern: str, rng: random.Random) -> str:
    """Returns a format with its wild cards drawn: ``#`` digit, ``%`` digit but 0, ``@`` capital, ``^`` small letter."""
    draws = {"#": string.digits, "%": string.digits[1:], "@": "ABCDEFGHJKLMNPRSTUVWXYZ", "^": string.ascii_lowercase}
    return "".join(rng.choice(draws[c]) if c in draws else c for c in pattern)


def labelled(pattern: str, kind: str, rng: random.Random) -> list[Piece]:
    """Returns a format whose label, before the bar, stays outside the mark."""
    label, _, value = pattern.rpartition("|")
    return [Piece(label), Piece(fill(value, rng), kind)]


def joined(pieces: Iterable[Piece]) -> tuple[str, list[dict[str, object]]]:
    """Returns the text of pieces and where its marked ones stand, as ``start``, ``end`` and ``kind``."""
    text, marks = "", []
    for piece in pieces:
        if piece.kind and piece.text:
            marks.append({"start": len(text), "end": len(text) + len(piece.text), "kind": piece.kind})
        text += piece.text
    return text, marks
