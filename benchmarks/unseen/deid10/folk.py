"""The people, places, numbers and dates of one note."""

from __future__ import annotations

import datetime
import random
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from data import filled, items, table, weighted, words_of
from marks import mark

FEMALE, MALE = "f", "m"
PLAIN_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i"})


def listed(name: str) -> tuple[str, ...]:
    """Gives one of the program's word lists."""
    return items(table("words")[name])


def ordinal(number: int) -> str:
    """Writes 21st, 22nd, 23rd."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def plain_letters(name: str) -> str:
    """Writes a name in the small letters that mailboxes and file names use."""
    flat = unicodedata.normalize("NFKD", name.translate(PLAIN_LETTERS))
    return re.sub(r"[^a-z]", "", flat.casefold())


@dataclass
class Person:
    """Somebody with a name."""

    given: str
    family: str
    sex: str
    middle: str
    native: str = ""
    role: str = ""
    post: str = ""

    @property
    def letters(self) -> str:
        """The initials, without dots."""
        first = self.given[:1] + self.middle[:1]
        return (first + re.sub(r"^(de la|van der|van 't|de|du|dos|da|al-|Al-|O')\W*", "", self.family)[:1]).upper()


@dataclass
class Company:
    """Everybody and everything that one note names."""

    rng: random.Random
    land: str
    age_class: str
    sex: str
    facts: dict[str, Any] = field(init=False)
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        rng = self.rng
        self.facts = table("places")[self.land]
        self.towns = [entry.split(";") for entry in items(self.facts["towns"])]
        self.home = rng.choice(self.towns)
        self.today = datetime.date(2018, 1, 1) + datetime.timedelta(days=rng.randrange(2800))
        spans = {"n": (0, 0), "c": (1, 16), "o": (90, 104), "f": (18, 44), "a": (18, 89)}
        low, high = spans[self.age_class]
        self.age = (
            min(rng.randint(low, high), rng.randint(low, high)) if self.age_class == "o" else rng.randint(low, high)
        )
        early = 20 if self.age_class == "n" else 364
        self.birth = self.past_years(self.age, early)
        self.patient = self.somebody(self.sex)
        clinicians = rng.choices([FEMALE, MALE], k=5)
        self.clinicians = [self.somebody(sex) for sex in clinicians]
        self.relatives = [self.relative() for _ in range(3)]
        self.full_style = rng.choice(["plain", "plain", "middle", "plain", "initial"])
        self.hospital = self.pick("hospitals")
        self.spelling = "us" if self.land in ("us", "ph", "jp", "br") else "gb"

    # people

    def somebody(self, sex: str | None = None, family: str | None = None) -> Person:
        """Makes a person whose names nobody else in the note has."""
        rng = self.rng
        sex = sex or rng.choice([FEMALE, MALE])
        for _ in range(60):
            culture = weighted(rng, self.facts["cultures"])
            if rng.random() < 0.17:
                culture = rng.choice(list(table("people")))
            if rng.random() < 0.07:
                culture = rng.choice(["words", "words", "healers"])
            book = table("people")[culture]
            own = "english" if self.land in ("gb", "au", "nz", "ie", "za") else "american"
            given_book = table("people")[own] if culture in ("words", "healers") and rng.random() < 0.5 else book
            last_book = table("people")[own] if culture == "words" and rng.random() < 0.35 else book
            given = rng.choice(items(given_book[sex]))
            last = family or rng.choice(items(last_book["last"]))
            if not family and rng.random() < 0.05 and " " not in last and "-" not in last:
                other = rng.choice(items(table("people")[own]["last"]))
                last = f"{last}-{other}"
            middle = rng.choice(items(given_book[sex]))
            tokens = set(words_of(given)) | (set() if family else set(words_of(last)))
            tokens = {token for token in tokens if len(token) > 2}
            if not tokens & self.taken and middle != given:
                break
        self.taken |= tokens
        native = rng.choice(items(book["native"])) if "native" in book else ""
        return Person(given, last, sex, middle, native)

    def relative(self) -> Person:
        """Makes somebody near to the patient."""
        rng = self.rng
        if self.age_class in "nc":
            roles = listed("kids")
        elif self.age_class == "o":
            roles = listed("aged")
        else:
            roles = listed("young" if self.age < 40 else "grown")
        role = rng.choice(roles)
        sex = FEMALE if role in listed("women") else MALE if role in listed("men") else rng.choice([FEMALE, MALE])
        family = self.patient.family if rng.random() < 0.5 and role not in ("neighbour", "friend", "flatmate") else None
        person = self.somebody(sex, family)
        person.role = role
        if role == "neighbour" and self.land == "us":
            person.role = "neighbor"
        return person

    def title(self, person: Person) -> str:
        """Says Mr, Mrs or the like, with or without a full stop."""
        dot = "." if self.spelling == "us" else ""
        if person.sex == MALE:
            return f"Mr{dot}"
        return self.rng.choice([f"Mrs{dot}", f"Ms{dot}", f"Mrs{dot}", "Miss"])

    def written(self, person: Person, form: str, kind: str) -> str:
        """Writes a person's name in one form, with marks."""
        rng = self.rng
        given, family, middle = person.given, person.family, person.middle
        dot = "." if self.spelling == "us" else ""
        if form == "full":
            style = self.full_style if kind == "name_patient" else rng.choice(["plain"] * 6 + ["initial", "middle"])
            inner = {"plain": " ", "initial": f" {middle[0]}. ", "middle": f" {middle} "}[style]
            return mark(kind, f"{given}{inner}{family}")
        if form in ("first", "last"):
            return mark(kind, given if form == "first" else family)
        if form == "sur":
            return mark(kind, family.upper())
        if form == "lf":
            return mark(
                kind,
                rng.choice([f"{family}, {given}", f"{family}, {given} {middle[0]}.", f"{family}, {given} {middle[0]}"]),
            )
        if form == "LF":
            return mark(
                kind,
                rng.choice(
                    [f"{family.upper()}, {given}", f"{family.upper()},{given.upper()}", f"{family.upper()} {given}"]
                ),
            )
        if form == "il":
            return mark(kind, f"{given[0]}{rng.choice(['.', '', '.'])} {family}")
        if form == "li":
            return mark(kind, f"{family} {given[0]}{rng.choice(['', middle[0], ''])}")
        if form == "fl":
            return mark(kind, f"{given} {family[0]}{rng.choice(['.', ''])}")
        if form == "tl":
            if self.age_class in "nc" and kind == "name_patient":
                return mark(kind, f"{given} {family}")
            return f"{self.title(person)} {mark(kind, family)}"
        if form == "tf":
            if self.age_class in "nc" and kind == "name_patient":
                return mark(kind, f"{given} {family}")
            return f"{self.title(person)} {mark(kind, f'{given} {family}')}"
        if form == "dr":
            return f"Dr{dot} {mark(kind, family)}"
        if form == "drf":
            return f"Dr{dot} {mark(kind, f'{given} {family}')}"
        if form == "dri":
            return f"Dr{dot} {mark(kind, f'{given[0]}. {family}')}"
        if form == "mr":
            titles = ["Mr", "Mr", "Professor"] if person.sex == MALE else ["Miss", "Ms", "Professor"]
            word = rng.choice(titles) if self.spelling == "gb" else "Dr."
            return f"{word} {mark(kind, family)}"
        if form == "spell":
            name = rng.choice([given, family]).upper()
            return mark(kind, "-".join(letter for letter in name if letter.isalpha()))
        if form == "native":
            return mark(kind, person.native or f"{family.upper()} {given}")
        if form == "shout":
            return mark(kind, f"{given} {family}".upper())
        if form == "soft":
            return mark(kind, f"{given} {family}".lower())
        if form == "glue":
            return mark(kind, f"{given}{family}")
        raise ValueError(f"no such form of a name: {form}")

    def initials(self, person: Person) -> str:
        """Writes somebody's initials, none that are a common short form."""
        rng = self.rng
        letters = person.letters if rng.random() < 0.6 else person.letters[0] + person.letters[-1]
        letters = "".join(letter for letter in letters if letter.isalpha())
        while letters in listed("not_initials") or len(letters) < 2:
            letters = "".join(rng.choice("ABCDEFGHJKLMNOPRSTVWZ") for _ in range(rng.choice([2, 3, 3])))
        form = rng.choice(["{}", "{}", "{}", "dots", "spaced", "{}"])
        if form == "dots":
            letters = "".join(f"{letter}." for letter in letters)
        elif form == "spaced":
            letters = " ".join(f"{letter}." for letter in letters)
        return mark("name_initials", letters)

    # places

    def pick(self, what: str) -> str:
        """Draws a hospital, employer or other body, a street or a holiday."""
        name = self.rng.choice(items(self.facts[what]))
        return filled(self.rng, name.replace("{town}", self.rng.choice([self.home, *self.towns])[0]), "#%")

    def house_number(self) -> str:
        """Draws a house number as long as the country has them."""
        rng = self.rng
        return str(rng.randint(1, 9899) if self.land == "us" and rng.random() < 0.7 else rng.randint(1, 240))

    def street(self) -> str:
        """Writes a street with its number."""
        form = filled(self.rng, self.rng.choice(items(self.facts["forms"])))
        return form.replace("{n}", self.house_number()).replace("{s}", self.rng.choice(items(self.facts["streets"])))

    def postcode(self, town: list[str]) -> str:
        """Writes a postcode of a town."""
        code = filled(self.rng, town[2])
        if self.land == "us" and self.rng.random() < 0.2:
            code += f"-{self.rng.randint(1000, 9999)}"
        return code

    def address(self, cut: str = ", ") -> str:
        """Writes an address in the country's order, with its parts marked one by one."""
        town = self.home if self.rng.random() < 0.6 else self.rng.choice(self.towns)
        parts = {
            "{street}": mark("street", self.street()),
            "{town}": mark("town", town[0]),
            "{region}": mark("region", town[1]),
            "{zip}": mark("postcode", self.postcode(town)),
        }
        text: str = self.facts["layout"]
        if self.land == "sg":
            text = text.replace("Singapore", mark("region", "Singapore"))
        for slot, value in parts.items():
            text = text.replace(slot, value)
        return text.replace(", ", cut) if cut != ", " else text

    # numbers

    def number(self, group: str, what: str) -> str:
        """Draws a number of one group in one of its formats; what stands before ¬ is a label."""
        pattern = self.rng.choice(items(table("numbers")[group][what]))
        day = self.today
        for slot, value in (
            ("{Y}", f"{day.year}"),
            ("{yy}", f"{day:%y}"),
            ("{mm}", f"{day:%m}"),
            ("{dd}", f"{day:%d}"),
        ):
            pattern = pattern.replace(slot, value)
        return filled(self.rng, pattern).strip()

    def phone(self) -> str:
        """Draws a telephone number."""
        pattern = self.rng.choice(items(self.facts["phones"]))
        if self.land == "gb" and len(self.home[3]) > 4:
            pattern = pattern.replace("{a} ### ####", "{a} ######")
        pattern = pattern.replace("{a}", self.home[3]).replace("{b}", self.home[3].lstrip("0"))
        number = filled(self.rng, pattern)
        if self.rng.random() < 0.06:
            number = number.replace("-", "\u2011").replace(" ", "\u00a0")
        return number

    def pager(self) -> str:
        """Draws the number of a pager or a house telephone; what stands before ¬ is a label."""
        return filled(self.rng, self.rng.choice(items(self.facts["pagers"])).replace("{a}", self.home[3]))

    def mail(self, what: str) -> str:
        """Writes a mailbox, a handle or a page of somebody."""
        rng = self.rng
        person = rng.choice([self.patient, *self.relatives, *self.clinicians, self.somebody()])
        given, family = plain_letters(person.given) or "kim", plain_letters(person.family) or "lee"
        letters = "".join(word[0] for word in re.findall(r"[A-Za-z]{2,}", self.hospital))[:4].casefold() or "mc"
        if rng.random() < 0.4:
            letters = plain_letters(self.hospital.split()[-1]) or letters
        endings = dict(entry.split(" ") for entry in items(table("mail")["endings"]))
        pattern = filled(rng, rng.choice(items(table("mail")[what], ";")), "#%&")
        values = {"{g}": given, "{l}": family, "{i}": given[0], "{h}": letters, "{t}": endings[self.land]}
        values |= {"{G}": given.title(), "{L}": family.title()}
        for slot, value in values.items():
            pattern = pattern.replace(slot, value)
        return pattern

    def file(self) -> str:
        """Writes a file's name, with the parts marked that name somebody or a day."""
        rng = self.rng
        person = self.patient if rng.random() < 0.7 else rng.choice([*self.relatives, self.somebody()])
        given, family = plain_letters(person.given) or "kim", plain_letters(person.family) or "lee"
        text = filled(rng, rng.choice(items(table("numbers")["files"]["forms"].replace(", {Gn}", "\u0001"), ";")), "#%")
        joined = f"{mark('name_in_file', family)}, {mark('name_in_file', given.title())}"
        text = text.replace("{ln}\u0001", joined)
        values = {"{ln}": family, "{gn}": given, "{Ln}": family.title(), "{Gn}": given.title(), "{LN}": family.upper()}
        values |= {"{GN}": given.upper(), "{I}": given[0].upper()}
        for slots in ("{ln}{gn}", "{gn}{ln}", "{Ln}{Gn}", "{LN}{I}"):
            if slots in text:
                whole = "".join(values["{" + slot + "}"] for slot in re.findall(r"{(\w+)}", slots))
                text = text.replace(slots, mark("name_in_file", whole))
        for slot, value in values.items():
            text = text.replace(slot, mark("name_in_file", value))
        return text.replace("{date8}", mark("date_full", f"{self.near():%Y%m%d}"))

    # dates

    def near(self, back: int = 500) -> datetime.date:
        """Draws a day not long before the note's."""
        return self.today - datetime.timedelta(days=self.rng.randrange(back))

    def coming(self) -> datetime.date:
        """Draws a day not long after the note's."""
        return self.today + datetime.timedelta(days=self.rng.randint(2, 120))

    def clock(self) -> str:
        """Writes a time of day, which is no identifier."""
        rng = self.rng
        hour, minute = rng.randrange(24), rng.choice([0, 5, 10, 15, 20, 30, 35, 40, 45, 50, rng.randrange(60)])
        form = rng.choice(["colon", "colon", "four", "half", "dot"])
        if form == "four":
            return f"{hour:02}{minute:02} h" if self.spelling == "gb" else f"{hour:02}{minute:02} hrs"
        if form == "half":
            return f"{hour % 12 or 12}:{minute:02} {'am' if hour < 12 else 'pm'}"
        if form == "dot" and self.spelling == "gb":
            return f"{hour % 12 or 12}.{minute:02}{'am' if hour < 12 else 'pm'}"
        return f"{hour:02}:{minute:02}"

    def national(self, labelled: bool) -> str:
        """Draws a national number, with or without its label before it."""
        label, pattern = self.rng.choice(items(self.facts["nat"])).split(";")
        number = mark("id_national", filled(self.rng, pattern))
        return (
            f"{label}{self.rng.choice([' ', ': ', ' ', ' # ' if self.land == 'us' else ': '])}{number}"
            if labelled
            else number
        )

    def past_years(self, years: int, early: int) -> datetime.date:
        """Goes back some years and up to so many days."""
        day = self.today.replace(day=min(self.today.day, 28))
        return day.replace(year=day.year - years) - datetime.timedelta(days=self.rng.randrange(early))

    def dated(self, group: str, day: datetime.date | None = None) -> str:
        """Writes a day or days of one group, without a mark."""
        rng = self.rng
        order = table("dates")["order"].get(self.land, "dmy")
        if self.land == "ca" and rng.random() < 0.4:
            order = rng.choice(["dmy", "iso"])
        formats = table("dates")[group]
        if group == "odd":
            own = items(formats.get(self.land, ""), ";")
            pattern = rng.choice(own) if own and rng.random() < 0.4 else rng.choice(items(formats["any"], ";"))
        else:
            pattern = rng.choice(items(formats[order], ";"))
        day = day or self.near(rng.choice([30, 400, 3000]))
        later = day + datetime.timedelta(days=rng.choice([1, 2, 3, 5, 9, 20, 33]))
        halves = re.search("{(m|mm|Mon|MON|Month|mon)}", pattern), re.search("{(n|nn|Nam|Name)}", pattern)
        if group == "range" and not all(halves):
            day = day.replace(day=rng.randint(1, 24))
            later = day + datetime.timedelta(days=rng.randint(1, 4))
        if "{Mon}-{Nam}" in pattern or "{Month} to {Name}" in pattern or "{mm}/{Y}-{nn}" in pattern:
            later = day + datetime.timedelta(days=rng.randint(35, 120))
        foreign = table("dates")["months"].get(self.land)
        values = {
            "d": day.day,
            "dd": f"{day:%d}",
            "m": day.month,
            "mm": f"{day:%m}",
            "mon": listed("months")[day.month - 1][:3].lower(),
            "Mon": listed("months")[day.month - 1][:3],
            "MON": listed("months")[day.month - 1][:3].upper(),
            "Month": listed("months")[day.month - 1],
            "yy": f"{day:%y}",
            "Y": day.year,
            "o": ordinal(day.day),
            "R": listed("roman")[day.month - 1],
            "F": items(foreign)[day.month - 1] if foreign else listed("months")[day.month - 1],
            "e": later.day,
            "ee": f"{later:%d}",
            "p": ordinal(later.day),
            "n": later.month,
            "nn": f"{later:%m}",
            "Nam": listed("months")[later.month - 1][:3],
            "Name": listed("months")[later.month - 1],
            "X": later.year,
            "yx": f"{later:%y}",
            "Wd": listed("days")[day.weekday()],
            "week": day.isocalendar().week,
            "julian": f"{day:%j}",
            "nth": rng.choice(listed("nth")),
            "words": listed("day_words")[day.day - 1],
            "era": max(1, day.year - 2018),
            "holiday": self.pick("holidays"),
        }
        return filled(rng, pattern.format(**values), "%#")

    def old_age(self) -> int:
        """Draws an age of ninety or more."""
        return self.rng.choice([90, 90, 91, 91, 92, 92, 93, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 104])
