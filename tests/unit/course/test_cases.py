"""Diseases in fragments: enough of each category, valid codes, and no fragment that names its disease."""

import re
from collections import Counter

import pytest

from nosology.coding import icd
from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import RubricTable
from nosology.course.cases import FRAGMENTS, VERSION, Case, shipped_cases

LABELS = LabelSet.load("icd-chapters-18")
CASES = shipped_cases(LABELS)

GENERAL = frozenset(
    re.findall(
        r"\w+",
        """
        acute chronic disease disorder with without pain fever home care check visit social block open large
        back bleeding ankle bladder breast breath cerebral chest groin hand head heart kidney knee liver
        lung lens wrist skin spine scar section hair wound pressure urine mother newborn sugar angle sodium
        protein plasma factor fasting device generator battery replacement colic enlarged throat
        """,
    )
)
"""Words of places in the body, and general ones, that a name has in common with what is seen."""


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{4,}", text.lower())) - GENERAL


def everything_said(case: Case) -> str:
    return " / ".join(text for slot in FRAGMENTS for text in case.fragments[slot])


def test_every_category_has_a_dozen_diseases_at_least() -> None:
    counts = Counter(case.category for case in CASES)
    assert len(CASES) >= 250
    assert set(counts) == set(LABELS.names)
    assert min(counts.values()) >= 12


def test_no_fragment_holds_a_name_of_its_disease_or_a_telling_word_of_it() -> None:
    for case in CASES:
        said = everything_said(case)
        for name in case.names:
            assert not re.search(rf"(?<![a-z0-9]){re.escape(name.lower())}(?![a-z0-9])", said.lower()), name
        assert not words(" ".join(case.names)) & words(said), case.names[0]


def test_no_fragment_holds_a_word_that_the_title_of_the_rubric_shares_with_a_name() -> None:
    titles = {rubric.code: rubric.title for rubric in RubricTable.shipped(LABELS, {VERSION}).rubrics}
    for case in CASES:
        title = titles.get(icd.rubric_of(case.code, VERSION) or "", "")
        assert not words(title) & words(" ".join(case.names)) & words(everything_said(case)), case.names[0]


def test_every_fragment_can_stand_in_a_note() -> None:
    for case in CASES:
        for slot in FRAGMENTS:
            assert case.fragments[slot], case.names[0]
            for text in case.fragments[slot]:
                assert text == text.strip(), text
                assert not re.search(r"[{}\t~]|\.$|  ", text), text


def test_no_two_diseases_share_a_fragment_of_five_words() -> None:
    counts = Counter(
        text for case in CASES for slot in FRAGMENTS for text in case.fragments[slot] if len(text.split()) >= 5
    )
    assert not [text for text, n in counts.items() if n > 1]


def test_a_relative_speaks_of_one_who_cannot_and_gives_the_sex_away() -> None:
    by_name = {case.names[0]: case for case in CASES}
    croup, gout = by_name["croup"], by_name["gout"]
    assert (croup.group, croup.sex, croup.is_quoted_by_patient) == ("child", "M", False)
    assert (gout.group, gout.sex, gout.is_quoted_by_patient) == ("adult", "M", True)
    assert by_name["delirium"].sex == "M"
    assert not by_name["prematurity"].is_quoted_by_patient


@pytest.mark.parametrize("group", ["adult", "child", "infant", "newborn"])
def test_there_are_diseases_of_every_age(group: str) -> None:
    assert sum(case.group == group for case in CASES) >= 10


def test_ages_are_in_order() -> None:
    assert all(0 <= case.youngest <= case.oldest <= 99 for case in CASES)


def test_a_label_set_with_fewer_categories_takes_only_what_it_knows() -> None:
    by_chapter = {case.category for case in CASES if case.code.startswith("I2")}
    assert by_chapter == {"Cardiovascular"}
