"""Invented people and places: names from the package's own stock, numbers that belong to nobody.

Phone numbers use the exchange 555 or area codes that are not assigned; network addresses come from the ranges kept for
documentation, mail and web addresses from the domains kept for examples, social security numbers from areas that were
never issued. So nothing here can reach anybody.
"""

import string
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from random import Random
from typing import Literal

from nosology.synthetic.phrases import pick

NameForm = Literal["last", "full", "listed"]

_FOLDER = "data/synthetic/stock"
_MALE_KIN = {"son", "husband", "brother", "nephew", "father", "son-in-law"}
_EITHER_SEX = {"cousin", "partner"}
_HOUSES = (
    *("Hospital", "Medical Center", "General Hospital", "Memorial Hospital", "Community Hospital", "Clinic"),
    *("Rehabilitation Center", "Nursing Home", "Regional Medical Center", "Rehab", "Manor", "Health Center"),
)
_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a name in many forms and numbers that stay the same.

    Attributes:
        first: Given name.
        last: Surname, maybe of two parts.
        middle: Initial of the middle name.
        born: Day of birth; meaningless for clinicians.
        placeholder_number: The number under which MIMIC-III's placeholders know the name.
        seed: Of everything that stays the same about the person: numbers, relatives.
    """

    first: str
    last: str
    middle: str
    born: datetime
    placeholder_number: int = 0
    seed: str = ""

    def in_form(self, rng: Random, form: NameForm) -> str:
        """Return the name as notes write it: surname, full name, or surname first; sometimes in upper case."""
        if form == "last":
            return self.last.upper() if rng.random() < 0.04 else self.last
        names: tuple[str, ...]
        if form == "full":
            names = (
                f"{self.first} {self.last}",
                f"{self.first} {self.last}",
                f"{self.first} {self.middle}. {self.last}",
                f"{self.first[0]}. {self.last}",
                f"{self.first[0]}.{self.middle}. {self.last}",
            )
            name = pick(rng, names)
            return name.upper() if rng.random() < 0.1 else name
        names = (
            f"{self.last}, {self.first}",
            f"{self.last},{self.first}",
            f"{self.last}, {self.first} {self.middle}.",
            f"{self.last}, {self.first} {self.middle}",
        )
        name = pick(rng, names)
        return name.upper() if rng.random() < 0.5 else name

    def initials(self, rng: Random) -> str:
        """Return the initials in one of their forms."""
        first, middle, last = self.first[0], self.middle, self.last[0]
        return pick(rng, (f"{first}{last}", f"{first}.{last}.", f"{first}{middle}{last}", f"{first}.{middle}.{last}."))

    def relative(self, kin: str, stock: "Stock") -> str:
        """Return the first name of this person's wife, son and so on, the same each time."""
        rng = Random(f"{self.seed}/{kin}")
        if kin in _EITHER_SEX:
            return pick(rng, stock.first_names)
        return pick(rng, stock.male if kin in _MALE_KIN else stock.female)

    def number(self, name: str) -> str:
        """Return one of the person's own numbers, the same each time."""
        return _number(Random(f"{self.seed}/{name}"), name)


@dataclass(frozen=True, slots=True, eq=False)
class Stock:
    """Names of people, places and employers, of which `person`, `hospital` and the others compose what is asked."""

    female: tuple[str, ...]
    male: tuple[str, ...]
    surnames: tuple[str, ...]
    towns: tuple[str, ...]
    streets: tuple[str, ...]
    employers: tuple[str, ...]
    hospitals: tuple[str, ...]

    @property
    def first_names(self) -> tuple[str, ...]:
        """Given names of both sexes."""
        return self.female + self.male

    def person(self, rng: Random, sex: str = "", born: datetime = datetime.min, seed: str = "") -> Person:
        """Return a new person; ``seed`` decides what stays the same about them.

        Args:
            rng: Draws what varies.
            sex: ``M`` or ``F``; drawn where it is not given.
            born: The date of birth.
            seed: Decides what stays the same about them.
        """
        names = {"F": self.female, "M": self.male}.get(sex) or pick(rng, (self.female, self.male))
        last = pick(rng, self.surnames)
        if rng.random() < 0.06:
            last = f"{last}-{pick(rng, self.surnames)}"
        return Person(
            pick(rng, names), last, pick(rng, string.ascii_uppercase), born, 1 + int(rng.random() * 9999), seed
        )

    def hospital(self, rng: Random) -> str:
        """Return the name of a hospital, composed of a saint, a town or a family and a kind of house."""
        if rng.random() < 0.15:
            return pick(rng, self.hospitals)
        head = rng.random()
        if head < 0.25:
            saint = pick(rng, self.first_names)
            return f"{pick(rng, ('St.', 'Saint', 'St'))} {saint}'s {pick(rng, _HOUSES[:2])}"
        return f"{pick(rng, self.towns) if head < 0.75 else pick(rng, self.surnames)} {pick(rng, _HOUSES)}"

    def employer(self, rng: Random) -> str:
        """Return a company or institution, invented."""
        if rng.random() < 0.4:
            kinds = (
                "& Sons",
                "Logistics",
                "Foods",
                "Plumbing",
                "Insurance",
                "Public Schools",
                "Electric",
                "Tool and Die",
            )
            return f"{pick(rng, self.surnames)} {pick(rng, kinds)}"
        return pick(rng, self.employers)

    def town(self, rng: Random) -> str:
        """Return a town."""
        return pick(rng, self.towns)

    def street(self, rng: Random) -> str:
        """Return a street address, sometimes with a flat."""
        kinds = ("Street", "St", "St.", "Avenue", "Ave", "Road", "Rd", "Lane", "Drive", "Dr", "Court", "Terrace", "Way")
        name = pick(rng, self.streets) if rng.random() < 0.7 else pick(rng, self.surnames)
        flat = pick(rng, (", Apt {}", " Apt. {}", ", Unit {}", " #{}")).format(1 + int(rng.random() * 40))
        return f"{1 + int(rng.random() * 2400)} {name} {pick(rng, kinds)}{flat if rng.random() < 0.25 else ''}"

    def phone(self, rng: Random) -> str:
        """Return a telephone number that nobody has."""
        area, line = pick(rng, (413, 207, 603, 508, 978, 781, 802, 315)), 100 + int(rng.random() * 9899)
        forms = (
            "({}) 555-{:04d}",
            "{}-555-{:04d}",
            "{}.555.{:04d}",
            "({})555-{:04d}",
            "{} 555 {:04d}",
            "1-{}-555-{:04d}",
        )
        return pick(rng, forms).format(area, line)

    def email(self, rng: Random, person: Person) -> str:
        """Return a mail address in a domain kept for examples."""
        first, last = (_ascii(part) for part in (person.first, person.last))
        forms = (f"{first}.{last}", f"{first[:1]}{last}", f"{last}{int(rng.random() * 99)}", f"{first}_{last}")
        return (
            f"{pick(rng, forms)}@{pick(rng, ('example.org', 'example.com', 'mail.example.net', 'health.example.edu'))}"
        )

    def url(self, rng: Random) -> str:
        """Return a web address in a domain kept for examples."""
        host = pick(rng, ("www.example.org", "portal.example.com", "www.health.example.net"))
        path = pick(rng, ("/patients/", "/caringpage/", "/results?id=", "/u/")) + str(100 + int(rng.random() * 99899))
        return pick(rng, ("http://", "https://", "")) + host + path

    def ip(self, rng: Random) -> str:
        """Return a network address from the ranges kept for documentation."""
        return f"{pick(rng, ('192.0.2', '198.51.100', '203.0.113'))}.{1 + int(rng.random() * 254)}"

    def number(self, rng: Random, name: str) -> str:
        """Return a number: ``licence``, ``vin``, ``plate``, ``device``, ``job``, or one of the patient's own kinds."""
        return _number(rng, name)


@cache
def load_stock() -> Stock:
    """Return the shipped stock of names; read once per process."""
    folder = resources.files("nosology") / _FOLDER

    def lines(name: str) -> tuple[str, ...]:
        text = (folder / f"{name}.txt").read_text(encoding="utf-8")
        words = (word.strip() for line in text.splitlines() if not line.startswith("#") for word in line.split(","))
        return tuple(dict.fromkeys(word for word in words if word))

    return Stock(
        female=lines("first_names_female"),
        male=lines("first_names_male"),
        surnames=lines("surnames"),
        towns=lines("towns"),
        streets=lines("streets"),
        employers=lines("employers"),
        hospitals=lines("hospitals"),
    )


def _number(rng: Random, name: str) -> str:
    patterns = {
        "zip": ("#####", "#####", "#####-####"),
        "ssn": ("9##-##-####", "9## ## ####", "9########"),
        "mrn": ("#######", "###-##-##", "########", "###-###-#", "M#######"),
        "plan": ("@@@#########", "W#########", "###########-##", "@@ ### ### ###"),
        "account": ("##########", "V##########", "####-#####", "@#######"),
        "licence": ("@######", "######", "@@#######", "S########"),
        "device": ("@@@######@", "SN######", "@@#######", "#######-@@", "@##@####"),
        "plate": ("#@@@##", "###-@@@", "@@@ ####", "@@-#####"),
        "job": ("######", "########", "##-#####"),
    }
    if name == "vin":
        return "".join(pick(rng, _VIN_LETTERS + string.digits) for _ in range(17))
    return "".join(_letter(rng, letter) for letter in pick(rng, patterns[name]))


def _letter(rng: Random, pattern: str) -> str:
    if pattern == "#":
        return pick(rng, string.digits)
    return pick(rng, _VIN_LETTERS) if pattern == "@" else pattern


def _ascii(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter in string.ascii_lowercase)
