"""People of invented notes fit their disease."""

from random import Random

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
