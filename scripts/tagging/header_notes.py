"""Notes that the grammar of headers writes, with the sections that state a diagnosis marked.

A note is a few sections in one layout or in several: the header and list of diagnoses between other sections and
passages without a header. Some titles have a slip of the pen. Some notes begin with a line that is neither header nor
passage ("Seen today.", "Dear Dr Kaur,", a date), some hold little else.
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from templates import sections, template

ROOT = Path(__file__).parents[2]
GRAMMAR = Path(__file__).with_name("headers")
FIXTURES = ROOT / "tests" / "fixtures" / "headers"
JUDGED = ROOT / "benchmarks" / "unseen" / "headers"
SHARE_WITHOUT_LINES = 0.1
SHARE_SHORT = 0.08
SHARE_OPENED = 0.3
SHARE_OF_TWO_OPENINGS = 0.2
OPENED = ("", "2")
"""The judging pairs that were opened for development."""
_ADJECTIVES = (
    "acute chronic left right recurrent severe mild bilateral probable resolving".split()  # noqa: SIM905
)
_OF_ADMISSION = re.compile(r"\b(?:adm|admi\w+|admn)\b.*(?:diagnos|dx)", re.IGNORECASE)
"""Titles that state a diagnosis of the admission: they are left out like all that state one."""
_OF_IMAGES_TOO = re.compile(r"(?:impressions?|conclusions?|findings?|complications?|active issues?)", re.IGNORECASE)
"""Titles that, alone, stand over much that is no diagnosis of the stay, as in reports of images: they stay."""
SHARE_OF_UNKNOWN_TITLES = 0.1
_SENTENCE_ENDS = re.compile(r"[a-z]{3}[.!?]$")
_BEFORE = "Hospital Course: She was seen by the team and walked on the ward.\n\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note with its sections.

    Attributes:
        text: The note.
        stated: Where each section that states a diagnosis begins and ends.
        others: Where the header of each other section begins.
    """

    text: str
    stated: tuple[tuple[int, int], ...]
    others: tuple[int, ...]


class Writer:
    """Writes notes of the grammar.

    Args:
        diseases: Names of diseases, beside the grammar's own.
        seed: Same seed, same notes.
    """

    def __init__(self, diseases: list[str], seed: int) -> None:
        self._rng = random.Random(seed)
        self._diseases = diseases
        self._lines = sections(GRAMMAR)
        of_admission = [title for title in self._lines["other"] if _OF_ADMISSION.search(title)]
        self._lines["other"] = [title for title in self._lines["other"] if title not in of_admission]
        self._lines["pair"] = [pair for pair in self._lines["pair"] if not _OF_ADMISSION.search(pair.split("=>")[0])]
        of_images = [title for title in self._lines["diagnosis"] if _OF_IMAGES_TOO.fullmatch(title)]
        self._lines["diagnosis"] = [title for title in self._lines["diagnosis"] if title not in of_images]
        self._lines["diagnosis"] += of_admission
        self._lines["other"] += of_images * 3
        self._words = sorted({word for line in self._lines["body"] for word in re.findall(r"[a-z]{4,}", line)})
        self._inline = [
            line for line in self._lines["layout"] if re.fullmatch(r"\{[hHTl]\}\.?(?:: ?| - |\. )\{b\}", line)
        ]
        self._stated, self._following = _development()
        self._cased: Callable[[str], str] = str

    def notes(self, number: int) -> Iterator[Note]:
        """Yield notes, one in six of them put together from the development sets."""
        for turn in range(number):
            yield self._known() if turn % 6 == 0 else self._note()

    def _note(self) -> Note:
        draw = self._rng.random()
        if draw < SHARE_SHORT:
            return self._opened(self._short_note())
        note = self._note_without_lines() if draw < SHARE_SHORT + SHARE_WITHOUT_LINES else self._note_of_lines()
        return self._opened(note) if self._rng.random() < SHARE_OPENED else note

    def _opened(self, note: Note) -> Note:
        """Return a note behind one or two openings, which belong to no section and are no header."""
        rng, before = self._rng, ""
        for _ in range(2 if rng.random() < SHARE_OF_TWO_OPENINGS else 1):
            opening = self._filled(rng.choice(self._lines["opening"]))
            is_sentence = _SENTENCE_ENDS.search(opening) and re.match(r"[A-Z]", note.text)
            ways, weights = (["\n", "\n\n", " "], [0.3, 0.3, 0.4]) if is_sentence else (["\n", "\n\n"], [0.6, 0.4])
            before += opening + rng.choices(ways, weights)[0]
        by = len(before)
        stated = tuple((start + by, end + by) for start, end in note.stated)
        return replace(note, text=before + note.text, stated=stated, others=tuple(place + by for place in note.others))

    def _short_note(self) -> Note:
        """Return a note of little: diagnoses beneath a header of one word, or one or two sections that state none."""
        rng = self._rng
        if rng.random() < 0.7:
            section = self._section("b", rng.choice(self._lines["bare-layout"]))
            text, stated, others = section, [(0, len(section))], []
            if rng.random() < 0.25:
                text += rng.choice(["\n", "\n\n"]) + self._section("p", "")
            return Note(_recased(text, rng), tuple(stated), tuple(others))
        layout, text, others = rng.choice(self._lines["layout"]), "", []
        for kind in rng.choices("op", [0.7, 0.3], k=rng.randint(1, 2)):
            others += [len(text)] * (kind == "o")
            text += self._section(kind, layout) + rng.choice(["\n", "\n\n"])
        return Note(_recased(text, rng), (), tuple(others))

    def _note_of_lines(self) -> Note:
        """Return a note of several sections, in one layout or in several."""
        rng = self._rng
        usual, is_mixed = rng.choice(self._lines["layout"]), rng.random() < 0.4
        between = rng.choices(["\n\n", "\n", " ", "\n\n\n"], [0.68, 0.25, 0.03, 0.04])[0]
        kinds = [rng.choices("op", [0.75, 0.25])[0] for _ in range(rng.randint(0, 3))]
        if rng.random() < 0.88:
            kinds += ["d"] * rng.choices([1, 2], [0.85, 0.15])[0]
        kinds += [rng.choices("op", [0.7, 0.3])[0] for _ in range(rng.randint(0, 3))]
        text, stated, others = "", [], []
        for kind in kinds or ["o"]:
            is_other = is_mixed or rng.random() < 0.1
            section = self._section(kind, rng.choice(self._lines["layout"]) if is_other else usual)
            if text:
                text += between if rng.random() < 0.85 else rng.choice(["\n\n", "\n"])
            if kind == "d":
                stated.append((len(text), len(text) + len(section)))
            elif kind == "o":
                others.append(len(text))
            text += section
        return Note(_recased(text, rng), tuple(stated), tuple(others))

    def _note_without_lines(self) -> Note:
        """Return a note that is one line: its sections follow one another as sentences do."""
        rng = self._rng
        kinds = rng.choices("op", [0.8, 0.2], k=rng.randint(1, 3))
        if rng.random() < 0.9:
            kinds.append("d")
        kinds += rng.choices("op", [0.8, 0.2], k=rng.randint(0, 3))
        layout, text, stated, others = rng.choice(self._inline), "", [], []
        for kind in kinds:
            section = " ".join(self._section(kind, layout).split())
            section += "" if section[-1] in ".!?" else "."
            if kind == "d":
                stated.append((len(text), len(text) + len(section)))
            elif kind == "o":
                others.append(len(text))
            text += section + rng.choice([" ", " ", "  "])
        return Note(text, tuple(stated), tuple(others))

    def _known(self) -> Note:
        """Return a section of the development sets followed by others of them."""
        rng = self._rng
        text = _BEFORE if rng.random() < 0.5 else ""
        between, stated = rng.choice(["\n\n", "\n\n", "\n"]), rng.choice(self._stated)
        span, others = (len(text), len(text) + len(stated)), []
        text += stated + between
        for _ in range(rng.choice([1, 1, 2])):
            others.append(len(text))
            text += rng.choice(self._following) + between
        return Note(text, (span,), tuple(others))

    def _section(self, kind: str, layout: str) -> str:
        """Return a section.

        Args:
            kind: "d" for diagnoses, "b" for those beneath a header of one word, "o" for another section, "p" for a
                passage without a header.
            layout: A line of the grammar.
        """
        rng = self._rng
        self._cased = rng.choices((str, str.title, str.upper), (0.75, 0.15, 0.1))[0] if kind in "bd" else str
        if kind == "p":
            return self._filled(rng.choice(self._lines["passage"]))
        if kind in "bd":
            titles = "bare" if kind == "b" else "diagnosis"
            title, body = (self._filled(rng.choice(self._lines[name])) for name in (titles, "list"))
            title = _slip(title, rng) if rng.random() < 0.06 else title
            if rng.random() < 0.15:
                body += "\n" + self._filled(rng.choice(self._lines["list"]))
        elif rng.random() < 0.25:
            title, _, body = (self._filled(part.strip()) for part in rng.choice(self._lines["pair"]).partition("=>"))
        else:
            title, body = (self._filled(rng.choice(self._lines[name])) for name in ("other", "body"))
            if rng.random() < SHARE_OF_UNKNOWN_TITLES:
                title = " ".join(rng.choices(self._words, k=rng.randint(1, 3)))
        body = body[:1].upper() + body[1:] if rng.random() < 0.75 else body
        title = title[:1].upper() + title[1:] if rng.random() < 0.6 else title
        dressed = {"h": title, "H": title.upper(), "T": title.title(), "l": title.lower(), "b": body}
        return self._filled(layout, dressed)

    def _filled(self, line: str, dressed: dict[str, str] | None = None) -> str:
        """Return a line with its choices made and its slots filled.

        Args:
            line: A line of the grammar.
            dressed: What stands in the slots of a layout.
        """
        known = dressed or {}
        pieces = template(line).pieces(self._rng, lambda name: (known.get(name) or self._slot(name), ""))
        return "".join(text for text, _ in pieces)

    def _slot(self, name: str) -> str:
        rng = self._rng
        if name == "d":
            disease = rng.choice(self._diseases) if rng.random() < 0.45 else self._filled(rng.choice(self._lines["d"]))
            return self._cased(f"{rng.choice(_ADJECTIVES)} {disease}" if rng.random() < 0.12 else disease)
        if name == "code":
            return rng.choice([_icd10(rng), f"{rng.randint(1, 999):03d}.{rng.randint(0, 99)}", _icd10(rng)])
        if name == "n":
            return str(rng.randint(1, 12))
        return self._filled(rng.choice(self._lines[name])) if name in self._lines else "{" + name + "}"


def _icd10(rng: random.Random) -> str:
    code = f"{rng.choice('ABCDEFGIJKLMNRSTZ')}{rng.randint(0, 99):02d}"
    return code + rng.choice(["", f".{rng.randint(0, 9)}", f".{rng.randint(0, 99):02d}"])


def _slip(title: str, rng: random.Random) -> str:
    """Return a title with a letter left out, two changed about, one doubled, or without its blanks."""
    if len(title) < 7:
        return title
    at = rng.randrange(1, len(title) - 2)
    kinds = (
        title[:at] + title[at + 1 :],
        title[:at] + title[at + 1] + title[at] + title[at + 2 :],
        title[:at] + title[at] + title[at:],
        title.replace(" ", ""),
    )
    return rng.choices(kinds, [0.4, 0.3, 0.2, 0.1])[0]


def _recased(text: str, rng: random.Random) -> str:
    """Return a text, seldom in capitals or small letters, where that moves no offset."""
    draw = rng.random()
    other = text.upper() if draw < 0.04 else text.lower() if draw < 0.07 else text
    return other if len(other) == len(text) else text


def _development() -> tuple[list[str], list[str]]:
    """Return the sections that state a diagnosis, and those that follow, of the tests' and the opened sets."""
    stated, following = [], []
    for found, name in ((stated, "stated"), (following, "following")):
        for path in sorted(FIXTURES.glob(f"{name}*.tsv")):
            for line in path.read_text(encoding="utf-8").splitlines():
                cells = (cell.replace("\\n", "\n").replace("\\t", "\t") for cell in line.split("\t"))
                header, own_line, body = cells
                found.append(f"{header}{chr(10) if own_line == '1' else ' '}{body}")
    for number in OPENED:
        for found, name, key in (
            (stated, "headers", "diagnosis_text"),
            (following, "following", "section_text"),
        ):
            for line in (JUDGED / f"{name}{number}.jsonl").read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                found.append(f"{entry['header']}{chr(10) if entry['own_line'] else ' '}{entry[key]}")
    return stated, following
