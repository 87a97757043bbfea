"""What the shipped network finds, and what of it is given back."""

import pytest
from hypothesis import given, settings

from findings import found, note_like, pieces
from nosology.deidentification import deidentify
from nosology.deidentification.detectors.learned import Learned, certainty
from nosology.deidentification.detectors.network import CLASSES
from nosology.deidentification.findings import Finding
from nosology.deidentification.judging.certainty import judged
from nosology.records import Span


@settings(max_examples=60)
@given(note_like)
def test_findings_lie_in_the_text_are_certain_enough_and_of_known_types(text: str) -> None:
    for finding in Learned().findings(text):
        assert 0 <= finding.span.start < finding.span.end <= len(text)
        assert finding.span.type in CLASSES[1:]
        assert 0.5 <= finding.certainty <= 1


@settings(max_examples=40)
@given(note_like)
def test_a_lower_least_probability_covers_what_a_higher_one_covers(text: str) -> None:
    def covered(detector: Learned) -> set[int]:
        return {i for span in detector(text) for i in range(span.start, span.end)}

    assert covered(Learned(0.5)) <= covered(Learned(0.1))


def test_a_name_in_the_middle_of_a_sentence_is_found_without_a_cue() -> None:
    assert "Chidinma Okonjo" in " ".join(pieces(Learned(), "Overnight Chidinma Okonjo slept well and ate breakfast."))


def test_a_number_is_taken_whole() -> None:
    assert ("ID", "RJ-88213-07") in found(Learned(0.1), "Medical record: RJ-88213-07. Stable.")


def test_certainty_is_that_of_the_surest_word() -> None:
    text = "Seen by Dr. Okonjo. Foley catheter out."
    name, device = text.index("Okonjo"), text.index("Foley")
    sure, unsure = certainty(text, [Span(name, name + 6, "NAME"), Span(device, device + 5, "NAME")])
    assert sure > 0.9
    assert unsure < 0.1
    assert certainty("", [Span(0, 0, "NAME")]) == [0.0]


def test_plain_words_stay_unless_the_network_is_sure() -> None:
    text = "Pain Clinic"
    unsure, sure = (Finding(Span(0, len(text), "HOSPITAL"), "context", share) for share in (0.6, 0.95))
    assert judged([unsure], text) == []
    assert judged([sure], text) == [sure.span]
    assert judged([Finding(Span(0, 4, "LOCATION"), "context", 0.99)], "Ohio") == []  # a state is none, however sure


def test_high_recall_redacts_at_least_as_much() -> None:
    text = "Overnight Chidinma Okonjo slept well; her sister Amara Nwosu-Bell called from Umuahia about the bus."
    hidden = [
        {i for span in deidentify(text, recall=recall).spans for i in range(span.start, span.end)}
        for recall in ("balanced", "high")
    ]
    assert hidden[0] <= hidden[1]


@pytest.mark.parametrize("text", ["", " ", "\n", "...", "—"])
def test_nothing_is_found_where_nothing_is(text: str) -> None:
    assert found(Learned(), text) == []
