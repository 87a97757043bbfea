r"""The grammars' lines and how they become text: choices, slots, and the sections of their files.

``(a|b)`` is a choice, which may hold others; ``(a)`` a bracketed word; ``{name}`` a slot that the caller fills, any
other ``{`` itself; ``\n`` and ``\t`` a line break and a tab, a backslash before anything else takes its meaning away. A
line that begins with ``#`` is a comment, a line ``[name]`` begins a section.
"""

import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

Piece = tuple[str, str]
"""A stretch of text and what it is marked with ("" for nothing)."""
Slots = Callable[[str], Piece]
_SLOT = re.compile(r"\{(-?[A-Za-z][\w:-]*)\}")
_SECTION = re.compile(r"\[([a-z-]+)\]")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


def sections(folder: Path) -> dict[str, list[str]]:
    """Return the lines of a grammar's files by section, in the files' order, without comments and empty lines."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.txt")):
        current: list[str] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if name := _SECTION.fullmatch(line):
                current = found.setdefault(name[1], [])
            elif line.strip() and not line.startswith("#"):
                current.append(line)
    return found


class Template:
    """A parsed line.

    Args:
        line: A line of a grammar.
    """

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
                text += _ESCAPED.get(escaped, escaped)
            elif character == "(":
                parts += [text, *self._choice()]
                text = ""
            elif slot := _SLOT.match(self._line, self._at - 1):
                self._at = slot.end()
                parts += [text, slot]
                text = ""
            else:
                text += character
        return [*parts, text]

    def _choice(self) -> list[object]:
        """Return a choice, or the bracketed words where there is nothing to choose from."""
        choices = [self._sequence("|)")]
        while self._line[self._at : self._at + 1] == "|":
            self._at += 1
            choices.append(self._sequence("|)"))
        self._at += 1
        return ["(", *choices[0], ")"] if len(choices) == 1 else [choices]

    def pieces(self, rng: random.Random, slots: Slots) -> list[Piece]:
        """Return the line as pieces of text.

        Args:
            rng: Chooses.
            slots: Says what stands in a slot, by its name.
        """
        return self._filled(self._parts, rng, slots)

    def _filled(self, parts: list[object], rng: random.Random, slots: Slots) -> list[Piece]:
        found: list[Piece] = []
        for part in parts:
            if isinstance(part, str):
                found.append((part, ""))
            elif isinstance(part, re.Match):
                found.append(slots(part[1]))
            elif isinstance(part, list):
                found += self._filled(rng.choice(part), rng, slots)
        return found


@cache
def template(line: str) -> Template:
    """Return a line parsed; a line is parsed once."""
    return Template(line)
