"""Identifier slots in the three styles: MIMIC-III's placeholders, MIMIC-IV's blanks, invented identifiers."""

import re
from datetime import datetime
from itertools import pairwise
from random import Random

import pytest

from nosology.deidentification.detectors.placeholders import mimic3_placeholders
from nosology.synthetic.identifiers import MIMIC3, REALISTIC, SPAN_TYPES, Identifiers, Style
from nosology.synthetic.people import load_stock
from nosology.synthetic.surface import unmark

STOCK = load_stock()
CAME, LEFT, BORN = datetime(2011, 2, 27, 8, 30), datetime(2011, 3, 4, 12, 0), datetime(1940, 7, 9)


def identifiers(style: Style, seed: int = 0, age: int = 70) -> Identifiers:
    patient = STOCK.person(Random("p"), "F", BORN, "p")
    return Identifiers(style, Random(seed), patient, STOCK, CAME, LEFT, age, "daughter")


def realistic(slot: str, seed: int = 0) -> str:
    text, spans = unmark(identifiers("realistic", seed).fill(slot))
    assert [(start, end) for start, end, _ in spans] == [(0, len(text))]
    return text


@pytest.mark.parametrize("slot", sorted(REALISTIC))
def test_every_slot_gives_one_marked_identifier_of_its_kind(slot: str) -> None:
    text, ((start, end, kind),) = unmark(identifiers("realistic").fill(slot))
    assert text[start:end] == text
    assert text
    assert kind == REALISTIC[slot][0]
    assert SPAN_TYPES[kind]


@pytest.mark.parametrize("slot", sorted(MIMIC3))
def test_every_slot_gives_nothing_but_placeholders_in_mimic_iiis_style(slot: str) -> None:
    for seed in range(20):
        text = identifiers("mimic3", seed).fill(slot)
        assert re.fullmatch(r"(\[\*\*[^\[\]]+\*\*\][ ,]*)+", text)
        assert "#" not in text
        assert "@" not in text


@pytest.mark.parametrize("slot", sorted(MIMIC3))
def test_every_slot_gives_one_blank_in_mimic_ivs_style(slot: str) -> None:
    assert identifiers("mimic4").fill(slot) == "___"


@pytest.mark.parametrize("style", ["mimic3", "mimic4", "realistic"])
def test_a_slot_that_does_not_exist_is_a_bug_in_every_style(style: Style) -> None:
    with pytest.raises(KeyError):
        identifiers(style).fill("shoe_size")


@pytest.mark.parametrize(
    "slot", ["patient_full", "doctor", "hospital", "admitted", "phone", "town", "old_age", "employer"]
)
def test_placeholders_say_what_they_hide(slot: str) -> None:
    wanted = SPAN_TYPES[REALISTIC[slot][0]]
    found = {span.type for seed in range(20) for span in mimic3_placeholders(identifiers("mimic3", seed).fill(slot))}
    assert wanted in found


def test_masked_dates_lie_a_hundred_years_ahead() -> None:
    assert identifiers("mimic3").fill("admitted") == "[**2111-2-27**]"
    assert identifiers("mimic3").fill("discharged_short") == "[**3-4**]"
    months = {identifiers("mimic3", seed).fill("admitted_month") for seed in range(30)}
    assert months == {"[**2/2111**]", "[**Month/Year (2) **]"}


def test_dates_are_written_in_many_forms_of_the_same_day() -> None:
    written = {realistic("discharged", seed) for seed in range(300)}
    assert {"3/4/2011", "03/04/2011", "3/4/11", "2011-03-04", "March 4, 2011", "4 March 2011", "04 Mar 2011"} <= written
    assert len(written) >= 12
    assert all("4" in day and "11" in day for day in written)


def test_short_dates_have_no_year_and_months_no_day() -> None:
    assert {realistic("admitted_short", seed) for seed in range(100)} == {"2/27", "February 27", "Feb 27", "02/27"}
    assert {realistic("admitted_month", seed) for seed in range(100)} == {
        *("February 2011", "Feb 2011", "02/2011", "February of 2011")
    }


def test_days_lie_before_during_and_after_the_stay_as_their_slots_say() -> None:
    for seed in range(100):
        fill = identifiers("realistic", seed)
        assert fill.day("earlier") < CAME
        assert CAME <= fill.day("during") <= LEFT
        assert fill.day("later") > LEFT
        assert fill.day("born") == BORN


@pytest.mark.parametrize(
    ("age", "style", "written"),
    [
        (89, "realistic", "89"),
        (89, "mimic3", "89"),
        (90, "mimic3", "[**Age over 90 **]"),
        (90, "mimic4", "___"),
        (93, "realistic", "93"),
    ],
)
def test_only_ages_over_89_are_hidden(age: int, style: Style, written: str) -> None:
    text, spans = unmark(identifiers(style, age=age).age())
    assert text == written
    assert [kind for _, _, kind in spans] == (["age over 89"] if style == "realistic" and age > 89 else [])


def test_a_year_alone_is_no_identifier_but_mimic_hides_it() -> None:
    assert identifiers("realistic").year(3) == "2008"
    assert identifiers("mimic3").year(3) == "[**2108**]"
    assert identifiers("mimic4").year(3) == "___"


def test_capitals_change_the_name_not_the_mark() -> None:
    text, ((_, _, kind),) = unmark(identifiers("realistic").fill("doctor_full", is_upper=True))
    assert text == text.upper()
    assert kind == "clinician name"
    assert identifiers("mimic3").fill("doctor", is_upper=True) == identifiers("mimic3").fill("doctor")


def test_the_physician_is_mostly_the_same_within_a_note() -> None:
    fill = identifiers("realistic")
    names = [unmark(fill.fill("doctor"))[0].upper() for _ in range(40)]
    assert len(set(names)) < 25
    assert max(names.count(name) for name in names) > 3


def test_relatives_mostly_share_the_patients_surname() -> None:
    shared = 0
    for seed in range(300):
        patient = STOCK.person(Random(seed), "M", BORN, str(seed))
        fill = Identifiers("realistic", Random(seed), patient, STOCK, CAME, LEFT, 70, "son")
        shared += unmark(fill.fill("relative_full"))[0].endswith(patient.last)
    assert 150 < shared < 250


def test_a_relative_is_one_person_in_all_notes_of_a_patient() -> None:
    names = {realistic("relative", seed) for seed in range(20)}
    assert len(names) == 1
    assert {realistic("relative_full", seed).rpartition(" ")[0] for seed in range(20)} == names


def test_a_hospital_is_mostly_the_same_within_a_note() -> None:
    fill = identifiers("realistic")
    names = [unmark(fill.fill("hospital"))[0] for _ in range(60)]
    n_changes = sum(first != second for first, second in pairwise(names))
    assert 8 < n_changes < 30


def test_the_patients_own_numbers_are_the_same_in_all_notes_and_others_are_not() -> None:
    for slot in ("zip", "ssn", "mrn", "plan", "account"):
        assert len({realistic(slot, seed) for seed in range(10)}) == 1, slot
    for slot in ("licence", "vin", "plate", "device", "job"):
        assert len({realistic(slot, seed) for seed in range(10)}) == 10, slot


@pytest.mark.parametrize(("slot", "low", "high"), [("old_age", 90, 102), ("pager", 10_000, 99_999)])
def test_numbers_stay_within_their_bounds_and_reach_both_ends(slot: str, low: int, high: int) -> None:
    numbers = [int(realistic(slot, seed)) for seed in range(400)]
    assert low <= min(numbers) <= low + (high - low) / 20
    assert high - (high - low) / 20 <= max(numbers) <= high


def test_placeholders_know_the_patient_by_one_number_and_others_by_any() -> None:
    own = {
        number for seed in range(60) for number in re.findall(r"\d+", identifiers("mimic3", seed).fill("patient_last"))
    }
    others = {
        number
        for seed in range(60)
        for number in re.findall(r"#?(\d{2,4})\*", identifiers("mimic3", seed).fill("stranger"))
    }
    assert own == {str(STOCK.person(Random("p"), "F", BORN, "p").placeholder_number)}
    assert len(others) > 20


def test_dates_of_the_past_are_mostly_of_the_last_years() -> None:
    days = sorted((CAME - identifiers("realistic", seed).day("earlier")).days for seed in range(400))
    assert days[0] >= 1
    assert 100 < days[200] < 260, "half-life of an exponential with a mean of 250 days"


def test_appointments_lie_within_two_months() -> None:
    days = [(identifiers("realistic", seed).day("later") - LEFT).days for seed in range(400)]
    assert (min(days), max(days)) == (1, 60)
