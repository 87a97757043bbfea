"""What holds for every detector and for all of them together, whatever the text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from findings import found, note_like
from nosology.deidentification import default_detectors, deidentify, deidentify_many
from nosology.deidentification.detectors.addresses import addresses
from nosology.deidentification.detectors.ages import ages
from nosology.deidentification.detectors.contacts import contacts
from nosology.deidentification.detectors.dates import dates
from nosology.deidentification.detectors.institutions import institutions
from nosology.deidentification.detectors.learned import Learned
from nosology.deidentification.detectors.numbers import numbers
from nosology.deidentification.detectors.people import people
from nosology.deidentification.detectors.placeholders import mimic3_placeholders, mimic4_placeholders
from nosology.deidentification.detectors.scrubadub_detectors import scrubadub_detectors
from nosology.deidentification.spans import SPAN_TYPES, Detector

TYPES: dict[str, tuple[Detector, set[str]]] = {
    "addresses": (addresses, {"LOCATION"}),
    "ages": (ages, {"AGE90"}),
    "contacts": (contacts, {"CONTACT"}),
    "dates": (dates, {"DATE"}),
    "institutions": (institutions, {"HOSPITAL", "ORG"}),
    "numbers": (numbers, {"ID"}),
    "people": (people, {"NAME"}),
    "mimic3": (mimic3_placeholders, set(SPAN_TYPES)),
    "mimic4": (mimic4_placeholders, set(SPAN_TYPES)),
    "scrubadub": (scrubadub_detectors, {"CONTACT", "ID"}),
    "learned": (Learned(), set(SPAN_TYPES)),
}
NOTE = (
    "Mr. Okafor, a 93-year-old man, was seen by Dr. Jane Lindqvist on March 14, 2019 at Lakeview Hospital. "
    "MRN: 4471902. Lives at 12 Birch Lane, Dayton, OH 45402. Call (617) 555-0142 or write to j.roe@example.org."
)
SECRETS = (
    "Okafor", "93", "Lindqvist", "March 14, 2019", "Lakeview", "4471902", "12 Birch Lane", "Dayton", "45402",
    "(617) 555-0142", "j.roe@example.org",
)  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("text", ["", " ", "\n\n", "the patient was stable and went home in good condition"])
def test_nothing_is_found_where_there_is_nothing(name: str, text: str) -> None:
    assert found(TYPES[name][0], text) == []


@pytest.mark.parametrize("name", TYPES)
def test_a_detector_gives_its_own_types_within_the_text(name: str) -> None:
    detector, types = TYPES[name]

    @settings(max_examples=40)
    @given(note_like)
    def holds(text: str) -> None:
        for span in detector(text):
            assert 0 <= span.start < span.end <= len(text)
            assert span.type in types

    holds()


@pytest.mark.parametrize("name", sorted(set(TYPES) - {"learned"}))
def test_a_detector_remembers_nothing_of_the_text_before(name: str) -> None:
    detector, _ = TYPES[name]
    alone = found(detector, NOTE)
    found(detector, "Dr. Roe, [**Known lastname 12**] ___ 3/14/2019 (617) 555-0199")
    assert found(detector, NOTE) == alone


@pytest.mark.parametrize("detector", ["addresses", "contacts", "dates", "numbers", "mimic3", "ages"])
def test_what_stands_two_paragraphs_away_changes_no_finding(detector: str) -> None:
    alone = found(TYPES[detector][0], NOTE)
    around = f"The wound is clean and dry.\n\n\n{NOTE}\n\n\nHe ambulates without help."
    assert found(TYPES[detector][0], around) == alone


# ---- all of them together


def test_every_identifier_of_a_note_is_gone() -> None:
    text = deidentify(NOTE).text
    for secret in SECRETS:
        assert secret not in text, secret
    assert "was seen by" in text
    assert "Lives at" in text


def test_the_shipped_detectors_are_used_unless_others_are_given() -> None:
    assert len(default_detectors()) > 5
    assert deidentify(NOTE, detectors=default_detectors()).text == deidentify(NOTE).text
    assert deidentify(NOTE, detectors=[dates]).text == NOTE.replace("March 14, 2019", "<DATE>")
    assert deidentify(NOTE, detectors=[]).text == NOTE


@settings(max_examples=60)
@given(note_like)
def test_replacing_the_spans_by_hand_gives_the_text(text: str) -> None:
    found_in = deidentify(text)
    pieces, position = [], 0
    for span, new in zip(found_in.spans, found_in.replacements, strict=True):
        assert position <= span.start < span.end <= len(text)
        pieces += (text[position : span.start], new)
        position = span.end
    assert "".join([*pieces, text[position:]]) == found_in.text


@settings(max_examples=40)
@given(note_like)
def test_a_token_says_the_type_of_what_it_replaces(text: str) -> None:
    found_in = deidentify(text)
    for span, new in zip(found_in.spans, found_in.replacements, strict=True):
        assert new == f"<{span.type}>"


@settings(max_examples=30)
@given(note_like)
def test_more_detectors_never_find_less(text: str) -> None:
    def covered(detectors: list[Detector]) -> set[int]:
        spans = deidentify(text, detectors=detectors).spans
        return {place for span in spans for place in range(span.start, span.end)}

    assert covered([dates]) | covered([contacts]) <= covered([dates, contacts])


@settings(max_examples=15)
@given(st.lists(note_like, max_size=4))
def test_many_notes_are_each_what_they_are_alone(texts: list[str]) -> None:
    assert [item.text for item in deidentify_many(texts)] == [deidentify(text).text for text in texts]


def test_neither_text_nor_replacements_show_in_a_repr() -> None:
    shown = repr(deidentify(NOTE, style="surrogate", patient_key="p"))
    assert "seen by" not in shown
    assert not any(secret in shown for secret in SECRETS)


def test_surrogates_of_one_patient_are_the_same_in_every_note_and_of_another_differ() -> None:
    one, again, other = (deidentify(NOTE, style="surrogate", patient_key=key).text for key in ("p1", "p1", "p2"))
    assert one == again != other
    for secret in ("Okafor", "4471902", "12 Birch Lane", "(617) 555-0142"):
        assert secret not in one
