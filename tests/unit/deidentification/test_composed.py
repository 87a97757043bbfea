"""Letters with accents apart and Windows line ends: detectors see one code point, spans count all."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.deidentification import deidentify
from nosology.deidentification.composed import compose

JOSE = "Jose\u0301"  # five code points
accented = st.text(st.sampled_from("aez \u0301\u0308é李👩🏽\r\n1"), max_size=20)


@pytest.mark.parametrize("text", ["", "plain", "José", "👩🏽‍⚕️ 李", "a \u0301 alone", "\r \n"])
def test_a_text_without_accents_apart_stays_as_it_is(text: str) -> None:
    assert compose(text) == (text, None)


def test_a_letter_and_its_accent_become_one_code_point_with_the_letters_place() -> None:
    assert compose(f"Dr. {JOSE} W.") == ("Dr. José W.", [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12])


def test_accents_that_have_no_code_point_with_their_letter_are_left_out() -> None:
    assert compose("q\u0301\u0308x") == ("qx", [0, 3, 4])


def test_a_windows_line_end_becomes_one_code_point() -> None:
    assert compose("a\r\nb\nc\r") == ("a\nb\nc\r", [0, 1, 3, 4, 5, 6, 7])


@given(accented)
def test_each_code_point_stands_where_its_letter_stood(text: str) -> None:
    composed, offsets = compose(text)
    if offsets is None:
        assert composed == text
        return
    assert len(offsets) == len(composed) + 1
    assert offsets[-1] == len(text)
    for i, letter in enumerate(composed):
        cluster = text[offsets[i] : offsets[i + 1]]
        assert cluster == "\r\n" or unicodedata.normalize("NFC", cluster).startswith(letter)


def test_a_name_with_accents_apart_goes_whole_and_its_span_counts_the_accents() -> None:
    text = f"Dr. {JOSE} Marti\u0301nez was in."
    result = deidentify(text)
    assert result.text == "Dr. <NAME> was in."
    assert [(span.start, span.end) for span in result.spans] == [(4, 19)]


def test_surrogates_are_the_same_however_accents_are_written() -> None:
    apart = deidentify(f"Dr. {JOSE} Okafor", style="surrogate", patient_key="p")
    together = deidentify("Dr. José Okafor", style="surrogate", patient_key="p")
    assert apart.text == together.text
