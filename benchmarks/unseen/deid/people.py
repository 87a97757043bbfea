"""People for generated notes: who they are and the ways a note can write their name."""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

NBSP = "\u00a0"


def split_list(text: str) -> list[str]:
    """Splits a comma-separated data string.

    Args:
        text: Items parted by commas.

    Returns:
        The stripped, non-empty items.
    """
    return [item.strip() for item in text.split(",") if item.strip()]


def by_sex(form: str, sex: str) -> str:
    """Picks the male or female form of a "m|f" entry.

    Args:
        form: One form, or two parted by a bar.
        sex: "m" or "f".

    Returns:
        The fitting form.
    """
    forms = form.split("|")
    return forms[-1] if sex == "f" else forms[0]


def fold(text: str) -> str:
    """Folds a name to plain ASCII letters, as file systems and login names do.

    Args:
        text: A name.

    Returns:
        The name without diacritics, spaces, hyphens or apostrophes.
    """
    table = str.maketrans(
        {
            "ł": "l",
            "Ł": "L",
            "ø": "o",
            "Ø": "O",
            "ß": "ss",
            "Þ": "Th",
            "þ": "th",
            "ð": "d",
            "ı": "i",
            "đ": "d",
            "Đ": "D",
            "Æ": "Ae",
            "æ": "ae",
        }
    )
    plain = unicodedata.normalize("NFKD", text.translate(table))
    return re.sub(r"[^A-Za-z]", "", plain)


def same_length(text: str, changed: str) -> str:
    """Keeps a case change only when it leaves the length alone.

    Args:
        text: The original.
        changed: The changed copy.

    Returns:
        The changed copy, or the original when lengths differ.
    """
    return changed if len(changed) == len(text) else text


@dataclass
class Person:
    """One person.

    Attributes:
        given: Given name.
        surname: Family name, with any particle.
        sex: "m" or "f".
        culture: Key into names.toml.
        middle: Middle name or patronymic, perhaps empty.
        family_first: Whether the full form starts with the family name.
        initial_first: Whether the full form starts with an initial in place of the surname.
        kunya: A kunya, perhaps empty.
        native: The name in another script, perhaps empty.
    """

    given: str
    surname: str
    sex: str
    culture: str
    middle: str = ""
    family_first: bool = False
    initial_first: bool = False
    kunya: str = ""
    native: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def letters(self) -> str:
        """Initials, given name first."""
        heads = [self.given, self.middle, self.surname]
        found = [
            next((c for c in part if c.isalpha() and (c.isupper() or not part[0].isupper())), "") for part in heads
        ]
        return "".join(found).upper()

    def full(self) -> str:
        """The usual full form."""
        if self.initial_first:
            return f"{self.surname[0]}. {self.given}"
        if self.family_first:
            return f"{self.surname} {self.given}"
        if self.middle:
            return f"{self.given} {self.middle} {self.surname}"
        return f"{self.given} {self.surname}"

    def short_given(self) -> str:
        """The first given name alone."""
        return self.given

    def form(self, style: str, rng: random.Random) -> str:
        """Writes the name in one style.

        Args:
            style: One of full, sur, giv, comma, ini, one, caps, lower, nbsp, native, kunya, capsur, lowsur, plain,
                nick.
            rng: Source of chance.

        Returns:
            The written name.
        """
        given, surname = self.given, self.surname
        first = given[0]
        if style == "sur":
            return surname
        if style == "giv":
            return given
        if style == "plain":
            return f"{given} {surname}"
        if style == "comma":
            left = same_length(surname, surname.upper()) if rng.random() < 0.45 else surname
            right = given
            if self.middle and rng.random() < 0.6:
                right = f"{given} {self.middle[0]}" + rng.choice(["", "."])
            elif rng.random() < 0.12:
                right = f"{first}."
            return f"{left}{rng.choice([', ', ', ', ', ', ','])}{right}"
        if style == "ini":
            second = (self.middle or rng.choice("ABCDEGHJKLMPRSTW"))[0]
            joint = rng.choice([". ", "."])
            return f"{first}{joint}{second}. {surname}" if rng.random() < 0.75 else f"{given} {second}. {surname}"
        if style == "one":
            return f"{first}{rng.choice(['', '.', '.'])} {surname}" if rng.random() < 0.8 else f"{surname} {first}"
        if style == "caps":
            text = self.full()
            return same_length(text, text.upper())
        if style == "lower":
            text = f"{given} {surname}"
            return same_length(text, text.lower())
        if style == "lowsur":
            return same_length(surname, surname.lower())
        if style == "capsur":
            return same_length(surname, surname.upper())
        if style == "nbsp":
            return f"{given} {surname}".replace(" ", NBSP)
        if style == "native":
            return self.native or self.full()
        if style == "kunya":
            return self.kunya or given
        if style == "nick":
            return given.split("-")[0].split(" ")[0]
        return self.full()

    def initials(self, rng: random.Random) -> str:
        """Writes the initials alone, as in a signature.

        Args:
            rng: Source of chance.

        Returns:
            The initials.
        """
        letters = self.letters
        if len(letters) > 2 and rng.random() < 0.4:
            letters = letters[0] + letters[-1]
        kind = rng.random()
        if kind < 0.52:
            return letters
        if kind < 0.68:
            return ".".join(letters) + "."
        if kind < 0.78:
            return ".".join(letters)
        if kind < 0.86:
            return "/".join(letters)
        return letters.lower() if len(letters.lower()) == len(letters) else letters


class Folk:
    """Draws people from names.toml.

    Args:
        table: The parsed names.toml.
    """

    def __init__(self, table: dict[str, Any]) -> None:
        """Reads the lists."""
        self.script: dict[str, dict[str, Any]] = {}
        for rows in table.pop("script").values():
            self.script[rows["for"]] = {"first": bool(rows.get("family_first")), **self._lists(rows)}
        self.cultures = {key: {**rows, **self._lists(rows)} for key, rows in table.items()}
        self.keys = list(self.cultures)
        self.weights = [float(self.cultures[key].get("weight", 1.0)) for key in self.keys]

    @staticmethod
    def _lists(rows: dict[str, Any]) -> dict[str, list[str]]:
        """Splits the list fields of one culture."""
        return {key: split_list(rows[key]) for key in ("f", "m", "s", "kunya", "patronymic") if key in rows}

    def draw(self, rng: random.Random, sex: str | None = None, culture: str | None = None) -> Person:
        """Draws one person.

        Args:
            rng: Source of chance.
            sex: "m", "f" or None for either.
            culture: A culture key or None for any.

        Returns:
            The person.
        """
        sex = sex or rng.choice("mf")
        key = culture or rng.choices(self.keys, self.weights)[0]
        rows = self.cultures[key]
        given = rng.choice(rows[sex])
        surname = by_sex(rng.choice(rows["s"]), sex)
        while surname == given:
            surname = by_sex(rng.choice(rows["s"]), sex)
        if rng.random() < rows.get("double", 0.0):
            second = by_sex(rng.choice(rows["s"]), sex)
            if second != surname:
                surname = f"{surname} {second}"
        elif key in ("everyday", "english_regional", "scottish", "welsh", "caribbean") and rng.random() < 0.06:
            second = by_sex(rng.choice(rows["s"]), sex)
            if "-" not in surname + second and " " not in surname + second and second != surname:
                surname = f"{surname}-{second}"
        person = Person(given, surname, sex, key)
        if rng.random() < rows.get("middle", 0.0):
            person.middle = rng.choice([name for name in rows[sex] if name != given])
        if "patronymic" in rows and rng.random() < 0.5:
            person.middle = by_sex(rng.choice(rows["patronymic"]), sex)
        person.family_first = rng.random() < rows.get("family_first", 0.0)
        person.initial_first = rng.random() < rows.get("initial_first", 0.0)
        if "kunya" in rows:
            options = [k for k in rows["kunya"] if sex == "m" or "|" in k]
            person.kunya = by_sex(rng.choice(options), sex)
        if key in self.script:
            lists = self.script[key]
            first, last = rng.choice(lists[sex]), by_sex(rng.choice(lists["s"]), sex)
            person.native = f"{last}{first}" if lists["first"] else f"{first} {last}"
        return person

    def draw_native(self, rng: random.Random, sex: str | None = None) -> Person:
        """Draws a person whose name has a non-Latin form.

        Args:
            rng: Source of chance.
            sex: "m", "f" or None for either.

        Returns:
            The person.
        """
        return self.draw(rng, sex, rng.choice(sorted(self.script)))
