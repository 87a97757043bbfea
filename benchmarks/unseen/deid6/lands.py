"""Countries: towns, streets, telephones, national numbers and bodies; and number forms that all of them share."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"


@dataclass(frozen=True)
class Land:
    """One country."""

    cultures: list[str]
    regions: list[str]
    towns: list[str]
    streets: list[str]
    houses: list[str]
    post: list[str]
    phones: list[str]
    nat: list[tuple[str, str]]
    bodies: dict[str, list[str]]
    custom: str


def digits(rng: random.Random, form: str, *, letters: bool = True) -> str:
    """Fills a number form: ``#`` a digit, ``%`` a digit but zero, ``@`` a capital letter, ``^`` a hex digit."""
    drawn = {"#": "0123456789", "%": "123456789", "^": "0123456789abcdef"} | (
        {"@": "ABCDEFGHJKLMNPRSTVWXYZ"} if letters else {}
    )
    return "".join(rng.choice(drawn[char]) if char in drawn else char for char in form).strip()


def _blocks(path: Path) -> dict[str, dict[str, str]]:
    blocks: dict[str, dict[str, str]] = {}
    block: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            block = blocks.setdefault(line[2:].strip(), {})
        elif line.strip():
            key, _, rest = line.partition(" ")
            block[key] = rest
    return blocks


def _commas(text: str) -> list[str]:
    return [part.strip() for part in text.split(", ")]


def _bars(text: str) -> list[str]:
    return [part.strip() for part in text.split("|")]


def _national(text: str) -> list[tuple[str, str]]:
    found = []
    for entry in text.split(";"):
        label, _, forms = entry.strip().partition("=")
        found += [(label, form) for form in _bars(forms)]
    return found


def _land(block: dict[str, str]) -> Land:
    bodies = {key: _commas(block[key]) for key in ("hosp", "gp", "care", "emp", "sch", "org")}
    return Land(
        block["cultures"].split(),
        _commas(block["region"]),
        _commas(block["town"]),
        _commas(block["street"]),
        _bars(block["house"]),
        _bars(block["post"]),
        _bars(block["phone"]),
        _national(block["nat"]),
        bodies,
        block["date"],
    )


LANDS = {code: _land(block) for code, block in _blocks(DATA / "lands.txt").items()}
COMMON = {key: _bars(rest) for key, rest in _blocks(DATA / "common.txt")["common"].items()}
