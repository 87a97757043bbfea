"""Writes this set's notes: the first set's machinery with other values, longer notes and more plain text."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import Any

from calendars import Calendar
from dates import DAYS, MONTHS
from engine import ROLE_KIND, Context, Skeleton, Writer, number_word
from formats import DATA, Atlas
from leaks import loose_copies
from people import NBSP, Person, same_length
from readings import reading
from values import REQUIRED_KINDS, Piece

MIN_WORDS, MAX_WORDS = 90, 480
FORMS: dict[str, dict[str, float]] = {
    "name_patient": {
        "full": 36,
        "turned": 12,
        "comma": 10,
        "dot": 8,
        "caps": 5,
        "lower": 4,
        "sur": 8,
        "giv": 8,
        "native": 5,
    },
    "name_clinician": {"full": 40, "dot": 12, "tail": 12, "sur": 20, "turned": 4, "caps": 4, "comma": 4, "nbsp": 3},
    "name_relative": {"full": 48, "giv": 32, "dot": 5, "lower": 4, "native": 3, "tail": 4, "kunya": 3},
    "name_bare": {"sur": 42, "giv": 32, "full": 18, "tail": 4, "lower": 4},
}
DOCTORS = {
    "f": ["Dr", "Dr", "Dr.", "Mrs", "Ms", "Prof.", "Sister", "Frau Dr."],
    "m": ["Dr", "Dr", "Dr.", "Mr", "Prof.", "Herr Dr."],
}
PEOPLE = {"f": ["Mrs", "Ms", "Miss", "Mrs", "Smt.", "Mx"], "m": ["Mr", "Mr", "Mr.", "Shri", "Mr"]}


def written(person: Person, form: str, rng: random.Random) -> str:
    """Writes a name.

    Args:
        person: Whose name it is.
        form: full, plain, sur, giv, comma, turned, dot, tail, caps, lower, nbsp, native or kunya.
        rng: Source of chance.

    Returns:
        The name.
    """
    given, surname = person.given, person.surname
    head = next((char for char in surname if char.isupper() and char != "Ó"), surname[0])
    if form == "comma":
        left = same_length(surname, surname.upper()) if rng.random() < 0.5 else surname
        right = f"{given} {person.middle[0]}" if person.middle and rng.random() < 0.5 else given
        return f"{left}{rng.choice([', ', ', ', ',', ' , '])}{right}"
    if form == "turned":
        return f"{same_length(surname, surname.upper())} {given}"
    if form == "dot":
        second = (person.middle or rng.choice("ABCDFGHJKLMNPRSTV"))[0]
        return rng.choice(
            [f"{given[0]}. {surname}", f"{given[0]} {second} {surname}", f"{given[0]}.{second}. {surname}"]
        )
    if form == "tail":
        return rng.choice([f"{given[0]} {surname}", f"{given} {head}", f"{given} {head}.", f"{surname} {given[0]}."])
    if form == "caps":
        return same_length(person.full(), person.full().upper())
    if form == "lower":
        return same_length(f"{given} {surname}", f"{given} {surname}".lower())
    if form == "nbsp":
        return f"{given} {surname}".replace(" ", NBSP)
    simple = {
        "sur": surname,
        "giv": given,
        "plain": f"{given} {surname}",
        "native": person.native,
        "kunya": person.kunya,
    }
    return simple.get(form) or (given if form == "kunya" else person.full())


class SecondWriter(Writer):
    """Writes notes.

    Args:
        seed: Seed of all chance.
    """

    slack = 30

    def __init__(self, seed: int) -> None:
        """Loads the data files."""
        self.atlas = Atlas()
        super().__init__(seed, DATA, self.atlas)  # type: ignore[arg-type]
        rows = [row for bank in self.medicine.values() for row in bank]
        self.sentences = [row for row in rows if len(row[2].split()) - len(row[0].split()) > 4]

    def lengths(self) -> tuple[int, int]:
        """The fewest and the most words of the next note: a fifth short, a fifth long."""
        aim = self.rng.choices([145, 215, 280, 345, 420], [22, 22, 26, 18, 12])[0]
        return max(MIN_WORDS, int(aim * 0.75)), min(MAX_WORDS, int(aim * 1.2))

    def _filler(self, tag: str, ctx: Context) -> str:
        """Picks an unused sentence of the tag, of the general ones, or around a hard medical term."""
        rolled = ctx.rng.random()
        child = ctx.age < 16
        tag = "paed" if child and tag == "gen" else "gen" if rolled < 0.35 and not (ctx.terse or child) else tag
        if rolled > 0.87 or all(text in ctx.used for text in self.filler[tag]):
            return "{medline}" if ctx.terse and rolled > 0.93 else "{medctx}"
        return super()._filler(tag, ctx)

    def mode(self, skeleton: Skeleton) -> str:
        """The change that the next note undergoes."""
        if skeleton.transform:
            return skeleton.transform
        rolled = self.rng.random()
        if skeleton.terse and rolled < 0.14:
            return "lower" if rolled < 0.08 else "upper"
        return "wrap" if rolled > 0.84 else ""

    def clashes(self, row: dict[str, Any], covered: bytearray) -> list[str]:
        """Faults for which a note is thrown away and written again."""
        return super().clashes(row, covered) + loose_copies(row, covered)

    def share(self, ctx: Context) -> float:
        """The chance that a sentence of a mixed run holds an identifier: higher when kinds lag behind."""
        lag = sum(max(ctx.need[kind] - ctx.own[kind], 0.0) for kind in REQUIRED_KINDS)
        return min(0.5, 0.022 * lag)

    def weight(self, lag: float) -> float:
        """How much a kind is favoured that lags behind by so many spans."""
        return max(lag, 0.0) ** 1.6

    # Values -------------------------------------------------------------------------------------------------------

    def _name(self, role: str, digits: str, form: str, ctx: Context) -> list[Piece]:
        """Writes a person, or a word that agrees with the person."""
        rng, kind = ctx.rng, ROLE_KIND[role]
        person = self._person(role, digits, ctx)
        if form == "t":
            return [Piece(rng.choice((DOCTORS if role == "C" else PEOPLE)[person.sex]))]
        if form in ("rel", "he", "him", "his", "He", "His"):
            return super()._name(role, digits, form, ctx)
        if not form:
            form = rng.choices(list(FORMS[kind]), list(FORMS[kind].values()))[0]
        elif form == "full":
            form = rng.choices(["full", "plain", "dot", "tail", "nbsp"], [64, 16, 10, 6, 4])[0]
        return [Piece(written(person, form, rng), kind)]

    def _value(self, base: str, form: str, ctx: Context) -> list[Piece]:
        """Makes any slot that is not a person or a block."""
        made = self._date(base, form, ctx) or self._number(base, form, ctx) or self._place(base, form, ctx)
        if made:
            return made
        rng, she = ctx.rng, ctx.patient.sex == "f"
        words = {
            "he": ("he", "she"),
            "him": ("him", "her"),
            "his": ("his", "her"),
            "He": ("He", "She"),
            "His": ("His", "Her"),
            "sx": ("M", "F"),
            "sex": ("male", "female"),
            "man": ("man", "woman") if ctx.age > 17 else ("boy", "girl"),
        }
        if base in words:
            return [Piece(words[base][she])]
        if base in ("med", "medline", "medctx"):
            rows = self.sentences if base == "medctx" else self.medicine[form or rng.choice(list(self.medicine))]
            row = rng.choice(rows)
            return [Piece(row[{"med": 0, "medctx": 2, "medline": 3}[base]])]
        text = f"{ctx.age * 2.5 + 8 + rng.random() * 5:.1f} kg" if base == "wt" and ctx.age < 15 else reading(base, rng)
        if text is None:
            raise KeyError(base)
        return [Piece(text)]

    def _date(self, base: str, form: str, ctx: Context) -> list[Piece]:
        """Makes a date or an age, or nothing."""
        rng = ctx.rng
        back = timedelta(days=int(rng.random() ** 2 * 500))
        when = ctx.today + timedelta(days=rng.randint(4, 160)) if form == "fut" else ctx.today - back
        past = Calendar(when, ctx.locale, rng)
        if base in ("D", "DP", "DR", "DO"):
            form = "" if form == "fut" else form
            text = {"D": past.full, "DP": past.partial, "DR": past.range, "DO": lambda: past.odd(form)}[base]()
            kind = {"D": "date_full", "DP": "date_partial", "DR": "date_range", "DO": "date_odd"}[base]
            return [Piece(text, kind)]
        if base == "DT":
            return [Piece(Calendar(ctx.today, ctx.locale, rng).full(), "date_full")]
        if base == "DTZ":
            return [Piece(ctx.today.isoformat(), "date_full"), Piece(f"T{rng.randint(10, 23)}:{rng.randint(10, 59)}Z")]
        if base == "DOB":
            born = ctx.today - timedelta(days=int(ctx.age * 365.25) + rng.randint(5, 350))
            if ctx.locale == "DE" or rng.random() < 0.15:
                return [Piece(f"{born.day:02d}.{born.month:02d}.{born.year}", "date_odd")]
            return [Piece(Calendar(born, ctx.locale, rng).full(born=True), "date_full")]
        if base == "Y":
            return [Piece(str(ctx.today.year - rng.randint(2, max(3, min(30, ctx.age - 2)))), "year")]
        if base == "WD":
            return [Piece(rng.choice(DAYS), "weekday")]
        if base == "MO":
            return [Piece(rng.choice(MONTHS), "month")]
        if base == "A":
            return [Piece(str(ctx.age), "age90" if ctx.age > 89 else "")]
        if base == "aan":
            return [Piece("an" if str(ctx.age).startswith("8") or ctx.age in (11, 18) else "a")]
        if base == "AGESEX":
            return self._age_sex(ctx)
        if base == "A90":
            age = rng.choice([90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 103])
            return [Piece(number_word(age) if form == "word" else str(age), "age90")]
        return []

    def _age_sex(self, ctx: Context) -> list[Piece]:
        """Writes age and sex together."""
        she = ctx.patient.sex == "f"
        letter, word = ("F", "female") if she else ("M", "male")
        noun = ("woman" if she else "man") if ctx.age > 17 else ("girl" if she else "boy")
        before, after = ctx.rng.choice(
            [
                ("", letter),
                ("", f" {letter}"),
                ("", letter.lower()),
                ("", f" y {letter}"),
                ("", f"yrs {word}"),
                ("", f" year-old {noun}"),
                ("", f"-yr-old {noun}"),
                ("", f" years old, {word}"),
                ("", f"y.o.{letter}"),
                (f"{word} ", ""),
                (f"{word.capitalize()}, ", " yrs"),
                (f"{letter}", ""),
                (f"{letter} ", "y"),
                ("age ", f", {word}"),
                ("", f" Y / {word.upper()}"),
                ("", f"-jähr. {word}" if ctx.locale == "DE" else f" y/o {letter}"),
            ]
        )
        pieces = (Piece(before), Piece(str(ctx.age), "age90" if ctx.age > 89 else ""), Piece(after))
        return [piece for piece in pieces if piece.text]

    def _number(self, base: str, form: str, ctx: Context) -> list[Piece]:
        """Makes a phone, an internet address, a file name or a record number, or nothing."""
        rng, loc, atlas = ctx.rng, ctx.locale, self.atlas
        if base == "PH":
            return [Piece(atlas.phone(loc, rng), "phone")]
        if base == "EXT":
            return [Piece(atlas.extension(rng), "phone")]
        if base == "EM":
            who = ctx.patient if form.startswith("p") else self.folk.draw(rng)
            return [Piece(atlas.internet(who, rng, form.removeprefix("p")), "email_url_handle")]
        if base == "FN":
            who = self.folk.draw(rng) if form == "c" else ctx.patient
            return atlas.file_name(who, Calendar(ctx.today, loc, rng).odd("glue"), rng)
        if base == "USR":
            return [Piece(atlas.login(self.folk.draw(rng), rng), "name_in_file")]
        if base in ("ID", "IDL"):
            label, value = atlas.record(rng, form)
            lead = [Piece(f"{label} ")] if base == "IDL" else []
            return [*lead, Piece(value, "id_record")]
        if base in ("NAT", "NATL"):
            label, value = atlas.national_id(loc, rng)
            lead = [Piece(f"{label} ")] if base == "NATL" else []
            return [*lead, Piece(value, "id_national")]
        return []

    def _place(self, base: str, form: str, ctx: Context) -> list[Piece]:
        """Makes a place or an organisation, or nothing."""
        rng, loc, atlas = ctx.rng, ctx.locale, self.atlas
        if base == "ST":
            return [Piece(atlas.street(loc, rng), "street")]
        if base == "TN":
            name, region = atlas.town(loc, rng, 0.92 if form == "w" else 0.08)
            tail = [Piece(", "), Piece(region, "region")] if region and form == "rg" else []
            return [Piece(name, "town"), *tail]
        if base == "PC":
            return [Piece(atlas.postcode(loc, rng), "postcode")]
        if base == "RG":
            return atlas.region("WORLD" if form == "w" else loc, rng)
        if base == "ADDR":
            return atlas.address(loc, rng)
        if base == "H":
            return atlas.hospital_name(loc, rng)
        if base in ("GP", "HOME"):
            return [Piece(rng.choice(atlas.hospital["practices" if base == "GP" else "homes"]), "hospital")]
        if base == "W":
            return atlas.led(rng.choice(atlas.hospital["wards"]), "hospital")
        if base == "O":
            return atlas.employer_name(form, rng)
        return []

    # Mess ---------------------------------------------------------------------------------------------------------

    @staticmethod
    def _transform(pieces: list[Piece], transform: str, rng: random.Random) -> list[Piece]:
        """Changes case, and in some notes strews typing errors, blanks and lost full stops over the unmarked text."""
        hand = rng.random()
        errors = 0.0 if hand < 0.5 else 0.004 if hand < 0.75 else 0.012 if hand < 0.93 else 0.03
        blanks = rng.random() < 0.18
        out: list[Piece] = []
        for piece in pieces:
            text = piece.text
            if transform in ("lower", "upper"):
                text = "".join(Writer._cased(char, transform) for char in text)
            if not piece.kind:
                if errors:
                    text = re.sub(r"(?<![\w'-])[a-z]{5,}(?![\w'-])", lambda m: slip(m.group(), errors, rng), text)
                if blanks:
                    text = re.sub(r"(?<=[a-z])([.,;]) (?=[A-Za-z])", lambda m: strew(m.group(1), rng), text)
            bare = text.removesuffix(".") if piece.kind else text
            out.append(Piece(bare, piece.kind))
            if bare != text:
                out.append(Piece("."))
        return out


def slip(word: str, chance: float, rng: random.Random) -> str:
    """Mistypes a word of lower-case letters with a small chance."""
    if rng.random() > chance * 5:
        return word
    at = rng.randint(1, len(word) - 3)
    return rng.choice(
        [
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + rng.choice("aeioulnrst") + word[at + 1 :],
        ]
    )


def strew(mark: str, rng: random.Random) -> str:
    """Loses or doubles a blank, or loses the mark before it."""
    return rng.choices([f"{mark} ", f"{mark}  ", f" {mark} ", " ", mark], [60, 20, 6, 8, 6])[0]
