"""Invented identifiers and what carries them, drawn from the stock and the templates beside this file.

Names come from the US Census lists, from cities of GeoNames, and from letter chains that imitate both without being in
them, so that a network learns what names look like and not only which ones there are. Nothing here reads the
cross-check's carriers or stock.
"""

import random
import re
import tomllib
from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from nosology.deidentification.lexicon import US_STATES, ranked

Piece = tuple[str, str]
"""A stretch of text and its span type ("" for none)."""

_PARTS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("stock.toml").read_text(encoding="utf-8"))
_HEADS = _PARTS["heads"]
_COMPANIES = _PARTS["companies"]
_SCHOOLS = _PARTS["schools"]
_PLACE_TAILS = _PARTS["place_tails"]
_PLACE_WORDS = _PARTS["place_words"]
_PLACE_FRONTS = _PARTS["place_fronts"]
_NOUNS = _PARTS["nouns"]
_SAINTS = _PARTS["saints"]
_UNITS = _PARTS["units"]
_PHRASES = _PARTS["phrases"]


class LetterChain:
    """Invents words whose letters follow each other as in a list of words."""

    def __init__(self, words: Sequence[str], order: int = 3) -> None:
        self._order = order
        self._next: dict[str, list[str]] = defaultdict(list)
        self._known = set(words)
        for word in words:
            padded = "^" * order + word + "$"
            for i in range(order, len(padded)):
                self._next[padded[i - order : i]].append(padded[i])

    def word(self, rng: random.Random) -> str:
        """Return an invented word of 4 to 12 letters that is not in the list, capitalized."""
        while True:
            word = "^" * self._order
            while not word.endswith("$"):
                word += rng.choice(self._next[word[-self._order :]])
            word = word.strip("^$")
            if 4 <= len(word) <= 12 and word not in self._known:
                return word.capitalize()


class Stock:
    """Invented identifiers, drawn by kind."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self._first, self._last = list(ranked("first_names")), list(ranked("surnames"))
        self._first_sums = list(accumulate(1 / (rank + 60) for rank in range(len(self._first))))
        self._last_sums = list(accumulate(1 / (rank + 400) for rank in range(len(self._last))))
        self._cities = list(ranked("cities"))
        self._chains = {
            "first": LetterChain(self._first[:3000]),
            "last": LetterChain(self._last),
            "place": LetterChain([c for c in self._cities if " " not in c]),
        }
        self._words = [word for word in list(ranked("english_words"))[150:] if 3 < len(word) < 9]
        self._eponyms = list(ranked("eponyms"))
        self._medical = list(ranked("medical_words"))
        self._drugs = [
            word
            for word in ranked("medical_words")
            if re.search(r"(?:in|ol|ex|ax|il|ra|ix|or|ta|on|am|ide|one)\Z", word)
        ]

    def _everyday(self) -> str:
        """Return an ordinary word as a name: real people are called Skip, Rusty, Hand and Blood."""
        return self.rng.choice(self._words).capitalize()

    def first(self) -> str:
        rng = self.rng
        if rng.random() < 0.06:
            return self._everyday()
        if rng.random() < 0.3:
            return self._chains["first"].word(rng)
        name = self._first[bisect(self._first_sums, rng.random() * self._first_sums[-1])].capitalize()
        return f"{name}-{self.first()}" if rng.random() < 0.02 else name

    def last(self) -> str:
        rng = self.rng
        draw = rng.random()
        if draw < 0.07:
            name = self._everyday()
        elif draw < 0.3:
            name = self._chains["last"].word(rng)
        else:
            name = self._last[bisect(self._last_sums, rng.random() * self._last_sums[-1])].capitalize()
        if name.startswith("Mc") and len(name) > 4:
            name = "Mc" + name[2:].capitalize()
        front = rng.random()
        if front < 0.03:
            return rng.choice(["O'", "D'", "Mac", "Mc", "Fitz"]) + name
        if front < 0.06:
            return (
                rng.choice(
                    ["van ", "von ", "de la ", "Van Der ", "De ", "La ", "El-", "St. ", "Del ", "Di ", "Al-", "Le "]
                )
                + name
            )
        return f"{name}-{self.last()}" if front < 0.09 else name

    def full(self) -> str:
        rng = self.rng
        middle = rng.choice(
            [
                "",
                "",
                "",
                f" {rng.choice('ABCDEFGHJKLMNPRSTW')}.",
                f" {rng.choice('ABCDEFGHJKLMNPRSTW')}",
                f" {self.first()}",
            ]
        )
        first = self.first() if rng.random() < 0.93 else rng.choice("ABCDEFGHJKLMNPRSTW") + "."
        return f"{first}{middle} {self.last()}" + rng.choice(["", "", "", "", "", "", "", "", " Jr.", " III"])

    def place(self) -> str:
        rng = self.rng
        draw = rng.random()
        if draw < 0.4:
            return _title(rng.choice(self._cities))
        base = rng.choice(
            [self._chains["place"].word(rng), self._last[rng.randrange(5000)].capitalize(), rng.choice(_NOUNS)]
        )
        if draw < 0.55:
            return base.rstrip("aeiouy") + rng.choice(_PLACE_TAILS)
        if draw < 0.7:
            return f"{base} {rng.choice(_PLACE_WORDS)}"
        return f"{rng.choice(_PLACE_FRONTS)} {base}" if draw < 0.85 else base

    def hospital(self) -> str:
        rng = self.rng
        head = rng.choice(_HEADS)
        draw = rng.random()
        if draw < 0.25:
            return _fill(rng.choice(_SAINTS), self) + (f" {head}" if rng.random() < 0.85 else "")
        if draw < 0.45:
            return f"{self.place()} {head}"
        if draw < 0.7:
            return f"{self.last()} {head}"
        if draw < 0.8:
            return (
                rng.choice(
                    [
                        "University of {place} Medical Center",
                        "{place} University Hospital",
                        "Children's Hospital of {place}",
                        "Hospital of {place}",
                        "Veterans Affairs Medical Center of {place}",
                        "{place} VA Hospital",
                        "University of {place}",
                        "The {last} Clinic",
                        "{last} and {last} Clinic",
                        "The {last} Home",
                    ]
                )
                .replace("{place}", self.place())
                .replace("{last}", self.last())
            )
        return (
            f"{rng.choice(_NOUNS)} {rng.choice(_NOUNS + _PLACE_WORDS)} {head}"
            if draw < 0.9
            else f"{rng.choice(_NOUNS)}{rng.choice(_PLACE_TAILS)} {head}"
        )

    def org(self) -> str:
        rng = self.rng
        draw = rng.random()
        if draw < 0.2:
            return rng.choice(
                [
                    f"{self.last()}, {self.last()} and {self.last()}",
                    f"{self.last()}-{self.last()}",
                    f"{self.last()} & {self.last()}",
                    f"{self.last()} and {self.last()}",
                    self.last() + "'s",
                    self._chains["place"].word(rng),
                ]
            )
        base = rng.choice(
            [
                self.last(),
                self.place(),
                rng.choice(_NOUNS),
                f"{rng.choice(_NOUNS)} {rng.choice(_NOUNS)}",
                self.first() + "'s",
                rng.choice(_NOUNS) + rng.choice(_PLACE_TAILS),
            ]
        )
        return f"{base} {rng.choice(_COMPANIES)}"

    def school(self) -> str:
        rng = self.rng
        return rng.choice(
            [
                f"{self.place()} {rng.choice(_SCHOOLS)}",
                f"{self.last()} {rng.choice(_SCHOOLS)}",
                f"University of {self.place()}",
                f"St. {self.first()}'s {rng.choice(_SCHOOLS)}",
            ]
        )

    def decoy(self, kind: str) -> str:
        """Return a look-alike that is no identifier."""
        rng = self.rng
        choices = {
            "state": lambda: _title(rng.choice(sorted(US_STATES))),
            "country": lambda: _title(rng.choice(list(ranked("countries"))[:190])),
            "unit": lambda: rng.choice(_UNITS),
            "eponym": lambda: (
                rng.choice(self._eponyms).capitalize()
                if rng.random() < 0.7
                else f"{rng.choice(self._eponyms).capitalize()}-{rng.choice(self._eponyms).capitalize()}"
            ),
            "drug": lambda: rng.choice(self._drugs).capitalize() if rng.random() < 0.8 else rng.choice(self._drugs),
            "phrase": lambda: rng.choice(_PHRASES),
            "word": lambda: self._everyday(),
            "small": lambda: rng.choice(self._words),
            "illness": lambda: rng.choice([rng.choice(_PHRASES), rng.choice(self._medical).capitalize()]),
        }
        return choices[kind]()


def _title(name: str) -> str:
    return " ".join(word.capitalize() if word not in ("of", "the", "and") else word for word in name.split())


def _fill(pattern: str, stock: Stock) -> str:
    return pattern.replace("{first}", stock.first()).replace("{last}", stock.last())


_KINDS = {"place": "LOCATION", "hospital": "HOSPITAL", "org": "ORG", "school": "ORG"}


def _slot(name: str, stock: Stock) -> list[Piece]:
    name = stock.rng.choice(name.split("|"))
    if name.startswith("-"):
        return [(stock.decoy(name[1:]), "")]
    upper = name.endswith("_upper")
    name = name.removesuffix("_upper")
    if name == "titled":
        return [(stock.rng.choice(["Dr. ", "Mr. ", "Mrs. ", "Ms. ", "Dr. ", "Dr "]), ""), (stock.last(), "NAME")]
    if name == "full_md":
        return [(stock.full(), "NAME"), (stock.rng.choice([", MD", ", M.D.", " MD", ", DO", ", RN", ", NP"]), "")]
    if name == "last_first":
        value = f"{stock.last()}, {stock.first()}" + stock.rng.choice(["", "", f" {stock.rng.choice('ABCDEJKLMRST')}"])
    elif name == "school" or name == "org":
        value = stock.school() if stock.rng.random() < (1.0 if name == "school" else 0.1) else stock.org()
    else:
        value = getattr(stock, name)()
    return [(value.upper() if upper else value, _KINDS.get(name, "NAME"))]


def expand(template: str, stock: Stock) -> list[Piece]:
    """Return a template with its choices drawn and its slots filled."""
    choice = re.compile(r"\(((?:[^(){}]|\{[^}]*\}|\(\w+\))*)\)")
    while match := choice.search(template):
        options = re.split(r"\|(?![^{]*\})", match[1])
        template = template[: match.start()] + stock.rng.choice(options) + template[match.end() :]
    pieces: list[Piece] = []
    for i, part in enumerate(re.split(r"\{([^}]*)\}", template.replace("\\n", "\n"))):
        pieces += _slot(part, stock) if i % 2 else [(part, "")]
    return pieces


def read_templates(path: Path) -> dict[str, list[str]]:
    """Return templates by section: ``sentence``, ``header``, ``footer``, and ``listing``, which hold no identifier."""
    sections: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if re.fullmatch(r"\[\w+\]", line):
            sections[line[1:-1]] = current = []
        elif line and not line.startswith("#"):
            current.append(line)
    return sections
