"""The people, places, numbers and dates of one note, all of one country."""

from __future__ import annotations

import random
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import daybook

DATA = Path(__file__).resolve().parent / "data"
LANDS = tomllib.loads((DATA / "lands.toml").read_text(encoding="utf-8"))
NAMES = tomllib.loads((DATA / "names.toml").read_text(encoding="utf-8"))
THINGS = tomllib.loads((DATA / "things.toml").read_text(encoding="utf-8"))
WHO = re.compile(r"(pt|dr|rn|rel|bare)([mw]?)(\d?)(?:\.(\w+))?$")
ROLE_KIND = {
    "pt": "name_patient",
    "dr": "name_clinician",
    "rn": "name_clinician",
    "rel": "name_relative",
    "bare": "name_bare",
}
FOREIGN, KIN_NAME, DOUBLE = 0.25, 0.55, 0.06
ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
PLAIN = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "ß": "ss", "đ": "d", "Đ": "D", "æ": "ae"})
FULL_FORMS = ("fl", "fl", "fl", "fl", "fl", "fml", "fil", "c", "cm", "uc", "lf")


@dataclass(frozen=True)
class Part:
    """A stretch of text and, when it identifies somebody, its kind."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class Person:
    """Somebody."""

    first: str
    last: str
    middle: str
    is_woman: bool


def plain(text: str) -> str:
    """Returns a text in the 26 letters, without blanks and marks, as file names and logins have it."""
    bare = unicodedata.normalize("NFKD", text.translate(PLAIN))
    return re.sub(r"[^A-Za-z0-9]", "", bare)


class Chart:
    """What the slots of one note mean."""

    def __init__(self, land: str, rng: random.Random, traits: frozenset[str]) -> None:
        self.land, self.rng = LANDS[land], rng
        self.name_of_land = land
        self.traits = traits
        self.people: dict[str, Person] = {}
        self.kept: dict[str, str] = {}
        self.today = date(rng.randint(2009, 2025), 1, 1) + timedelta(days=rng.randint(0, 364))
        self.sex = "w" if "w" in traits else "m" if "m" in traits else rng.choice("wm")
        self.full_form = rng.choice(FULL_FORMS)
        low, high = (4, 15) if "child" in traits else (19, 43) if "mother" in traits else (22, 88)
        self.age = rng.randint(low, high)

    def value(self, slot: str) -> list[Part] | str:
        """Returns the parts of a slot, or a text with further slots."""
        slot, _, other = slot.partition("!")
        who = WHO.fullmatch(slot)
        if who:
            return self.name(*who.groups(), other)
        if slot.startswith("n:"):
            low, high = map(int, slot[2:].split("-"))
            return [Part(str(self.rng.randint(low, high)))]
        if slot.startswith("f:"):
            low, high = slot[2:].split("-")
            return [Part(f"{self.rng.uniform(float(low), float(high)):.{len(low.partition('.')[2])}f}")]
        if slot in PRONOUNS:
            return [Part(PRONOUNS[slot][self.sex == "m"])]
        if slot == "age":
            return [Part(str(self.age))]
        if slot in ("time", "t"):
            hour, minute = self.rng.randint(0, 23), self.rng.randint(0, 59)
            return [
                Part(
                    self.rng.choice((f"{hour:02d}:{minute:02d}", f"{hour:02d}{minute:02d}", f"{hour:02d}:{minute:02d}"))
                )
            ]
        return getattr(self, "a_" + slot)()

    # people

    def person(self, role: str, sex: str, number: str) -> Person:
        """Returns the person of a slot, the same all through the note."""
        key = role + sex + number
        if key not in self.people:
            rng = self.rng
            culture = NAMES[rng.choice(self.land["cultures"] if rng.random() > FOREIGN else list(NAMES))]
            is_woman = (sex or (self.sex if role == "pt" else rng.choice("wm"))) == "w"
            first = rng.choice(culture["women" if is_woman else "men"])
            last = rng.choice(culture["last"])
            if rng.random() < DOUBLE:
                last += rng.choice("- ") + rng.choice(culture["last"])
            if role == "rel" and rng.random() < KIN_NAME:
                last = self.person("pt", "", "").last
            self.people[key] = Person(first, last, rng.choice("ABCDEFGHJKLMNPRSTVW"), is_woman)
        return self.people[key]

    def name(self, role: str, sex: str, number: str, form: str | None, other: str) -> list[Part]:
        """Returns a form of a person's name."""
        p = self.person(role, sex, number)
        kind = {"file": "name_in_file", "init": "name_initials"}.get(other, ROLE_KIND[role])
        form = form or (self.rng.choice(FULL_FORMS) if role == "bare" else self.full_form if role == "pt" else "fl")
        if form in ("i", "ii"):
            return [Part(self.initials(p), "name_initials")]
        if form == "in":  # undotted
            return [Part(p.first[0] + p.last[0], "name_initials")]
        if form == "li":
            return [Part(p.last[0].upper(), "name_initials")]
        if form == "idot":
            return [Part(f"{p.first[0].upper()}. {p.last[0].upper()}.", "name_initials")]
        if form == "fi":
            return [Part(p.first[0].upper(), "name_initials")]
        f, last, m = p.first, p.last, p.middle
        return [
            Part(
                {
                    "f": f,
                    "l": last,
                    "fl": f"{f} {last}",
                    "fml": f"{f} {m}. {last}",
                    "fil": f"{f[0]}. {last}",
                    "fils": f"{f[0]} {last}",
                    "c": f"{last}, {f}",
                    "cm": f"{last}, {f} {m}",
                    "uc": f"{last.upper()}, {f}",
                    "ucc": f"{last.upper()},{f.upper()}",
                    "uu": f"{last.upper()}, {f.upper()} {m}",
                    "ul": last.upper(),
                    "uf": f"{f} {last.upper()}",
                    "lf": f"{last.upper()} {f}",
                    "ls": f"{last} {f[0]}",
                    "ff": plain(f).lower(),
                    "ll": plain(last).lower(),
                    "FF": plain(f),
                    "LL": plain(last),
                    "UL": plain(last).upper(),
                    "UF": plain(f).upper(),
                    "fl1": plain(f)[:1].lower() + plain(last).lower(),
                    "l1f": plain(last).lower() + plain(f)[:1].lower(),
                    "hat": plain(last).upper() + "^" + plain(f).upper(),
                    "camel": plain(f).capitalize() + plain(last).capitalize(),
                    "l4": plain(last)[:5].lower() + plain(f)[:1].lower(),
                }[form],
                kind,
            )
        ]

    def initials(self, p: Person) -> str:
        """Returns a person's initials, one way or another."""
        f, m, last = p.first[0].upper(), p.middle, p.last[0].upper()
        return self.rng.choice(
            (
                f + last,
                f + last,
                f + last,
                f"{f}.{last}.",
                f"{f}.{last}.",
                f + m + last,
                f"{f}.{m}.{last}.",
                f"{f}. {last}.",
            )
        )

    # dates

    def day(self, back: int = 900) -> date:
        """Returns a day before today's."""
        return self.today - timedelta(days=self.rng.randint(0, back))

    def a_date(self) -> list[Part]:
        return [Part(daybook.full(self.day(), self.land["order"], self.rng), "date_full")]

    def a_today(self) -> list[Part]:
        return [Part(daybook.full(self.today, self.land["order"], self.rng), "date_full")]

    def a_dob(self) -> list[Part]:
        born = self.today - timedelta(days=round(self.age * 365.25) + self.rng.randint(1, 360))
        return [Part(daybook.full(born, self.land["order"], self.rng, weekday=False), "date_full")]

    def a_part(self) -> list[Part]:
        return [Part(daybook.partial(self.day(400), self.land["order"], self.rng), "date_partial")]

    def a_range(self) -> list[Part]:
        return [Part(daybook.stretch(self.day(700), self.land["order"], self.rng), "date_range")]

    def a_odd(self) -> list[Part]:
        return [Part(daybook.odd(self.day(700), self.rng), "date_odd")]

    def a_feast(self) -> list[Part]:
        return [Part(daybook.feast(self.rng), "date_odd")]

    def a_wk(self) -> list[Part]:
        return [Part(self.rng.choice(daybook.WEEKDAYS), "weekday")]

    def a_yr(self) -> list[Part]:
        return [Part(str(self.today.year - self.rng.randint(1, 25)), "year")]

    def a_month(self) -> list[Part]:
        return [Part(self.rng.choice(daybook.MONTHS), "month")]

    def a_age90(self) -> list[Part]:
        return [Part(str(min(90 + int(self.rng.expovariate(0.28)), 109)), "age90")]

    def a_age90w(self) -> list[Part]:
        tens = self.rng.choice(("ninety", "ninety", "ninety", "one hundred and"))
        joint = "-" if tens == "ninety" else " "
        return [Part(tens + joint + self.rng.choice(ONES[:6]), "age90")]

    def a_age90o(self) -> list[Part]:
        number = self.a_age90()[0]
        return [number, Part("th" if number.text == "100" else daybook.ending(int(number.text) % 100))]

    # numbers

    def shaped(self, shape: str) -> str:
        """Returns a shape with ``#`` a digit, ``@`` one to nine, ``^`` a capital, ``&`` a hex digit filled."""
        signs = {"#": "0123456789", "@": "123456789", "^": "ABCDEFGHJKLMNPRSTUVWXYZ", "&": "0123456789abcdef"}
        return "".join(self.rng.choice(signs[sign]) if sign in signs else sign for sign in shape)

    def stamp(self, shape: str, kind: str) -> list[Part]:
        """Returns a filled shape; ``yy`` and ``yyyy`` in angle brackets are this year."""
        shape = shape.replace("<yyyy>", str(self.today.year)).replace("<yy>", f"{self.today.year % 100:02d}")
        return [Part(self.shaped(shape), kind)]

    def a_tel(self) -> list[Part]:
        return self.stamp(self.rng.choice(self.land["phones"]), "phone")

    def a_ext(self) -> list[Part]:
        return self.stamp(self.rng.choice(("####", "@###", "@####", "@##")), "phone")

    def a_fax(self) -> list[Part]:
        return self.stamp(self.rng.choice(self.land["phones"]), "fax_pager")

    def a_pager(self) -> list[Part]:
        return self.stamp(self.rng.choice(THINGS["pagers"]), "fax_pager")

    def a_rec(self) -> list[Part]:
        return self.stamp(self.rng.choice(THINGS["records"]), "id_record")

    def a_mrn(self) -> list[Part]:
        if "mrn" not in self.kept:
            self.kept["mrn"] = self.shaped(self.rng.choice(THINGS["mrns"]))
        return [Part(self.kept["mrn"], "id_record")]

    def a_accn(self) -> list[Part]:
        return self.stamp(self.rng.choice(THINGS["accessions"]), "id_record")

    def a_nat(self) -> list[Part]:
        return self.stamp(self.rng.choice(self.land["national"]), "id_national")

    def a_natname(self) -> list[Part]:
        return [Part(self.rng.choice(self.land["national_label"]))]

    def a_acc(self) -> list[Part]:
        return self.stamp(self.rng.choice(THINGS["accounts"]), "id_account")

    def a_dev(self) -> list[Part]:
        return self.stamp(self.rng.choice(THINGS["devices"]), "id_device")

    def a_lot(self) -> list[Part]:
        return self.stamp(self.rng.choice(THINGS["lots"]), "id_device")

    def a_study(self) -> list[Part]:
        return self.stamp(self.rng.choice(THINGS["studies"]), "id_device")

    def a_plate(self) -> list[Part]:
        return self.stamp(self.rng.choice(self.land["plates"]), "id_device")

    def a_net(self) -> list[Part]:
        ip = ".".join(str(self.rng.randint(10, 250)) for _ in range(4))
        shape = self.rng.choice((ip, "&&:&&:&&:&&:&&:&&", "&&-&&-&&-&&-&&-&&", ip))
        return self.stamp(shape, "id_device")

    def a_mail(self) -> list[Part]:
        rng = self.rng
        p = self.person(rng.choice(("pt", "dr", "rel", "bare")), "", "")
        f, last = plain(p.first).lower(), plain(p.last).lower()
        user = rng.choice(
            (
                f"{f}.{last}",
                f"{f[0]}{last}",
                f"{last}{f[0]}",
                f"{f}_{last}{rng.randint(1, 99)}",
                f"{last}.{f}",
                f"{f}{rng.randint(50, 99)}",
            )
        )
        user = rng.choice((user, user, user, user, rng.choice(THINGS["mailboxes"])))
        return [Part(f"{user}@{rng.choice(THINGS['domains'] + self.land['domains'])}", "email")]

    def a_url(self) -> list[Part]:
        p = self.person(self.rng.choice(("pt", "rel", "bare")), "", "")
        pattern = self.rng.choice(THINGS["links"])
        text = pattern.replace("{f}", plain(p.first).lower()).replace("{l}", plain(p.last).lower())
        return self.stamp(text, "url_handle")

    def a_handle(self) -> list[Part]:
        p = self.person(self.rng.choice(("pt", "rel", "bare")), "", "")
        pattern = self.rng.choice(THINGS["handles"])
        text = pattern.replace("{f}", plain(p.first).lower()).replace("{l}", plain(p.last).lower())
        return self.stamp(text, "url_handle")

    # places and bodies

    def a_street(self) -> list[Part]:
        shape = self.rng.choice(self.land["streets"])
        if "{S}" in shape:
            shape = shape.replace("{S}", self.rng.choice(self.land["roads"]))
        return self.stamp(shape, "street")

    def a_farm(self) -> list[Part]:
        return self.stamp(self.rng.choice(self.land.get("odd_streets") or THINGS["odd_streets"]), "street")

    def a_town(self) -> list[Part]:
        return [Part(self.rng.choice(self.land["towns"]), "town")]

    def a_zip(self) -> list[Part]:
        return self.stamp(self.rng.choice(self.land["codes"]), "postcode")

    def a_region(self) -> list[Part]:
        return [Part(self.rng.choice(self.land["regions"]), "region")]

    def a_addr(self) -> str:
        return self.rng.choice(self.land["addresses"])

    def a_hosp(self) -> list[Part]:
        shape = self.rng.choice(self.land["hospitals"] * 2 + THINGS["hospitals"])
        return [Part(self._named(shape), "hospital")]

    def a_home(self) -> list[Part]:
        return [Part(self._named(self.rng.choice(THINGS["homes"])), "hospital")]

    def a_unit(self) -> list[Part]:
        return [Part(self._named(self.rng.choice(THINGS["units"])), "hospital")]

    def a_emp(self) -> list[Part]:
        return [Part(self._named(self.rng.choice(self.land["employers"] + THINGS["employers"])), "employer")]

    def a_school(self) -> list[Part]:
        return [Part(self._named(self.rng.choice(THINGS["schools"])), "employer")]

    def a_org(self) -> list[Part]:
        return [Part(self._named(self.rng.choice(self.land["others"] + THINGS["others"])), "org_other")]

    def a_insurer(self) -> list[Part]:
        return [Part(self._named(self.rng.choice(THINGS["insurers"])), "org_other")]

    def _named(self, shape: str) -> str:
        for slot, name in (
            ("{T}", lambda: self.rng.choice(self.land["towns"])),
            ("{N}", lambda: self.rng.choice(NAMES[self.rng.choice(self.land["cultures"])]["last"])),
            ("{S}", lambda: self.rng.choice(self.land["roads"])),
        ):
            while slot in shape:
                shape = shape.replace(slot, name(), 1)
        return shape

    def a_file(self) -> str:
        return self.rng.choice(THINGS["files"])

    def a_job(self) -> list[Part]:
        return [Part(self.rng.choice(THINGS["jobs"]))]

    def a_kin(self) -> list[Part]:
        return [Part(self.rng.choice(THINGS["kin"]))]


PRONOUNS = {
    "he": ("she", "he"),
    "He": ("She", "He"),
    "his": ("her", "his"),
    "His": ("Her", "His"),
    "him": ("her", "him"),
    "Mr": ("Ms.", "Mr."),
    "Mr0": ("Mrs", "Mr"),
    "sex": ("F", "M"),
    "man": ("woman", "man"),
    "gent": ("lady", "gentleman"),
    "male": ("female", "male"),
}
