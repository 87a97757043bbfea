"""The people of a note: how their names are drawn and written."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"
RELATIONS = {
    "F": [
        "mother",
        "wife",
        "partner",
        "daughter",
        "sister",
        "aunt",
        "grandmother",
        "niece",
        "cousin",
        "friend",
        "neighbour",
        "daughter-in-law",
    ],
    "M": [
        "father",
        "husband",
        "partner",
        "son",
        "brother",
        "uncle",
        "grandfather",
        "nephew",
        "cousin",
        "friend",
        "neighbour",
        "son-in-law",
    ],
}
CHILD_RELATIONS = {
    "F": ["mother", "mum", "grandmother", "aunt", "stepmother", "sister"],
    "M": ["father", "dad", "uncle"],
}
EVERYDAY_SHARE = 0.13


@dataclass(frozen=True)
class Culture:
    """Names of one culture; ``order`` says how a full name is put together."""

    order: str
    given: dict[str, list[str]]
    last: list[str]


@dataclass(frozen=True)
class Person:
    """Somebody in a note."""

    sex: str
    first: str
    middle: str
    last: str
    full: str
    relation: str = ""

    @property
    def letters(self) -> list[str]:
        """Returns the first letters of the names."""
        words = [self.first, *([self.middle] if self.middle else []), self.last.split()[-1]]
        return [word.lstrip("'’")[0].upper() for word in words]


def _read() -> dict[str, Culture]:
    out = {}
    for line in (DATA / "names.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, order, male, female, last = (field.strip() for field in line.split(";"))
        words = [[word.replace("_", " ") for word in field.split()] for field in (male, female, last)]
        out[name] = Culture(order, {"M": words[0], "F": words[1]}, words[2])
    return out


CULTURES = _read()


def _full(rng: random.Random, culture: Culture, first: str, middle: str, last: str, sex: str) -> str:
    if culture.order == "family":
        return rng.choice([f"{last} {first}", f"{last} {first}", f"{first} {last}"])
    if culture.order == "initials" and rng.random() < 0.6:
        return rng.choice([f"{last[0]}. {first}", f"{first} {last[0]}.", f"{middle[0]}. {last[0]}. {first}"])
    if culture.order == "double" and rng.random() < 0.6:
        other = rng.choice([name for name in culture.last if name != last])
        return rng.choice([f"{first} {last} {other}", f"{first} {last} y {other}", f"{first} {last}-{other}"])
    if culture.order == "single" and rng.random() < 0.5:
        return first
    roll = rng.random()
    if roll < 0.62:
        return f"{first} {last}"
    if roll < 0.76:
        return f"{first} {middle[0]}. {last}"
    if roll < 0.86:
        return f"{first} {middle} {last}"
    if roll < 0.91:
        return f"{first} {middle[0]} {last}"
    others = [name for name in culture.last if name != last and " " not in name]
    if roll < 0.95 and others and " " not in last and "-" not in last:
        other = rng.choice(others)
        return f"{first} {last}-{other}"
    if roll < 0.97 and sex == "M":
        return f"{first} {last} " + rng.choice(["Jr", "Jr.", "III", "Sr.", "II"])
    return f"{first[0]}. {middle} {last}"


def draw(rng: random.Random, home: list[str], sex: str = "", last: str = "", relation: str = "") -> Person:
    """Draws a person, mostly of the cultures at home where the note is written."""
    sex = sex or rng.choice("MF")
    name = rng.choice(home) if rng.random() < 0.5 else rng.choice(list(CULTURES))
    culture, everyday = CULTURES[name], CULTURES["everyday"]
    first = rng.choice((everyday if rng.random() < EVERYDAY_SHARE else culture).given[sex])
    middle = rng.choice([given for given in culture.given[sex] if given != first])
    surname = last or rng.choice((everyday if rng.random() < EVERYDAY_SHARE else culture).last)
    full = _full(rng, culture, first, middle, surname, sex)
    if surname not in full.split() and culture.order in ("initials", "single"):
        surname = first
    return Person(sex, first, middle if middle in full or rng.random() < 0.3 else "", surname, full, relation)


def initials(rng: random.Random, person: Person) -> str:
    """Writes a person's initials."""
    letters = person.letters
    if len(letters) == 3 and rng.random() < 0.5:
        letters = [letters[0], letters[2]]
    return (
        rng.choice(["", "", "", ".", ". "]).join([*letters, ""]).strip() if rng.random() < 0.97 else "/".join(letters)
    )


def plain_ascii(name: str) -> str:
    """Writes a name the way a computer's name for it would be written."""
    bare = unicodedata.normalize("NFD", name.lower().replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    return "".join(char for char in bare if char.isascii() and char.isalnum())
