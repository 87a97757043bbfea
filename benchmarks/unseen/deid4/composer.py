"""Puts notes together from frames, carrier sentences and plain sentences."""

from __future__ import annotations

import csv
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paint
from kinds import KIND_TYPE, OPTIONAL_KINDS, REQUIRED_KINDS
from slots import KIND_OF_SLOT, Piece, Setting, country_codes, kind_of_name_slot

DATA = Path(__file__).resolve().parent / "data"
CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
SLOT = re.compile(r"\{([^{}]+)\}")
FIRST_NAME, LAST_NAME = re.compile(r"[A-Z]\d?f"), re.compile(r"[A-Z]\d?l")
CALL = re.compile(r"<(\+?[a-z]+)(?:([*/])(\d)(?:-(\d))?)?>")
MARKS_PER_NOTE = 0.37  # of each kind, at which its carriers are drawn no more often than others
STRETCH = (2.0, 4.2)  # how many times more plain sentences are drawn than a frame says
SHORT_STRETCH = (1.3, 2.6)  # the same for groups in a voice that goes with no term
TERM_SHARE = 0.13  # of plain sentences that come from the table of terms
NO_TERMS = {"portal", "phonecall", "letter", "home", "tick", "social"}


@dataclass(frozen=True)
class Frame:
    """A layout of a note: its style, what it asks of the patient and country, its lines."""

    style: str
    needs: dict[str, str]
    body: str


def read_frames() -> list[Frame]:
    """Returns the frames of all files."""
    frames = []
    for path in sorted(DATA.glob("frames_*.txt")):
        for block in re.split(r"^@ ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
            head, _, body = block.partition("\n")
            style, _, needs = head.partition("|")
            pairs = dict(need.split("=") for need in needs.split())
            frames.append(Frame(style.strip(), pairs, body.strip("\n")))
    return frames


def read_sentences() -> dict[str, list[str]]:
    """Returns the sentences of all files by group; carriers' groups begin with a plus sign."""
    groups: dict[str, list[str]] = defaultdict(list)
    for path in sorted(DATA.glob("sentences_*.txt")):
        group = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# "):
                group = line[2:].strip()
            elif line.strip():
                groups[group].append(line.strip())
    with (DATA.parent / "medicine.tsv").open(encoding="utf-8", newline="") as file:
        groups["term"] = [row["context_sentence"] for row in csv.DictReader(file, delimiter="\t", quoting=3)]
    return groups


def kinds_in(sentence: str) -> list[str]:
    """Returns the kinds that a sentence's slots bring."""
    found = [KIND_OF_SLOT.get(slot) or kind_of_name_slot(slot) for slot in SLOT.findall(sentence)]
    return [kind for kind in found if kind]


class Composer:
    """Writes notes one after the other, and keeps count of the kinds."""

    def __init__(self, seed: int) -> None:
        """Reads all material."""
        self.rng = random.Random(f"deid4-{seed}")
        self.frames = read_frames()
        self.sentences = read_sentences()
        self.uses: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.n_kept = 0
        self.needs = {
            sentence: kinds_in(sentence)
            for group, sentences in self.sentences.items()
            if group.startswith("+")
            for sentence in sentences
        }

    def frames_in_turn(self, n_notes: int) -> Iterator[Frame]:
        """Yields frames so that all come equally often, in mixed order."""
        todo: list[Frame] = []
        for _ in range(n_notes):
            if not todo:
                todo = list(self.frames)
                self.rng.shuffle(todo)
            yield todo.pop()

    def keep(self, note: dict[str, Any]) -> None:
        """Counts the kinds of a note that is kept."""
        self.n_kept += 1
        self.kinds.update(span["kind"] for span in note["spans"])

    def write(self, frame: Frame) -> dict[str, Any]:
        """Writes one note of a frame."""
        setting = Setting(self.rng, country_codes(frame.needs.get("country", "")), frame.needs)
        used: set[str] = set()
        lines: list[list[Piece]] = []
        for line in self.choose(frame.body).split("\n"):
            lines += [self.fill(text, setting) for text in self.call(line, used)]
        pieces: list[Piece] = []
        for number, line_pieces in enumerate(lines):
            pieces += [*([("\n", None)] if number else []), *line_pieces]
        pieces = paint.paint(self.rng, pieces)
        return {"style": frame.style, **self.laid_out(pieces)}

    def choose(self, text: str) -> str:
        """Draws the choices of a text, the innermost first."""
        while CHOICE.search(text):
            text = CHOICE.sub(lambda match: self.rng.choice(match.group(1).split("|")), text)
        return text

    def call(self, line: str, used: set[str]) -> list[str]:
        """Puts sentences in place of a line's calls; a call for lines makes as many lines."""
        lines = [line]
        match = CALL.search(line)
        if match and match.group(2) == "/":
            n = self._count(match)
            lines = [line[: match.start()] + f"<{match.group(1)}>" + line[match.end() :]] * n
            if line.startswith("1. "):
                lines = [f"{at}{text[1:]}" for at, text in enumerate(lines, 1)]

        def sentences(match: re.Match[str]) -> str:
            group, n = match.group(1), self._count(match)
            if not group.startswith("+") and match.group(2) == "*":
                n = max(1, round(n * self.rng.uniform(*(SHORT_STRETCH if group in NO_TERMS else STRETCH))))
            elif group == "+p" and match.group(2):
                n += self.rng.randint(1, 2)
            return " ".join(self.draw(group, used) for _ in range(n))

        return [CALL.sub(sentences, text).rstrip() for text in lines]

    def _count(self, match: re.Match[str]) -> int:
        low = int(match.group(3) or 1)
        return self.rng.randint(low, int(match.group(4) or low))

    def draw(self, group: str, used: set[str]) -> str:
        """Draws a sentence of a group that the note does not have yet, rarely used ones first."""
        choices = [sentence for sentence in self.sentences[group] if sentence not in used]
        if len(choices) < 5 or (group not in NO_TERMS and group[0] != "+" and self.rng.random() < TERM_SHARE):
            choices = [sentence for sentence in self.sentences["term"] if sentence not in used]
        if group.startswith("+") or len(choices) > 40:
            choices = self.rng.sample(choices, min(len(choices), 60))
        weights = [1 / (1 + self.uses[sentence]) ** (1 if group[0] == "+" else 2) for sentence in choices]
        if group.startswith("+"):
            weights = [weight * self._lag(self.needs[text]) for weight, text in zip(weights, choices, strict=True)]
        sentence = self.rng.choices(choices, weights)[0]
        used.add(sentence)
        self.uses[sentence] += 1
        return self.choose(sentence)

    def _lag(self, kinds: list[str]) -> float:
        total = 0.0
        for kind in kinds:
            if kind in REQUIRED_KINDS:
                aim = MARKS_PER_NOTE * (self.n_kept + 30)
                total += max(aim - self.kinds[kind], 0.02 * aim) / aim
        return total**3 + 0.0005

    def fill(self, text: str, setting: Setting) -> list[Piece]:
        """Fills the slots of a line."""
        pieces: list[Piece] = []
        last, before = 0, ""
        for match in SLOT.finditer(text):
            between, slot = text[last : match.start()], match.group(1)
            values = setting.value(slot)
            if between == " " and FIRST_NAME.fullmatch(before) and LAST_NAME.fullmatch(slot):
                pieces[-1] = (f"{pieces[-1][0]} {values[0][0]}", pieces[-1][1])
            else:
                pieces += [(between, None), *values]
            last, before = match.end(), slot
        return [piece for piece in [*pieces, (text[last:], None)] if piece[0]]

    @staticmethod
    def laid_out(pieces: list[Piece]) -> dict[str, Any]:
        """Joins pieces to a text with spans."""
        text, spans = "", []
        for piece, kind in pieces:
            if kind:
                bare = piece.removesuffix(".")
                span: dict[str, Any] = {
                    "start": len(text),
                    "end": len(text) + len(bare),
                    "type": KIND_TYPE[kind],
                    "kind": kind,
                }
                spans.append(span | ({"optional": True} if kind in OPTIONAL_KINDS else {}))
            text += piece
        return {"text": text, "spans": spans}
