"""Marks and groups of digits at an identifier's edge belong to it."""

from collections.abc import Callable

import pytest

from nosology.deidentification.judging.edges import whole_edges
from nosology.records import Span


def whole(text: str, found: str, kind: str) -> str:
    """Return what was found with the marks that belong to it."""
    start = text.index(found)
    [span] = whole_edges([Span(start, start + len(found), kind)], text)
    return text[span.start : span.end]


@pytest.mark.parametrize(
    ("text", "found", "kind", "expected"),
    [
        ("ring (0731) 440912 today", "0731) 440912", "CONTACT", "(0731) 440912"),
        ("(ring 440912) today", "440912", "CONTACT", "440912"),
        ("HKID K220417(3) seen", "K220417(3", "ID", "K220417(3)"),
        ("flat at S(440731).", "S(440731", "LOCATION", "S(440731)"),
        ("ask for *417 at night", "417", "CONTACT", "*417"),
        ("skype live:mona_b7 is hers", "mona_b7", "CONTACT", "live:mona_b7"),
        ("case 31:90417 filed", "90417", "ID", "31:90417"),
        ("she read 41 905 332 118 aloud", "905 332 118", "ID", "41 905 332 118"),
        ("sodium 141 905 332", "905 332", "ID", "905 332"),
    ],
)
def test_a_number_takes_its_brackets_star_and_first_group(text: str, found: str, kind: str, expected: str) -> None:
    assert whole(text, found, kind) == expected


@pytest.mark.parametrize("change", [str, str.upper, str.lower])
@pytest.mark.parametrize(
    ("text", "found", "kind", "expected"),
    [
        ("seen with Okonedo, T. at noon", "Okonedo, T", "NAME", "Okonedo, T."),
        ("made by Harrow Foods S.A. in May", "Harrow Foods S.A", "ORG", "Harrow Foods S.A."),
        ("she saw Okonedo. Then left", "Okonedo", "NAME", "Okonedo"),
        ("born in 's-Gravenzande in May", "s-Gravenzande", "LOCATION", "'s-Gravenzande"),
        ("the 'sand' test", "sand", "NAME", "sand"),
        ("seen on 04.11. by him", "04.11", "DATE", "04.11."),
        ("seen on 04.11.2019. He", "04.11.2019", "DATE", "04.11.2019"),
    ],
)
def test_a_name_takes_the_point_of_its_initial(
    text: str, found: str, kind: str, expected: str, change: Callable[[str], str]
) -> None:
    assert whole(change(text), change(found), kind) == change(expected)


def test_a_span_never_reaches_into_the_one_before() -> None:
    text = "Vik T.(0731) 440912"
    spans = [*whole_edges([Span(0, 5, "NAME"), Span(7, 19, "CONTACT")], text)]
    assert [text[span.start : span.end] for span in spans] == ["Vik T.", "(0731) 440912"]
