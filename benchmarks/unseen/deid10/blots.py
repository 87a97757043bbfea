"""What happens to a note after it is written: letter case, slips of the keyboard, wrapped lines, odd blanks."""

from __future__ import annotations

import random
import re

from marks import CLOSE, MIDDLE, OPEN, bare, everywhere, outside


def slip(rng: random.Random, word: str) -> str:
    """Mistypes one word."""
    at = rng.randrange(1, len(word) - 1)
    return rng.choice(
        [
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        ]
    )


def slips(rng: random.Random, text: str, rate: float) -> str:
    """Mistypes some words of small letters that stand outside the marks."""

    def change(part: str) -> str:
        return re.sub(
            r"(?<![\w'-])[a-z]{5,}(?![\w'-])",
            lambda found: slip(rng, found.group()) if rng.random() < rate else found.group(),
            part,
        )

    return outside(text, change)


def wrapped(text: str, width: int) -> str:
    """Breaks lines at a width, inside marks too, as a printer of old would."""
    lines = []
    for line in text.split("\n"):
        row, length = "", 0
        for piece in re.findall(r"\S+|[ \t\u00a0]+", line):
            size = (
                len(bare(piece))
                if OPEN in piece and CLOSE in piece
                else len(re.sub(f"{OPEN}[^{MIDDLE}]*{MIDDLE}|{CLOSE}", "", piece))
            )
            if length + size > width and row.strip() and piece.strip():
                lines.append(row.rstrip(" "))
                row, length = "", 0
            if not row and not piece.strip() and lines:
                continue
            row += piece
            length += size
        lines.append(row.rstrip(" "))
    return "\n".join(lines)


def scanned(rng: random.Random, text: str) -> str:
    """Reads some words outside the marks as a poor scanner does."""
    swaps = [("rn", "m"), ("l", "1"), ("cl", "d"), ("o", "0"), ("ti", "li"), ("e", "c"), ("h", "b")]

    def change(part: str) -> str:
        def word(found: re.Match[str]) -> str:
            if rng.random() > 0.06:
                return found.group()
            old, new = rng.choice(swaps)
            return found.group().replace(old, new, 1)

        return re.sub(r"(?<![\w'-])[a-z]{4,}(?![\w'-])", word, part)

    return outside(text, change)


def blotted(rng: random.Random, text: str, fixed: bool) -> str:
    """Does to some notes what keyboards, printers and scanners do; ``fixed`` ones keep their case and lines."""
    dice = rng.random()
    if not fixed and dice < 0.045:
        text = everywhere(text, str.upper)
    elif not fixed and dice < 0.1:
        text = everywhere(text, str.lower)
    elif dice < 0.175:
        text = slips(rng, text, rng.choice([0.03, 0.06, 0.1]))
    elif dice < 0.19:
        text = scanned(rng, text)
    dice = rng.random()
    if not fixed and dice < 0.11:
        text = wrapped(text, rng.choice([52, 60, 66, 72, 78]))
    elif dice < 0.14:
        text = outside(text, lambda part: re.sub(r"(?<=[.;:]) (?=\S)", "  ", part))
    elif dice < 0.17:
        text = outside(text, lambda part: part.replace(" - ", " — ").replace("-", "\u2010"))
    elif dice < 0.19:
        text = outside(text, lambda part: re.sub(r"(?<=\d) (?=[a-z])", "\u00a0", part))
    elif not fixed and dice < 0.205:
        text = text.replace("\n\n", "\n")
    elif not fixed and dice < 0.215:
        text = re.sub(r"\n+", " ", text)
    return text
