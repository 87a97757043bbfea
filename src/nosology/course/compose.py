"""Phrases put into words as notes have them: bare names, telegraphic lines, sentences with a patient, distractors.

A course is balanced: categories take turns, within a category each kind of phrase has its share, and within a kind
the rubrics take turns, so that the thousand fractures of the official list do not crowd out the rest. Names come in
several casings. A distractor names a second disease that is denied, a relative's or past, and whose category is not
the answer, so that a model learns early that not every disease in a note is the patient's. Everything is drawn from
one seed; the same phrases and the same seed give the same course.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from random import Random

from nosology.coding import icd
from nosology.course.phrases import KINDS, Kind, Phrase
from nosology.errors import DataError

NAME_FORMS = {"bare": 0.4, "telegraphic": 0.25, "sentence": 0.2, "distractor": 0.15}
"""How a name is put into words, with the share of each form."""
TEXT_FORMS = {"bare": 0.85, "text_distractor": 0.15}
"""The same for definitions, answers and findings, which are sentences already."""
KIND_SHARES: dict[Kind, float] = {"name": 0.45, "definition": 0.2, "answer": 0.2, "finding": 0.15}
"""How often each kind of phrase is drawn, among those that a category has."""
CASINGS = {"as it is": 0.5, "lower": 0.3, "upper": 0.1, "capital": 0.1}

_CARRIERS = "data/course/carriers.toml"
_ADULTS = (("man", "M", 19, 89), ("woman", "F", 19, 89), ("gentleman", "M", 50, 89), ("lady", "F", 50, 89))
_CHILDREN = (("boy", "M", 3, 16), ("girl", "F", 3, 16))
_MOTHERS = (("woman", "F", 18, 44), ("mother of two", "F", 22, 44))
_CHILD_SHARE = 0.1
_OF_PREGNANCY = {10: ("O",), 9: ("63", "64", "65", "66", "67")}
_OF_NEWBORNS = {10: ("P",), 9: ("76", "77")}
"""Beginnings of codes, by ICD version, that only some patients can have."""


@dataclass(frozen=True, slots=True)
class CourseText:
    """One text of a course.

    Attributes:
        text: What the model reads.
        phrase: What it is about; its category is the answer.
        form: How the phrase was put into words.
    """

    text: str = field(repr=False)
    phrase: Phrase
    form: str


def compose(phrases: Sequence[Phrase], n: int, seed: int) -> list[CourseText]:
    """Return ``n`` texts, balanced over categories and over the kinds of phrases within each.

    Args:
        phrases: What there is to learn.
        n: Number of texts; a phrase is used again only when all of its rubric and kind were used.
        seed: Seed of every draw.

    Raises:
        DataError: There are phrases of fewer than two categories, so there is nothing to tell apart.
    """
    groups: dict[str, dict[str, list[Phrase]]] = defaultdict(lambda: defaultdict(list))
    for phrase in phrases:
        groups[phrase.category][phrase.kind].append(phrase)
    if len(groups) < 2:
        raise DataError(
            f"there are phrases of {len(groups)} {'category' if len(groups) == 1 else 'categories'}",
            hint="a course tells categories apart; it needs phrases of two at least",
        )
    draw = Random(seed)
    categories = sorted(groups)
    turns = {name: _turns(groups[name], draw) for name in categories}
    texts = []
    for index in range(n):
        phrase = next(turns[categories[index % len(categories)]])
        other = draw.choice([name for name in categories if name != phrase.category])
        texts.append(_text(phrase, _a_name(groups[other], draw), draw))
    draw.shuffle(texts)
    return texts


def weighted(shares: Mapping[str, float], draw: Random) -> str:
    """Return one of some names, each as often as its share says."""
    return draw.choices(list(shares), list(shares.values()))[0]


def _turns(by_kind: dict[str, list[Phrase]], draw: Random) -> Iterator[Phrase]:
    """Yield phrases for ever, each kind as often as its share says."""
    by_rubric = {kind: _by_rubric(by_kind[kind], draw) for kind in KINDS if by_kind.get(kind)}
    shares = [KIND_SHARES[kind] for kind in by_rubric]
    while True:
        yield next(by_rubric[draw.choices(list(by_rubric), shares)[0]])


def _by_rubric(phrases: list[Phrase], draw: Random) -> Iterator[Phrase]:
    """Yield phrases for ever, the rubrics in random order and each as often, each one's phrases until all were used."""
    of_rubric: dict[str | None, list[Phrase]] = defaultdict(list)
    for phrase in phrases:
        of_rubric[icd.rubric_of(phrase.code, phrase.version)].append(phrase)
    waiting: dict[str | None, list[Phrase]] = defaultdict(list)
    while True:
        for rubric in draw.sample(list(of_rubric), len(of_rubric)):
            if not waiting[rubric]:
                waiting[rubric] = draw.sample(of_rubric[rubric], len(of_rubric[rubric]))
            yield waiting[rubric].pop()


def _a_name(by_kind: dict[str, list[Phrase]], draw: Random) -> str | None:
    """Return the name of some disease of a category; None where the category has no names."""
    return draw.choice(by_kind["name"]).text if by_kind.get("name") else None


def _text(phrase: Phrase, other: str | None, draw: Random) -> CourseText:
    forms = NAME_FORMS if phrase.kind == "name" else TEXT_FORMS
    form = weighted(forms, draw)
    if other is None and form.endswith("distractor"):
        form = "bare"
    if form == "sentence" and phrase.code.startswith(_OF_NEWBORNS[phrase.version]):
        form = "telegraphic"  # the sentences speak of people with years
    words = phrase.text if form == "bare" else _carried(draw.choice(carriers()[form]), phrase, other or "", draw)
    return CourseText(_cased(words, phrase.kind == "name", draw), phrase, form)


def _carried(carrier: str, phrase: Phrase, other: str, draw: Random) -> str:
    people = _CHILDREN if draw.random() < _CHILD_SHARE else _ADULTS
    if phrase.code.startswith(_OF_PREGNANCY[phrase.version]):
        people = _MOTHERS
    person, letter, low, high = draw.choice(people)
    slots = {
        "x": _inside(phrase.text) if phrase.kind == "name" else phrase.text,
        "y": _inside(other),
        "age": str(draw.randint(low, high)),
        "person": person,
        "Person": person.capitalize(),
        "letter": letter,
    }
    return carrier.format_map(slots)


def _inside(name: str) -> str:
    """Return a name as it stands inside a sentence: its first letter small, unless the word is no plain one."""
    first, _, rest = name.partition(" ")
    return name if not first[1:].islower() and len(first) > 1 else f"{first.lower()} {rest}".strip()


def _cased(text: str, is_name: bool, draw: Random) -> str:
    casing = weighted(CASINGS, draw)
    if casing == "lower":
        return text.lower()
    if casing == "upper" and is_name:
        return text.upper()
    if casing == "capital" and is_name:
        return text.title()
    return text


@cache
def carriers() -> dict[str, tuple[str, ...]]:
    """Return the shipped carriers of each form but ``bare``."""
    raw = resources.files("nosology").joinpath(_CARRIERS).read_text(encoding="utf-8")
    return {form: tuple(lines) for form, lines in tomllib.loads(raw).items()}
