"""Numbers to dial and addresses on a network are found whole; laboratory values that look like them are not."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings import found, pieces
from nosology.deidentification.detectors.contacts import contacts


@pytest.mark.parametrize(
    ("text", "contact"),
    [
        ("please call (617) 555-0142.", "(617) 555-0142"),
        ("cell 617-555-0142", "617-555-0142"),
        ("Ann (617-555-0142) agrees", "617-555-0142"),
        ("617.555.0142 (home)", "617.555.0142"),
        ("reach her on 617 555 0142", "617 555 0142"),
        ("phone 617/555-0142", "617/555-0142"),
        ("toll free 1-800-555-0142", "1-800-555-0142"),
        ("or 1-800-FLOWERS", "1-800-FLOWERS"),
        ("from abroad: +44 20 7946 0958", "+44 20 7946 0958"),
        ("office 617-555-0142 x12", "617-555-0142 x12"),
        ("(617)555-0142 ext. 4", "(617)555-0142 ext. 4"),
        ("at 555-0142", "555-0142"),
        ("Call me at 5550142", "5550142"),
        ("Fax: 617-555-0199", "617-555-0199"),
        ("tel. 0207 946 0958", "0207 946 0958"),
        ("PAGER 34512", "34512"),
        ("beeper #1234", "#1234"),
        ("pager: 9-1234", "9-1234"),
        ("dial x4512", "x4512"),
        ("ext. 233", "233"),
        ("jane.roe@example.org", "jane.roe@example.org"),
        ("mailto:o'neil+ward@mail.example.org>", "o'neil+ward@mail.example.org"),
        ("jane [at] example [dot] org", "jane [at] example [dot] org"),
        ("jane at example dot org", "jane at example dot org"),
        ("see https://portal.example.org/a?b=1.", "https://portal.example.org/a?b=1"),
        ("www.example.org, then", "www.example.org"),
        ("on portal.example.org:8080/login", "portal.example.org:8080/login"),
        ("from 192.168.1.20:80", "192.168.1.20:80"),
        ("from 2001:db8::8a2e:370:7334", "2001:db8::8a2e:370:7334"),
        ("from 2001:db8::1", "2001:db8::1"),
        ("adapter 00:1A:2B:3C:4D:5E", "00:1A:2B:3C:4D:5E"),
        ("follow @janeroe", "@janeroe"),
    ],
)
def test_a_contact_is_found_whole(text: str, contact: str) -> None:
    assert found(contacts, text) == [("CONTACT", contact)]


@pytest.mark.parametrize(
    "text",
    [
        "BP 120/80, pulse 72",
        "platelets 150-400",
        "normal 200-400",
        "HCO3 22-26",
        "lesion at 2.5 cm",
        "measures 10 x 12 cm",
        "amoxicillin x 10 days",
        "page 3 of 5",
        "called at 10:30",
        "cell count 1200",
        "a +1.50 x 125 lens",
        "ratio 1:2:3:4",
        "at 12:30:45",
        "external rotation 45 degrees",
        "$617-555-0142",
        "version 1.2.3",
        "2.5.e.coli",
        "5 mg p.o. b.i.d.",
        "The wound is clean. Me and my",
    ],
)
def test_what_is_no_contact_stays(text: str) -> None:
    assert found(contacts, text) == []


def test_several_contacts_on_one_line_stay_apart() -> None:
    assert pieces(contacts, "T: 617-555-0142 F: 617-555-0199 ann@example.org") == [
        "617-555-0142",
        "617-555-0199",
        "ann@example.org",
    ]


@given(st.integers(200, 999), st.integers(200, 999), st.integers(0, 9999), st.sampled_from("-. "))
def test_every_ten_digit_number_in_a_usual_form_is_found(area: int, exchange: int, line: int, mark: str) -> None:
    number = f"{area}{mark}{exchange}{mark}{line:04d}"
    assert pieces(contacts, f"Please call {number}, thanks") == [number]


@pytest.mark.parametrize("change", [str, str.upper, str.lower])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My bleep, 41.73, was flat.", ["41.73"]),
        ("Ring the switchboard and give 21744.", ["21744"]),
        ("Pg'd 3172 twice", ["3172"]),
        ("He was bleeped on 5531", ["5531"]),
        ("Bleeped about 120 times", []),
        ("Paged at 19:30", []),
    ],
)
def test_a_number_within_a_few_words_of_a_bleep_is_one(
    text: str, expected: list[str], change: Callable[[str], str]
) -> None:
    text = change(text)
    assert sorted({text[span.start : span.end] for span in contacts(text)}) == expected
