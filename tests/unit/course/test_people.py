"""People of invented notes fit their disease."""

import re
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.coding.labels import LabelSet
from nosology.course.cases import Case, shipped_cases
from nosology.course.people import Person, draw_person

CASES = {case.names[0]: case for case in shipped_cases(LabelSet.load("icd-chapters-18"))}


def people(name: str) -> list[Person]:
    case: Case = CASES[name]
    draw = Random(3)
    return [draw_person(case, draw) for _ in range(50)]


def test_age_and_sex_are_those_of_the_disease() -> None:
    for person in people("severe pre-eclampsia"):
        assert person.person in ("woman", "female")
        assert 18 <= person.age <= 42
    assert {person.person for person in people("benign prostatic hyperplasia")} <= {"man", "male", "gentleman"}
    assert len({person.person for person in people("cellulitis")}) > 3


def test_children_are_boys_and_girls_whose_parents_speak() -> None:
    for person in people("croup"):
        assert person.person == "boy"
        assert person.informant in ("mother", "father")


def test_the_age_of_the_smallest_is_told_in_months_and_days() -> None:
    assert all("-month-old " in person.who for person in people("bronchiolitis"))
    for person in people("prematurity"):
        assert "-day-old " in person.who
        assert person.short.startswith("DOL ")


def test_the_article_fits_the_number() -> None:
    slots = Person("80-year-old man", "80M", "man", 80, "patient").slots()
    assert slots["a_who"] == "an 80-year-old man"
    assert Person("11-year-old boy", "11M", "boy", 11, "mother").slots()["a_who"] == "an 11-year-old boy"
    assert Person("11-month-old boy", "11 mo M", "boy", 11, "mother").slots()["a_who"] == "an 11-month-old boy"
    assert Person("45-year-old man", "45M", "man", 45, "patient").slots()["a_who"] == "a 45-year-old man"


def anybody(**changed: object) -> Case:
    """Return a case with other patients."""
    return replace(CASES["cellulitis"], **changed)  # type: ignore[arg-type]


def drawn(case: Case, n: int = 300) -> list[Person]:
    draw = Random(5)
    return [draw_person(case, draw) for _ in range(n)]


def test_the_youngest_and_the_oldest_age_both_come_up() -> None:
    assert {person.age for person in drawn(anybody(group="adult", youngest=30, oldest=33))} == {30, 31, 32, 33}


def test_a_patient_is_grown_from_sixteen_on_and_a_girl_or_boy_before() -> None:
    for person in drawn(anybody(group="child", youngest=15, oldest=16)):
        assert person.is_grown == (person.age == 16)
        assert (person.person in ("boy", "girl")) == (person.age == 15)


def test_nobody_is_a_lady_or_a_gentleman_before_sixty() -> None:
    words = {(person.age, person.person) for person in drawn(anybody(group="adult", youngest=59, oldest=60))}
    assert {word for age, word in words if age == 59} == {"woman", "female", "man", "male"}
    assert {"lady", "gentleman"} <= {word for age, word in words if age == 60}


def test_a_patient_in_their_own_words_tells_the_story_and_else_a_relative_does() -> None:
    own, other = (anybody(group="adult", is_quoted_by_patient=is_own) for is_own in (True, False))
    assert {person.informant for person in drawn(own)} == {"patient"}
    assert {person.informant for person in drawn(other)} == {"family", "spouse"}


def test_a_childs_own_words_are_the_childs() -> None:
    children = drawn(anybody(group="child", youngest=6, oldest=9, is_quoted_by_patient=True))
    assert {person.informant for person in children} == {"patient"}


@pytest.mark.parametrize(
    ("group", "unit", "short"), [("infant", "month", r"\d+ mo [FM]"), ("newborn", "day", r"DOL \d+ [FM]")]
)
def test_the_short_form_of_the_smallest_says_age_unit_and_sex(group: str, unit: str, short: str) -> None:
    for person in drawn(anybody(group=group, youngest=1, oldest=11), 60):
        assert person.who == f"{person.age}-{unit}-old {person.person}"
        assert re.fullmatch(short, person.short)
        assert str(person.age) in person.short
        assert person.short.endswith("F") == person.person.endswith("girl")


def test_grown_people_are_shortened_in_three_ways_that_agree_with_the_long_one() -> None:
    people = drawn(anybody(group="adult", youngest=40, oldest=70))
    shapes = {re.sub(r"\d+", "9", person.short) for person in people}
    assert {"9F", "9M", "9 y F", "9 y M", "9 yo woman", "9 yo man"} <= shapes
    for person in people:
        assert person.who == f"{person.age}-year-old {person.person}"
        assert person.short.startswith(str(person.age))


def test_both_sexes_have_what_both_can_have_about_equally_often() -> None:
    n_female = sum(person.person in ("woman", "female", "lady") for person in drawn(anybody(group="adult", sex="")))
    assert 110 < n_female < 190


@given(st.integers(0, 120), st.sampled_from(["year", "month", "day"]))
def test_the_article_is_that_of_the_spoken_number(age: int, unit: str) -> None:
    begins_with_a_vowel = age in (8, 11, 18) or 80 <= age <= 89
    person = Person(f"{age}-{unit}-old boy", "", "boy", age, "mother")
    assert person.slots()["a_who"] == f"{'an' if begins_with_a_vowel else 'a'} {person.who}"


def test_templates_may_ask_for_all_that_is_known_of_a_person() -> None:
    person = Person("80-year-old man", "80M", "man", 80, "spouse")
    assert person.slots() == {
        "who": "80-year-old man",
        "a_who": "an 80-year-old man",
        "short": "80M",
        "person": "man",
        "age": "80",
        "informant": "spouse",
    }
