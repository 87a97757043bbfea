"""One note's people, places, numbers and dates, and what each slot of a sentence becomes."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dayforms import full, odd, partial, span_of_days

DATA = Path(__file__).resolve().parent / "data"
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
SAME_LAND = 0.72
KIN_F = ("wife", "mother", "daughter", "sister", "aunt", "niece", "grandmother", "partner", "mother-in-law")
KIN_M = ("husband", "father", "son", "brother", "uncle", "nephew", "grandfather", "partner", "stepson")


@cache
def table(name: str) -> dict[str, Any]:
    """Reads one TOML file of the data folder."""
    with (DATA / name).open("rb") as handle:
        return tomllib.load(handle)


@cache
def terms() -> list[list[str]]:
    """Returns the rows of the medical terms."""
    path = Path(__file__).resolve().parent / "medicine.tsv"
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]


def mark(kind: str, text: str) -> str:
    """Marks a surface with its kind."""
    return f"⟦{kind}⁝{text}⟧"


def number(pattern: str, rng: random.Random, signs: str = "#%@^") -> str:
    """Fills a pattern: # a digit, % a digit from 1, @ a capital letter, ^ a hexadecimal digit; ¤ becomes #."""
    fill = {"#": "0123456789", "%": "123456789", "@": LETTERS, "^": "0123456789ABCDEF"}
    return "".join(rng.choice(fill[char]) if char in signs else char for char in pattern).replace("¤", "#")


@dataclass
class Person:
    """A made-up person."""

    first: str
    last: str
    middle: str
    sex: str

    def form(self, how: str, rng: random.Random) -> str:
        """Returns the name in one of its written forms."""
        one, mid = self.first[0], self.middle[0]
        forms = {
            "f": self.first,
            "l": self.last,
            "fl": f"{self.first} {self.last}",
            "fml": f"{self.first} {self.middle} {self.last}",
            "fil": f"{self.first} {mid}. {self.last}",
            "il": f"{one}. {self.last}",
            "il0": f"{one} {self.last}",
            "iil": f"{one}.{mid}. {self.last}",
            "li": f"{self.last} {one}",
            "lf": f"{self.last}, {self.first}",
            "LF": f"{self.last.upper()}, {self.first}",
            "Lf": f"{self.last.upper()} {self.first}",
            "LFC": f"{self.last.upper()}, {self.first.upper()} {mid}",
            "C": f"{self.first} {self.last}".upper(),
            "l,i": f"{self.last}, {one}.",
            "low": f"{self.first} {self.last}".lower(),
        }
        if how == "full":
            how = rng.choice(("fl", "fl", "fml", "fil", "lf", "LF", "C", "Lf", "LFC"))
        elif how == "prose":
            how = rng.choice(("fl", "fl", "fl", "fml", "fil"))
        elif how == "sig":
            how = rng.choice(("fl", "fl", "il", "iil", "fil", "il0"))
        elif how == "any":
            how = rng.choice(tuple(forms))
        return forms[how]

    def initials(self, rng: random.Random) -> str:
        """Returns the initials in one of their written forms."""
        a, m, z = self.first[0], self.middle[0], self.last.split()[-1].split("-")[-1][0]
        forms = [f"{a}{z}", f"{a}.{z}.", f"{a}{m}{z}", f"{a}.{m}.{z}.", f"{a}. {z}.", f"{a} {m} {z}", f"{a}/{z}"]
        forms += [f"{a}{z}", f"{a}{m}{z}", f"{a}{z}".lower(), f"{a}-{z}", f"{a}{m}{z}".lower(), f"{a}.{z}"]
        if "-" in self.last:
            forms += [f"{a}{self.last[0]}-{z}", f"{a}.{self.last[0]}-{z}."]
        return rng.choice(forms)

    def in_file(self, rng: random.Random) -> str:
        """Returns the name as part of a file name or a login."""

        def tidy(text: str) -> str:
            return text.replace(" ", "").replace("'", "").replace("’", "")

        first, last = tidy(self.first), tidy(self.last)
        a = first[0]
        forms = [f"{last}_{first}", f"{first}_{last}", f"{last}{first}", f"{first}-{last}", f"{a}{last}", f"{last}_{a}"]
        forms += [f"{last}{a}", f"{first}.{last}", f"{last}^{first}", f"{first}{last}", last, f"{a}_{last}", first]
        pick = rng.choice(forms)
        return rng.choice((pick, pick, pick.lower(), pick.upper()))


class Note:
    """What stays the same through one note, and the drawing of slots."""

    def __init__(self, rng: random.Random, options: dict[str, str]) -> None:
        self.rng = rng
        lands = table("lands.toml")
        names = options["cc"].split(",") if "cc" in options else [k for k in lands if not lands[k].get("rare")] * 2
        if "cc" not in options:
            names += [land for land in lands if lands[land].get("rare")]
        self.land: dict[str, Any] = lands[rng.choice(names)]
        sex = options.get("sex") or rng.choice("mf")
        low, high = (int(part) for part in options.get("age", "1-106").split("-"))
        self.old = high > 89 and rng.random() < 0.33
        self.age = rng.randint(90, min(high, 106)) if self.old else rng.randint(low, min(high, 89))
        if self.old and rng.random() < 0.7:
            self.age = rng.randint(90, 98)
        self.patient = self._person(sex)
        self.staff = [self._person(rng.choice("mf")) for _ in range(4)]
        self.kin = [self._person(rng.choice("mf")) for _ in range(3)]
        self.others = [self._person(rng.choice("mf")) for _ in range(4)]
        if rng.random() < 0.5:
            self.kin[0].last = self.patient.last
        self.nat = rng.choice(self.land["nat"])
        self.record = rng.choice(table("numbers.toml")["record"])
        self.day_form = rng.randint(0, 99)
        self.year = rng.randint(2014, 2026)
        self.hospital = self._hospital()
        self.turn: dict[str, int] = {}

    def _person(self, sex: str) -> Person:
        rng = self.rng
        folk = table("folk.toml")
        key = rng.choice(self.land["folk"]) if rng.random() < SAME_LAND else rng.choice(list(folk))
        people = folk[key]
        last = rng.choice(people.get("last_" + sex) or people["last"])
        if people.get("double") and rng.random() < 0.08:
            last += "-" + rng.choice(people["last"])
        firsts = people[sex]
        return Person(rng.choice(firsts), last, rng.choice(firsts), sex)

    def _town(self) -> str:
        return str(self.rng.choice(self.land["towns"]))

    def _hospital(self) -> str:
        bodies = table("bodies.toml")
        pool = self.land["hospitals"] if self.rng.random() < 0.5 else bodies["hospital"]
        return self._plain(self.rng.choice(pool))

    def _plain(self, text: str) -> str:
        """Fills the small signs of names of places and bodies: ~t town, ~l surname, ~w a word for a house."""
        rng, words = self.rng, table("bodies.toml")
        for sign, draw in (
            ("~t", self._town),
            ("~l", lambda: rng.choice(table("folk.toml")[rng.choice(self.land["folk"])]["last"])),
            ("~w", lambda: rng.choice(words["house"])),
            ("~s", lambda: rng.choice(words["saint"])),
            ("~r", lambda: rng.choice(self.land["roads"])),
        ):
            while sign in text:
                text = text.replace(sign, draw(), 1)
        return number(text, rng)

    def _next(self, key: str, pool: list[Person]) -> Person:
        self.turn[key] = at = self.turn.get(key, -1) + 1
        return pool[at % len(pool)]

    def slot(self, name: str) -> str:
        """Returns what a slot becomes: text with marks, or a pattern with more slots."""
        rng = self.rng
        base, _, how = name.partition(".")
        if name.startswith("n:"):
            low, high = name[2:].split("-")
            return str(rng.randint(int(low), int(high)))
        handler = getattr(self, f"_slot_{base}", None)
        if handler:
            return str(handler(how))
        values = table("values.toml")
        if base in values:
            return number(rng.choice(values[base]), rng) if "#" in str(values[base]) else rng.choice(values[base])
        raise KeyError(f"no slot {name!r}")

    def _slot_pt(self, how: str) -> str:
        return mark("name_patient", self.patient.form(how or "full", self.rng))

    def _slot_cl(self, how: str) -> str:
        how = how or self.rng.choice(("l", "l", "fl", "sig"))
        return mark("name_clinician", self._next("cl", self.staff).form(how, self.rng))

    def _slot_rel(self, how: str) -> str:
        return mark("name_relative", self.kin[0].form(how or self.rng.choice(("f", "fl", "fl")), self.rng))

    def _slot_rel2(self, how: str) -> str:
        return mark("name_relative", self.kin[self.rng.randint(1, 2)].form(how or "fl", self.rng))

    def _slot_bare(self, how: str) -> str:
        who = self.patient if self.rng.random() < 0.4 else self._next("bare", self.others)
        forms = ("fl", "fl", "f", "l", "il", "lf", "C", "li", "fil", "Lf", "low")
        return mark("name_bare", who.form(how or self.rng.choice(forms), self.rng))

    def _slot_ini(self, how: str) -> str:
        who = self.patient if how == "pt" else self._next("ini", self.staff + self.kin)
        return mark("name_initials", who.initials(self.rng))

    def _slot_nf(self, how: str) -> str:
        who = self._next("nf", self.staff) if how == "cl" else self.patient
        return mark("name_in_file", who.in_file(self.rng))

    def _slot_file(self, _how: str) -> str:
        return self.rng.choice(table("numbers.toml")["file"])

    def _slot_relw(self, _how: str) -> str:
        kin = self.kin[0]
        at = sum(map(ord, kin.first)) % len(KIN_F)
        return (KIN_F if kin.sex == "f" else KIN_M)[at]

    def _pronoun(self, male: str, female: str) -> str:
        return male if self.patient.sex == "m" else female

    def _slot_he(self, _how: str) -> str:
        return self._pronoun("he", "she")

    def _slot_He(self, _how: str) -> str:
        return self._pronoun("He", "She")

    def _slot_his(self, _how: str) -> str:
        return self._pronoun("his", "her")

    def _slot_His(self, _how: str) -> str:
        return self._pronoun("His", "Her")

    def _slot_him(self, _how: str) -> str:
        return self._pronoun("him", "her")

    def _slot_T(self, _how: str) -> str:
        return self._pronoun("Mr", self.rng.choice(("Mrs", "Ms")))

    def _slot_sx(self, _how: str) -> str:
        return self._pronoun(*self.rng.choice((("M", "F"), ("m", "f"), ("male", "female"))))

    def _slot_man(self, _how: str) -> str:
        if self.age < 16:
            return self._pronoun("boy", "girl")
        return self._pronoun(*self.rng.choice((("man", "woman"), ("gentleman", "lady"), ("male", "female"))))

    def _slot_age(self, _how: str) -> str:
        return mark("age90", str(self.age)) if self.old else str(self.age)

    def _slot_a90(self, how: str) -> str:
        if how == "w":
            tens = ("ninety", "ninety-one", "ninety-two", "ninety-three", "ninety-four", "ninety-six", "ninety-seven")
            return mark("age90", self.rng.choice((*tens, "a hundred", "one hundred and one", "ninety eight")))
        return mark("age90", str(self.age if self.old and how != "o" else self.rng.choice((*range(90, 105), 91, 93))))

    def _slot_d(self, how: str) -> str:
        return mark("date_full", full(self.rng, self.year, self.day_form, how))

    def _slot_dob(self, _how: str) -> str:
        return mark("date_full", full(self.rng, self.year - self.age, self.day_form, "plain"))

    def _slot_dp(self, how: str) -> str:
        return mark("date_partial", partial(self.rng, self.year, how))

    def _slot_dr(self, _how: str) -> str:
        return mark("date_range", span_of_days(self.rng, self.year))

    def _slot_do(self, _how: str) -> str:
        return mark("date_odd", odd(self.rng, self.year, self.land.get("feasts", [])))

    def _slot_wd(self, _how: str) -> str:
        days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "Mon", "Tues", "Fri")
        return mark("weekday", self.rng.choice(days))

    def _slot_mo(self, _how: str) -> str:
        months = ("January", "February", "March", "April", "June", "July", "August", "September", "October", "November")
        return mark("month", self.rng.choice(months))

    def _slot_yr(self, _how: str) -> str:
        return mark("year", str(self.year - self.rng.randint(0, 14)))

    def _slot_ph(self, _how: str) -> str:
        return mark("phone", number(self.rng.choice(self.land["phones"]), self.rng))

    def _slot_phx(self, _how: str) -> str:
        foreign = [land for land in table("lands.toml").values() if land is not self.land]
        return mark("phone", number(self.rng.choice(self.rng.choice(foreign)["phones"]), self.rng))

    def _slot_ext(self, _how: str) -> str:
        return mark("phone", number(self.rng.choice(("%###", "%####", "%##", "%-####", "%## ##")), self.rng))

    def _slot_fax(self, _how: str) -> str:
        return mark("fax_pager", number(self.rng.choice(self.land["phones"]), self.rng))

    def _slot_pag(self, _how: str) -> str:
        pool = ("%###", "%##", "%####", "#%##", "%-###", "%##-###", "%##.###", "7%-%##")
        return mark("fax_pager", number(self.rng.choice(pool), self.rng))

    def _mailbox(self) -> str:
        rng = self.rng
        who = rng.choice((self.patient, self.kin[0], self.staff[0], self.others[0]))
        local = who.in_file(rng).lower().replace("^", ".").strip("_")
        local = "".join(char for char in local if char.isalnum() or char in "._-")
        if rng.random() < 0.4:
            local += str(rng.randint(1, 2009))
        return f"{local}@{number(rng.choice(table('numbers.toml')['domain'] + self.land['domains'] * 3), rng)}"

    def _slot_em(self, _how: str) -> str:
        rng = self.rng
        box = (
            self._mailbox()
            if rng.random() < 0.8
            else rng.choice(table("numbers.toml")["desk"])
            + ("@" + rng.choice(table("numbers.toml")["domain"] + self.land["domains"]))
        )
        return mark("email", box)

    def _slot_url(self, _how: str) -> str:
        rng = self.rng
        who = rng.choice((self.patient, self.kin[0], self.others[0]))
        text = rng.choice(table("numbers.toml")["handle"])
        text = text.replace("~f", who.first.lower()).replace("~l", who.last.lower()).replace("~i", who.last[0].lower())
        return mark("url_handle", number(text.replace(" ", "").replace("'", ""), rng, "#%^"))

    def _slot_recl(self, _how: str) -> str:
        return str(self.record[0])

    def _slot_rec(self, _how: str) -> str:
        return mark("id_record", number(self.record[1], self.rng))

    def _slot_acn(self, _how: str) -> str:
        return mark("id_record", number(self.rng.choice(table("numbers.toml")["accession"]), self.rng))

    def _slot_natl(self, _how: str) -> str:
        return str(self.nat[0])

    def _slot_nat(self, _how: str) -> str:
        return mark("id_national", number(self.nat[1], self.rng))

    def _pair(self, key: str, kind: str, how: str) -> str:
        label, pattern = self.rng.choice(table("numbers.toml")[key])
        value = mark(kind, number(pattern, self.rng))
        return value if how == "v" else f"{label} {value}"

    def _slot_acc(self, how: str) -> str:
        return self._pair("account", "id_account", how)

    def _slot_dev(self, how: str) -> str:
        return self._pair("device", "id_device", how)

    def _slot_st(self, _how: str) -> str:
        rng = self.rng
        pool = self.land["streets"] if rng.random() < 0.75 else table("bodies.toml")["street"]
        return mark("street", self._plain(rng.choice(pool)))

    def _slot_tn(self, _how: str) -> str:
        return mark("town", self._town())

    def _slot_pc(self, _how: str) -> str:
        rng = self.rng
        pool = self.land["postcodes"]
        return mark("postcode", number(rng.choice(pool), rng))

    def _slot_rg(self, _how: str) -> str:
        return mark("region", self.rng.choice(self.land["regions"]))

    def _slot_ho(self, how: str) -> str:
        if how == "ward":
            return mark("hospital", self._plain(self.rng.choice(table("bodies.toml")["ward"])))
        return mark("hospital", self._hospital() if how == "x" else self.hospital)

    def _slot_emp(self, how: str) -> str:
        bodies = table("bodies.toml")
        keys = {"school": "school", "ship": "ship", "mil": "military"}
        pool = bodies[keys[how]] if how else bodies["employer"] + self.land.get("employers", []) * 2
        return mark("employer", self._plain(self.rng.choice(pool)))

    def _slot_org(self, how: str) -> str:
        bodies = table("bodies.toml")
        pool = bodies["prison"] if how == "prison" else bodies["organization"] + self.land.get("orgs", []) * 3
        return mark("org_other", self._plain(self.rng.choice(pool)))

    def _slot_term(self, how: str) -> str:
        return self.rng.choice(terms())[2 if how == "s" else 0]

    def _slot_brand(self, _how: str) -> str:
        return self.rng.choice([row[0] for row in terms() if row[1] in ("brands", "inhalers")])

    def _slot_epo(self, _how: str) -> str:
        return self.rng.choice([row[0] for row in terms() if row[1] in ("eponym", "sign", "criteria")])
