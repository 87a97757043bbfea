"""Draws a frame's choices and slots, and fills it with sentences of the kinds that lag behind."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import machinery  # noqa: F401
from folk import Note
from kinds import KIND_TYPE, OPTIONAL_KINDS

DATA = Path(__file__).resolve().parent / "data"
CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
SLOT = re.compile(r"\{([^{}]+)\}")
MARK = re.compile(r"⟦(\w+)⁝([^⟧]*)⟧")
PULL = re.compile(r"([~\-+>])(\d+)$")
PROSE, BRIEF, FORM = "~", "-", ">"
FILLER_SHARE = 0.38
MORE_FILLER = (2, 6)
BULLETS = ("- ", "* ", "• ", "", "", "-- ", "1")


@dataclass
class Frame:
    """A layout of a note: its style, its options and its lines."""

    style: str
    options: dict[str, str]
    lines: list[str] = field(default_factory=list)


def read_frames() -> list[Frame]:
    """Reads the frames of all frame files."""
    frames: list[Frame] = []
    for path in sorted(DATA.glob("frames*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("@ "):
                style, _, rest = line[2:].partition("|")
                options = dict(part.strip().split("=") for part in rest.split(";") if part.strip())
                frames.append(Frame(style.strip(), options))
            elif frames:
                frames[-1].lines.append(line)
    for frame in frames:
        while frame.lines and not frame.lines[-1].strip():
            frame.lines.pop()
    return frames


def read_sentences() -> dict[str, dict[str, list[str]]]:
    """Reads the sentences by kind and register: prose, brief (``-``) and form line (``>``)."""
    out: dict[str, dict[str, list[str]]] = {}
    for path in sorted(DATA.glob("lines*.txt")):
        kind = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# "):
                kind = line[2:].strip()
            elif line.strip():
                register = line[0] if line[:2] in ("- ", "> ") else PROSE
                text = line[2:] if register != PROSE else line
                out.setdefault(kind, {PROSE: [], BRIEF: [], FORM: []})[register].append(text.strip())
    return out


def choose(text: str, rng: random.Random) -> str:
    """Resolves all ``[a|b]`` choices, the innermost first."""
    while match := CHOICE.search(text):
        text = text[: match.start()] + rng.choice(match.group(1).split("|")) + text[match.end() :]
    return text


class Penman:
    """Writes notes, and remembers how many identifiers of each kind it has written."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.frames = read_frames()
        self.sentences = read_sentences()
        self.counts: Counter[str] = Counter()
        self.decks: dict[tuple[str, str], list[str]] = {}

    def order(self, n_notes: int) -> list[Frame]:
        """Returns a frame for each note, every frame about equally often."""
        out: list[Frame] = []
        while len(out) < n_notes:
            batch = list(self.frames)
            self.rng.shuffle(batch)
            out += batch
        return out[:n_notes]

    def count(self, spans: list[dict[str, Any]]) -> None:
        """Counts the spans of a note that is kept."""
        self.counts.update(span["kind"] for span in spans)

    def _deal(self, kind: str, register: str) -> str:
        lines = self.sentences[kind][register]
        if not lines:
            lines, register = self.sentences[kind][PROSE], PROSE
        deck = self.decks.setdefault((kind, register), [])
        if not deck:
            deck += lines
            self.rng.shuffle(deck)
        return deck.pop()

    def _sentence(self, register: str, note: Note) -> str:
        if self.rng.random() < FILLER_SHARE * (0.5 if register == FORM else 1):
            return self._deal("fill", register)
        kinds = [kind for kind in self.sentences if kind not in ("fill", "age90_other")]
        low = min(self.counts[kind] for kind in kinds) + 4
        kind = self.rng.choices(kinds, [(low / (self.counts[kind] + 4)) ** 3 + 0.004 for kind in kinds])[0]
        if kind == "age90" and not note.old:
            kind = "age90_other"
        return self._deal(kind, register)

    def _fill(self, text: str, note: Note) -> str:
        text = choose(text, self.rng)
        for _ in range(8):
            if not SLOT.search(text):
                break
            text = choose(SLOT.sub(lambda match: note.slot(match.group(1)), text), self.rng)
        return text

    def write(self, frame: Frame) -> dict[str, Any]:
        """Writes one note of a frame."""
        rng = self.rng
        note = Note(rng, frame.options)
        out: list[str] = []
        for line in frame.lines:
            pull = PULL.match(line)
            if not pull:
                out.append(self._fill(line, note))
                continue
            register, number = pull.group(1), int(pull.group(2)) + rng.choice((0, 0, 1, 2))
            if register == "+":
                register = rng.choice((PROSE, BRIEF))
            more = 0 if register == FORM else rng.randint(*MORE_FILLER)
            lines = [self._sentence(register, note) for _ in range(number)]
            for _ in range(more):
                lines.insert(rng.randint(0, len(lines)), self._deal("fill", register))
            drawn = [self._fill(line, note) for line in lines]
            if register == PROSE:
                out.append(" ".join(drawn))
            elif register == BRIEF and rng.random() < 0.25:
                out.append("; ".join(item.rstrip(".") for item in drawn) + ".")
            else:
                bullet = rng.choice(BULLETS) if register == BRIEF else ""
                out += [(f"{at}. " if bullet == "1" else bullet) + item for at, item in enumerate(drawn, 1)]
        return self._finish("\n".join(out), frame)

    def _finish(self, marked: str, frame: Frame) -> dict[str, Any]:
        pieces: list[str] = []
        spans: list[dict[str, Any]] = []
        at = last = 0
        for match in MARK.finditer(marked):
            pieces.append(marked[last : match.start()])
            at += len(pieces[-1])
            kind, surface = match.groups()
            span = {"start": at, "end": at + len(surface), "type": KIND_TYPE[kind], "kind": kind}
            spans.append(span | ({"optional": True} if kind in OPTIONAL_KINDS else {}))
            pieces.append(surface)
            at, last = at + len(surface), match.end()
        text = "".join([*pieces, marked[last:]])
        text = self._strokes(text, spans, frame.options.get("case", ""))
        return {"style": frame.style, "text": text, "spans": spans}

    def _strokes(self, text: str, spans: list[dict[str, Any]], case: str) -> str:
        """Changes the case, wraps lines and mistypes words, each without moving a character."""
        rng = self.rng
        if not case and rng.random() < 0.06:
            case = rng.choice(("lower", "upper"))
        if case in ("lower", "upper"):
            text = "".join(new if len(new := getattr(char, case)()) == 1 else char for char in text)
        if rng.random() < 0.2:
            width, chars, run = rng.choice((60, 66, 72, 78, 90)), list(text), 0
            for at, char in enumerate(chars):
                run = 0 if char == "\n" else run + 1
                if char == " " and run > width - 8 and chars[at - 1] not in " \n":
                    chars[at], run = "\n", 0
            text = "".join(chars)
        if rng.random() < 0.15:
            held = {at for span in spans for at in range(span["start"] - 1, span["end"] + 1)}
            words = [m for m in re.finditer(r"\b[a-z]{6,}\b", text) if not held & set(range(*m.span()))]
            for match in rng.sample(words, min(len(words), rng.randint(1, 4))):
                at = match.start() + rng.randint(1, 3)
                text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        return text
