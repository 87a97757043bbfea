"""The people of invented notes: an age, a sex, and how notes speak of them."""

from dataclasses import dataclass
from random import Random

from nosology.course.cases import Case

_OLD = 60
_GROWN = 16


@dataclass(frozen=True, slots=True)
class Person:
    """Who a note is about.

    Attributes:
        who: Age and person, as in ``54-year-old woman``.
        short: The same as notes abbreviate it, as in ``54F``.
        person: The person alone.
        age: The age as a number, in the unit of the case's group.
        informant: Who tells the story.
    """

    who: str
    short: str
    person: str
    age: int
    informant: str

    @property
    def is_grown(self) -> bool:
        """Whether an age in years is an adult's."""
        return self.age >= _GROWN

    def slots(self) -> dict[str, str]:
        """Return what templates may ask for."""
        article = "an" if self.who.startswith(("8", "11-", "18-")) else "a"
        return {
            "who": self.who,
            "a_who": f"{article} {self.who}",
            "short": self.short,
            "person": self.person,
            "age": str(self.age),
            "informant": self.informant,
        }


def draw_person(case: Case, draw: Random) -> Person:
    """Return somebody who can have a disease."""
    is_female = case.sex == "F" if case.sex else draw.random() < 0.5
    age = draw.randint(case.youngest, case.oldest)
    letter = "F" if is_female else "M"
    if case.group == "newborn":
        person = draw.choice(("newborn girl", "girl") if is_female else ("newborn boy", "boy"))
        return Person(f"{age}-day-old {person}", f"DOL {age} {letter}", person, age, "mother")
    if case.group == "infant":
        person = "girl" if is_female else "boy"
        return Person(f"{age}-month-old {person}", f"{age} mo {letter}", person, age, _parent(draw))
    person = _person(age, draw, is_female=is_female)
    informant = draw.choice(("family", "spouse")) if age >= _GROWN else _parent(draw)
    return Person(
        who=f"{age}-year-old {person}",
        short=draw.choice((f"{age}{letter}", f"{age} y {letter}", f"{age} yo {person}")),
        person=person,
        age=age,
        informant="patient" if case.is_quoted_by_patient else informant,
    )


def _person(age: int, draw: Random, *, is_female: bool) -> str:
    if age < _GROWN:
        return "girl" if is_female else "boy"
    words = ("woman", "female", "lady") if is_female else ("man", "male", "gentleman")
    return draw.choice(words if age >= _OLD else words[:2])


def _parent(draw: Random) -> str:
    return draw.choice(("mother", "father"))
