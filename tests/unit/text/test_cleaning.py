"""A note's text on its way into a dataset: what is lost, and why."""

import pytest

from nosology.text import cleaning
from nosology.text.cleaning import Cleaned, Cleaning, clean

PLAIN = Cleaning(False, "token", "keep", False, False, 0, None, False)


def limits(low: int, high: int | None) -> Cleaning:
    return Cleaning(False, "token", "keep", False, False, low, high, False)


@pytest.mark.parametrize(
    ("n_words", "lost"),
    [(0, cleaning.EMPTY), (49, cleaning.TOO_SHORT), (50, None), (100, None), (101, cleaning.TOO_LONG)],
)
def test_word_limits_include_both_ends(n_words: int, lost: str | None) -> None:
    assert clean("word " * n_words, "p", limits(50, 100)).lost == lost


def test_no_upper_limit_is_no_limit() -> None:
    assert clean("word " * 5_000, "p", limits(50, None)).lost is None


def test_equal_texts_have_equal_fingerprints_and_no_repr_shows_text() -> None:
    one, other = (clean(text, "p", PLAIN) for text in ("a  canary", "a canary "))
    assert one == other
    assert len(one.digest) == 32
    assert "canary" not in repr(one)


def test_deidentification_comes_before_normalization() -> None:
    how = Cleaning(True, "token", "keep", True, True, 0, None, False)
    assert clean("Seen by [**First Name8 (NamePattern2) **].", "p", how).text == b"seen by name"


def test_what_sections_were_left_out_is_counted_also_for_a_note_that_is_lost() -> None:
    how = Cleaning(False, "token", "strip", False, False, 3, None, False)
    cleaned = clean("Final Dx: gout\nPlan: rest\n", "p", how)
    assert (cleaned.lost, cleaned.left_out) == (cleaning.TOO_SHORT, {"final dx": 15})
    assert clean("Plan: rest at home\n", "p", how).left_out == {}


def test_a_prepared_text_is_finished_as_a_note_is() -> None:
    assert cleaning.finish("a  b", PLAIN).text == b"a  b"
    assert cleaning.finish("", PLAIN).lost == cleaning.EMPTY


def test_a_lost_note_has_a_reason_and_no_text() -> None:
    assert Cleaned(lost=cleaning.EMPTY).text == b""
