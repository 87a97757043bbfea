"""The people, places, numbers and dates of one note."""

from __future__ import annotations

import random
import re
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

import days

DATA = Path(__file__).resolve().parent / "data"
Piece = tuple[str, str | None]
Person = dict[str, str]

OLD_SHARE = 0.3
OUTSIDE = ("the ", "wk ", "KW ", "early ", "mid ", "late ", "end of ")
LETTERS = str.maketrans({"ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "đ": "d", "ı": "i"})
ROMANISED = ("wang", "yamada", "kuznetsov", "pappas", "haddad", "meiling", "sergei", "giorgos", "sakura")
WOMEN = (
    "mother", "sister", "wife", "daughter", "aunt", "grandmother", "niece", "stepmother", "partner", "daughter-in-law",
)  # fmt: skip
MEN = (
    "father", "brother", "husband", "son", "uncle", "grandfather", "nephew", "stepfather", "partner", "son-in-law",
)  # fmt: skip
PARTS = {"C": "name_clinician", "D": "name_clinician", "E": "name_clinician", "P": "name_patient"}
PARTS |= {"R": "name_relative", "S": "name_relative", "B": "name_bare", "N": "name_in_file"}
PRONOUNS = {"he": ("she", "he"), "him": ("her", "him"), "his": ("her", "his"), "man": ("woman", "man")}
PRONOUNS |= {"mr": ("Mrs", "Mr"), "m": ("F", "M"), "male": ("female", "male"), "boy": ("girl", "boy")}


class Data:
    """What the note's values are drawn from."""

    def __init__(self) -> None:
        def read(name: str) -> dict[str, Any]:
            return tomllib.loads((DATA / name).read_text(encoding="utf-8"))

        self.names = read("names.toml")
        self.lands = read("lands.toml")
        self.bodies = read("bodies.toml")
        self.numbers = read("numbers.toml")


def plain(name: str) -> str:
    """Returns a name as it stands in an address or a file name."""
    bare = unicodedata.normalize("NFKD", name.lower().translate(LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]", "", bare) or ROMANISED[sum(map(ord, name)) % len(ROMANISED)]


class Cast:
    """One note's people, place and habits."""

    def __init__(self, rng: random.Random, data: Data, flags: frozenset[str]) -> None:
        self.rng = rng
        self.data = data
        lands = [flag for flag in flags if flag in data.lands] or list(data.lands)
        self.land = data.lands[rng.choice(lands)]
        self.cultures = [*self.land["cultures"], "wordy", *rng.sample(list(data.names), 4)]
        self.is_woman = "women" in flags or ("men" not in flags and rng.random() < 0.5)
        self.is_old = not flags & {"child", "women"} and ("old" in flags or rng.random() < OLD_SHARE)
        younger = (2, 15) if "child" in flags else (17, 46) if "women" in flags else (19, 88)
        low, high = (90, 104) if self.is_old else younger
        self.years = rng.randint(low, high)
        self.people: dict[str, Person] = {"P": self._person(is_woman=self.is_woman)}
        self.relation = {who: self._relation(who) for who in "RS"}
        for who in "CDE":
            self.people[who] = self._person(is_woman=rng.random() < 0.5)
        self.calendar = days.Calendar(rng, self.land["dates"])
        self.town = rng.choice(self.land["towns"])

    def _relation(self, who: str) -> str:
        is_woman = self.rng.random() < 0.5
        person = self._person(is_woman=is_woman)
        if self.rng.random() < 0.5:
            person["last"] = self.people["P"]["last"]
        self.people[who] = person
        return self.rng.choice(WOMEN if is_woman else MEN)

    def _person(self, *, is_woman: bool) -> Person:
        culture = self.data.names[self.rng.choice(self.cultures)]
        first = self.rng.choice(culture["f" if is_woman else "m"].split())
        lasts = culture["last"].split(", ")
        last = self.rng.choice(lasts)
        order = culture.get("order", "western")
        if order == "double" and self.rng.random() < 0.7:
            last += " " + self.rng.choice(lasts)
        if order == "hyphen" and self.rng.random() < 0.3:
            last += "-" + self.rng.choice(lasts)
        first, last = first.replace("_", " "), last.replace("_", " ")
        full = f"{last} {first}" if order == "eastern" and self.rng.random() < 0.6 else f"{first} {last}"
        middle = self.rng.choice("ABCDEFGHJKLMNPRSTVW")
        if order == "western" and self.rng.random() < 0.15:
            full = f"{first} {middle}. {last}"
        return {"first": first, "last": last, "full": full}

    def _name(self, who: str, form: str) -> str:
        person = self.people[who] if who != "B" or not self.rng.random() < 0.5 else self.people["P"]
        first, last = person["first"], person["last"]
        if form == "":
            return person["full"]
        if form == "F":
            return first
        if form == "L":
            return last
        if form == "C":
            capitals = last.upper()
            forms = (f"{capitals}, {first}", f"{last}, {first}", f"{last}, {first[0]}.", f"{capitals},{first}")
            return self.rng.choice(forms)
        if form == "X":
            letter = first[0]
            return self.rng.choice((f"{letter}. {last}", f"{letter} {last}", f"{first} {last[0]}.", f"{last} {letter}"))
        if form == "U":
            return person["full"].upper()
        raise KeyError(form)

    def _initials(self) -> str:
        person = self.people[self.rng.choice("PCDER")]
        letters = [word[0].upper() for word in f"{person['first']} {person['last']}".split() if word[0].isalpha()]
        if self.rng.random() < 0.3:
            letters.insert(1, self.rng.choice("ABCDEFGHJKLMNPRSTVW"))
        joined = "".join(letters)
        return self.rng.choice((".".join(letters) + ".", joined, joined, joined.lower(), "-".join(letters)))

    def digits(self, pattern: str) -> str:
        """Draws the signs of a pattern: # a digit, % a digit but 0, @ a capital, & a small letter."""
        draw = self.rng.choice
        signs = {"#": "0123456789", "%": "123456789", "@": "ABCDEFGHJKLMNPRSTUVWXYZ", "&": "abcdefghjkmnpqrstuvwxyz"}
        return "".join(draw(signs[c]) if c in signs else c for c in pattern)

    def _file(self) -> list[Piece]:
        person = self.people[self.rng.choice("PPPCR")]
        first, last = (plain(part).capitalize() for part in (person["first"].split()[0], person["last"].split()[-1]))
        sign = self.rng.choice(("_", "-", ".", ""))
        small, user = f"{last.lower()}{sign}{first.lower()}", f"{first[0].lower()}{last.lower()}"
        both = (f"{last}{sign}{first}", f"{first}{sign}{last}")
        name = self.rng.choice((*both, small, user, last, last.lower(), last.upper()))
        out: list[Piece] = []
        for part in re.split(r"(NAME|DAY|NUM)", self.rng.choice(self.data.numbers["files"])):
            if part == "NAME":
                out.append((name, "name_in_file"))
            elif part == "DAY":
                out.append((self.calendar.compact(), "date_full"))
            elif part == "NUM":
                out.append((self.digits("######"), "id_record"))
            elif part:
                out.append((self.digits(part), None))
        return out

    def _email(self) -> str:
        person = self.people[self.rng.choice("PCDRS")]
        first, last = plain(person["first"]), plain(person["last"])
        box = self.digits(self.rng.choice(self.data.numbers["mailboxes"]))
        numbered = (last + self.digits("##"), first + self.digits("%###"))
        whole = (f"{first}.{last}", f"{first[0]}{last}", f"{last}.{first[0]}", f"{first}_{last}")
        user = self.rng.choice((*whole, *numbered, box))
        return f"{user}@{self.rng.choice(self.data.numbers['mail_hosts'] + self.land['mail_hosts'])}"

    def _handle(self) -> str:
        person = self.people[self.rng.choice("PRS")]
        first, last = plain(person["first"]), plain(person["last"])
        shape = self.digits(self.rng.choice(self.data.numbers["handles"]))
        return shape.replace("FIRST", first).replace("LAST", last).replace("~", "@")

    def _body(self, which: str) -> str:
        template = self.rng.choice(self.data.bodies[which] + self.land.get(which, []) * 2)
        saint = self.rng.choice(self.data.bodies["saints"])
        founder = self.rng.choice(self.data.bodies["founders"])
        town = self.rng.choice(self.land["towns"])
        return template.replace("TOWN", town).replace("SAINT", saint).replace("FOUNDER", founder)

    def _network(self) -> str:
        address = self.rng.choice(self.data.numbers["networks"])
        return re.sub("N", lambda _: str(self.rng.randint(2, 250)), address)

    def _street(self) -> str:
        street = self.rng.choice(self.land["streets"])
        if "ROAD" in street:
            street = street.replace("ROAD", self.rng.choice(self.data.bodies["roads"]))
        return self.digits(street)

    def value(self, slot: str) -> list[Piece]:
        """Returns the pieces of a slot's value, each with its kind."""
        rng, land, numbers = self.rng, self.land, self.data.numbers
        head, form = slot[0], slot[1:]
        if head in PARTS and head.isupper() and form in {"", "F", "L", "C", "X", "U"}:
            if head == "B":
                self.people["B"] = self._person(is_woman=rng.random() < 0.5)
            return [(self._name(head, form), PARTS[head])]
        if slot.startswith("n:"):
            low, high = slot[2:].split("-")
            return [(str(rng.randint(int(low), int(high))), None)]
        if slot.lower() in PRONOUNS:
            word = PRONOUNS[slot.lower()][0 if self.is_woman else 1]
            return [(word[0].upper() + word[1:] if slot[0].isupper() else word, None)]
        if slot == "ag":
            return [(str(self.years), "age90" if self.is_old else None)]
        plain_values = {
            "rel": lambda: self.relation["R"],
            "rel2": lambda: self.relation["S"],
            "natlab": lambda: rng.choice(land["national_labels"]),
        }
        if slot in plain_values:
            return [(plain_values[slot](), None)]
        if slot == "FN":
            return self._file()
        values = {
            "I": ("name_initials", self._initials),
            "d": ("date_full", self.calendar.full),
            "dob": ("date_full", lambda: self.calendar.birth(self.years)),
            "dp": ("date_partial", self.calendar.partial),
            "dr": ("date_range", self.calendar.span),
            "do": ("date_odd", self.calendar.odd),
            "wd": ("weekday", self.calendar.weekday),
            "yr": ("year", self.calendar.year),
            "age": ("age90", lambda: str(self.years)),
            "old_age": ("age90", lambda: str(rng.randint(90, 106))),
            "ph": ("phone", lambda: self.digits(rng.choice(land["phones"]))),
            "ext": ("phone", lambda: self.digits(rng.choice(numbers["extensions"]))),
            "fx": ("fax_pager", lambda: self.digits(rng.choice(land["phones"][:3]))),
            "pg": ("fax_pager", lambda: self.digits(rng.choice(numbers["pagers"]))),
            "em": ("email", self._email),
            "url": ("url_handle", lambda: self.digits(rng.choice(numbers["urls"]))),
            "hd": ("url_handle", self._handle),
            "rec": ("id_record", lambda: self.digits(rng.choice(numbers["records"]))),
            "nat": ("id_national", lambda: self.digits(rng.choice(land["nationals"]))),
            "acc": ("id_account", lambda: self.digits(rng.choice(numbers["accounts"]))),
            "dev": ("id_device", lambda: self.digits(rng.choice(numbers["devices"]))),
            "plate": ("id_device", lambda: self.digits(rng.choice(land["plates"]))),
            "ip": ("id_device", self._network),
            "st": ("street", self._street),
            "tw": ("town", lambda: rng.choice((self.town, rng.choice(land["towns"])))),
            "tw2": ("town", lambda: rng.choice(land["towns"])),
            "pc": ("postcode", lambda: self.digits(rng.choice(land["postcodes"]))),
            "reg": ("region", lambda: rng.choice(land["regions"])),
            "H": ("hospital", lambda: self._body("hospitals")),
            "W": ("hospital", lambda: self._body("units")),
            "emp": ("employer", lambda: self._body("employers")),
            "sch": ("employer", lambda: self._body("schools")),
            "phm": ("org_other", lambda: self._body("chemists")),
            "ins": ("org_other", lambda: self._body("insurers")),
            "org": ("org_other", lambda: self._body("orgs")),
        }
        kind, draw = values[slot]
        drawn = draw()
        outside = next((word for word in OUTSIDE if drawn.startswith(word)), "")
        lead: list[Piece] = [(outside, None)] if outside else []
        return [*lead, (drawn[len(outside) :], kind)]
