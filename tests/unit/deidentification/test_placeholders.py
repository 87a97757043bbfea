"""MIMIC's own placeholders: what they hide decides their type, by what they say or by the words before them."""

from collections.abc import Callable

import pytest
from hypothesis import given

from findings import found, note_like, pieces
from nosology.deidentification import deidentify
from nosology.deidentification.detectors.placeholders import mimic3_placeholders, mimic4_placeholders


@pytest.mark.parametrize(
    ("inside", "kind"),
    [
        ("Known lastname 1234", "NAME"),
        ("First Name8 (NamePattern2) ", "NAME"),
        ("Last Name (NamePattern1) 4723", "NAME"),
        ("Doctor First Name 3", "NAME"),
        ("Name (STitle) 12", "NAME"),
        ("Initials (NamePattern4) ", "NAME"),
        ("Attending Info 99", "NAME"),
        ("Dictator Info 99", "NAME"),
        ("Male First Name (un) 12", "NAME"),
        ("2151-7-16", "DATE"),
        ("7-16", "DATE"),
        ("2151", "DATE"),
        ("12/31", "DATE"),
        ("Month/Day/Year 12", "DATE"),
        ("Month (only) 9", "DATE"),
        ("Date range (1) 22", "DATE"),
        ("2-3 to 5", "DATE"),
        ("Holiday 12", "DATE"),
        ("Hospital1 18", "HOSPITAL"),
        ("Hospital Ward Name 33", "HOSPITAL"),
        ("Wardname 5", "HOSPITAL"),
        ("Clinic 4", "HOSPITAL"),
        ("Telephone/Fax (1) 5067", "CONTACT"),
        ("Pager number 12", "CONTACT"),
        ("E-mail address 12", "CONTACT"),
        ("URL 12", "CONTACT"),
        ("Company 2318", "ORG"),
        ("University/College 12", "ORG"),
        ("Street Address(2) 1", "LOCATION"),
        ("Apartment Address(1) 23", "LOCATION"),
        ("Location (un) 246", "LOCATION"),
        ("State 350", "LOCATION"),
        ("Country 12", "LOCATION"),
        ("PO Box 12", "LOCATION"),
        ("Medical Record Number 23", "ID"),
        ("MD Number(1) 345", "ID"),
        ("Numeric Identifier 1234", "ID"),
        ("Social Security Number 12", "ID"),
        ("Clip Number (Radiology) 123", "ID"),
        ("Job Number 123", "ID"),
        ("Age over 90 ", "AGE90"),
        (" ", "OTHER"),
        ("", "OTHER"),
        ("Something new 7", "OTHER"),
    ],
)
def test_a_placeholder_of_mimic_iii_says_what_it_hides(inside: str, kind: str) -> None:
    assert found(mimic3_placeholders, f"seen [**{inside}**] today") == [(kind, f"[**{inside}**]")]


def test_a_placeholder_broken_over_two_lines_is_one() -> None:
    assert found(mimic3_placeholders, "at [**Hospital1\n 18**].") == [("HOSPITAL", "[**Hospital1\n 18**]")]


@pytest.mark.parametrize("text", ["a [** never closed", "[*one star*]", "closed **] only", "[**" + "x" * 200 + "**]"])
def test_brackets_that_hold_no_placeholder_stay(text: str) -> None:
    assert found(mimic3_placeholders, text) == []


def test_a_placeholder_inside_an_open_one_is_found_alone() -> None:
    assert pieces(mimic3_placeholders, "[** open [**Hospital1 18**] **]") == ["[**Hospital1 18**]"]


@pytest.mark.parametrize(
    ("before", "kind"),
    [
        ("Dr. ", "NAME"),
        ("Mrs ", "NAME"),
        ("Name:  ", "NAME"),
        ("Attending: ", "NAME"),
        ("his wife ", "NAME"),
        ("her grandmother, ", "NAME"),
        ("neurosurgeon ", "NAME"),
        ("followed by ", "NAME"),
        ("Unit No:   ", "ID"),
        ("MRN: ", "ID"),
        ("job #", "ID"),
        ("Date of Birth: ", "DATE"),
        ("Admission Date:  ", "DATE"),
        ("admitted on ", "DATE"),
        ("since ", "DATE"),
        ("in ", "DATE"),
        ("call ", "CONTACT"),
        ("Phone: ", "CONTACT"),
        ("pager ", "CONTACT"),
        ("transferred from ", "HOSPITAL"),
        ("presented to ", "HOSPITAL"),
        ("OSH ", "HOSPITAL"),
        ("lives in ", "LOCATION"),
        ("Address: ", "LOCATION"),
        ("", "OTHER"),
        ("The patient is a ", "OTHER"),
        ("he said ", "OTHER"),
        ("the reason ", "OTHER"),
        ("in a hotel ", "OTHER"),
        ("He paid ", "OTHER"),
        ("this person ", "OTHER"),
        ("the lesson ", "OTHER"),
    ],
)
def test_a_blank_of_mimic_iv_is_what_the_words_before_it_ask_for(before: str, kind: str) -> None:
    assert found(mimic4_placeholders, f"{before}___ then") == [(kind, "___")]


@pytest.mark.parametrize("text", ["____", "__", "a_____b", "signature ________________", "snake___case"])
def test_lines_of_another_length_are_no_placeholders(text: str) -> None:
    assert found(mimic4_placeholders, text) == []


def test_words_too_far_before_a_blank_say_nothing_about_it() -> None:
    assert found(mimic4_placeholders, "MRN" + " " * 40 + "___") == [("OTHER", "___")]


def test_blanks_side_by_side_are_each_found() -> None:
    assert found(mimic4_placeholders, "Dr. ___ ___/___") == [("NAME", "___"), ("OTHER", "___"), ("OTHER", "___")]


@given(note_like)
def test_placeholders_look_like_placeholders_in_any_text(text: str) -> None:
    assert set(pieces(mimic4_placeholders, text)) <= {"___"}
    for piece in pieces(mimic3_placeholders, text):
        assert piece.startswith("[**")
        assert piece.endswith("**]")
        assert "[" not in piece[1:]


@pytest.mark.parametrize(
    "inside", ["E-mail address 8562", "Hospital 5 Zip 02139", "Location (un) 2251", "Company 2318"]
)
@pytest.mark.parametrize("case", [str, str.upper, str.lower])
def test_a_placeholder_goes_whole_whatever_the_network_believes_of_its_words(
    inside: str, case: Callable[[str], str]
) -> None:
    text = case(f"She may be reached at [**{inside}**].")
    assert "[**" not in deidentify(text).text
    assert "**]" not in deidentify(text, recall="high").text
