"""Patients and their stays: possible, in order, and the same however they are drawn."""

from collections import Counter
from itertools import pairwise

import pytest

from nosology.synthetic.content import load_book
from nosology.synthetic.patients import BLOCK, FIRST_HADM_ID, Stay, draw_block

BOOK = load_book()


@pytest.fixture(scope="module")
def stays() -> list[Stay]:
    return [stay for block in range(12) for stay in draw_block(block, BLOCK, 5, BOOK)]


def test_a_block_is_the_same_every_time_and_another_seed_gives_another() -> None:
    assert draw_block(3, BLOCK, 5, BOOK) == draw_block(3, BLOCK, 5, BOOK)
    assert draw_block(3, BLOCK, 5, BOOK) != draw_block(3, BLOCK, 6, BOOK)


def test_admissions_are_numbered_one_by_one(stays: list[Stay]) -> None:
    assert [stay.index for stay in stays] == list(range(12 * BLOCK))
    assert [stay.hadm_id for stay in stays] == list(range(FIRST_HADM_ID, FIRST_HADM_ID + 12 * BLOCK))


def test_a_short_last_block_has_the_size_asked_for() -> None:
    assert len(draw_block(9, 7, 5, BOOK)) == 7


def test_some_patients_come_back_and_all_their_stays_stand_together(stays: list[Stay]) -> None:
    ids = [stay.patient.subject_id for stay in stays]
    runs = 1 + sum(first != second for first, second in pairwise(ids))
    assert runs == len(set(ids))
    n_returning = sum(count > 1 for count in Counter(ids).values())
    assert 0.08 < n_returning / len(set(ids)) < 0.3


def test_a_patients_stays_follow_each_other_and_nobody_gets_younger(stays: list[Stay]) -> None:
    for first, second in pairwise(stays):
        if first.patient is second.patient:
            assert first.admitted < first.discharged < second.admitted
            assert first.age <= second.age
            assert not first.died


def test_every_patient_can_have_what_they_are_admitted_for(stays: list[Stay]) -> None:
    assert all(stay.primary.fits(stay.age, stay.patient.sex) for stay in stays)
    assert all(rubric.could_be_past(stay.age, stay.patient.sex) for stay in stays for rubric in stay.past)
    assert all(rubric.fits(stay.age, stay.patient.sex) for stay in stays for rubric in stay.minor)


def test_the_primary_code_comes_first_and_no_code_twice(stays: list[Stay]) -> None:
    for stay in stays:
        nine, ten = stay.codes(9), stay.codes(10)
        assert nine[0] == stay.primary.code
        assert ten[0] == stay.primary.icd10
        assert len(set(nine)) == len(nine) == 1 + len(stay.minor) + len(stay.past)


def test_most_stays_have_secondary_codes_of_other_categories(stays: list[Stay]) -> None:
    mixed = [stay for stay in stays if any(r.category != stay.primary.category for r in (*stay.minor, *stay.past))]
    assert len(mixed) > 0.8 * len(stays)


def test_no_category_is_rarer_than_three_percent(stays: list[Stay]) -> None:
    counts = Counter(stay.primary.category for stay in stays)
    assert len(counts) == 18
    assert min(counts.values()) / len(stays) > 0.025  # 3 % less what chance does to 1,200 stays


def test_stays_after_september_2015_are_coded_with_icd_10(stays: list[Stay]) -> None:
    assert all((stay.version == 10) == (stay.discharged.isoformat() >= "2015-10-01") for stay in stays)
    assert {stay.version for stay in stays} == {9, 10}


def test_newborns_are_days_old_and_come_once(stays: list[Stay]) -> None:
    newborns = [stay for stay in stays if stay.primary.ages == (0, 0)]
    assert newborns
    assert all(0 <= stay.age_days <= 28 for stay in newborns)
    seen = Counter(stay.patient.subject_id for stay in stays)
    assert all(seen[stay.patient.subject_id] == 1 for stay in newborns)
