"""Numbers, contacts and ages of Safe Harbor: found whole by label or by shape; measurements stay."""

import pytest

from nosology.deidentification import deidentify


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MRN: 4471982", "MRN: <ID>"),
        ("Medical record number is A3390124.", "Medical record number is <ID>."),
        ("SSN 219-09-9999 on file", "SSN <ID> on file"),
        ("Policy no. ZE 692 07 was billed", "Policy no. <ID> was billed"),
        ("Medicare number 1EG4-TE5-MK73.", "Medicare number <ID>."),
        ("Account number AB-1299881 was billed.", "Account number <ID> was billed."),
        ("Driver's license D4471982 was copied.", "Driver's license <ID> was copied."),
        ("VIN LZKUUANEA3EYU0GNH", "VIN <ID>"),
        ("Vehicle registration 5SED51 noted by police", "Vehicle registration <ID> noted by police"),
        ("Vehicle registration 5SED51 noted by EMS", "Vehicle registration <ID> noted by EMS"),
        ("Vehicle registration 341-LSY noted by police", "Vehicle registration <ID> noted by police"),
        ("Vehicle registration 341-LSY noted by EMS", "Vehicle registration <ID> noted by EMS"),
        ("license plate FYP 6380", "license plate <ID>"),
        ("The pacemaker, serial number PJN412873S, works", "The pacemaker, serial number <ID>, works"),
        ("Call (617) 555-0142 or fax 617.555.0143.", "Call <CONTACT> or fax <CONTACT>."),
        ("call 617-555-0142 ext. 12 today", "call <CONTACT> today"),
        ("Write to jane.roe@example.org today", "Write to <CONTACT> today"),
        ("See https://portal.example.org/u/60692 now", "See <CONTACT> now"),
        ("The portal was accessed from 10.21.4.250.", "The portal was accessed from <CONTACT>."),
        ("A 93-year-old woman", "A <AGE90> woman"),
        ("Her mother died at age 96 of heart failure.", "Her mother died at age <AGE90> of heart failure."),
        ("Ninety-four-year-old gentleman", "<AGE90> gentleman"),
    ],
)
def test_an_identifier_is_replaced_whole(text: str, expected: str) -> None:
    assert deidentify(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "Give 1000 mg every 6 hours; weight 93 kg, pulse 96, temp 98.6.",
        "Epinephrine 1:100000 with 1% lidocaine.",
        "An 89-year-old man.",
        "Registration was complete. The car was fine.",
        "CPT 99213, ICD-9 410.71.",
        "Blood type O, G2P1, T1-T12, C5-C6.",
    ],
)
def test_measurements_stay(text: str) -> None:
    assert deidentify(text).text == text
