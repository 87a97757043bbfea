"""Composes notes: takes a frame, draws its choices, asks the roster for its slots, adds sentences."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import machinery  # noqa: F401
from kinds import KIND_TYPE, OPTIONAL_KINDS, REQUIRED_KINDS
from roster import DATA, SLOT_KINDS, Piece, Roster, load

ABROAD = ("CA", "AU", "DE", "FR", "ES", "IT", "NL", "PL", "TR", "JP", "KR", "BR", "MX", "IL", "AE")
CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
SLOT = re.compile(r"\{([A-Za-z_0-9+]+)\}")
RUN = re.compile(r"([STFPM])(\d)")
SAMPLE = 40
WRAP = 78


@dataclass(frozen=True)
class Frame:
    """The layout of one note, and the countries that use it."""

    style: str
    places: tuple[str, ...]
    text: str


@dataclass
class Line:
    """One sentence or form line, how often it was used, and the kinds of its slots."""

    text: str
    places: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    used: int = 0
    slots: tuple[str, ...] = field(default=())


def _blocks(pattern: str) -> list[tuple[str, str]]:
    out = []
    for path in sorted(DATA.glob(pattern)):
        for block in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            head, _, body = block.partition("\n")
            out.append((head.strip(), body.strip("\n")))
    return out


def _places(text: str) -> tuple[str, ...]:
    return ABROAD if text == "X" else tuple(text.split())


def read_frames() -> list[Frame]:
    """Reads all frames; the head of each is ``style`` or ``style : countries``, X for all but the United States."""
    out = []
    for head, body in _blocks("frames_*.txt"):
        style, _, places = head.partition(":")
        out.append(Frame(style.strip(), _places(places.strip()), body))
    return out


def read_lines(pattern: str) -> dict[str, list[Line]]:
    """Reads sentences by group; a line may begin with ``@US `` or the like."""
    out: dict[str, list[Line]] = {}
    for head, body in _blocks(pattern):
        for raw in body.splitlines():
            if not raw.strip():
                continue
            places: tuple[str, ...] = ()
            text = raw
            if raw.startswith("@"):
                mark, _, text = raw.partition(" ")
                places = _places(mark[1:].replace(",", " "))
            slots = tuple(SLOT.findall(text))
            kinds = tuple(SLOT_KINDS[slot] for slot in slots if slot in SLOT_KINDS)
            out.setdefault(head, []).append(Line(text, places, kinds, 0, slots))
    return out


class Composer:
    """Writes notes of a seed, and evens out the kinds over them."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.frames = read_frames()
        self.lines = read_lines("lines_*.txt")
        self.plain = read_lines("plain_*.txt")
        terms = (Path(__file__).resolve().parent / "medicine.tsv").read_text(encoding="utf-8").splitlines()[1:]
        self.terms = [row.split("\t") for row in terms]
        self.data = load()
        self.counts: Counter[str] = Counter()
        self._last: tuple[list[Piece], list[Line]] = ([], [])

    def frames_for(self, n_notes: int) -> list[Frame]:
        """Draws the frames of all notes: each about as often as the others."""
        out: list[Frame] = []
        while len(out) < n_notes:
            batch = list(self.frames)
            self.rng.shuffle(batch)
            out += batch
        return out[:n_notes]

    def keep(self) -> None:
        """Counts the last note's kinds and lines."""
        self.counts.update(piece.kind for piece in self._last[0] if piece.kind)
        for line in self._last[1]:
            line.used += 1

    def write(self, frame: Frame) -> dict[str, Any]:
        """Writes one note.

        Args:
            frame: Its layout.

        Returns:
            Style, text and spans.
        """
        rng = self.rng
        places = frame.places or (("US",) if rng.random() < 0.6 else ABROAD)
        place = rng.choice(places)
        roster = Roster(rng, self.data, place)
        used: list[Line] = []
        pieces = self._fill(frame.text, roster, used)
        pieces = self._dress(pieces)
        self._last = (pieces, used)
        return {"style": frame.style} | self._join(pieces)

    def _fill(self, text: str, roster: Roster, used: list[Line]) -> list[Piece]:
        while match := CHOICE.search(text):
            pick = self.rng.choice(match.group(1).split("|"))
            text = text[: match.start()] + pick + text[match.end() :]
        pieces: list[Piece] = []
        at = 0
        for match in SLOT.finditer(text):
            if match.start() > at:
                pieces.append(Piece(text[at : match.start()]))
            at = match.end()
            run = RUN.fullmatch(match.group(1))
            pieces += self._run(run, roster, used) if run else roster.slot(match.group(1))
        if at < len(text):
            pieces.append(Piece(text[at:]))
        return pieces

    def _run(self, run: re.Match[str], roster: Roster, used: list[Line]) -> list[Piece]:
        group, count = run.group(1), int(run.group(2))
        if group == "P":
            count = sum(self.rng.randint(3, 6) for _ in range(count))
        elif group == "S":
            count += self.rng.random() < 0.7
        glue = "\n" if group in "FT" and (group == "F" or self.rng.random() < 0.4) else " "
        out: list[Piece] = []
        for _ in range(count):
            if out:
                out.append(Piece(glue))
            if group == "M":
                out.append(Piece(self.rng.choice(self.terms)[2]))
            elif group == "P":
                out += self._plain(roster, used)
            else:
                line = self._pick(self.lines[group], roster.place, used)
                used.append(line)
                out += self._fill(line.text, roster, used)
                if group in "ST" and self.rng.random() < 0.45:
                    out.append(Piece(glue))
                    out += (
                        [Piece(self.rng.choice(self.terms)[2])]
                        if self.rng.random() < 0.25
                        else self._plain(roster, used)
                    )
        return out

    def _plain(self, roster: Roster, used: list[Line]) -> list[Piece]:
        lines = self.plain["plain"]
        fresh = min(self.rng.sample(lines, 4), key=lambda line: (line in used, line.used))
        used.append(fresh)
        return self._fill(fresh.text, roster, used)

    def _pick(self, lines: list[Line], place: str, used: list[Line]) -> Line:
        fit = [line for line in lines if line not in used and (not line.places or place in line.places)]
        draw = self.rng.sample(fit, min(SAMPLE, len(fit)))

        def lag(line: Line) -> float:
            scarce = [self.counts[kind] for kind in line.kinds if kind in REQUIRED_KINDS]
            mean = sum(self.counts[kind] for kind in REQUIRED_KINDS) / len(REQUIRED_KINDS) + 1
            return (20 * min(scarce) / mean if scarce else 15.0) + 0.2 * line.used

        return min(draw, key=lag)

    def _dress(self, pieces: list[Piece]) -> list[Piece]:
        """Sets some notes in capitals or small letters, mistypes words outside marks, wraps lines."""
        draw = self.rng.random()
        if draw < 0.06:
            pieces = [Piece(piece.text.upper(), piece.kind) for piece in pieces]
        elif draw < 0.12:
            pieces = [Piece(piece.text.lower(), piece.kind) for piece in pieces]
        elif draw < 0.2:
            pieces = [piece if piece.kind else Piece(self._mistype(piece.text)) for piece in pieces]
        elif draw < 0.3:
            pieces = self._wrap(pieces)
        return pieces

    def _mistype(self, text: str) -> str:
        def slip(match: re.Match[str]) -> str:
            word = match.group()
            if self.rng.random() > 0.04:
                return word
            at = self.rng.randrange(1, len(word) - 2)
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

        return re.sub(r"\b[a-z]{6,}\b", slip, text)

    def _wrap(self, pieces: list[Piece]) -> list[Piece]:
        column = 0
        out = []
        for piece in pieces:
            chars = list(piece.text)
            for at, char in enumerate(chars):
                column = 0 if char == "\n" else column + 1
                if char == " " and column > WRAP - 12:
                    chars[at] = "\n"
                    column = 0
            out.append(Piece("".join(chars), piece.kind))
        return out

    @staticmethod
    def _join(pieces: list[Piece]) -> dict[str, Any]:
        text = ""
        spans: list[dict[str, Any]] = []
        for piece in pieces:
            if piece.kind:
                span = {"start": len(text), "end": len(text) + len(piece.text), "type": KIND_TYPE[piece.kind]}
                span["kind"] = piece.kind
                if piece.kind in OPTIONAL_KINDS:
                    span["optional"] = True
                spans.append(span)
            text += piece.text
        return {"text": text, "spans": spans}
