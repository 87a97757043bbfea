"""Patients and their stays: possible, in order, and the same however they are drawn."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
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


def test_no_two_patients_of_any_blocks_share_a_number(stays: list[Stay]) -> None:
    by_number = {stay.patient.subject_id: stay.patient for stay in stays}
    assert all(by_number[stay.patient.subject_id] == stay.patient for stay in stays)
    assert min(by_number) >= 3, "MIMIC-III's first patient"


def test_ages_are_those_of_the_days_of_birth(stays: list[Stay]) -> None:
    for stay in stays:
        years = (stay.admitted - stay.patient.born).days / 365.25
        assert stay.age - 0.01 <= years < stay.age + 1.01, stay.index
        assert (stay.patient.born.hour, stay.patient.born.minute) == (0, 0)


def test_infants_have_an_age_in_days_that_is_less_than_a_year(stays: list[Stay]) -> None:
    infants = [stay for stay in stays if stay.age == 0]
    assert infants
    assert all(0 <= stay.age_days < 366 for stay in infants)
    assert all(stay.age_days >= 365 for stay in stays if stay.age > 0)


def test_some_are_so_old_that_their_age_identifies_them(stays: list[Stay]) -> None:
    n_old = sum(stay.age > 89 for stay in stays)
    assert 0.01 < n_old / len(stays) < 0.06


def test_stays_last_between_fifteen_hours_and_two_months(stays: list[Stay]) -> None:
    hours = [(stay.discharged - stay.admitted).total_seconds() / 3600 for stay in stays]
    assert min(hours) >= 15
    assert max(hours) <= 15 + 60 * 24
    assert 4 < sorted(hours)[len(hours) // 2] / 24 < 8


def test_nobody_of_thirty_or_less_dies_and_few_of_the_others_do(stays: list[Stay]) -> None:
    dead = [stay for stay in stays if stay.died]
    assert min(stay.age for stay in dead) > 30
    assert 0.005 < len(dead) / len(stays) < 0.04


def test_what_a_patient_came_with_before_is_history_afterwards(stays: list[Stay]) -> None:
    n_seen = 0
    for first, second in pairwise(stays):
        if first.patient is second.patient and first.primary.phrases["past"] and first.primary is not second.primary:
            n_seen += 1
            assert first.primary in (*second.past, *second.minor)
    assert n_seen > 50


def test_the_day_that_icd_10_began_is_coded_with_it(stays: list[Stay]) -> None:
    last = max(stay.discharged for stay in stays if stay.version == 9)
    first = min(stay.discharged for stay in stays if stay.version == 10)
    assert last < datetime(2015, 10, 1) <= first


def test_codes_that_two_rubrics_share_are_listed_once(stays: list[Stay]) -> None:
    stay = stays[0]
    twin = replace(stay.primary, code="99999")
    doubled = replace(stay, minor=(twin,), past=(stay.primary,))
    assert doubled.codes(9) == (stay.primary.code, "99999")
    assert doubled.codes(10) == (stay.primary.icd10,)
