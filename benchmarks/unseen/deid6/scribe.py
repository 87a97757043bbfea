"""Turns frames, sentences and a household of invented people into notes with marks."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import machinery  # noqa: F401
from calendar_forms import MONTHS, WEEKDAYS, Almanac
from kinds import KIND_TYPE, OPTIONAL_KINDS, REQUIRED_KINDS
from lands import LANDS, digits
from persons import Person, Stage

DATA = Path(__file__).resolve().parent / "data"
SLOT = re.compile(r"\{([^{}]+)\}")
CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
PROSE = ("g", "soc", "psy", "obs", "child", "ins", "nurs", "hos", "dent", "eye", "ther")
ASIDE = 0.4
CALL = re.compile(r"@(\w+)([*/,])(\d)")
SLOT_KINDS = {
    "P": "name_patient",
    "Pf": "name_patient",
    "Pl": "name_patient",
    "P,": "name_patient",
    "Pk": "name_patient",
    "Pi": "name_initials",
    "D": "name_clinician",
    "D2": "name_clinician",
    "D3": "name_clinician",
    "Dl": "name_clinician",
    "D,": "name_clinician",
    "D2l": "name_clinician",
    "D3l": "name_clinician",
    "Dj": "name_clinician",
    "Df": "name_clinician",
    "D2j": "name_clinician",
    "D2f": "name_clinician",
    "D3f": "name_clinician",
    "D3j": "name_clinician",
    "Di": "name_initials",
    "Ri": "name_initials",
    "R2l": "name_relative",
    "D2i": "name_initials",
    "D3i": "name_initials",
    "R": "name_relative",
    "Rf": "name_relative",
    "Rl": "name_relative",
    "R2": "name_relative",
    "R2f": "name_relative",
    "B": "name_bare",
    "Bf": "name_bare",
    "Bl": "name_bare",
    "Pb": "name_bare",
    "Pbf": "name_bare",
    "Pbl": "name_bare",
    "file": "name_in_file",
    "login": "name_in_file",
    "df": "date_full",
    "dob": "date_full",
    "dp": "date_partial",
    "dr": "date_range",
    "do": "date_odd",
    "wd": "weekday",
    "mo": "month",
    "yr": "year",
    "age90": "age90",
    "ph": "phone",
    "fx": "fax_pager",
    "pg": "fax_pager",
    "em": "email",
    "url": "url_handle",
    "hn": "url_handle",
    "rec": "id_record",
    "nat": "id_national",
    "acc": "id_account",
    "dev": "id_device",
    "plate": "id_device",
    "ip": "id_device",
    "st": "street",
    "tn": "town",
    "tn2": "town",
    "pc": "postcode",
    "reg": "region",
    "hosp": "hospital",
    "hosp2": "hospital",
    "ward": "hospital",
    "gp": "hospital",
    "care": "hospital",
    "emp": "employer",
    "sch": "employer",
    "unit": "employer",
    "ship": "employer",
    "org": "org_other",
    "jail": "org_other",
}


@dataclass(frozen=True)
class Frame:
    """The layout of one note."""

    style: str
    text: str
    who: str
    lands: tuple[str, ...]


@dataclass
class Sentence:
    """A sentence with slots and the kinds it holds."""

    text: str
    kinds: tuple[str, ...] = field(default=())


def read_frames() -> list[Frame]:
    """Reads ``data/frames*.txt``: ``== style | who | lands`` and the layout below it."""
    frames = []
    for path in sorted(DATA.glob("frames*.txt")):
        for block in re.split(r"^== ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
            head, text = block.split("\n", 1)
            style, who, lands = ([*(part.strip() for part in head.split("|")), "", ""])[:3]
            frames.append(Frame(style, text.strip("\n"), who or "adult", tuple(lands.split())))
    return frames


def read_sentences() -> dict[str, list[Sentence]]:
    """Reads ``data/sentences*.txt``: ``# group`` and a sentence a line; and the terms of ``medicine.tsv``."""
    groups: dict[str, list[Sentence]] = {}
    for path in sorted(DATA.glob("sentences*.txt")):
        group: list[Sentence] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# "):
                group = groups.setdefault(line[2:].strip(), [])
            elif line.strip():
                kinds = tuple(SLOT_KINDS[slot] for slot in SLOT.findall(line) if slot in SLOT_KINDS)
                group.append(Sentence(line.strip(), kinds))
    for line in (DATA.parent / "medicine.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        term, kind, sentence, item = line.split("\t")
        if kind == "eponym":
            groups.setdefault("dx", []).append(Sentence(term))
        groups.setdefault("med", []).append(Sentence(sentence))
        groups.setdefault("medlist", []).append(Sentence(item))
    return groups


class Scribe:
    """Writes notes; keeps count of kinds, so that those which lag behind are drawn more often."""

    def __init__(self, seed: int) -> None:
        """Reads the data and seeds all chance."""
        self.rng = random.Random(f"deid6-{seed}")
        self.frames = read_frames()
        self.groups = read_sentences()
        self.said: set[str] = set()
        self.used: Counter[str] = Counter()
        self.count: Counter[str] = Counter()

    def plan(self, n_notes: int) -> list[Frame]:
        """Returns the frames of all notes, each frame about as often as any other."""
        frames: list[Frame] = []
        while len(frames) < n_notes:
            frames += self.rng.sample(self.frames, len(self.frames))
        return frames[:n_notes]

    def keep(self, spans: list[dict[str, Any]]) -> None:
        """Counts the kinds of a finished note."""
        self.count.update(span["kind"] for span in spans)

    def write(self, frame: Frame) -> dict[str, Any]:
        """Writes one note on a frame."""
        self.said.clear()
        code = self.rng.choice(frame.lands or tuple(LANDS))
        stage = Stage(self.rng, LANDS[code], frame.who)
        almanac = Almanac(self.rng, LANDS[code].custom)
        text = self._choose(self._calls(frame.text))
        if self.rng.random() < 0.5:
            text = self._strokes(text)
        filler = Filler(self.rng, stage, almanac)
        out: list[str] = []
        spans: list[dict[str, Any]] = []
        at = last = 0
        for slot in SLOT.finditer(text):
            out.append(text[last : slot.start()])
            at += slot.start() - last
            last = slot.end()
            for piece, kind in filler.fill(slot.group(1)):
                if kind and piece:
                    span: dict[str, Any] = {"start": at, "end": at + len(piece), "type": KIND_TYPE[kind], "kind": kind}
                    spans.append(span | ({"optional": True} if kind in OPTIONAL_KINDS else {}))
                out.append(piece)
                at += len(piece)
        note = "".join([*out, text[last:]])
        dice = self.rng.random()
        for share, turned in ((0.04, note.lower()), (0.07, note.upper())):
            if dice < share and len(turned) == len(note):
                note = turned
                break
        return {"style": frame.style, "text": note, "spans": spans}

    def _calls(self, text: str) -> str:
        def draw(match: re.Match[str]) -> str:
            group, joint, number = match.groups()
            plain = group[0] == "f"
            some = []
            for _ in range(int(number) + (self.rng.randint(1, 4) if plain else 0)):
                some.append(self._draw(group))
                if joint == "*" and group in PROSE and self.rng.random() < ASIDE:
                    some.append(self._draw(self.rng.choice(["med", "fg", "med"])))
            return {"*": " ", "/": "\n", ",": ", "}[joint].join(dict.fromkeys(some))

        return CALL.sub(draw, CALL.sub(draw, text))

    def _draw(self, group: str) -> str:
        pool = [item for item in self.groups[group] if item.text not in self.said] or self.groups[group]
        some = self.rng.sample(pool, min(7, len(pool)))
        floor = min((self.count[kind] for kind in REQUIRED_KINDS), default=0)
        best = min(some, key=lambda item: self._worth(item, floor) + self.used[item.text] + self.rng.random() * 4)
        self.used[best.text] += 1
        self.said.add(best.text)
        return best.text

    def _worth(self, item: Sentence, floor: int) -> float:
        ahead = [min(self.count[kind] - floor, 300) / 4 for kind in item.kinds if kind in REQUIRED_KINDS]
        return min(ahead) if ahead else 10

    def _choose(self, text: str) -> str:
        while CHOICE.search(text):
            text = CHOICE.sub(lambda match: self.rng.choice(match.group(1).split("|")), text)
        return text

    def _strokes(self, text: str) -> str:
        """Mistypes some plain words."""
        pieces = re.split(r"(\{[^{}]+\})", text)
        for at in range(0, len(pieces), 2):
            pieces[at] = re.sub(r"\b[a-z]{6,}\b", self._mistype, pieces[at])
        return "".join(pieces)

    def _mistype(self, match: re.Match[str]) -> str:
        word = match.group()
        if self.rng.random() > 0.012:
            return word
        at = self.rng.randrange(1, len(word) - 2)
        return self.rng.choice([word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + word[at + 1 :]])


class Filler:
    """Fills the slots of one note."""

    def __init__(self, rng: random.Random, stage: Stage, almanac: Almanac) -> None:
        """Keeps the note's people, places and dates."""
        self.rng, self.stage, self.almanac = rng, stage, almanac

    def fill(self, slot: str) -> list[tuple[str, str | None]]:
        """Returns the pieces of a slot, each with its kind or None."""
        rng, stage, land = self.rng, self.stage, self.stage.land
        if span := re.fullmatch(r"([\d.]+)-([\d.]+)", slot):
            low, high = span.groups()
            places = len(low.partition(".")[2])
            value = rng.uniform(float(low), float(high)) if places else rng.randint(int(low), int(high))
            return [(f"{value:.{places}f}" if places else str(value), None)]
        if slot in stage.words:
            return [(stage.words[slot], None)]
        if slot == "age":
            return [(str(stage.age), "age90" if stage.age > 89 else None)]
        if slot == "age90":
            return [(str(rng.choice([90, 91, 91, 92, 92, 93, 94, 94, 95, 96, 97, 98, 99, 100, 101, 103])), "age90")]
        if slot == "file":
            return self._file()
        if slot == "natx":
            label, form = rng.choice(land.nat)
            return [(f"{label} ", None), (digits(rng, form), "id_national")]
        if slot == "addr":
            sep = rng.choice([", ", ", ", "\n"])
            tail: list[tuple[str, str | None]] = [(digits(rng, rng.choice(land.post)), "postcode")]
            return [
                (stage.street(), "street"),
                (sep, None),
                (rng.choice(land.towns), "town"),
                (rng.choice([" ", ", "]), None),
                *tail,
            ]
        kind = SLOT_KINDS[slot]
        if kind.startswith("name") and slot != "login":
            return [(self._name(slot), kind)]
        value = {
            "df": self.almanac.full,
            "dp": self.almanac.partial,
            "dr": self.almanac.range,
            "do": self.almanac.odd,
            "dob": lambda: self.almanac.birth(stage.age),
            "wd": lambda: rng.choice(WEEKDAYS),
            "mo": lambda: rng.choice(MONTHS),
            "yr": lambda: str(rng.randint(1968, 2024)),
            "st": stage.street,
            "login": stage.login,
        }
        if slot in value:
            return [(value[slot](), kind)]
        return [(stage.value(slot), kind)]

    def _name(self, slot: str) -> str:
        person = self._person(slot)
        form = slot.lstrip("PDRB23")
        if slot.startswith("Pb"):
            form = slot[2:]
        if form == "" and slot[0] == "D":
            return self.rng.choice([person.full, person.full, f"{person.first[0]}. {person.last}"])
        return {
            "": person.full,
            "f": person.first,
            "l": person.last,
            "i": person.initials(self.rng),
            ",": person.comma(self.rng),
            "k": person.nick(self.rng),
            "j": f"{person.first[0]} {person.last}",
        }[form]

    def _person(self, slot: str) -> Person:
        stage = self.stage
        if slot[0] == "B":
            return stage.somebody()
        return {
            "P": stage.patient,
            "D": stage.doctors[0],
            "D2": stage.doctors[1],
            "D3": stage.doctors[2],
            "R": stage.relatives[0],
            "R2": stage.relatives[1],
        }[slot[:2] if slot[1:2] in "23" and len(slot) > 1 else slot[0]]

    def _file(self) -> list[tuple[str, str | None]]:
        rng, person = self.rng, self.stage.patient
        if rng.random() < 0.25:
            person = rng.choice(self.stage.doctors)
        first, last = (re.sub(r"[^\w-]", "", part) for part in (person.first, person.last))
        name = rng.choice(
            [
                f"{last}_{first}",
                f"{last.lower()}-{first.lower()}",
                f"{first}{last}",
                f"{last.upper()}",
                f"{first[0]}{last}".lower(),
                f"{last},{first[0]}",
                f"{first}.{last}",
                f"{last.upper()}^{first.upper()}",
                f"{first.lower()}_{last.lower()}",
            ]
        )
        before = rng.choice(
            [
                "",
                "",
                "scan_",
                "CT-",
                "referral_",
                "IMG_",
                "consent-",
                "OPG_",
                "ecg/",
                "C:\\Clinic\\",
                "/srv/dicom/",
                "audio_",
            ]
        )
        after = rng.choice(["", "_v2", "_final", "_chest", "-bloods", "_wound", "(1)", "_signed", "_ward7"])
        return [
            (before, None),
            (name, "name_in_file"),
            (after + rng.choice([".pdf", ".jpg", ".docx", ".dcm", ".tif", ".xlsx", ".m4a", ".heic"]), None),
        ]
