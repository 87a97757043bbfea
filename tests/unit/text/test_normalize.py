"""The form of a text: case, punctuation, blanks."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.text.normalize import count_words, count_words_to_read, is_blank, normalize


def test_the_paper_form_is_lower_case_words_and_single_blanks() -> None:
    text = "Pt <NAME> c/o chest-pain;\n\n  BP 120/80, O2_sat 98%. Café"
    assert normalize(text, lowercase=True, strip_punctuation=True) == "pt name c o chest pain bp 120 80 o2 sat 98 café"


def test_the_full_form_keeps_everything_but_blanks_and_empty_lines() -> None:
    assert normalize("  Chief   Complaint:\r\n\r\n\tPain,  severe. \n") == "Chief Complaint:\nPain, severe."


def test_control_characters_and_marks_become_blanks_and_letters_are_composed() -> None:
    assert normalize("a\x07b\x0cc\ufeff cafe\u0301") == "a b\nc café"


@given(st.text(max_size=200), st.booleans(), st.booleans())
def test_normalizing_twice_changes_nothing_more(text: str, lowercase: bool, strip: bool) -> None:
    once = normalize(text, lowercase=lowercase, strip_punctuation=strip)
    assert normalize(once, lowercase=lowercase, strip_punctuation=strip) == once
    assert not re.search(r"[^\S\n]{2}|\n\n", once)
    if strip:
        assert all(c.isalnum() or c == " " or c.isidentifier() or not c.isascii() for c in once)


@given(st.text(max_size=60) | st.text(st.sampled_from("ab \n\t\x1f\xa0\u2028"), max_size=60), st.booleans())
def test_words_are_stretches_without_blanks(text: str, strip: bool) -> None:
    normal = normalize(text, strip_punctuation=strip)
    assert count_words(normal) == len(normal.split())
    assert count_words_to_read(normal) == (0 if is_blank(normal) else count_words(normal))


def test_a_text_that_shows_nothing_has_no_words_to_read() -> None:
    assert [count_words_to_read(text) for text in ("", "\u200b", "\u200b \u200b", "gout\u200b now")] == [0, 0, 0, 2]


@given(st.text(st.characters(max_codepoint=127), max_size=200), st.booleans(), st.booleans())
def test_the_quick_way_for_ascii_does_what_the_general_way_does(text: str, lowercase: bool, strip: bool) -> None:
    general = normalize(f"{text}\nÄ", lowercase=lowercase, strip_punctuation=strip)
    quick = normalize(f"{text}\nA", lowercase=lowercase, strip_punctuation=strip)
    assert quick[:-1] == general[:-1]


@pytest.mark.parametrize(
    "text", ["", " \t\r\n", "\u00a0\u2003", "\u200b\ufeff\u202e", "\x00\x1f", "\u0301", "\u2800\u3164"]
)
def test_a_text_that_shows_nothing_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", ".", "\u200b7", "é", "痛", "\u0301e", "🙂", " -\n"])
def test_a_text_that_shows_anything_is_not_blank(text: str) -> None:
    assert not is_blank(text)
