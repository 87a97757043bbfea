"""What a hand or a machine does to a finished note: case, typing errors, scanning errors, odd blanks."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from pieces import Piece

SCANNED = {"l": "1", "O": "0", "rn": "m", "m": "rn", "e": "c", "S": "5", "i": "í", "h": "b", ". ": " . ", "g": "q"}
TYPED_SHARE, ERROR_PER_WORD, SCAN_ERROR = 0.4, 0.012, 0.012
LONG_WORD = re.compile(r"[a-z]{5,}")


def hand_over(pieces: list[Piece], traits: frozenset[str], rng: random.Random) -> list[Piece]:
    """Returns the pieces as this hand leaves them; marks stay on what they marked.

    Args:
        pieces: The finished note.
        traits: ``upper``, ``lower``, ``ocr`` or ``clean``, of the frame.
        rng: Chance.
    """
    if "upper" in traits:
        pieces = [replace(piece, text=piece.text.upper()) for piece in pieces]
    elif "lower" in traits:
        pieces = [replace(piece, text=piece.text.lower()) for piece in pieces]
    if "ocr" in traits:
        return [replace(piece, text=_scanned(piece.text, rng)) for piece in pieces]
    if "clean" not in traits and rng.random() < TYPED_SHARE:
        pieces = [piece if piece.kind else replace(piece, text=_mistyped(piece.text, rng)) for piece in pieces]
    return pieces


def _mistyped(text: str, rng: random.Random) -> str:
    def slip(match: re.Match[str]) -> str:
        word = match[0]
        if rng.random() > ERROR_PER_WORD:
            return word
        i = rng.randint(1, len(word) - 3)
        return rng.choice(
            (word[:i] + word[i + 1] + word[i] + word[i + 2 :], word[:i] + word[i + 1 :], word[:i] + word[i] + word[i:])
        )

    return LONG_WORD.sub(slip, text)


def _scanned(text: str, rng: random.Random) -> str:
    for right, wrong in SCANNED.items():
        text = re.sub(re.escape(right), lambda m, wrong=wrong: wrong if rng.random() < SCAN_ERROR else m[0], text)
    return text
