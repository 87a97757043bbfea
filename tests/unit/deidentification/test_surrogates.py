"""Invented values: the same for one patient, others for another, in the format of the original, never the original."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.deidentification import SECRET_VARIABLE, deidentify
from nosology.deidentification.spans import SPAN_TYPES
from nosology.deidentification.surrogates import Surrogates, secret_digest
from nosology.records import Span

KEYS = st.text(st.characters(), max_size=12)


def replaced(value: str, kind: str, *, patient: str = "p1", secret: str = "s") -> str:
    """Return what stands in place of a value for a patient."""
    return Surrogates(patient, secret).replace(value, Span(0, len(value), kind))


def shape(text: str) -> str:
    """Return a text with its letters and digits made alike."""
    return re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", re.sub(r"\d", "9", text)))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("Okafor", "NAME"),
        ("3/14/2019", "DATE"),
        ("MRN-4471902", "ID"),
        ("617-555-0142", "CONTACT"),
        ("12 Birch Lane, Dayton", "LOCATION"),
        ("Lakeview Hospital", "HOSPITAL"),
        ("Ridgeline Plumbing", "ORG"),
    ],
)
def test_a_value_is_the_same_for_one_patient_and_another_for_another_or_with_another_secret(
    value: str, kind: str
) -> None:
    once = replaced(value, kind)
    assert once == replaced(value, kind)
    assert once != value
    assert len({replaced(value, kind, patient=f"p{i}") for i in range(10)}) > 5
    assert len({replaced(value, kind, secret=f"s{i}") for i in range(10)}) > 5


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("Okafor", r"[A-Z][a-z]+"),
        ("OKAFOR, JANE Q.", r"[A-Z]+, [A-Z]+ [A-Z]\."),
        ("okafor", r"[a-z]+"),
        ("van der Berg", r"van der [A-Z][a-z]+"),
        ("de la Cruz-Lopez", r"de la [A-Z][a-z]+-[A-Z][a-z]+"),
        ("O'Brien", r"[A-Z]'[A-Z][a-z]+"),
        ("Harlan Brandt Jr", r"[A-Z][a-z]+ [A-Z][a-z]+ Jr"),
        ("J. P. Okafor", r"[A-Z]\. [A-Z]\. [A-Z][a-z]+"),
        (
            "12 Birch, Dayton 45402",
            r"(?!12)\d\d [A-Z][a-z]+, [A-Z][a-z]+ (?!45402)\d{5}",
        ),  # an address taken for a name
    ],
)
def test_an_invented_name_has_the_form_of_the_name(name: str, pattern: str) -> None:
    assert re.fullmatch(pattern, replaced(name, "NAME"))


def test_a_name_is_the_same_in_any_case_and_wherever_it_stands() -> None:
    assert replaced("OKAFOR", "NAME") == replaced("Okafor", "NAME").upper()
    for name in ("Ann Okafor", "Ann James", "Mary Grace"):
        first, last = name.split()
        whole = replaced(name, "NAME")
        assert whole == f"{replaced(first, 'NAME')} {replaced(last, 'NAME')}"
        assert replaced(f"{last}, {first}", "NAME") == f"{replaced(last, 'NAME')}, {replaced(first, 'NAME')}"


@given(st.sampled_from(["James", "Mary", "Okafor", "Smith", "Nguyen", "Lindqvist"]), KEYS)
def test_no_patients_invented_name_is_the_name_itself(name: str, key: str) -> None:
    assert replaced(name, "NAME", patient=key) != name


@given(st.dates(date(1950, 1, 1), date(2025, 1, 1)), st.dates(date(1950, 1, 1), date(2025, 1, 1)), KEYS)
def test_all_dates_of_a_patient_move_by_one_number_of_whole_weeks(first: date, second: date, key: str) -> None:
    moved = [date.fromisoformat(replaced(day.isoformat(), "DATE", patient=key)) for day in (first, second)]
    assert (moved[1] - moved[0]) == (second - first)
    weeks, rest = divmod((first - moved[0]).days, 7)
    assert rest == 0
    assert 1 <= weeks <= 260


def test_weekdays_stay_right() -> None:
    assert replaced("Monday, March 11, 2019", "DATE").startswith("Monday, ")


@given(st.from_regex(r"[A-Z]{1,3}-?\d{4,9}", fullmatch=True), KEYS)
def test_a_number_keeps_its_shape(number: str, key: str) -> None:
    assert shape(replaced(number, "ID", patient=key)) == shape(number)


@pytest.mark.parametrize(
    ("value", "kind", "kept"),
    [
        ("jane.roe@example.org", "CONTACT", r"[a-z]{4}\.[a-z]{3}@[a-z]{7}\.org"),
        ("https://portal.example.org", "CONTACT", r"https://[a-z]{6}\.[a-z]{7}\.org"),
        ("(617) 555-0142 ext. 4512", "CONTACT", r"\(\d{3}\) \d{3}-\d{4} ext\. \d{4}"),
        ("123 Maple Street, Apt 3B", "LOCATION", r"\d{3} [A-Z][a-z]+ Street, Apt \d[A-Z]"),
        ("Dayton, OH 45402", "LOCATION", r"(?!Dayton)[A-Z][a-z]+, OH \d{5}"),
        ("Dayton, Ohio", "LOCATION", r"(?!Dayton)[A-Z][a-z]+, Ohio"),
        ("P.O. Box 1123", "LOCATION", r"P\.O\. Box \d{4}"),
        ("Lakeview General Hospital", "HOSPITAL", r"(?!Lakeview)[A-Z][a-z]+ General Hospital"),
        ("University of Dunmore", "ORG", r"University of (?!Dunmore)[A-Z][a-z]+"),
    ],
)
def test_what_identifies_nobody_stays_and_gives_the_form(value: str, kind: str, kept: str) -> None:
    assert re.fullmatch(kept, replaced(value, kind))


@pytest.mark.parametrize(
    ("value", "kind", "telling"),
    [
        ("Massachusetts General Hospital", "HOSPITAL", "Massachusetts"),
        ("Virginia Hospital Center", "HOSPITAL", "Virginia"),
        ("University of Michigan", "ORG", "Michigan"),
        ("Kansas City, MO 64110", "LOCATION", "Kansas"),
        ("Virginia Beach, VA", "LOCATION", "Virginia"),
        ("Iowa City", "LOCATION", "Iowa"),
        ("New York, NY 10013", "LOCATION", "York"),
        ("Park City, Utah", "LOCATION", "Park"),
        ("Park City, UT 84060", "LOCATION", "Park"),
        ("St", "NAME", "St"),
        ("De La", "NAME", "La"),
        ("General Hospital", "HOSPITAL", "General"),
    ],
)
def test_a_name_made_of_kept_words_does_not_survive(value: str, kind: str, telling: str) -> None:
    for patient in ("p1", "p2", "p3"):
        assert telling not in replaced(value, kind, patient=patient)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("93", "90+"),
        ("93-year-old", "90+-year-old"),
        ("ninety-three year old", "90+ year old"),
        ("one hundred and two years old", "90+ years old"),
        ("nineties", "<AGE90>"),
        ("nonagenarian", "<AGE90>"),
    ],
)
def test_an_age_over_89_becomes_ninety_and_more(value: str, expected: str) -> None:
    assert replaced(value, "AGE90") == expected


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("___", "NAME", "<NAME>"),
        ("[**Hospital1 18**]", "HOSPITAL", "<HOSPITAL>"),
        ("[**Telephone/Fax (1) 5067**]", "CONTACT", "<CONTACT>"),
        ("[** **]", "DATE", "<DATE>"),
        ("Christmas", "DATE", "<DATE>"),
        ("anything", "OTHER", "<OTHER>"),
    ],
)
def test_where_there_is_nothing_to_invent_from_a_token_stands(value: str, kind: str, expected: str) -> None:
    assert replaced(value, kind) == expected


def test_a_placeholder_for_a_name_gets_a_name_and_one_for_a_date_a_moved_date() -> None:
    assert re.fullmatch("[A-Z][a-z]+", replaced("[**Known lastname 1234**]", "NAME"))
    moved = replaced("[**2151-7-16**]", "DATE")
    assert (date(2151, 7, 16) - date(*map(int, moved.split("-")))).days % 7 == 0


def test_the_secret_comes_from_the_environment_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    span = Span(0, 6, "NAME")
    monkeypatch.setenv(SECRET_VARIABLE, "one")
    assert Surrogates("p").replace("Okafor", span) == Surrogates("p", "one").replace("Okafor", span)
    monkeypatch.setenv(SECRET_VARIABLE, "another")
    assert Surrogates("p").days != Surrogates("p", "one").days
    monkeypatch.delenv(SECRET_VARIABLE)
    assert Surrogates("p").days == Surrogates("p", "nosology").days


def test_no_patient_is_a_patient_with_an_empty_key() -> None:
    assert Surrogates(None).days == Surrogates("").days


@given(st.text(st.characters(), max_size=30), st.sampled_from(SPAN_TYPES), KEYS)
def test_any_value_of_any_type_is_replaced_without_fail(value: str, kind: str, key: str) -> None:
    assert replaced(value, kind, patient=key)


@given(st.text(st.sampled_from("OhioVirgna ,.-'MercyBeachStNw"), min_size=1, max_size=24), st.sampled_from(SPAN_TYPES))
def test_a_value_with_letters_is_never_left_as_it_was(value: str, kind: str) -> None:
    assert replaced(value, kind) != value


def test_surrogates_of_two_notes_of_one_patient_agree() -> None:
    notes = ["Dr. Okafor saw him on 03/14/2019.", "OKAFOR called 04/13/2019; MRN: 4471902."]
    first, second = (deidentify(note, style="surrogate", patient_key="p7").text for note in notes)
    name, day = re.fullmatch(r"Dr\. (\w+) saw him on (\S+)\.", first).groups()
    month, dom, year = map(int, day.split("/"))
    other_name, other_day, _ = re.fullmatch(r"(\w+) called (\S+); MRN: (\d{7})\.", second).groups()
    other_month, other_dom, other_year = map(int, other_day.split("/"))
    assert other_name == name.upper()
    assert (date(other_year, other_month, other_dom) - date(year, month, dom)).days == 30


def test_a_secret_is_told_apart_without_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    told = [secret_digest()]
    for secret in ("one", "another", "one"):
        monkeypatch.setenv(SECRET_VARIABLE, secret)
        told.append(secret_digest())
    assert told[1] == told[3]
    assert len(set(told)) == 3
    assert b"one" not in bytes.fromhex(told[1])
