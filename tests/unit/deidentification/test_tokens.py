"""Words with their offsets: what one word is, where letter case says nothing, where a capitalized phrase starts."""

from typing import Any

import pytest
from hypothesis import given

from findings import note_like
from nosology.deidentification.tokens import Tokens, tokenize


def phrase_before(text: str, word: str, **options: Any) -> str:
    """Return the capitalized phrase that ends before a word."""
    tokens = Tokens(text)
    i = tokens.words.index(word)
    return text[tokens.starts[tokens.phrase_start(i, **({"limit": 6} | options))] : tokens.starts[i]].rstrip()


def test_apostrophes_are_inside_words_and_hyphens_between_them() -> None:
    assert Tokens("Mr. O'Shea-Lund’s").words == ["Mr", ".", "O'Shea", "-", "Lund’s"]


def test_digits_letters_blanks_to_fill_in_and_line_breaks_are_words_of_their_own() -> None:
    assert Tokens("T12 3/14\n___, 5mg").words == ["T", "12", "3", "/", "14", "\n", "___", ",", "5", "mg"]


def test_offsets_count_code_points_whatever_their_width() -> None:
    text = "👩🏽‍⚕️ Ångström 5"
    tokens = Tokens(text)
    i = tokens.words.index("Ångström")
    assert (tokens.starts[i], tokens.end(i)) == (6, 14)
    assert text[6:14] == "Ångström"


@given(note_like)
def test_the_words_are_the_text_without_its_blanks_in_order(text: str) -> None:
    tokens = Tokens(text)
    assert all(text[tokens.starts[i] : tokens.end(i)] == word for i, word in enumerate(tokens.words))
    assert all(tokens.end(i) <= tokens.starts[i + 1] for i in range(len(tokens.words) - 1))
    assert "".join(tokens.words) == "".join(c for c in text if c == "\n" or not c.isspace())


def test_words_are_looked_up_in_any_case_and_numbers_by_themselves() -> None:
    tokens = Tokens("Dr. Alva saw DR. Chen on 3 dr visits in 2019")
    assert sorted(tokens.places(frozenset({"dr", "chen", "nobody"}))) == [0, 4, 6, 9]
    assert [tokens.words[i] for i in tokens.numbers] == ["3", "2019"]
    assert tokens.has(["nobody", "visits"])
    assert not tokens.has(["nobody", "3"]), "numbers are not in the index"


@pytest.mark.parametrize(
    ("text", "caseless"),
    [
        ("PATIENT SEEN BY DR. ALVA IN CLINIC TODAY.", True),
        ("patient seen by dr. alva in clinic today.", True),
        ("Patient seen by Dr. Alva in clinic today.", False),
        ("HOSPITAL COURSE: the patient did well and went home.", False),
        ("4471902 12/14 :: --", True),
        ("", True),
    ],
)
def test_letter_case_says_nothing_where_all_words_are_written_alike(text: str, caseless: bool) -> None:
    assert Tokens(text).caseless is caseless


@pytest.mark.parametrize(
    ("text", "word", "phrase"),
    [
        ("he went to Willow Creek Hospital", "Hospital", "Willow Creek"),
        ("at the Hall of the Elms Hospital", "Hospital", "Hall of the Elms"),
        ("at St. Brendan Hospital", "Hospital", "St. Brendan"),
        ("by J. P. Quill Foundation", "Foundation", "J. P. Quill"),
        ("from Hale-Whitby Clinic", "Clinic", "Hale-Whitby"),
        ("in Ashby, Willow Hospital", "Hospital", "Willow"),
        ("It was late. Willow Hospital", "Hospital", "Willow"),
        ("Dayton\nWillow Hospital", "Hospital", "Willow"),
        ("Dayton    Willow Hospital", "Hospital", "Willow"),
        ("sent to the hospital", "hospital", ""),
    ],
)
def test_a_capitalized_phrase_starts_after_the_last_word_that_cannot_belong_to_it(
    text: str, word: str, phrase: str
) -> None:
    assert phrase_before(text, word) == phrase


def test_a_phrase_is_no_longer_than_its_limit() -> None:
    assert phrase_before("One Two Three Four Hospital", "Hospital", limit=2) == "Three Four"


def test_without_letter_case_words_of_grammar_end_a_phrase() -> None:
    assert phrase_before("patient sent to willow creek hospital", "hospital", any_case=True) == "willow creek"


def test_the_gap_to_the_next_word_is_what_stands_between_and_the_end_counts_as_a_line_break() -> None:
    tokens = Tokens("Ann  Roe")
    assert (tokens.gap(0), tokens.gap(1)) == ("  ", "\n")


def test_a_text_is_taken_apart_once_for_all_detectors() -> None:
    assert tokenize("Seen by Dr. Alva.") is tokenize("Seen by Dr. Alva.")
