"""Puts notes together from frames, carrier sentences and plain sentences, in several hands.

The texts are in ``data``. ``[a|b]`` is a choice, ``{slot}`` a value of ``cast.py``, ``{pt.last}`` a form of a name,
``{pt.first!name_bare}`` a form marked as another kind, ``{n:60-90}`` and ``{f:1.1-4.0}`` numbers, ``{*2}`` two carrier
sentences of the kinds that lag, ``{~exam 2}`` two plain sentences, ``{~~exam,plan}`` as many as the note's share of
identifiers asks for. Lines that begin with ``f:``, ``m:`` or ``a:`` suit women, men or adults alone. Brackets that
shall stay are written ``⟦ ⟧``.
"""

from __future__ import annotations

import csv
import random
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from cast import DATA, Cast
from kinds import KIND_TYPE, OPTIONAL_KINDS, REQUIRED_KINDS
from pieces import Piece, joined
from strokes import hand_over

WORDS_PER_MARK = (20, 31)
MAX_WORDS = 440
TRIES = 60
CHOICE = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{([^{}]+)\}")
PEOPLE_KINDS = {"pt": "name_patient", "cl": "name_clinician", "rel": "name_relative", "bare": "name_bare"}


@dataclass(frozen=True)
class Frame:
    """One way to write a note of a style."""

    style: str
    countries: tuple[str, ...]
    register: str
    traits: frozenset[str]
    text: str


def read_frames() -> list[Frame]:
    """Returns the frames of ``data/frames*.txt``: a line ``=== style; countries; register; traits``, then the text."""
    frames = []
    for path in sorted(DATA.glob("frames*.txt")):
        for block in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            head, _, text = block.partition("\n")
            style, countries, register, traits = (part.strip() for part in (head + ";;;").split(";")[:4])
            frames.append(Frame(style, tuple(countries.split()), register, frozenset(traits.split()), text.strip("\n")))
    return frames


def read_grouped(name: str) -> dict[str, list[str]]:
    """Returns the lines of a text file under its ``# group`` lines."""
    groups: dict[str, list[str]] = {}
    group = ""
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            group = line[2:].strip()
        elif line.strip():
            groups.setdefault(group, []).append(line)
    return groups


class Author:
    """Writes notes; keeps count so that no kind lags."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.frames = read_frames()
        self.filler = read_grouped("filler.txt")
        self.carriers = read_grouped("carriers.txt")
        with (DATA.parent / "medicine.tsv").open(encoding="utf-8", newline="") as file:
            terms = list(csv.DictReader(file, delimiter="\t"))
        self.filler["med"] = [row["context_sentence"] for row in terms if row["kind"] != "obstetric"]
        self.filler["lines"] = [row["list_line"] for row in terms if row["kind"] != "obstetric"]
        self.counts: Counter[str] = Counter()
        self.used: Counter[str] = Counter()

    def styles(self, n_notes: int) -> list[str]:
        """Returns the style of each note, all styles equally often, in random order."""
        names = sorted({frame.style for frame in self.frames})
        order = [names[i % len(names)] for i in range(n_notes)]
        self.rng.shuffle(order)
        return order

    def write(self, style: str) -> dict[str, Any]:
        """Returns the text and spans of one note; the caller counts it in with ``keep``."""
        frame = self.rng.choice([f for f in self.frames if f.style == style])
        return Draft(self, frame).written()

    def keep(self, spans: list[dict[str, Any]]) -> None:
        """Counts the spans of a note that is kept."""
        self.counts.update(span["kind"] for span in spans)


class Draft:
    """One note while it is written."""

    def __init__(self, author: Author, frame: Frame) -> None:
        self.author = author
        self.frame = frame
        self.rng = author.rng
        sex = next((trait for trait in ("f", "m") if trait in frame.traits), "")
        self.cast = Cast(self.rng.choice(frame.countries or tuple(_countries())), self.rng, sex)
        if "child" in frame.traits:
            self.cast.age = self.rng.randint(4, 15)
        if "adult" in frame.traits:
            self.cast.age = self.rng.randint(19, 64)
        if "mother" in frame.traits:
            self.cast.age = self.rng.randint(18, 44)
        if "old" in frame.traits:
            self.cast.age = self.rng.randint(72, 101)
        self.said: set[str] = set()
        self.pending: Counter[str] = Counter()

    def written(self) -> dict[str, Any]:
        """Returns text, spans, style."""
        pieces = self.expand(self.frame.text)
        pieces = self._stretched(pieces)
        pieces = [replace(p, text=p.text.replace("⟦", "[").replace("⟧", "]")) for p in pieces]
        text, marks = joined(hand_over(pieces, self.frame.traits, self.rng))
        spans = []
        for mark in marks:
            span = {
                "start": mark["start"],
                "end": mark["end"],
                "type": KIND_TYPE[str(mark["kind"])],
                "kind": mark["kind"],
            }
            spans.append(span | ({"optional": True} if mark["kind"] in OPTIONAL_KINDS else {}))
        if (self.frame.register == "p" and self.rng.random() < 0.25) or "wrap" in self.frame.traits:
            text = _wrapped(text, self.rng.randint(58, 92))
        return {"style": self.frame.style, "text": text, "spans": spans}

    def expand(self, text: str) -> list[Piece]:
        """Returns the pieces of a text with all choices and slots drawn; elastic ones stay, with kind ``~~``."""
        while CHOICE.search(text):
            text = CHOICE.sub(lambda match: self.rng.choice(match[1].split("|")), text)
        pieces: list[Piece] = []
        position = 0
        for match in SLOT.finditer(text):
            pieces.append(Piece(text[position : match.start()]))
            pieces += self._slot(match[1])
            position = match.end()
        pieces.append(Piece(text[position:]))
        self.pending.update(piece.kind for piece in pieces if piece.kind in REQUIRED_KINDS)
        return pieces

    def _slot(self, slot: str) -> list[Piece]:
        if slot.startswith("~~"):
            return [Piece(slot[2:], "~~")]
        if slot.startswith("~"):
            group, _, count = slot[1:].partition(" ")
            return self._sentences([self._plain(group) for _ in range(int(count or 1))])
        if slot.startswith("*"):
            return self._sentences([self._carrier() for _ in range(self._count(slot[1:] or "1"))])
        if slot.startswith("n:"):
            low, high = slot[2:].split("-")
            return [Piece(str(self.rng.randint(int(low), int(high))))]
        if slot.startswith("f:"):
            low, high = slot[2:].split("-")
            return [Piece(f"{self.rng.uniform(float(low), float(high)):.{len(low.partition('.')[2])}f}")]
        name, _, kind = slot.partition("!")
        who, _, form = name.partition(".")
        role = re.match("pt|cl|rel|bare", who)
        if role and (form or who[role.end() :].strip("0123456789fm") == ""):
            return self.cast.name(who, form or "full", kind or PEOPLE_KINDS[role[0]])
        return [replace(piece, kind=kind) if kind and piece.kind else piece for piece in self.cast.value(who)]

    def _count(self, text: str) -> int:
        low, _, high = text.partition("-")
        return self.rng.randint(int(low), int(high or low))

    def _sentences(self, sentences: list[str]) -> list[Piece]:
        gap = "\n" if self.frame.register == "f" else " "
        return self.expand(gap.join(re.sub("^[fma]: ", "", sentence) for sentence in sentences))

    def _plain(self, groups: str) -> str:
        """Returns a plain sentence of one of the groups, new in this note and fit for the patient's sex."""
        spare = "lines" if self.frame.register == "f" else "med"
        for group in (self.rng.choice(groups.split(",")), spare):
            fresh = self._fit(self.author.filler[group])
            if fresh:
                return self._fresh(fresh)
        raise ValueError("a note used up all terms")

    def _carrier(self) -> str:
        counts = self.author.counts + self.pending
        lagging = sorted(REQUIRED_KINDS, key=lambda kind: counts[kind] + self.rng.random() * 6)
        for kind in lagging:
            options = self._fit(self.author.carriers.get(f"{kind} {self.frame.register}", []))
            if options:
                self.pending[kind] += 1
                return self._fresh(options)
        raise ValueError(f"no carrier sentence for register {self.frame.register!r}")

    def _fit(self, lines: list[str]) -> list[str]:
        """Returns the lines that are new in this note and, by the mark before them, fit for the patient."""
        unfit = ["m: " if self.cast.patient.is_woman else "f: ", *(["a: "] if "child" in self.frame.traits else [])]
        return [line for line in lines if line not in self.said and not line.startswith(tuple(unfit))]

    def _fresh(self, options: list[str]) -> str:
        """Returns one of the sentences that were used least, and remembers it."""
        chosen = min(options, key=lambda option: self.author.used[option] + self.rng.random() * 1.5)
        self.author.used[chosen] += 1
        self.said.add(chosen)
        return chosen

    def _stretched(self, pieces: list[Piece]) -> list[Piece]:
        """Fills the elastic slots in turn until the note has as many words as its identifiers ask for."""
        slots = [i for i, piece in enumerate(pieces) if piece.kind == "~~"]
        n_marks = sum(piece.kind in REQUIRED_KINDS for piece in pieces)
        wanted = min(n_marks * self.rng.uniform(*WORDS_PER_MARK), MAX_WORDS - 40)
        n_words = _n_words(pieces)
        texts: dict[int, list[str]] = {i: [] for i in slots}
        turn = 0
        while slots and (n_words < wanted or turn < len(slots)):
            index = slots[turn % len(slots)]
            sentence = self._plain(
                pieces[index].text if self.rng.random() < 0.8 else self.rng.choice(("med", "med", "look"))
            )
            texts[index].append(sentence)
            n_words += len(sentence.split()) * 0.8
            turn += 1
        stretched: list[Piece] = []
        for i, piece in enumerate(pieces):
            stretched += self._sentences(texts[i]) if i in texts else [piece]
        return stretched


def _n_words(pieces: list[Piece]) -> int:
    return len("".join(piece.text for piece in pieces if piece.kind != "~~").split())


def _countries() -> list[str]:
    from cast import PLACES

    return list(PLACES)


def _wrapped(text: str, width: int) -> str:
    """Returns a text with blanks turned into line ends, so that no offset moves."""
    lines = []
    for line in text.split("\n"):
        start, column, last = 0, 0, -1
        characters = list(line)
        for i, character in enumerate(characters):
            if character == " ":
                last = i
            column = i - start
            if column > width and last > start:
                characters[last] = "\n"
                start, last = last + 1, -1
        lines.append("".join(characters))
    return "\n".join(lines)
