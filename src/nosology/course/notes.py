"""Invented notes of a course: one disease told in one of many styles, among the small change that real notes carry.

Categories take turns and within a category its diseases do. A note has the fragments of its disease
(`nosology.course.cases`), in the words and the order of its style (``data/course/notes.toml``), and illnesses of other
categories, some denied or a relative's, normal findings and filler. About half of the notes never name their disease,
so that a model learns to read findings; the category is always that of the disease told.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any

from nosology.coding import icd
from nosology.coding.labels import LabelSet
from nosology.course.cases import FRAGMENTS, VERSION, Case, Group, shipped_cases
from nosology.course.compose import CourseText
from nosology.course.people import Person, draw_person
from nosology.course.phrases import Phrase
from nosology.errors import DataError, LabelError

SOURCE = "nosology"
LEFT_OUT = 0.25
"""How often a part that a note can do without is left out."""
OTHER_ILLNESSES = (2, 4)
BLOCKS = (1, 4)
"""How many paragraphs about no disease a long note has."""
USUAL_ORDER = 0.6
"""How many notes go from the complaint to the course; in the others sections stand in any order."""
NOUNS = 0.85
"""How often a complaint is a noun where the case has one."""

_MIDDLE_AGE = 40
_WORDING = "data/course/notes.toml"
_NOT_DENIED = frozenset("ORSTVWXYZ")
_OF_THE_YOUNG = frozenset("PQ")
"""Beginnings of codes whose names are no illnesses that a note would deny, or that an adult's would not."""
_GENERAL = frozenset({"acute", "chronic", "disease", "disorder", "syndrome", "primary", "severe", "with"})
_SENTENCES = frozenset({"pmh", "absent_line", "family", "normal", "filler", "drug_line"})
_SAME = {"pmh": "illnesses", "absent_line": "absent", "family": "inherited", "drug_line": "drugs", "kin": "inherited"}
"""Slots that say what another one says."""
_USUAL = (
    *("complaint", "words", "history", "illnesses", "inherited", "drugs", "vitals", "exam", "tests"),
    *("absent", "name", "treatment", "course"),
)
"""The order in which most notes say things."""
_SAID_ONCE = frozenset({"illnesses", "absent", "inherited", "drugs", "vitals", "filler", "normal", *FRAGMENTS})
_ADULT = frozenset({"filler", "vitals", "drugs", "job"})
_UNFIT: dict[Group, frozenset[str]] = {
    "adult": frozenset(),
    "child": _ADULT,
    "infant": _ADULT | {"illnesses", "inherited"},
    "newborn": _ADULT | {"illnesses", "inherited"},
}
"""Slots that speak of people with a longer past."""
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Style:
    """How one kind of note is written.

    Attributes:
        name: Its name.
        weight: How often it is drawn among the styles that suit a case.
        needs: Letters of which a case must have one in its settings; empty: any case.
        named_share: How many of its notes name the disease.
        join: What stands between two parts.
        first: Alternatives of the parts that come first.
        core: Of the parts that no note lacks.
        parts: Of the others.
        named: Parts that name the disease.
        last: Of the parts that come last.
        lower_share: How many are written without capitals.
        long_share: How many have everything in them and whole paragraphs about no disease.
    """

    name: str
    weight: float
    needs: str
    named_share: float
    join: str
    first: list[list[str]]
    core: list[list[str]]
    parts: list[list[str]]
    named: list[str]
    last: list[list[str]]
    lower_share: float = 0.05
    long_share: float = 0.0

    def suits(self, case: Case) -> bool:
        """Return whether such a note is written about a case."""
        return not self.needs or bool(set(self.needs) & set(case.settings))


def compose_notes(labels: LabelSet, n: int, seed: int) -> list[CourseText]:
    """Return ``n`` invented notes, balanced over categories and over the diseases within each.

    Args:
        labels: Gives each disease its category.
        n: Number of notes.
        seed: Seed of every draw.

    Raises:
        LabelError: The label set has no codes, so no disease has a category.
        DataError: The shipped diseases belong to fewer than two of its categories.
    """
    if not labels.has_codes:
        raise LabelError(
            f"the label set {labels.name!r} has no code ranges, so no disease belongs to any of its categories",
            hint="invented notes need a label set with the columns icd9 or icd10; set train.course.notes to 0",
        )
    by_category: dict[str, list[Case]] = defaultdict(list)
    for case in shipped_cases(labels):
        by_category[case.category].append(case)
    if n and len(by_category) < 2:
        raise DataError(
            f"the shipped diseases belong to {len(by_category)} of the categories of {labels.name!r}",
            hint="a course tells categories apart; compose no notes for this label set (--notes 0)",
        )
    draw = Random(seed)
    turns = {name: _turns(by_category[name], draw) for name in sorted(by_category)}
    cases = [case for name in sorted(by_category) for case in by_category[name]]
    order = list(turns)
    return [_note(next(turns[order[index % len(order)]]), cases, labels, draw) for index in range(n)]


def _turns(cases: Sequence[Case], draw: Random) -> Iterator[Case]:
    while True:
        yield from draw.sample(cases, len(cases))


def _denied(cases: Iterable[Case], case: Case) -> list[str]:
    """Return the names of illnesses that a note about a case may deny or give to a relative.

    They are of other categories and share no word with the case's names. Adults have those of adults, children those of
    children.
    """
    own = _words(" ".join(case.names))
    return [
        other.names[0]
        for other in cases
        if other.category != case.category
        and not own & _words(other.names[0])
        and (other.group == "adult") == (case.group == "adult")
        and other.code[0] not in _NOT_DENIED
        and (other.group != "adult" or not (other.sex or other.code[0] in _OF_THE_YOUNG))
    ]


def _note(case: Case, cases: Sequence[Case], labels: LabelSet, draw: Random) -> CourseText:
    fitting = [style for style in styles() if style.suits(case)]
    style = draw.choices(fitting, [style.weight for style in fitting])[0]
    is_named = draw.random() < style.named_share
    is_long = draw.random() < style.long_share
    person = draw_person(case, draw)
    slots = _slots(case, person, _denied(cases, case), labels, draw)
    templates = [
        *(draw.choice(part) for part in style.first),
        *_middle(style, case, draw, is_named=is_named, is_long=is_long),
        *(draw.choice(part) for part in style.last),
    ]
    filled = [_filled(template, slots, draw).strip() for template in templates]
    text = style.join.join(part for part in filled if part)
    if draw.random() < style.lower_share:
        text = text.lower()
    phrase = Phrase(case.names[0], case.code, VERSION, case.category, "name", SOURCE)
    return CourseText(text, phrase, f"{style.name}, named" if is_named else style.name)


def _middle(style: Style, case: Case, draw: Random, *, is_named: bool, is_long: bool) -> list[str]:
    """Return the templates between the first and the last, in random order, none that says the same as another."""
    left_out = 0.0 if is_long else LEFT_OUT
    parts = [draw.choice(part) for part in style.parts if draw.random() >= left_out]
    if is_long:
        parts += ["{pmh}", "{absent_line}", "{family}", "{drug_line}", "{normal}", "{filler}"]
        parts += draw.sample(pools()["block"], draw.randint(*BLOCKS)) if case.group == "adult" else []
    if is_named:
        parts.append(draw.choice(style.named))
    middle = [draw.choice(part) for part in style.core] + _once(parts, _UNFIT[case.group])
    draw.shuffle(middle)
    return sorted(middle, key=lambda part: _usual_place(part, draw)) if draw.random() < USUAL_ORDER else middle


def _usual_place(part: str, draw: Random) -> float:
    """Return where a part stands in most notes; one that says nothing of the disease stands anywhere."""
    places = [_USUAL.index(said) for slot in _SLOT.findall(part) if (said := _SAME.get(slot, slot)) in _USUAL]
    return places[0] if places else draw.uniform(0, len(_USUAL))


def _once(parts: Sequence[str], unfit: frozenset[str]) -> list[str]:
    """Return the templates without those that have an unfit slot or repeat what an earlier one said."""
    used: set[str] = set()
    kept = []
    for part in parts:
        said = {_SAME.get(slot, slot) for slot in _SLOT.findall(part)} - {"name"}
        if not said & (used | unfit):
            kept.append(part)
            used |= said & _SAID_ONCE
    return kept


def _slots(case: Case, person: Person, denied: Sequence[str], labels: LabelSet, draw: Random) -> dict[str, str]:
    """Return what each slot says in one note: drawn once, so that a note never contradicts itself.

    Args:
        case: The disease.
        person: Who has it.
        denied: Names of illnesses that the patient does not have.
        labels: Gives other illnesses their categories.
        draw: Of all that is random.
    """
    absent, inherited = draw.sample(denied, 2)
    chosen = {slot: draw.choice(texts) for slot, texts in case.fragments.items()}
    low = draw.randint(8, 60)
    return {
        **chosen,
        "complaint": _complaint(case, draw),
        "exam": chosen["examination"],
        **person.slots(),
        **{name: draw.choice(pools()[name]) for name in ("job", "kin", "ward", "clinic")},
        "name": draw.choice(case.names),
        "absent": absent,
        "inherited": inherited,
        "illnesses": _listed(_illnesses(case, person, labels, draw)),
        "drugs": _listed(draw.sample(pools()["drugs"], draw.randint(2, 4))),
        "clock": f"{draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}",
        "level": str(draw.randint(2, 5)),
        "parity": str(draw.randint(0, 1)),
        "case_no": str(draw.randint(1000, 9999)),
        "ml": str(draw.randint(2, 60) * 5),
        "days": str(draw.randint(2, 24)),
        "n": str(draw.randint(18, 640)),
        "pct": str(draw.randint(low, 94)),
        "low": str(low),
        "high": str(low + draw.randint(34, 39)),
        "temp": f"{draw.uniform(36.2, 37.2):.1f}",
        "pulse": str(draw.randint(62, 96)),
        "bp": f"{draw.randint(11, 13)}{draw.randint(0, 9)}/{draw.randint(64, 86)}",
        "rr": str(draw.randint(12, 18)),
        "spo2": str(draw.randint(95, 99)),
        "vitals": "" if re.search(r"\d", chosen["examination"]) else draw.choice(pools()["vitals"]),
    }


def _complaint(case: Case, draw: Random) -> str:
    """Return a complaint, rather one that begins with a noun."""
    texts = case.fragments["complaint"]
    nouns = [text for text in texts if text.split()[0] not in pools()["not_nouns"]]
    return draw.choice(nouns if nouns and draw.random() < NOUNS else texts)


def _illnesses(case: Case, person: Person, labels: LabelSet, draw: Random) -> list[str]:
    """Return two to four other illnesses, none of the disease's category and none that shares a word with its names."""
    grown = "young" if person.age < _MIDDLE_AGE else "adult"
    table = wording()["comorbidities"][grown if case.group == "adult" and person.is_grown else "child"]
    own = _words(" ".join(case.names))
    fitting = [
        name
        for name, code in table.items()
        if labels.category_of(icd.normalize(code, VERSION) or "", VERSION) != case.category and not own & _words(name)
    ]
    return draw.sample(fitting, draw.randint(*OTHER_ILLNESSES) if case.group == "adult" else 2)


def _filled(template: str, slots: dict[str, str], draw: Random) -> str:
    """Return a template with its slots filled; one that names a pool of sentences is filled by one of these first."""

    def fill(match: re.Match[str]) -> str:
        slot = match[1]
        if slot in _SENTENCES:
            return _filled(draw.choice(pools()[slot]), slots, draw)
        if slot == "vitals":
            return _filled(slots[slot], slots, draw)
        return slots[slot] if slot in slots else _capital(slots[slot.lower()])

    text = _SLOT.sub(fill, template)
    return text.replace("..", ".").replace("?.", "?").replace('?".', '?"')


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


@cache
def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]{4,}", text.lower())) - _GENERAL


@cache
def wording() -> dict[str, Any]:
    """Return the shipped wording, as its file holds it."""
    return tomllib.loads(resources.files("nosology").joinpath(_WORDING).read_text(encoding="utf-8"))


def pools() -> dict[str, list[str]]:
    """Return the small change that is common to all styles."""
    pools: dict[str, list[str]] = wording()["pools"]
    return pools


@cache
def styles() -> tuple[Style, ...]:
    """Return the styles in the order of their file."""
    return tuple(Style(**entry) for entry in wording()["style"])
