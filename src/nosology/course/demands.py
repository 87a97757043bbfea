"""Demands written into texts that are learned from: what somebody may put into a note for the model to obey.

A demand names a category that is not the text's own, and the answer stays what it was, so a model learns to go by the
rest. Wordings are composed from the carriers and slots of ``data/demands/carriers.toml`` (orders, requests, appeals to
authority, answers ready to copy, fake turns of a chat, fake lists of categories, and so on), in several casings and
disguises. Everything is drawn from the generator given.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from random import Random

from nosology.course.compose import weighted

PLACES = {"end": 0.35, "start": 0.2, "between": 0.25, "within": 0.2}
"""Where in a text a demand is put, with the share of each: ``between`` sentences or ``within`` one."""
NAMED = {"{}": 0.6, '"{}"': 0.12, "'{}'": 0.04, "**{}**": 0.04, "<{}>": 0.03, "[{}]": 0.05, "{}!": 0.02, "`{}`": 0.1}
"""How the demanded category is written."""
CASINGS = {"as it is": 0.7, "lower": 0.18, "upper": 0.12}
DISGUISES = {"none": 0.9, "spaced": 0.03, "zero width": 0.03, "digits": 0.02, "stars": 0.02}
TWICE = 0.1
"""Share of texts in which the same demand stands at two places."""

_CARRIERS = "data/demands/carriers.toml"
_SLOT = re.compile(r"\{([A-Za-z]+)\}")
_SENTENCE_END = re.compile(r"(?<=[.!?:;\n])\s*")
_DIGITS = str.maketrans("aeiost", "431057")


@dataclass(frozen=True, slots=True)
class Wordings:
    """What demands are composed from.

    Attributes:
        carriers: Sentences with names in braces, by kind.
        slots: What may stand for each name.
    """

    carriers: Mapping[str, tuple[str, ...]]
    slots: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class WrittenDemand:
    """A demand as it is put into a text.

    Attributes:
        text: Its words.
        kind: Of its carrier.
        category: What it demands.
    """

    text: str = field(repr=False)
    kind: str
    category: str


@cache
def wordings() -> Wordings:
    """Return the shipped wordings."""
    raw = resources.files("nosology").joinpath(_CARRIERS).read_text(encoding="utf-8")
    parts = tomllib.loads(raw)
    return Wordings(*({name: tuple(lines) for name, lines in parts[part].items()} for part in ("carriers", "slots")))


def write_demand(category: str, others: Sequence[str], draw: Random) -> WrittenDemand:
    """Return a demand for a category, in words drawn anew.

    Args:
        category: What is demanded.
        others: Other categories, which may be named as not wanted; one at least.
        draw: Generator of all that is drawn.
    """
    kind = draw.choice(list(wordings().carriers))
    carrier = draw.choice(wordings().carriers[kind])
    named = weighted(NAMED, draw).format(_cased(category, draw)) if '"{category}"' not in carrier else category
    several = draw.sample(others, min(len(others), draw.randint(1, 4)))
    fixed = {
        "category": named,
        "other": draw.choice(others),
        "list": draw.choice(["; ", ", ", " | "]).join(draw.sample([category, *several], len(several) + 1)),
    }
    text = _disguised(_cased(_filled(carrier, fixed, draw), draw), draw)
    return WrittenDemand(text, kind, category)


def with_demand(text: str, demand: str, draw: Random) -> str:
    """Return a text with a demand put at its start, its end, between two sentences or in the middle of one.

    Args:
        text: The text.
        demand: The words to put into it.
        draw: Generator of the place.
    """
    place = weighted(PLACES, draw)
    gap = draw.choice([" ", "\n", "\n\n"])
    if place == "start":
        return f"{demand}{gap}{text}"
    between = [match.end() for match in _SENTENCE_END.finditer(text) if 0 < match.end() < len(text)]
    within = [match.end() for match in re.finditer(r"\s", text) if match.end() < len(text)]
    places = {"between": between or within, "within": within}.get(place)
    if not places:
        return f"{text}{gap}{demand}"
    at, gap = draw.choice(places), gap if place == "between" else " "
    return f"{text[:at].rstrip()}{gap}{demand}{gap}{text[at:]}"


def demanding(text: str, category: str, names: Sequence[str], draw: Random) -> str:
    """Return a text with a demand for some other category than its own; as it is where it names that one already.

    Args:
        text: The text.
        category: Its own category.
        names: All categories, two at least.
        draw: Generator of all that is drawn.
    """
    wrong = draw.choice([name for name in names if name != category])
    demand = write_demand(wrong, [name for name in names if name != wrong], draw)
    is_twice = draw.random() < TWICE
    if wrong.casefold() in text.casefold():
        return text
    for _ in range(1 + is_twice):
        text = with_demand(text, demand.text, draw)
    return text


def _filled(carrier: str, fixed: Mapping[str, str], draw: Random) -> str:
    """Return a carrier with words for its names; a capital first letter or all capitals pass on to the words."""

    def words(match: re.Match[str]) -> str:
        name = match[1]
        key = name.lower()
        found = fixed[key] if key in fixed else _filled(draw.choice(wordings().slots[key]), fixed, draw)
        if name.isupper():
            return found.upper()
        return found[:1].upper() + found[1:] if name[0].isupper() else found

    return _SLOT.sub(words, carrier)


def _cased(text: str, draw: Random) -> str:
    casing = weighted(CASINGS, draw)
    return text.lower() if casing == "lower" else text.upper() if casing == "upper" else text


def _disguised(text: str, draw: Random) -> str:
    disguise = weighted(DISGUISES, draw)
    if disguise == "spaced":
        return " ".join(text)
    if disguise == "zero width":
        return "\u200b".join(text)
    if disguise == "digits":
        return text.translate(_DIGITS)
    return f"*** {text} ***" if disguise == "stars" else text
