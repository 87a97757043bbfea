"""Writes notes: a sheet of a style, with sentences that name somebody and sentences that name nobody.

The texts in ``data`` have ``[a|b]`` for a choice and ``{...}`` for a slot. Of the slots, ``{*3-5}`` stands for so many
sentences with identifiers of the kinds that lag behind, with plain ones between them; ``{%3}`` for so many form lines;
``{~exam 2}`` for plain sentences and ``{=labs 2}`` for plain lines of a topic; all others are of ``chart.py``.
"""

from __future__ import annotations

import csv
import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import machinery  # noqa: F401
from chart import LANDS, Chart, Part
from kinds import KIND_TYPE, OPTIONAL_KINDS, REQUIRED_KINDS

DATA = Path(__file__).resolve().parent / "data"
CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
SLOT = re.compile(r"\{([^{}]+)\}")
PLAIN_AFTER, TERM_SHARE, LOOK_SHARE = 0.71, 0.22, 0.34
ASIDES = ("look", "look", "course", "course", "term", "exam", "plan", "social")


@dataclass(frozen=True)
class Sheet:
    """The frame of a note."""

    style: str
    lands: tuple[str, ...]
    traits: frozenset[str]
    body: str


def sheets() -> list[Sheet]:
    """Returns the frames of ``data/sheets*.txt``, each headed ``=== style; countries; traits``."""
    found = []
    for path in sorted(DATA.glob("sheets*.txt")):
        for block in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
            head, _, body = block.partition("\n")
            style, lands, traits = (part.strip() for part in (head + ";;").split(";")[:3])
            found.append(Sheet(style, tuple(lands.split()), frozenset(traits.split()), body.strip("\n")))
    return found


def banks(pattern: str) -> dict[str, list[str]]:
    """Returns lines under their ``# heading``; those that begin with ``%`` go under ``% heading``, without it."""
    bank: dict[str, list[str]] = defaultdict(list)
    for path in sorted(DATA.glob(pattern)):
        heading = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# "):
                heading = line[2:].strip()
            elif line.startswith("%"):
                bank["% " + heading].append(line[1:].strip())
            elif line.strip():
                bank[heading].append(line.strip())
    return dict(bank)


class Ward:
    """Writes the notes of one seed and keeps count of kinds and sentences."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.by_style: dict[str, list[Sheet]] = defaultdict(list)
        for sheet in sheets():
            self.by_style[sheet.style].append(sheet)
        self.telling = banks("tell*.txt")
        self.plain = banks("plain*.txt")
        with (DATA.parent / "medicine.tsv").open(encoding="utf-8", newline="") as file:
            terms = list(csv.DictReader(file, delimiter="\t"))
        self.plain["term"] = [row["context_sentence"] for row in terms]
        self.plain["% term"] = [row["list_line"] for row in terms]
        self.kinds: Counter[str] = Counter()
        self.used: Counter[str] = Counter()

    def roster(self, n_notes: int) -> list[str]:
        """Returns a style for each note, all as often as each other."""
        styles = sorted(self.by_style)
        self.rng.shuffle(styles)
        order = [styles[i % len(styles)] for i in range(n_notes)]
        self.rng.shuffle(order)
        return order

    def file_away(self, note: dict[str, Any]) -> None:
        """Counts a note that is kept."""
        self.kinds.update(span["kind"] for span in note["spans"])

    def note(self, style: str) -> dict[str, Any]:
        """Returns text and spans of one note of a style."""
        options = self.by_style[style]
        sheet = min(options, key=lambda s: self.used[s.body] + self.rng.random())
        self.used[sheet.body] += 1
        return Draft(self, sheet).finished()


class Draft:
    """One note in the making."""

    def __init__(self, ward: Ward, sheet: Sheet) -> None:
        self.ward, self.sheet, self.rng = ward, sheet, ward.rng
        lands = sheet.lands or tuple(LANDS)
        self.chart = Chart(self.rng.choice(lands), self.rng, sheet.traits)
        self.said: set[str] = set()
        self.here: Counter[str] = Counter()

    def finished(self) -> dict[str, Any]:
        """Returns the note as a row without its number."""
        parts = self.parts_of(self.sheet.body)
        text, spans = "", []
        for part in parts:
            words = self._cased(part.text)
            if text.endswith(".") and words.startswith(".") and not words.startswith(".."):
                words = words[1:]
            if part.kind:
                span = {"start": len(text), "end": len(text) + len(words), "type": KIND_TYPE[part.kind]}
                span["kind"] = part.kind
                spans.append(span | ({"optional": True} if part.kind in OPTIONAL_KINDS else {}))
            text += words
        if "wrap" in self.sheet.traits or (self.rng.random() < 0.15 and "|" not in text):
            text = wrapped(text, self.rng.randint(56, 96))
        return {"style": self.sheet.style, "text": text, "spans": spans}

    def _cased(self, text: str) -> str:
        if "upper" in self.sheet.traits:
            return text.upper()
        return text.lower() if "lower" in self.sheet.traits else text

    def parts_of(self, text: str) -> list[Part]:
        """Returns a text with choices drawn and slots filled."""
        while CHOICE.search(text):
            text = CHOICE.sub(lambda m: self.rng.choice(m[1].split("|")), text)
        parts: list[Part] = []
        at = 0
        for match in SLOT.finditer(text):
            parts.append(Part(text[at : match.start()]))
            parts += self.slot(match[1])
            at = match.end()
        parts.append(Part(text[at:]))
        self.here.update(p.kind for p in parts if p.kind)
        return parts

    def slot(self, slot: str) -> list[Part]:
        """Returns what stands in a slot."""
        mark, rest = slot[0], slot[1:]
        if mark == "*":
            lines = []
            for _ in range(self.number(rest) + self.rng.randint(0, 2)):
                lines += self.parts_of(self.telling(""))
                while self.rng.random() < PLAIN_AFTER:
                    lines.append(Part(" "))
                    lines += self.parts_of(self.idle(self.rng.choice(ASIDES), ""))
                lines.append(Part(" "))
            return lines[:-1]
        if mark == "%":
            lines = []
            for _ in range(self.number(rest) + self.rng.randint(0, 1)):
                lines += self.parts_of(self.telling("% "))
                lines.append(Part("\n"))
                if self.rng.random() < PLAIN_AFTER * 0.8:
                    lines += self.parts_of(self.idle(self.rng.choice(("term", "look")), "% "))
                    lines.append(Part("\n"))
            return lines[:-1]
        if mark in "~=":
            topic, _, count = rest.partition(" ")
            lines = []
            for _ in range(self.number(count or "1")):
                lines += self.parts_of(self.idle(topic, "% " if mark == "=" else ""))
                lines.append(Part("\n" if mark == "=" else " "))
            return lines[:-1]
        filled = self.chart.value(slot)
        return self.parts_of(filled) if isinstance(filled, str) else filled

    def _flat(self, sentence: str) -> list[Part]:
        return self.parts_of(sentence)

    def number(self, text: str) -> int:
        """Returns a number of a range such as ``2-4``."""
        low, _, high = text.partition("-")
        return self.rng.randint(int(low), int(high or low))

    def telling(self, register: str) -> str:
        """Returns a sentence or line with an identifier of a kind that lags."""
        bank = self.ward.telling
        count = self.ward.kinds + self.here
        order = sorted(REQUIRED_KINDS, key=lambda kind: count[kind] + self.rng.random() * 9 + 3 * self.here[kind])
        for kind in order:
            fresh = [line for line in bank.get(register + kind, []) if line not in self.said]
            if fresh:
                return self._least_used(fresh)
        raise ValueError("no sentence left")

    def idle(self, topics: str, register: str) -> str:
        """Returns a plain sentence or line of one of the topics."""
        bank = self.ward.plain
        topic = self.rng.choice(topics.split(","))
        draw = self.rng.random()
        if draw < TERM_SHARE:
            topic = "term"
        elif draw < LOOK_SHARE:
            topic = "look"
        for name in (register + topic, register + "look", register + "term"):
            fresh = [line for line in bank.get(name, []) if line not in self.said]
            if fresh:
                return self._least_used(fresh)
        raise ValueError("no plain sentence left")

    def _least_used(self, lines: list[str]) -> str:
        some = self.rng.sample(lines, min(len(lines), 40))
        chosen = min(some, key=lambda line: self.ward.used[line] + self.rng.random() * 1.5)
        self.ward.used[chosen] += 1
        self.said.add(chosen)
        return chosen


def wrapped(text: str, width: int) -> str:
    """Returns a text with some blanks turned into line ends; no offset moves."""
    letters = list(text)
    start, blank = 0, -1
    for i, letter in enumerate(letters):
        if letter == "\n":
            start, blank = i + 1, -1
        elif letter == " ":
            blank = i
        if i - start >= width and blank > start:
            letters[blank] = "\n"
            start, blank = blank + 1, -1
    return "".join(letters)
