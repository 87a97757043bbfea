"""Reads the data files and fills patterns."""

from __future__ import annotations

import random
import re
import string
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"

FILLS = {
    "#": string.digits,
    "%": "123456789",
    "@": "ABCDEFGHJKLMNPRSTUVWXYZ",
    "~": string.ascii_lowercase,
    "&": "ABCDEFGHJKLMNPRSTUVWXYZ23456789",
    "$": "0123456789abcdef",
}


@cache
def table(name: str) -> dict[str, Any]:
    """Reads one TOML file of the data folder."""
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def items(text: str, cut: str = ",") -> tuple[str, ...]:
    """Splits a list that is written in one string."""
    return tuple(part for part in (" ".join(piece.split()) for piece in text.split(cut)) if part)


def filled(rng: random.Random, pattern: str, signs: str = "#%@~&$") -> str:
    """Puts random digits and letters where a pattern asks for them."""
    return "".join(rng.choice(FILLS[sign]) if sign in signs else sign for sign in pattern).replace("¤", "#")


def weighted(rng: random.Random, text: str) -> str:
    """Draws a name from ``name weight, name weight``."""
    pairs = [entry.rsplit(" ", 1) for entry in items(text)]
    return rng.choices([name for name, _ in pairs], [float(weight) for _, weight in pairs])[0]


@cache
def lines_of(stem: str) -> tuple[str, ...]:
    """Reads the lines of all text files that begin with a stem; a line that begins with blanks goes on the last one."""
    lines: list[str] = []
    for path in sorted(DATA.glob(f"{stem}*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.strip() or line.startswith("//"):
                continue
            if line.startswith("  ") and lines:
                lines[-1] += " " + line.strip()
            else:
                lines.append(line.strip())
    return tuple(lines)


@cache
def medicine() -> tuple[dict[str, str], ...]:
    """Reads the terms that must survive."""
    head, *rows = (HERE / "medicine.tsv").read_text(encoding="utf-8").splitlines()
    names = head.split("\t")
    return tuple(dict(zip(names, row.split("\t"), strict=True)) for row in rows)


def words_of(text: str) -> list[str]:
    """Lists the words of a text."""
    return re.findall(r"\w+", text)
