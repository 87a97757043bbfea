"""The clinical content that ships: complete, well-formed, and in the right categories."""

import re
from collections import Counter
from random import Random

import pytest

from nosology.coding.labels import LabelSet
from nosology.errors import DataError
from nosology.synthetic.content import PHRASE_FIELDS, Book, Titles, load_book, parse_rubrics
from nosology.synthetic.identifiers import MIMIC3, REALISTIC, SPAN_TYPES
from nosology.synthetic.people import load_stock
from nosology.synthetic.scene import _MAIN, _SLOTS
from nosology.synthetic.wording import load_wording

BOOK = load_book()
PRONOUNS = {"he", "his", "him", "himself", "hers"}
MINIMAL = """
["1"]
icd10 = "A1"
age = [10, 20]
sex = "F"
called = "x"
complaint = "x"
story = "x"
exam = "x"
labs = "x"
study = "x"
drug = "x"
course = "x"
past = "y"
"""
TITLES = {"1": Titles("s", "long", "ten")}


def test_all_18_categories_have_at_least_8_rubrics() -> None:
    assert list(BOOK.rubrics) == list(BOOK.categories)
    assert set(BOOK.categories) == set(LabelSet.load("icd-chapters-18").names)
    assert min(len(rubrics) for rubrics in BOOK.rubrics.values()) >= 8


def test_shares_are_uneven_and_none_is_below_three_percent() -> None:
    assert sum(BOOK.shares) == pytest.approx(1)
    assert min(BOOK.shares) > 0.03
    assert max(BOOK.shares) > 2 * min(BOOK.shares)


def test_no_code_occurs_twice() -> None:
    assert len({rubric.code for rubric in BOOK.all}) == len(BOOK.all)
    assert len({rubric.icd10 for rubric in BOOK.all}) == len(BOOK.all)


@pytest.mark.parametrize("version", [9, 10])
def test_every_code_belongs_to_the_category_of_its_file(version: int) -> None:
    labels = LabelSet.load("icd-chapters-18")
    for rubric in BOOK.all:
        code = rubric.code if version == 9 else rubric.icd10
        assert labels.category_of(code, version=version) == rubric.category, code


def test_every_rubric_has_findings_history_labs_drugs_and_a_course_of_its_own() -> None:
    for field in ("story", "complaint", "exam", "labs", "study", "drug", "course", "called"):
        owners = Counter(phrases for rubric in BOOK.all for phrases in [rubric.phrases[field]])
        assert () not in owners
        assert max(owners.values()) == 1, field


def test_every_phrase_renders_without_braces_and_asks_only_for_known_slots() -> None:
    known = PRONOUNS | {"year", "weekday"}
    for rubric in BOOK.all:
        for field in PHRASE_FIELDS:
            for phrase in rubric.phrases[field]:
                assert {slot.lower() for slot in phrase.slots()} <= known, (rubric.code, field)
                assert not re.search(r"[{}|;]", phrase.render(Random(0), lambda name: name)), (rubric.code, field)


def test_every_slot_of_the_wording_can_be_filled() -> None:
    groups = load_wording().groups
    fillable = PRONOUNS | set(_SLOTS) | set(_MAIN) | set(REALISTIC) | set(groups)
    for name, phrases in groups.items():
        for phrase in phrases:
            unknown = {slot for slot in phrase.slots() if slot not in fillable and slot.lower() not in fillable}
            assert not unknown, name


def test_every_identifier_slot_has_a_kind_with_a_type_and_a_placeholder() -> None:
    assert set(REALISTIC) == set(MIMIC3)
    assert {kind for kind, _ in REALISTIC.values()} == set(SPAN_TYPES)


def test_no_wording_or_rubric_holds_a_placeholder_or_a_month_of_its_own() -> None:
    months = re.compile(
        r"\b(January|February|April|June|July|August|September|October|November|December)\b|\[\*\*|___\b"
    )
    phrases = [phrase for rubric in BOOK.all for phrases in rubric.phrases.values() for phrase in phrases]
    phrases += [phrase for name, group in load_wording().groups.items() if "ward" not in name for phrase in group]
    assert not [phrase for phrase in phrases if months.search(phrase.render(Random(0), lambda name: name))]


def test_newborns_are_admitted_for_what_newborns_have() -> None:
    rng = Random(0)
    drawn = {BOOK.draw(rng, 0, "F") for _ in range(200)}
    assert all(rubric.ages[0] == 0 for rubric in drawn)
    assert {"Perinatal Conditions", "Supplementary"} <= {rubric.category for rubric in drawn}


def test_men_are_never_admitted_for_pregnancy() -> None:
    rng = Random(0)
    assert all(BOOK.draw(rng, 30, "M").category != "Pregnancy Complications" for _ in range(500))


def test_categories_are_drawn_by_their_share() -> None:
    rng = Random(0)
    n = 6000
    drawn = Counter(BOOK.draw(rng).category for _ in range(n))
    for category, share in zip(BOOK.categories, BOOK.shares, strict=True):
        assert drawn[category] / n == pytest.approx(share, abs=0.015)


def test_a_rubric_fits_ages_and_sex_and_stays_in_the_history() -> None:
    (rubric,) = parse_rubrics(MINIMAL, "C", (), TITLES)
    assert rubric.fits(10, "F")
    assert rubric.fits(20, "F")
    assert not rubric.fits(21, "F")
    assert not rubric.fits(15, "M")
    assert rubric.could_be_past(70, "F")
    assert not rubric.could_be_past(9, "F")
    assert not rubric.could_be_past(70, "M")


def test_troubles_of_the_newborn_leave_the_history_with_time() -> None:
    (rubric,) = parse_rubrics(MINIMAL.replace("[10, 20]", "[0, 0]"), "C", (), TITLES)
    assert rubric.could_be_past(5, "F")
    assert not rubric.could_be_past(40, "F")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (MINIMAL.replace('labs = "x"\n', ""), "labs"),
        (MINIMAL + 'colour = "red"\n', "colour"),
        (MINIMAL.replace("[10, 20]", "[20, 10]"), "age"),
        (MINIMAL.replace('["1"]', '["2"]'), "titles"),
    ],
)
def test_a_broken_rubric_is_refused_with_what_is_wrong(text: str, named: str) -> None:
    with pytest.raises(DataError, match=named):
        parse_rubrics(text, "C", (), TITLES)


def test_the_stock_of_names_is_large_and_without_repeats() -> None:
    stock = load_stock()
    assert len(stock.first_names) >= 400
    assert len(stock.surnames) >= 600
    assert len(stock.towns) >= 300
    for names in (stock.female, stock.male, stock.surnames, stock.towns, stock.employers, stock.hospitals):
        assert len(set(names)) == len(names)
        assert all(name == name.strip() and name for name in names)


def test_a_rubric_says_what_it_does_not_say_by_default() -> None:
    (rubric,) = parse_rubrics(
        MINIMAL.replace('sex = "F"\n', "").replace("[10, 20]", "[10, 120]"), "C", ("ward",), TITLES
    )
    assert (rubric.sex, rubric.weight, rubric.services) == ("", 1, ("ward",))
    assert rubric.ages == (10, 98), "nobody is older"
    assert rubric.phrases["kin"] == ()
    assert rubric.titles is TITLES["1"]


def test_a_disease_without_words_for_the_past_is_never_history() -> None:
    (rubric,) = parse_rubrics(MINIMAL.replace('past = "y"\n', ""), "C", (), TITLES)
    assert not rubric.could_be_past(70, "F")


@pytest.mark.parametrize("age", ["[10]", '"10-20"', "[]"])
def test_ages_that_are_no_two_numbers_are_refused_with_the_rubric(age: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_rubrics(MINIMAL.replace("[10, 20]", age), "C", (), TITLES)
    assert caught.value.place == "rubric 1"


def test_codes_without_a_title_are_named_with_their_category_and_the_remedy() -> None:
    with pytest.raises(DataError, match=r"\['2', '3'\]") as caught:
        parse_rubrics(MINIMAL.replace('["1"]', '["3"]') + MINIMAL.replace('["1"]', '["2"]'), "C", (), TITLES)
    assert (caught.value.place, caught.value.hint) == ("C", "add them to titles.tsv")


def test_rubrics_of_a_category_are_drawn_by_their_weight() -> None:
    heavy, light = (parse_rubrics(MINIMAL + f"weight = {weight}\n", "C", (), TITLES)[0] for weight in (3, 1))
    book = Book(("C",), (1.0,), {"C": (heavy, light)})
    rng = Random(0)
    n_heavy = sum(book.draw(rng) is heavy for _ in range(2000))
    assert n_heavy / 2000 == pytest.approx(0.75, abs=0.04)
    assert book.all == (heavy, light)


def test_a_category_that_a_patient_cannot_have_leaves_its_share_to_the_others() -> None:
    women, all_ = (
        parse_rubrics(MINIMAL.replace('sex = "F"', f'sex = "{sex}"'), sex or "E", (), TITLES)[0] for sex in ("F", "")
    )
    book = Book(("F", "E"), (0.9, 0.1), {"F": (women,), "E": (all_,)})
    rng = Random(0)
    assert {book.draw(rng, 15, "M").category for _ in range(50)} == {"E"}
    assert {book.draw(rng, 15, "F").category for _ in range(50)} == {"F", "E"}
