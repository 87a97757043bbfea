"""Sentences of notes: every word in exactly one, wrapped lines joined, abbreviations left whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.suggesting.sentences import LONGEST, sentences


def cut(text: str) -> list[str]:
    """Return the sentences themselves."""
    return [text[start:end] for start, end in sentences(text)]


def test_a_full_stop_before_a_capital_ends_a_sentence() -> None:
    assert cut("Fever and cough. No melena. Stable") == ["Fever and cough.", "No melena.", "Stable"]


@pytest.mark.parametrize(
    "text",
    [
        "Seen by Dr. Roe today.",
        "Mr. Jones and Mrs. Smith came.",
        "Temp. Was 38.5 at home.",
        "Takes aspirin b.i.d. With food.",
        "Given 0.5 mg at 3 p.m. Today.",
        "See J. Smith for more.",
        "Pain vs. Discomfort was unclear.",
        "Potassium 3.5 and sodium 140.2 were normal.",
        "e.g. Pneumonia was considered",
    ],
)
def test_an_abbreviation_or_a_number_ends_none(text: str) -> None:
    assert cut(text) == [text]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Any pain? None! Good.", ["Any pain?", "None!", "Good."]),
        ('He said "yes." Then he left.', ['He said "yes."', "Then he left."]),
        ("Stable... Went home.", ["Stable...", "Went home."]),
        ("Came with fever. then improved.", ["Came with fever. then improved."]),
        ("(See above.) Next day better.", ["(See above.)", "Next day better."]),
    ],
)
def test_marks_of_all_kinds(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


def test_a_line_of_its_own_is_a_sentence_with_or_without_a_stop() -> None:
    assert cut("PLAN\nRest\nFluids\n\nHome on Monday") == ["PLAN", "Rest", "Fluids", "Home on Monday"]


def test_the_number_of_a_list_belongs_to_its_entry() -> None:
    assert cut("1. Pneumonia\n2. Gout\n") == ["1. Pneumonia", "2. Gout"]


def test_a_wrapped_line_goes_on_where_the_next_begins_with_a_small_letter() -> None:
    first = "The patient was admitted with fever and a productive cough that"
    assert len(first) > 50
    assert cut(f"{first}\nhad lasted a week. Better now.") == [f"{first}\nhad lasted a week.", "Better now."]
    assert cut(f"{first}\nHad lasted a week.") == [first, "Had lasted a week."]
    assert cut(f"{first}\n\nhad lasted a week.") == [first, "had lasted a week."], "a blank line ends a thought"


def test_a_short_line_was_ended_on_purpose() -> None:
    assert cut("no fever\nno cough") == ["no fever", "no cough"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_lines_end_in_every_way_that_there_is(end: str) -> None:
    assert cut(f"Fever{end}Cough") == ["Fever", "Cough"]


@pytest.mark.parametrize("text", ["", " ", "\n \t\r\n", "\u2003"])
def test_blanks_are_no_sentence(text: str) -> None:
    assert sentences(text) == []


def test_a_very_long_stretch_is_cut_where_a_reader_would_pause() -> None:
    text = "fever and cough, " * 60
    parts = cut(text)
    assert all(len(part) <= LONGEST for part in parts)
    assert all(part.endswith(",") for part in parts)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")


def test_without_a_place_to_pause_it_is_cut_at_a_blank_and_else_anywhere() -> None:
    words = "word " * 200
    assert all(part.endswith("word") for part in cut(words))
    solid = "x" * (2 * LONGEST + 50)
    assert [len(part) for part in cut(solid)] == [LONGEST, LONGEST, 50]


PIECES = [
    "fever", "Cough", "Dr.", "p.o.", "b.i.d.", ".", "!", "?", '"', ")", ",", ";", ":", " ", "  ", "\n", "\r\n", "\n\n",
    "1.", "12.", "38.5", "é", "\u2028", "\x0c", "x" * 60, "word " * 12, "\ud800", "No ", "no ",
]  # fmt: skip
note_like = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=120)


@given(note_like)
def test_every_character_that_is_no_blank_is_in_exactly_one_sentence(text: str) -> None:
    found = sentences(text)
    covered = [place for start, end in found for place in range(start, end)]
    assert len(set(covered)) == len(covered)
    assert set(covered) >= {place for place, character in enumerate(text) if not character.isspace()}


@given(note_like)
def test_sentences_come_in_order_without_blanks_around_them_and_none_is_too_long(text: str) -> None:
    before = 0
    for start, end in sentences(text):
        assert before <= start < end
        assert end - start <= LONGEST
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        before = end


@given(note_like, note_like)
def test_what_stands_behind_a_blank_line_changes_nothing_before_it(text: str, after: str) -> None:
    alone = sentences(text + "\n\n")
    assert sentences(f"{text}\n\n{after}")[: len(alone)] == alone
