"""People's names of one part of the grammar: listed, of many cultures, invented from letters, or ordinary words."""

# ruff: noqa: E501 - lists and patterns, read across

import random
import string
import unicodedata
from bisect import bisect
from itertools import accumulate

from grammar_text import fields, of_part
from training_notes import LetterChain

from nosology.deidentification.lexicon import ranked

_NICKS = [
    "Bud",
    "Skip",
    "Ace",
    "Red",
    "Doc",
    "Sonny",
    "Junior",
    "Bunny",
    "Dolly",
    "Sissy",
    "Tootie",
    "Buster",
    "Moose",
    "Slim",
    "Ginger",
    "Kitty",
    "Chip",
    "Bo",
    "Tex",
]
FIRST, LAST, CITY = range(3)


class Names:
    """Draws names; see `identifiers.Identifiers`.

    Args:
        rng: What decides.
        part: ``"train"`` or ``"aside"``.
    """

    def __init__(self, rng: random.Random, part: str) -> None:
        self.rng = rng
        cultures = fields("names")
        self._cultures = {
            name: {key: of_part(words, part) for key, words in culture.items()}
            for name, culture in cultures.items()
            if part == "aside" or not name.endswith("*")
        }
        if part == "aside":
            self._cultures |= {name: culture for name, culture in cultures.items() if name.endswith("*")}
        self._culture_names = list(self._cultures)
        self._census = [of_part(list(ranked(name)), part) for name in ("first_names", "surnames", "cities")]
        self._sums = [list(accumulate(1 / (rank + 300) for rank in range(len(names)))) for names in self._census]
        self.chains = [LetterChain(names[:4000]) for names in self._census[:2]]
        self.chains.append(LetterChain([city for city in self._census[2] if " " not in city]))
        words = [word for word in list(ranked("english_words"))[250:12_000] if 3 < len(word) < 9]
        self._words = of_part(words, part)

    def _culture(self) -> dict[str, list[str]]:
        return self._cultures[self.rng.choice(self._culture_names)]

    def culture(self, *wanted: str) -> dict[str, list[str]]:
        """Return one of the named cultures; any where the part has none of them."""
        found = [culture for name, culture in self._cultures.items() if name.strip("*") in wanted]
        return self.rng.choice(found) if found else self._culture()

    def word(self, words: list[str]) -> str:
        """Return one of these names, spelled with its marks or without."""
        return self.spelled(self.rng.choice(words))

    def listed(self, which: int) -> str:
        """Return a listed given name, surname or town, the frequent ones more often."""
        sums = self._sums[which]
        return string.capwords(self._census[which][bisect(sums, self.rng.random() * sums[-1])])

    def spelled(self, name: str) -> str:
        if name.isascii() or self.rng.random() > 0.35:
            return name
        plain = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
        return plain.translate(
            str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "ı": "i", "æ": "ae", "Ø": "O", "Ł": "L"})
        )

    def _one(self, which: int, key: str, culture: dict[str, list[str]] | None) -> str:
        draw = self.rng.random()
        if culture is not None:
            return self.spelled(self.rng.choice(culture[key]))
        if draw < 0.42:
            return self.listed(which)
        if draw < 0.68:
            return self.spelled(self.rng.choice(self._culture()[key]))
        if draw < 0.92:
            return self.chains[which].word(self.rng)
        return self.rng.choice(self._words).capitalize()

    def first(self, culture: dict[str, list[str]] | None = None) -> str:
        """Return a given name."""
        name = self._one(0, "first", culture)
        return f"{name}-{self._one(0, 'first', culture)}" if self.rng.random() < 0.02 else name

    def last(self, culture: dict[str, list[str]] | None = None) -> str:
        """Return a surname."""
        rng = self.rng
        name = self._one(1, "last", culture)
        draw = rng.random()
        if draw < 0.03:
            return f"{name}-{self._one(1, 'last', culture)}"
        if draw < 0.06:
            return (
                rng.choice(
                    [
                        "O'",
                        "D'",
                        "Mac",
                        "Mc",
                        "Fitz",
                        "De",
                        "Van",
                        "Le",
                        "Di",
                        "St. ",
                        "van ",
                        "de la ",
                        "von ",
                        "El-",
                        "Al-",
                        "ben ",
                        "ter ",
                        "Dos ",
                    ]
                )
                + name
            )
        if draw < 0.08:
            return name + rng.choice([" Jr.", " Jr", ", Jr.", " III", " Sr", " II", " IV", " Sr."])
        return f"{name} {self._one(1, 'last', culture)}" if draw < 0.1 else name

    def full(self) -> str:
        """Return a full name in one of its forms."""
        rng = self.rng
        culture = self._culture() if rng.random() < 0.5 else None
        first, last = self.first(culture), self.last(culture)
        letter = rng.choice(string.ascii_uppercase)
        forms = [f"{first} {last}"] * 7
        forms += [f"{first} {letter}. {last}", f"{first} {letter} {last}", f"{letter}. {first} {last}",
                  f"{first} {self.first(culture)} {last}", f"{last} {first}", f"{first} {letter}.{rng.choice('ABCDEFGJKLMR')}. {last}"]  # fmt: skip
        return rng.choice(forms)

    def initname(self) -> str:
        """Return a name of which a part is an initial: ``J. Smith``, ``Smith J``, ``Maria K.``."""
        rng = self.rng
        letter, other = rng.choice(string.ascii_uppercase), rng.choice(string.ascii_uppercase)
        first, last = self.first(), self.last()
        return rng.choice([f"{letter}. {last}", f"{letter}.{last}", f"{letter} {last}", f"{letter}.{other}. {last}", f"{letter}{other} {last}",
                           f"{last} {letter}", f"{last} {letter}.", f"{first} {letter}.", f"{first} {letter}", f"{first[:2]}. {last}",
                           f"{first[:4]}. {last}", f"{last}, {letter}", f"{last}, {letter}.", f"{last}, {letter}{other}", f"{letter}-{other}. {last}"])  # fmt: skip

    def initials(self) -> str:
        """Return a person's initials."""
        letters = self.rng.choices(string.ascii_uppercase, k=self.rng.choice([2, 2, 3, 3, 4]))
        form = self.rng.random()
        if form < 0.55:
            return "".join(letters)
        if form < 0.8:
            return ".".join(letters) + "."
        return " ".join(f"{letter}." for letter in letters) if form < 0.9 else "".join(letters).lower()

    def last_first(self) -> str:
        """Return a name with the surname first, behind a comma the rest."""
        rng = self.rng
        culture = self._culture() if rng.random() < 0.5 else None
        last = self.last(culture)
        last = last.upper() if rng.random() < 0.3 else last
        letter = rng.choice(string.ascii_uppercase)
        comma = rng.choice([", ", ", ", ", ", ",", " , "])
        return (
            last
            + comma
            + rng.choice(
                [self.first(culture)] * 4
                + [f"{self.first(culture)} {letter}.", f"{self.first(culture)} {letter}", f"{letter}.", letter]
            )
        )

    def nick(self) -> str:
        """Return what somebody is called by friends."""
        name = self.first()
        return self.rng.choice([self.rng.choice(_NICKS), name, name[:4] + "y", name[:3], "Big " + name, "Miss " + name])
