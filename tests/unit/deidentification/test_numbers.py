"""Numbers that point to a person, known by their label or by their shape; doses, counts and codes stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings import found, pieces
from nosology.deidentification.detectors.numbers import numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("MRN: 4471902", "4471902"),
        ("MRN 44719", "44719"),
        ("mrn# 12-34-56", "12-34-56"),
        ("MR-00-12-34", "MR-00-12-34"),
        ("SSN 219-09-9999", "219-09-9999"),
        ("SSN: XXX-XX-6789", "XXX-XX-6789"),
        ("Medicare ID 1EG4-TE5-MK73", "1EG4-TE5-MK73"),
        ("policy no. ABX-449210", "ABX-449210"),
        ("Account # 9912734", "9912734"),
        ("insurance group # 00714", "00714"),
        ("credit card 4716 2210 5188 5662", "4716 2210 5188 5662"),
        ("license plate 7ABC925", "7ABC925"),
        ("driver's license D48213377", "D48213377"),
        ("VIN 1HGCM82633A004352", "1HGCM82633A004352"),
        ("serial number SN-88213-A", "SN-88213-A"),
        ("lot # 4421B", "4421B"),
        ("DEA# AB1934563", "AB1934563"),
        ("NPI 1942567893", "1942567893"),
        ("accession S-19-33812", "S-19-33812"),
        ("specimen S19-22345", "S19-22345"),
        ("job # 88123", "88123"),
        ("patient id is 55123", "55123"),
        ("his id number was 4471", "4471"),
        ("encounter 88120034", "88120034"),
        ("12-3456789", "12-3456789"),
        ("scan of pt44719025 today", "44719025"),
        ("see no-4471902", "4471902"),
        ("the note of 99120034 says", "99120034"),
        ("1.2.840.113619.2.55.3", "1.2.840.113619.2.55.3"),
        ("550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000"),
        ("MBI 1EG4TE5MK73", "1EG4TE5MK73"),
    ],
)
def test_a_number_that_points_to_a_person_is_found_whole(text: str, number: str) -> None:
    assert found(numbers, text) == [("ID", number)]


@pytest.mark.parametrize(
    "text",
    [
        "WBC 12,500",
        "platelets 150000 /",
        "heparin 5000 units",
        "500 mg and 1200 mL",
        "450000 cells",
        "Hgb 12.3, CD4 350, CA-125 normal",
        "ICD-9 410.71, CPT 99213",
        "COVID-19, HIV-1, H1N1, B12",
        "C5-C6 and T12-L1",
        "G2P1, G3-P2",
        "between 1999-2003",
        "from 2019-2020",
        "grade 3-4",
        "Unit 4, visit 2, case 1",
        "a lot of 500",
        "a study of 250 patients",
        "a device 3.5 mm wide",
        "policy was 1200 mg",
        "12,345,678",
        "$4471902",
        "0.4471902",
        "MRN: none",
        "account of the fall",
        "record number 123456789",
        "D5 1/2 NS",
    ],
)
def test_doses_counts_codes_and_a_templates_filler_stay(text: str) -> None:
    assert found(numbers, text) == []


def test_a_text_without_digits_holds_no_number() -> None:
    assert list(numbers("MRN: pending, account to follow")) == []


@given(st.from_regex(r"[4-9]\d{5,9}", fullmatch=True), st.sampled_from(["MRN: ", "Medical Record Number ", "acct # "]))
def test_a_labelled_number_of_any_length_is_found(number: str, label: str) -> None:
    assert pieces(numbers, f"{label}{number}, admitted") == [number]


@given(st.integers(0, 9999))
def test_up_to_four_bare_digits_are_no_identifier(number: int) -> None:
    assert pieces(numbers, f"sodium {number} today") == []


@pytest.mark.timeout(60)  # where every number looks back to where the run starts, this takes minutes
def test_a_long_run_of_digits_and_dashes_is_read_to_its_end() -> None:
    assert pieces(numbers, "1-" * 30_000 + " then 4471902") == ["4471902"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("lens (01)041987203315 62 in place", "(01)041987203315 62"),
        ("pump (21)KD417733.", "(21)KD417733"),
        ("lot (10) B4417-2, no reaction", "(10) B4417-2"),
    ],
)
def test_what_a_devices_label_says_is_a_number(text: str, number: str) -> None:
    assert number in [text[span.start : span.end] for span in numbers(text)]
