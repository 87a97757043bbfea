"""Writes one note: takes a frame, adds sentences, and draws the values of their slots."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinds import KIND_TYPE, OPTIONAL_KINDS, REQUIRED_KINDS
from persons import Cast, Data, Piece

TRIES = 60
DATA = Path(__file__).resolve().parent / "data"
REGISTERS = ("p", "t", "f")
FEWEST, MOST = 140, 420
WRAP = 74

_TOKEN = re.compile(r"\{([^{}]+)\}|\[([^\[\]]*\|[^\[\]]*)\]")
_DIRECTIVE = re.compile(r"\{([*+])(\w+)(?: (\d+))?\}")
_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")

_GAP = re.compile(r" ([.,])(?=\s|$)")
_AN = re.compile(r"8|11$|18$")


@dataclass(frozen=True)
class Frame:
    """The skeleton of a note."""

    style: str
    theme: str
    register: str
    flags: frozenset[str]
    body: str


def sections(path: Path, mark: str) -> Iterator[tuple[list[str], str]]:
    """Yields the heading and the body of each section of a file."""
    for part in re.split(rf"^{mark} ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        yield [field.strip() for field in heading.split("|")], body.strip("\n")


def read_frames() -> list[Frame]:
    """Reads every frame."""
    frames = []
    for path in sorted(DATA.glob("frames_*.txt")):
        for heading, body in sections(path, "=="):
            style, theme, register, *flags = heading
            frames.append(Frame(style, theme, register, frozenset(flags), body))
    return frames


def read_carriers() -> dict[tuple[str, str], list[str]]:
    """Reads the sentences with identifiers, by kind and register."""
    carriers: dict[tuple[str, str], list[str]] = {}
    for path in sorted(DATA.glob("carriers_*.txt")):
        for (kind, register), body in sections(path, "=="):
            carriers.setdefault((kind, register), []).extend(line for line in body.splitlines() if line.strip())
    return carriers


def read_filler() -> dict[str, list[str]]:
    """Reads the sentences without identifiers, by theme."""
    filler: dict[str, list[str]] = {}
    for path in sorted(DATA.glob("filler_*.txt")):
        for (theme,), body in sections(path, "=="):
            filler.setdefault(theme, []).extend(line for line in body.splitlines() if line.strip())
    lines = (DATA.parent / "medicine.tsv").read_text(encoding="utf-8").splitlines()[1:]
    filler["med"] = [line.split("\t")[2] for line in lines]
    return filler


class Scribe:
    """Writes the notes of one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.data = Data()
        self.frames = read_frames()
        self.carriers = read_carriers()
        self.filler = read_filler()
        self.uses: Counter[str] = Counter()
        self.tally: Counter[str] = Counter()
        self.taken: set[str] = set()

    def frames_for(self, n_notes: int) -> Iterator[Frame]:
        """Yields a frame for each note, every frame once before any comes again."""
        order: list[Frame] = []
        for _ in range(n_notes):
            if not order:
                order = self.rng.sample(self.frames, len(self.frames))
            yield order.pop()

    def keep(self, spans: list[dict[str, Any]]) -> None:
        """Counts the spans of a note that was kept."""
        self.tally.update(span["kind"] for span in spans)

    def write(self, frame: Frame) -> dict[str, Any]:
        """Writes one note."""
        self.taken = set()
        cast = Cast(self.rng, self.data, frame.flags)
        skeleton = self._skeleton(frame, cast)
        text, spans = self._render(skeleton, cast)
        if "upper" in frame.flags:
            text = "".join(c.upper() if len(c.upper()) == 1 else c for c in text)
        if "lower" in frame.flags:
            text = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
        if "typos" in frame.flags:
            text = self._mistype(text, spans)
        if "wrap" in frame.flags:
            text = _wrap(text)
        return {"style": frame.style, "text": text, "spans": spans}

    def _fresh(self, pool: list[str]) -> str:
        """Draws one of the least used lines."""
        fresh = [line for line in pool if line not in self.taken] or pool
        tries = self.rng.sample(fresh, min(6, len(fresh)))
        line = min(tries, key=lambda item: self.uses[item])
        self.uses[line] += 1
        self.taken.add(line)
        return line

    def _carrier(self, register: str, done: set[str], cast: Cast) -> str:
        """Draws a sentence of a kind that lags behind."""
        kinds = [k for k in REQUIRED_KINDS if (k, register) in self.carriers and k not in done]
        kinds = kinds or [k for k in REQUIRED_KINDS if (k, register) in self.carriers]
        weights = [1 / (20 + self.tally[k]) ** 1.6 for k in kinds]
        kind = self.rng.choices(kinds, weights)[0]
        done.add(kind)
        for _ in range(20):
            line = self._fresh(self.carriers[kind, register])
            if "{age}" not in line or cast.is_old:
                break
        return line

    def _sentence(self, frame: Frame) -> str:
        theme = self.rng.choices((frame.theme, "general", "med"), (52, 28, 20))[0]
        return self._fresh(self.filler[theme])

    def _skeleton(self, frame: Frame, cast: Cast) -> str:
        done: set[str] = set()

        def fill(match: re.Match[str]) -> str:
            mark, what, count = match.group(1), match.group(2), int(match.group(3) or 1)
            if mark == "*":
                return " ".join(self._fresh(self.filler[what]) for _ in range(count))
            return ("\n" if what != "p" else " ").join(self._carrier(what, done, cast) for _ in range(count))

        body = _DIRECTIVE.sub(fill, frame.body)
        missing = self.rng.randint(FEWEST, MOST) - len(body.split())
        blocks: list[str] = []
        while missing > 0:
            block = self._block(frame, done, cast)
            missing -= len(block.split())
            blocks.append(block)
        middle = ("\n\n" if frame.register == "p" and self.rng.random() < 0.7 else "\n").join(blocks)
        if "{~}" in body:
            return body.replace("{~}", middle, 1)
        return body + "\n" + middle

    def _block(self, frame: Frame, done: set[str], cast: Cast) -> str:
        register = frame.register if self.rng.random() < 0.8 else self.rng.choice(REGISTERS)
        if register == "p":
            items = [self._sentence(frame) for _ in range(self.rng.randint(2, 4))]
            items += [self._carrier("p", done, cast) for _ in range(self.rng.choice((1, 1, 1, 2)))]
            self.rng.shuffle(items)
            return " ".join(items)
        items = [self._carrier(register, done, cast) for _ in range(self.rng.choice((1, 1, 2)))]
        items += [self._sentence(frame) for _ in range(self.rng.randint(2, 3))]
        self.rng.shuffle(items)
        mark = self.rng.choice(("", "", "", "- ", "• ", "* ")) if register == "t" else ""
        return "\n".join(mark + item for item in items)

    def _render(self, skeleton: str, cast: Cast) -> tuple[str, list[dict[str, Any]]]:
        """Draws choices and slots, from left to right."""
        while _CHOICE.search(skeleton):
            skeleton = _CHOICE.sub(lambda m: self.rng.choice(m.group(1).split("|")), skeleton)
        skeleton = _GAP.sub(r"\1", skeleton)
        out: list[str] = []
        spans: list[dict[str, Any]] = []
        length = 0

        def put(pieces: list[Piece]) -> None:
            nonlocal length
            for drawn, kind in pieces:
                value = drawn
                if value[:1] == "." and spans and spans[-1]["end"] == length and out[-1].endswith("."):
                    value = value[1:]
                if out and _AN.match(value) and out[-1].endswith((" a ", "\na ")):
                    out[-1] = out[-1][:-1] + "n "
                    length += 1
                if kind:
                    span = {"start": length, "end": length + len(value), "type": KIND_TYPE[kind], "kind": kind}
                    spans.append(span | ({"optional": True} if kind in OPTIONAL_KINDS else {}))
                out.append(value)
                length += len(value)

        position = 0
        for match in _TOKEN.finditer(skeleton):
            put([(skeleton[position : match.start()], None)])
            put(cast.value(match.group(1)))
            position = match.end()
        put([(skeleton[position:], None)])
        return "".join(out), spans

    def _mistype(self, text: str, spans: list[dict[str, Any]]) -> str:
        """Swaps letters of a few words outside marks."""
        letters = list(text)
        marked = {i for span in spans for i in range(span["start"] - 1, span["end"] + 1)}
        for _ in range(self.rng.randint(2, 6)):
            at = self.rng.randrange(1, len(letters) - 2)
            pair = letters[at : at + 2]
            if not {at, at + 1} & marked and all(c.islower() for c in [*pair, letters[at - 1]]):
                letters[at : at + 2] = reversed(pair)
        return "".join(letters)


def _wrap(text: str) -> str:
    """Breaks long lines at blanks, which leaves offsets as they are."""
    out = list(text)
    start, blank = 0, -1
    for at, char in enumerate(out):
        if char == "\n":
            start, blank = at + 1, -1
        elif char == " ":
            if at - start > WRAP and blank > start:
                out[blank] = "\n"
                start = blank + 1
            blank = at
    return "".join(out)
