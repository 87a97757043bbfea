"""Turns skeletons, carrier sentences and filler sentences into notes with exact spans."""

from __future__ import annotations

import csv
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dates
from checks import unmarked_copies
from lookalikes import reading
from people import Folk, Person
from values import DATA, KIND_TYPE, REQUIRED_KINDS, Piece, World, load_toml

TOKEN = re.compile(r"<<(.*?)>>|\{([^{}]+)\}", re.S)
MIN_WORDS, MAX_WORDS = 80, 350
TENS = {90: "ninety", 100: "one hundred"}
UNITS = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
ROLE_KIND = {
    "P": "name_patient",
    "C": "name_clinician",
    "R": "name_relative",
    "V": "name_relative",
    "X": "name_bare",
    "B": "name_bare",
}
FULL_FORM = {"full": 66, "ini": 9, "one": 5, "nbsp": 6, "caps": 3, "lower": 2, "plain": 4, "native": 5}
ANY_FORM: dict[str, dict[str, float]] = {
    "name_patient": {
        "full": 34,
        "comma": 13,
        "ini": 8,
        "one": 8,
        "caps": 6,
        "lower": 4,
        "nbsp": 5,
        "sur": 8,
        "native": 9,
        "giv": 5,
    },
    "name_clinician": {"full": 40, "ini": 14, "one": 16, "sur": 13, "comma": 6, "caps": 5, "nbsp": 4, "native": 2},
    "name_relative": {"full": 50, "giv": 28, "one": 4, "nbsp": 4, "lower": 3, "native": 5, "comma": 2, "kunya": 4},
    "name_bare": {"sur": 40, "giv": 30, "full": 22, "lower": 3, "kunya": 3, "nbsp": 2},
}
RELATIONS = {
    "f": [
        "daughter",
        "wife",
        "mother",
        "sister",
        "niece",
        "granddaughter",
        "aunt",
        "partner",
        "mother-in-law",
        "neighbour",
        "stepmother",
        "daughter-in-law",
    ],
    "m": [
        "son",
        "husband",
        "father",
        "brother",
        "nephew",
        "grandson",
        "uncle",
        "partner",
        "son-in-law",
        "neighbour",
        "stepfather",
        "brother-in-law",
    ],
}
CHILD_RELATIONS = {
    "f": ["mother", "sister", "aunt", "grandmother", "stepmother", "foster mother"],
    "m": ["father", "brother", "uncle", "grandfather", "stepfather"],
}
TOO_OLD = {"mother", "father", "uncle", "aunt", "stepmother", "stepfather", "mother-in-law"}
TOO_YOUNG = {"grandson", "granddaughter", "son-in-law", "daughter-in-law"}
TITLES = {"f": ["Mrs", "Ms", "Miss", "Mrs.", "Ms."], "m": ["Mr", "Mr", "Mr."]}
DOCTOR_TITLES = {
    "f": ["Dr", "Dr", "Dr", "Dr.", "Prof", "Miss", "Professor", "Sr", "Ms"],
    "m": ["Dr", "Dr", "Dr", "Dr.", "Prof", "Mr", "Professor", "Dr"],
}


@dataclass(frozen=True)
class Carrier:
    """A hand-written sentence with identifier slots."""

    kind: str
    flags: str
    text: str


@dataclass(frozen=True)
class Skeleton:
    """The frame of one note."""

    style: str
    name: str
    text: str
    locales: tuple[str, ...]
    sex: str
    ages: tuple[int, int]
    old: float
    terse: bool
    transform: str


@dataclass
class Note:
    """One finished note."""

    style: str
    text: str
    spans: list[dict[str, Any]]


@dataclass
class Context:
    """What one note knows while it is being written."""

    rng: random.Random
    locale: str
    today: date
    patient: Person
    age: int
    terse: bool
    need: Counter[str]
    stretch: int = 0
    cache: dict[str, Person] = field(default_factory=dict)
    relation: dict[str, str] = field(default_factory=dict)
    memory: dict[str, list[Piece]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    own: Counter[str] = field(default_factory=Counter)


def read_tsv(name: str, folder: Path = DATA) -> list[list[str]]:
    """Reads a tab-separated data file, skipping blank lines and # comments.

    Args:
        name: The file's name.
        folder: The folder of data files.

    Returns:
        The rows.
    """
    with (folder / name).open(encoding="utf-8", newline="") as handle:
        rows = csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in rows if row and row[0].strip() and not row[0].startswith("#")]


def number_word(value: int) -> str:
    """Writes 90 to 105 in words."""
    base = 90 if value < 100 else 100
    tail = UNITS[value - base]
    if base == 90:
        return f"ninety-{tail}" if tail else "ninety"
    return f"one hundred and {tail}" if tail else "one hundred"


class Writer:
    """Writes notes.

    Args:
        seed: Seed of all chance.
        folder: The folder of data files; medicine.tsv stands beside it.
        world: Places, organisations and number patterns.
    """

    slack = 6
    """Sentences by which a run may outgrow its frame's upper number."""

    def __init__(self, seed: int, folder: Path = DATA, world: World | None = None) -> None:
        """Loads the data files."""
        self.rng = random.Random(seed)
        self.folk = Folk(load_toml("names.toml", folder))
        self.world = world or World()
        self.carriers = [Carrier(row[0], row[1], row[2]) for row in read_tsv("carriers.tsv", folder)]
        self.by_kind: dict[str, list[Carrier]] = {}
        for carrier in self.carriers:
            self.by_kind.setdefault(carrier.kind, []).append(carrier)
        self.filler: dict[str, list[str]] = {}
        for tag, text in read_tsv("filler.tsv", folder):
            self.filler.setdefault(tag, []).append(text)
        self.medicine: dict[str, list[list[str]]] = {}
        for row in read_tsv("../medicine.tsv", folder)[1:]:
            self.medicine.setdefault(row[1], []).append(row)
        self.skeletons: dict[str, list[Skeleton]] = {}
        for path in sorted(folder.glob("skeletons*.toml")):
            for row in load_toml(path.name, folder)["skeleton"]:
                skeleton = Skeleton(
                    row["style"],
                    row["name"],
                    row["text"].strip("\n"),
                    tuple(row["locale"].split()),
                    row.get("sex", ""),
                    tuple(row.get("age", [18, 99])),
                    row.get("old", 0.3),
                    row.get("terse", False),
                    row.get("transform", ""),
                )
                self.skeletons.setdefault(skeleton.style, []).append(skeleton)
        self.counts: Counter[str] = Counter()
        self.done = 0

    # Choosing -----------------------------------------------------------------------------------------------------

    def styles(self, total: int) -> list[str]:
        """Spreads the styles evenly over a number of notes."""
        names = sorted(self.skeletons)
        order: list[str] = []
        while len(order) < total:
            block = names[:]
            self.rng.shuffle(block)
            order += block
        return order[:total]

    def note(self, style: str, target: float) -> Note:
        """Writes one note of a style.

        Args:
            style: The style.
            target: Wanted spans of each kind per note, on average.

        Returns:
            The note.
        """
        rng = self.rng
        skeleton = rng.choice(self.skeletons[style])
        need = Counter({kind: target * (self.done + 3) - self.counts[kind] for kind in REQUIRED_KINDS})
        stretch = 0
        low, high = self.lengths()
        for _ in range(60):
            ctx = self._context(skeleton, need, stretch)
            mode = self.mode(skeleton)
            pieces = self._transform(self.render(skeleton.text, ctx), mode, rng)
            note = self._assemble(style, pieces, mode, rng)
            words = len(note.text.split())
            covered = bytearray(len(note.text))
            for span in note.spans:
                covered[span["start"] : span["end"]] = b"\1" * (span["end"] - span["start"])
            clash = self.clashes({"note_id": "", "text": note.text, "spans": note.spans}, covered)
            if low <= words <= high and note.spans and not clash:
                self.done += 1
                self.counts.update(span["kind"] for span in note.spans)
                return note
            if not low <= words <= high:
                stretch += 1 if words < low else -1
        raise RuntimeError(f"no note of fitting length from {skeleton.name}")

    def lengths(self) -> tuple[int, int]:
        """The fewest and the most words that the next note may have."""
        return MIN_WORDS, MAX_WORDS

    def mode(self, skeleton: Skeleton) -> str:
        """The change of case or of lines that the next note undergoes."""
        return skeleton.transform

    def clashes(self, row: dict[str, Any], covered: bytearray) -> list[str]:
        """Faults for which a note is thrown away and written again."""
        return unmarked_copies(row, covered)

    def share(self, ctx: Context) -> float:  # noqa: ARG002
        """The chance that a sentence of a mixed run holds an identifier."""
        return 0.62

    def weight(self, lag: float) -> float:
        """How much a kind is favoured that lags behind by so many spans."""
        return max(lag, 0.0) ** 1.5 + 0.15

    def _context(self, skeleton: Skeleton, need: Counter[str], stretch: int) -> Context:
        """Sets up patient, place and day for a note."""
        rng = self.rng
        low, high = skeleton.ages
        age = rng.randint(low, min(high, 89))
        if high >= 90 and rng.random() < skeleton.old:
            age = rng.choice([90, 91, 91, 92, 92, 93, 93, 94, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103])
        sex = skeleton.sex or rng.choice("mf")
        today = date(2016, 1, 1) + timedelta(days=rng.randint(0, 3800))
        return Context(
            rng, rng.choice(skeleton.locales), today, self.folk.draw(rng, sex), age, skeleton.terse, need, stretch
        )

    # Rendering ----------------------------------------------------------------------------------------------------

    def render(self, template: str, ctx: Context) -> list[Piece]:
        """Fills one template.

        Args:
            template: Text with {slots} and <<a|b>> choices.
            ctx: The note being written.

        Returns:
            The pieces.
        """
        out: list[Piece] = []
        at = 0
        for match in TOKEN.finditer(template):
            if match.start() > at:
                out.append(Piece(template[at : match.start()]))
            if match.group(1) is not None:
                out += self.render(ctx.rng.choice(match.group(1).split("|")), ctx)
            else:
                made = self.slot(match.group(2), ctx)
                ctx.own.update(piece.kind for piece in made if piece.kind)
                out += made
            at = match.end()
        if at < len(template):
            out.append(Piece(template[at:]))
        return out

    def slot(self, body: str, ctx: Context) -> list[Piece]:
        """Fills one slot.

        Args:
            body: The slot's inside, such as "P.comma" or "mix nursing 2-4".
            ctx: The note being written.

        Returns:
            The pieces.

        Raises:
            KeyError: The slot is unknown.
        """
        rng = ctx.rng
        head, *args = body.split(" ")
        head, _, form = head.partition(".")
        if head in ("mix", "lines", "fill"):
            return self._block(head, args, ctx)
        base, digits = (
            re.fullmatch(r"([A-Za-z0-9]*?[A-Za-z]|A90)(\d*)", head).groups() if head != "A90" else ("A90", "")
        )
        if base in ROLE_KIND:
            return self._name(base, digits, form, ctx)
        if digits and base not in ("I",):
            key = f"{head}.{form}"
            if key not in ctx.memory:
                ctx.memory[key] = self._value(base, form, ctx)
            return ctx.memory[key]
        if base == "I":
            who = ctx.patient if form == "P" else self._person("C", digits or str(rng.randint(5, 99)), ctx)
            return [Piece(who.initials(rng), "name_initials")]
        return self._value(base, form, ctx)

    def _person(self, role: str, digits: str, ctx: Context) -> Person:
        """Finds or draws a person of a role."""
        if role in "PB":
            return ctx.patient
        key = role + digits if digits else f"{role}#{ctx.rng.random()}"
        if key not in ctx.cache:
            culture = ctx.patient.culture if role == "R" and ctx.rng.random() < 0.6 else None
            person = self.folk.draw(ctx.rng, None, culture)
            if role == "R" and culture and ctx.rng.random() < 0.6 and "|" not in person.surname:
                person.surname = ctx.patient.surname
            ctx.cache[key] = person
            bank = (CHILD_RELATIONS if ctx.age < 17 else RELATIONS)[person.sex]
            unfit = TOO_OLD if ctx.age > 66 else TOO_YOUNG if ctx.age < 42 else set()
            ctx.relation[key] = ctx.rng.choice([word for word in bank if word not in unfit])
        return ctx.cache[key]

    def _name(self, role: str, digits: str, form: str, ctx: Context) -> list[Piece]:
        """Writes a person, or a word that agrees with the person."""
        rng = ctx.rng
        person = self._person(role, digits, ctx)
        if form == "t":
            if role == "C":
                return [Piece(rng.choice(DOCTOR_TITLES[person.sex]))]
            if role in "PB" and ctx.age < 16:
                return [Piece("Miss" if person.sex == "f" else "Master")]
            return [Piece(rng.choice(TITLES[person.sex]))]
        if form == "rel":
            return [Piece(ctx.relation.get(role + digits, "relative"))]
        if form in ("he", "him", "his", "He", "His"):
            word = {
                "he": ("he", "she"),
                "him": ("him", "her"),
                "his": ("his", "her"),
                "He": ("He", "She"),
                "His": ("His", "Her"),
            }[form]
            return [Piece(word[person.sex == "f"])]
        kind = ROLE_KIND[role]
        if not form:
            table = ANY_FORM[kind]
            form = rng.choices(list(table), list(table.values()))[0]
        elif form == "full" and role in "PCR":
            form = rng.choices(list(FULL_FORM), list(FULL_FORM.values()))[0]
            if form == "full" and person.native and rng.random() < 0.22:
                form = "native"
        text = person.form(form, rng)
        return [Piece(text, kind)]

    def _value(self, base: str, form: str, ctx: Context) -> list[Piece]:
        """Makes any slot that is not a person or a block."""
        rng, loc, world = ctx.rng, ctx.locale, self.world
        he = ctx.patient.sex == "f"
        pronoun = {
            "he": ("he", "she"),
            "him": ("him", "her"),
            "his": ("his", "her"),
            "He": ("He", "She"),
            "His": ("His", "Her"),
            "sx": ("M", "F"),
            "self": ("himself", "herself"),
            "sex": ("male", "female"),
            "Sex": ("Male", "Female"),
            "man": ("man", "woman") if ctx.age > 17 else ("boy", "girl"),
            "gent": ("gentleman", "lady"),
        }
        if base in pronoun:
            return [Piece(pronoun[base][he])]
        when = ctx.today - timedelta(days=int(rng.random() ** 2 * 420))
        if form == "fut":
            when = ctx.today + timedelta(days=rng.randint(3, 120))
        if base == "D":
            return [Piece(dates.full(when, loc, rng), "date_full")]
        if base == "DT":
            return [Piece(dates.full(ctx.today, loc, rng), "date_full")]
        if base == "DP":
            return [Piece(dates.partial(when, loc, rng), "date_partial")]
        if base == "DR":
            return [Piece(dates.span_of_days(when, loc, rng), "date_range")]
        if base == "DO":
            return [Piece(dates.odd(when, loc, rng, form if form != "fut" else ""), "date_odd")]
        if base == "DOB":
            born = ctx.today - timedelta(days=int(ctx.age * 365.25) + rng.randint(5, 350))
            if rng.random() < 0.2:
                return [Piece(f"{born.day:02d}.{born.month:02d}.{born.year}", "date_odd")]
            return [Piece(dates.full(born, loc, rng, weekday=False), "date_full")]
        if base == "Y":
            return [
                Piece(
                    str(ctx.today.year - rng.randint(2, 40 if ctx.age > 60 else max(3, min(12, ctx.age - 1)))), "year"
                )
            ]
        if base == "WD":
            return [Piece(rng.choice(dates.DAYS), "weekday")]
        if base == "MO":
            return [Piece(rng.choice(dates.MONTHS), "month")]
        if base == "A":
            return [Piece(str(ctx.age), "age90" if ctx.age >= 90 else "")]
        if base == "aan":
            return [Piece("an" if str(ctx.age).startswith("8") or ctx.age in (11, 18) else "a")]
        if base == "AGESEX":
            return self._age_sex(ctx)
        if base == "A90":
            age = rng.choice([90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 104])
            word = form == "word" or (form != "num" and rng.random() < 0.12)
            return [Piece(number_word(age) if word else str(age), "age90")]
        if base == "PH":
            return [Piece(world.phone(loc, rng), "phone")]
        if base == "EXT":
            return [Piece(world.extension(rng), "phone")]
        if base == "EM":
            who = ctx.patient if form.startswith("p") else self.folk.draw(rng)
            return [Piece(world.email(who, rng, form.removeprefix("p")), "email_url_handle")]
        if base == "FN":
            who = ctx.patient if form != "c" else self.folk.draw(rng)
            return world.file_name(who, dates.odd(when, loc, rng, "glue"), rng)
        if base == "USR":
            return [Piece(world.username(self.folk.draw(rng), rng), "name_in_file")]
        if base in ("ID", "IDL"):
            label, value = world.record_id(rng, form or ("label" if base == "IDL" else ""))
            return [Piece(label + " "), Piece(value, "id_record")] if base == "IDL" else [Piece(value, "id_record")]
        if base in ("NAT", "NATL"):
            label, value = world.national_id(loc, rng, which=form)
            return (
                [Piece(label + " "), Piece(value, "id_national")] if base == "NATL" else [Piece(value, "id_national")]
            )
        if base == "ST":
            return [Piece(world.street(loc, rng), "street")]
        if base == "TN":
            name, region = world.town(loc, rng, 0.9 if form == "w" else 0.12)
            return (
                [Piece(name, "town"), Piece(", "), Piece(region, "region")]
                if region and form == "rg"
                else [Piece(name, "town")]
            )
        if base == "PC":
            return [Piece(world.postcode(loc, rng), "postcode")]
        if base == "RG":
            return [Piece(world.region(loc if form != "w" else "WORLD", rng), "region")]
        if base == "ADDR":
            return world.address(loc, rng)
        if base == "H":
            return [Piece(world.hospital_name(loc, rng), "hospital")]
        if base == "GP":
            return [Piece(rng.choice(world.hospital["practices"]), "hospital")]
        if base == "HOME":
            return [Piece(rng.choice(world.hospital["homes"]), "hospital")]
        if base == "W":
            lead, name = world.ward(rng)
            return [Piece(lead), Piece(name, "hospital")] if lead else [Piece(name, "hospital")]
        if base == "O":
            lead, name = world.employer_name(form, rng)
            kind = "org_other" if form in ("pharm", "other") else "employer"
            return [Piece(lead), Piece(name, kind)] if lead else [Piece(name, kind)]
        if base == "NP":
            return [Piece(self.folk.draw_native(rng).native, "name_patient")]
        if base in ("NR", "NC"):
            return [Piece(self.folk.draw_native(rng).native, "name_relative" if base == "NR" else "name_clinician")]
        if base == "med":
            kinds = [form] if form else sorted(self.medicine)
            return [Piece(rng.choice(self.medicine[rng.choice(kinds)])[0])]
        if base == "medline":
            kinds = [form] if form else sorted(self.medicine)
            return [Piece(rng.choice(self.medicine[rng.choice(kinds)])[3])]
        if base == "wt" and ctx.age < 16:
            return [Piece(f"{ctx.age * 2.6 + 7 + rng.random() * 4:.1f} kg")]
        text = reading(base, rng)
        if text is None:
            raise KeyError(base)
        return [Piece(text)]

    def _age_sex(self, ctx: Context) -> list[Piece]:
        """Writes age and sex together in one of many glued or spaced forms."""
        rng, age = ctx.rng, Piece(str(ctx.age), "age90" if ctx.age >= 90 else "")
        she = ctx.patient.sex == "f"
        letter, noun, word = ("F", "woman", "female") if she else ("M", "man", "male")
        before, after = rng.choice(
            [
                ("", letter),
                ("", letter),
                ("", f" {letter}"),
                ("", f"yo{letter}"),
                ("", f"yo {letter}"),
                ("", f"y/o {word}"),
                ("", f" y.o. {word}"),
                ("", f"-year-old {noun}"),
                ("", f" yr old {noun}"),
                ("", f" year old {word}"),
                (f"{letter}", ""),
                (f"{word}, ", ""),
                (f"{noun} aged ", ""),
                (f"{letter}/", ""),
                ("", f"/{letter}"),
                ("", f"yrs/{word.capitalize()}"),
                ("", f" Yrs / {letter}"),
                ("", f"{letter.lower()}"),
            ]
        )
        return [piece for piece in (Piece(before), age, Piece(after)) if piece.text]

    # Blocks -------------------------------------------------------------------------------------------------------

    def _block(self, head: str, args: list[str], ctx: Context) -> list[Piece]:
        """Writes a run of filler, or of filler and carrier sentences."""
        rng = ctx.rng
        tag = args[0]
        low, _, high = args[1].partition("-")
        count = rng.randint(int(low), int(high or low)) + ctx.stretch
        count = max(1, min(count, int(high or low) + self.slack))
        bullet = args[2] if len(args) > 2 else ""
        share = 0.0 if head == "fill" else self.share(ctx)
        out: list[Piece] = []
        number = 0
        for _ in range(count):
            template = ""
            if rng.random() < share:
                template = self._carrier(ctx, "l" if head == "lines" else "t" if ctx.terse else "p")
            if not template:
                template = self._filler(tag, ctx)
            number += 1  # noqa: SIM113
            if out:
                ended = out[-1].text.rstrip()[-1:] in ".?!:"
                out.append(
                    Piece(
                        "\n" if head == "lines" else " " if ended else rng.choice(["; ", ". ", "; ", " - ", ", ", "\n"])
                    )
                )
            if bullet:
                out.append(Piece(f"{number}. " if bullet == "#" else f"{number}) " if bullet == ")" else f"{bullet} "))
            out += self.render(template, ctx)
        return out

    def _filler(self, tag: str, ctx: Context) -> str:
        """Picks an unused filler sentence."""
        bank = self.filler[tag]
        fresh = [text for text in bank if text not in ctx.used] or bank
        text = ctx.rng.choice(fresh)
        ctx.used.add(text)
        return text

    def _carrier(self, ctx: Context, register: str) -> str:
        """Picks a carrier sentence, favouring kinds that lag behind."""
        rng = ctx.rng
        kinds = [kind for kind in REQUIRED_KINDS if kind in self.by_kind]
        weights = [self.weight(ctx.need[kind] - ctx.own[kind]) for kind in kinds]
        for _ in range(8 if any(weights) else 0):
            kind = rng.choices(kinds, weights)[0]
            fit = [c for c in self.by_kind[kind] if c.text not in ctx.used and self._fits(c, ctx, register)]
            if fit:
                carrier = rng.choice(fit)
                ctx.used.add(carrier.text)
                return carrier.text
        return ""

    @staticmethod
    def _fits(carrier: Carrier, ctx: Context, register: str) -> bool:
        """Whether a carrier suits the note's register and patient."""
        flags = carrier.flags
        if register == "l":
            if "l" not in flags and "t" not in flags:
                return False
        elif register == "t":
            if "t" not in flags and "p" not in flags:
                return False
        elif "p" not in flags:
            return False
        if "a" in flags and ctx.age < 18:
            return False
        if "c" in flags and ctx.age > 16:
            return False
        if "o" in flags and ctx.age < 90:
            return False
        if "e" in flags and ctx.age < 60:
            return False
        return not ("w" in flags and ctx.age > 70)

    # Assembly -----------------------------------------------------------------------------------------------------

    @staticmethod
    def _transform(pieces: list[Piece], transform: str, rng: random.Random) -> list[Piece]:
        """Applies case changes and joins that keep spans whole."""
        out: list[Piece] = []
        wide = transform == "wrap" and rng.random() < 0.35
        for piece in pieces:
            text = piece.text
            if transform == "lower" or transform == "upper":
                text = "".join(Writer._cased(char, transform) for char in text)
            if wide and not piece.kind:
                text = re.sub(r"\. (?=[A-Z])", ".  ", text)
            out.append(Piece(text, piece.kind))
        return out

    @staticmethod
    def _cased(char: str, transform: str) -> str:
        """Changes one character's case when that keeps one character."""
        changed = char.lower() if transform == "lower" else char.upper()
        return changed if len(changed) == 1 else char

    @staticmethod
    def _assemble(style: str, pieces: list[Piece], transform: str, rng: random.Random) -> Note:
        """Joins pieces into text and spans, then wraps lines without moving offsets."""
        parts: list[str] = []
        spans: list[dict[str, Any]] = []
        at = 0
        for piece in pieces:
            if piece.kind and piece.text:
                span: dict[str, Any] = {
                    "start": at,
                    "end": at + len(piece.text),
                    "type": KIND_TYPE[piece.kind],
                    "kind": piece.kind,
                }
                if piece.optional:
                    span["optional"] = True
                spans.append(span)
            parts.append(piece.text)
            at += len(piece.text)
        text = "".join(parts)
        if transform == "wrap":
            text = hard_wrap(text, rng.randint(58, 78))
        wanted = "".join(parts)
        assert len(text) == len(wanted)
        for span in spans:
            before, after = wanted[span["start"] : span["end"]], text[span["start"] : span["end"]]
            assert before == after or before.replace(" ", "\n") == after.replace(" ", "\n")
        return Note(style, text, spans)


def hard_wrap(text: str, width: int) -> str:
    """Breaks long lines by turning spaces into newlines, so that no offset moves.

    Args:
        text: The text.
        width: Wanted line width.

    Returns:
        The wrapped text, of the same length.
    """
    chars = list(text)
    line_start, last_space = 0, -1
    for at, char in enumerate(chars):
        if char == "\n":
            line_start, last_space = at + 1, -1
        elif char == " ":
            last_space = at
        if at - line_start >= width and last_space > line_start:
            chars[last_space] = "\n"
            line_start, last_space = last_space + 1, -1
    return "".join(chars)
