"""The grammar's files and how their lines become text: choices, slots, and which lines are set aside.

``(a|b)`` is a choice, ``(a)`` a bracketed word, ``{a|b}`` one of these slots, ``{-a}`` a look-alike, ``x?`` an optional
blank or quote, ``\\n`` a line break, a backslash before anything else takes its meaning away.
"""

import random
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from zlib import crc32

FOLDER = Path(__file__).with_name("grammar")
PARTS = ("train", "aside")
ONE_IN = 5
"""One entry of so many is set aside, by its check sum, so that the part an entry is in never changes."""

Piece = tuple[str, str]
"""A stretch of text and its span type ("" for none)."""
Slots = Callable[[str], list[Piece]]
_OPTIONAL_SHARE = 0.6


def is_aside(entry: str) -> bool:
    """Return whether a line, name or pattern belongs to the part that is set aside."""
    return crc32(entry.encode()) % ONE_IN == 0


def of_part(entries: Sequence[str], part: str) -> list[str]:
    """Return the entries of one part; all of them where a part would be empty."""
    kept = [entry for entry in entries if is_aside(entry) == (part == "aside")]
    return kept or list(entries)


@cache
def sections(name: str) -> dict[str, list[str]]:
    """Return the lines of ``NAME.txt`` and every ``NAME_*.txt`` by section, without comments and empty lines."""
    found: dict[str, list[str]] = {}
    for path in [FOLDER / f"{name}.txt", *sorted(FOLDER.glob(f"{name}_*.txt"))]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                current = found.setdefault(line.strip("[]*") + ("*" if line.endswith("*") else ""), [])
            elif line and not line.startswith("# "):
                current.append(line)
    return found


@cache
def fields(name: str) -> dict[str, dict[str, list[str]]]:
    """Return a file of ``key: words`` by section: the words apart, "_" as a blank; ``|`` separates where it is used."""
    found: dict[str, dict[str, list[str]]] = {}
    for section, lines in sections(name).items():
        for key, _, rest in (line.partition(":") for line in lines):
            words = rest.split("|") if "|" in rest else rest.split()
            found.setdefault(section, {}).setdefault(key, []).extend(word.strip().replace("_", " ") for word in words)
    return found


class Template:
    """A parsed line: a sequence of texts, choices and slots."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0
        self._parts = self._sequence("")

    def _sequence(self, stops: str) -> list[object]:
        parts: list[object] = []
        text = ""
        while self._at < len(self._line) and self._line[self._at] not in stops:
            character = self._line[self._at]
            self._at += 1
            if character == "\\":
                escaped = self._line[self._at : self._at + 1]
                self._at += 1
                text += "\n" if escaped == "n" else escaped
            elif character in "({":
                parts.append(text)
                text = ""
                parts.append(self._choice() if character == "(" else self._slot())
            elif self._line[self._at : self._at + 1] == "?" and character in ' "':
                parts += [text, [[character], [""]]]
                text = ""
                self._at += 1
            else:
                text += character
        return [*parts, text]

    def _choice(self) -> list[list[object]]:
        options = [self._sequence("|)")]
        while self._line[self._at : self._at + 1] == "|":
            self._at += 1
            options.append(self._sequence("|)"))
        self._at += 1
        return options if len(options) > 1 else [["(", *options[0], ")"]]

    def _slot(self) -> tuple[str, ...]:
        end = self._line.index("}", self._at)
        names = self._line[self._at : end]
        self._at = end + 1
        if names.startswith("-"):
            return tuple("-" + name.lstrip("-") for name in names.split("|"))
        return tuple(names.split("|"))

    def fill(self, rng: random.Random, slots: Slots) -> list[Piece]:
        """Return the line as pieces, every choice made and every slot filled."""
        return list(self._filled(self._parts, rng, slots))

    def _filled(self, parts: Sequence[object], rng: random.Random, slots: Slots) -> list[Piece]:
        pieces: list[Piece] = []
        for part in parts:
            if isinstance(part, str):
                pieces.append((part, ""))
            elif isinstance(part, tuple):
                pieces += slots(rng.choice(part))
            elif isinstance(part, list):
                pieces += self._filled(rng.choice(part), rng, slots)
        return [piece for piece in pieces if piece[0]]


@cache
def template(line: str) -> Template:
    """Return a line's template, parsed once."""
    return Template(line)
