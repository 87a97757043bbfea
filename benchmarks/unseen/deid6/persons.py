"""The people, places and numbers of one note."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

from lands import COMMON, Land, digits

DATA = Path(__file__).resolve().parent / "data"


def read_cultures() -> dict[str, tuple[list[str], list[str], list[str]]]:
    """Reads ``data/names.txt``: names of men, of women, and family names, by culture."""
    cultures = {}
    for line in (DATA / "names.txt").read_text(encoding="utf-8").splitlines():
        culture, rest = line.split(":", 1)
        men, women, families = ([name.strip() for name in part.split(",")] for part in rest.split(" / "))
        cultures[culture] = (men, women, families)
    return cultures


CULTURES = read_cultures()
ADULT, ELDER = 18, 90
ACCENTED = "áéíóúàèìòùäöüâêîôûãõñçšžćčőűåæøðþłńśźżąęėāēīōūũĩěřůşğı"
PLAIN = "aeiouaeiouaouaeiouaoncszccouaaodtlnszzaeeaeiouuierusgi"


@dataclass(frozen=True)
class Person:
    """An invented person."""

    first: str
    last: str
    middle: str
    female: bool

    @property
    def full(self) -> str:
        """First and last name, at times with a middle letter."""
        return " ".join(part for part in (self.first, self.middle, self.last) if part)

    def initials(self, rng: random.Random) -> str:
        """Returns initials in one of several styles."""
        words = [word for word in re.split(r"[ -]", f"{self.first} {self.last}") if word[0].isupper()]
        if len(words) < 2:
            words = [self.first, self.last.upper()]
        letters = [word[0] for word in (words[0], words[-1])]
        if self.middle:
            letters.insert(1, self.middle[0])
        return rng.choice(["", "", ".", ". "]).join(letters) + ("." if rng.random() < 0.2 else "")

    def comma(self, rng: random.Random) -> str:
        """Returns the name with the family name in front."""
        return rng.choice(
            [f"{self.last.upper()}, {self.first}", f"{self.last}, {self.first}", f"{self.last.upper()} {self.first}"]
        )

    def nick(self, rng: random.Random) -> str:
        """Returns a short form."""
        word = re.split(r"[ -]", self.first)[0]
        return word if len(word) < 5 else rng.choice([word[:4], word[:3] + "ie"])


class Stage:
    """One note's patient, people, country and the values drawn for it."""

    def __init__(self, rng: random.Random, land: Land, who: str) -> None:
        """Draws the people.

        Args:
            rng: Source of chance.
            land: The country.
            who: ``adult``, ``child``, ``elder``, ``woman`` or ``man``.
        """
        self.rng, self.land = rng, land
        self.fixed: dict[str, str] = {}
        female = {"woman": True, "man": False}.get(who, rng.random() < 0.5)
        self.patient = self.somebody(female=female)
        self.doctors = [self.somebody() for _ in range(3)]
        self.relatives = [self.somebody(family=self.patient.last if rng.random() < 0.4 else ""), self.somebody()]
        self.age = {"child": rng.randint(1, 16), "elder": rng.randint(ELDER, 101), "woman": rng.randint(19, 44)}.get(
            who, rng.randint(ADULT, 89) if rng.random() > 0.17 else rng.randint(ELDER, 99)
        )
        self.words = self._words(female, rng)

    @staticmethod
    def _words(female: bool, rng: random.Random) -> dict[str, str]:
        he, his, him, man = ("she", "her", "her", "woman") if female else ("he", "his", "him", "man")
        title = rng.choice(["Mrs", "Ms", "Miss", "Mrs."]) if female else rng.choice(["Mr", "Mr", "Mr."])
        return {
            "he": he,
            "his": his,
            "him": him,
            "He": he.title(),
            "His": his.title(),
            "man": man,
            "Mr": title,
            "MF": "F" if female else "M",
            "sex": "female" if female else "male",
            "son": "daughter" if female else "son",
            "boy": "girl" if female else "boy",
            "lady": "lady" if female else "gentleman",
        }

    def somebody(self, *, female: bool | None = None, family: str = "") -> Person:
        """Returns a person of one of the country's cultures."""
        rng = self.rng
        culture = rng.choice(self.land.cultures) if rng.random() < 0.85 else rng.choice(list(CULTURES))
        men, women, families = CULTURES[culture]
        if female is None:
            female = rng.random() < 0.5
        first = rng.choice(women if female else men)
        if culture == "words" and rng.random() < 0.5:
            first = rng.choice(CULTURES["english"][1 if female else 0])
        last = family or rng.choice(families)
        if not family and rng.random() < 0.06:
            last += "-" + rng.choice(families).split()[-1]
        middle = rng.choice("ABCDEFGHJKLMNPRSTW") + rng.choice([".", ""]) if rng.random() < 0.1 else ""
        return Person(first, last, middle, female)

    def street(self) -> str:
        """Returns a house and a street."""
        house = digits(self.rng, self.rng.choice(self.land.houses))
        name = self.rng.choice(self.land.streets)
        if self.land.custom == "eur" and name[0].isupper():
            return f"{name} {digits(self.rng, self.rng.choice(['%#', '%', '%#a']))}"
        return f"{house} {name}"

    def login(self) -> str:
        """Returns a name as a user name."""
        person = self.rng.choice([*self.doctors, self.patient])
        first, last = (re.sub(r"\W", "", part.lower()) for part in (person.first, person.last))
        return self.rng.choice(
            [f"{first[0]}{last}", f"{first}.{last}", f"{last}{first[0]}", f"{last}_{first}", f"{first}{last[0]}"]
        )

    def _mail(self) -> str:
        person = self.rng.choice([self.patient, self.doctors[0], self.relatives[0]])
        ascii_only = str.maketrans(ACCENTED, PLAIN)
        first, last = (
            re.sub(r"[^a-z]", "", part.lower().translate(ascii_only)) for part in (person.first, person.last)
        )
        host = self.rng.choice(COMMON["mailhost"])
        n = self.rng.randrange(100)
        return self.rng.choice(
            [
                f"{first}.{last}@{host}",
                f"{first}{last}{n}@{host}",
                f"{last}_{first}@{host}",
                f"{first[0]}{last}@{host}",
                f"{self.rng.choice(COMMON['mailbox'])}@{host}",
                f"{first}-{n}@{host}",
            ]
        )

    def _link(self) -> str:
        first = re.sub(r"\W", "", self.patient.first.lower())
        return digits(self.rng, self.rng.choice(COMMON["url"])).replace("~", first)

    def value(self, slot: str) -> str:
        """Returns a place, a body or a number; the first hospital, town and record number stay the same in a note."""
        rng, land = self.rng, self.land
        if (
            slot in ("hosp", "tn", "rec", "gp", "emp", "sch", "ship", "unit", "jail", "care")
            and slot in self.fixed
            and rng.random() < 0.6
        ):
            return self.fixed[slot]
        if slot == "em":
            value = self._mail()
        elif slot == "url":
            value = self._link()
        elif slot == "hn":
            first = re.sub(r"\W", "", self.patient.first.lower())
            value = rng.choice(
                ["@~##", "@real.~", "u/~_%##", "~.wonder%#", "@~sgarden", "@the~%", "~-codes", "x~x##"]
            ).replace("~", first)
            value = digits(rng, value, letters=False)
        elif slot in ("ph", "fx"):
            value = digits(rng, rng.choice(land.phones))
        elif slot == "nat":
            value = digits(rng, rng.choice(land.nat)[1])
        elif slot == "pc":
            value = digits(rng, rng.choice(land.post))
        elif slot in ("tn", "tn2"):
            value = rng.choice(land.towns)
        elif slot == "reg":
            value = rng.choice(land.regions)
        elif slot.startswith("hosp"):
            value = rng.choice(land.bodies["hosp"])
        elif slot in land.bodies:
            value = rng.choice(land.bodies[slot])
        else:
            value = digits(rng, rng.choice(COMMON[slot]))
        self.fixed.setdefault(slot, value)
        return value
