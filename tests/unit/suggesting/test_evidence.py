"""The way back from a prepared text to the note: the text is preparation's own, and every character has its place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nosology.suggesting.evidence import (
    LEAST_EFFECT,
    MOST_CHARACTERS_READ,
    MOST_SENTENCES,
    MOST_SENTENCES_READ,
    most_telling,
    n_affordable,
    strongest,
    texts_without,
    tokens_within,
)
from nosology.suggesting.sentences import LONGEST, sentences
from nosology.text.alignment import align
from nosology.text.cleaning import Cleaning, clean
from nosology.text.normalize import is_blank

ODD = "aB.İßΣé\u0301\u0308 \n\r\t<>\u1100\u1161\u11a8\u0cc6\u0cd5ﬁ\ud800_:Dr0123456789/-한\u2028\x1c"
PARTS = [
    "Dr. Jane Roe",
    "on 3/14/2019",
    "Discharge Diagnosis: pneumonia.\n",
    "e\u0301tude",
    " ",
    "\n",
    "temp. 38.5",
    "No fever.",
]
TEXTS = st.one_of(st.text(), st.text(alphabet=ODD, max_size=60), st.lists(st.sampled_from(PARTS)).map("".join))


def how(**fields: object) -> Cleaning:
    plain = {
        "deidentify": False,
        "deidentify_style": "token",
        "leak": "keep",
        "lowercase": False,
        "strip_punctuation": False,
    }
    return Cleaning(**plain | fields, min_words=0, max_words=None, with_signature=False)  # type: ignore[arg-type]


@given(
    TEXTS,
    st.fixed_dictionaries(
        {
            "deidentify": st.booleans(),
            "deidentify_style": st.sampled_from(["token", "surrogate"]),
            "leak": st.sampled_from(["keep", "strip"]),
            "lowercase": st.booleans(),
            "strip_punctuation": st.booleans(),
        }
    ),
)
@settings(max_examples=60)
def test_it_is_the_prepared_text_with_a_place_for_every_character(text: str, fields: dict[str, object]) -> None:
    aligned = align(text, how(**fields))
    cleaned = clean(text, "", how(**fields)).text.decode("utf-8", "surrogatepass")
    assert cleaned == ("" if is_blank(aligned.text) else aligned.text)
    assert len(aligned.text) == len(aligned.starts) == len(aligned.ends)
    assert list(aligned.starts) == sorted(aligned.starts)
    assert all(0 <= start <= end <= len(text) for start, end in zip(aligned.starts, aligned.ends, strict=True))


@given(TEXTS)
def test_characters_that_nothing_changes_come_from_themselves(text: str) -> None:
    aligned = align(text, how())
    for character, start, end in zip(aligned.text, aligned.starts, aligned.ends, strict=True):
        if not character.isspace() and text[start:end] != character:
            assert len(text[start:end].encode("utf-8", "surrogatepass")) > 1  # composed, or a control character


def test_replaced_and_dropped_stretches_keep_their_neighbours_in_place() -> None:
    text = "Seen by Dr. Jane Roe.\nDischarge Diagnosis: asthma.\nPlan: Rest  at HOME."
    aligned = align(text, how(deidentify=True, leak="strip", lowercase=True))
    assert aligned.text == "seen by dr. <name>.\nplan: rest at home."
    start, end = aligned.prepared_range(text.index("Rest"), len(text))
    assert aligned.text[start:end] == "rest at home."
    name = aligned.text.index("<name>")
    assert text[aligned.starts[name] : aligned.ends[name + 5]] == "Jane Roe"
    nothing = (aligned.text.index("plan"),) * 2
    assert aligned.prepared_range(text.index("Discharge"), text.index("Plan")) == nothing


def test_no_preparation_keeps_everything_in_place() -> None:
    aligned = align("A  b", None)
    assert (aligned.text, aligned.starts, aligned.ends) == ("A  b", (0, 1, 2, 3), (1, 2, 3, 4))


def test_a_text_without_a_sentence_lacks_exactly_that() -> None:
    text = "First ONE. Second é one. Third."
    aligned = align(text, how(lowercase=True))
    assert texts_without(aligned, sentences(text)) == [
        " second é one. third.",
        "first one.  third.",
        "first one. second é one. ",
    ]
    assert tokens_within(aligned, [4, 9, 11, 25, -1], sentences(text)).tolist() == [
        [True, True, False, False, False],
        [False, False, True, False, False],
        [False, False, False, True, False],
    ]


@given(TEXTS)
@settings(max_examples=150)
def test_sentences_cover_all_but_blanks_in_order(text: str) -> None:
    place, covered = 0, []
    for start, end in sentences(text):
        assert place <= start < end <= len(text)
        assert end - start <= LONGEST
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        place = end
        covered.append(text[start:end])
    assert "".join("".join(covered).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seen by Dr. Roe today. No fever.", ["Seen by Dr. Roe today.", "No fever."]),
        ("Temp. 38.5 at 3 a.m. on arrival. Given 2 mg q.d. and sent home.", None),
        ("Plan:\n1. Rest\n2. Fluids", ["Plan:", "1. Rest", "2. Fluids"]),
        ("Is it asthma? Yes! Treated.", ["Is it asthma?", "Yes!", "Treated."]),
        ("  \n\t ", []),
        ("HISTORY OF PRESENT ILLNESS\nCough", ["HISTORY OF PRESENT ILLNESS", "Cough"]),
        (
            "The patient was admitted to the hospital with a long and\nwrapped line of text. Then home.",
            ["The patient was admitted to the hospital with a long and\nwrapped line of text.", "Then home."],
        ),
    ],
)
def test_sentences_of_notes(text: str, expected: list[str] | None) -> None:
    found = [text[start:end] for start, end in sentences(text)]
    if expected is None:
        expected = ["Temp. 38.5 at 3 a.m. on arrival.", "Given 2 mg q.d. and sent home."]
    assert found == expected


def test_a_page_without_a_stop_is_cut() -> None:
    text = "word " * 300
    assert len(sentences(text)) == 4
    assert sentences("x" * 900) == [(0, 400), (400, 800), (800, 900)]


@given(st.integers(0, 10_000_000))
def test_what_is_read_for_evidence_is_bounded_whatever_a_notes_length(n_characters: int) -> None:
    n = n_affordable(n_characters)
    assert 10 <= n <= MOST_SENTENCES_READ
    assert n == 10 or n * n_characters <= MOST_CHARACTERS_READ


def test_a_note_of_twelve_thousand_characters_has_all_its_sentences_tried_and_a_longer_one_fewer() -> None:
    assert [n_affordable(n) for n in (0, 12_000, 24_000, 200_000, 400_000)] == [250, 250, 125, 15, 10]


def test_the_most_telling_sentences_are_kept_in_the_notes_order() -> None:
    spans = [(0, 5), (5, 9), (9, 12), (12, 20)]
    assert most_telling(spans, np.array([0.1, 0.9, 0.0, 0.5]), 2) == [(5, 9), (12, 20)]
    assert most_telling(spans, np.array([0.3, 0.3, 0.3, 0.3]), 2) == [(0, 5), (5, 9)], "of equal ones the first"
    assert most_telling(spans, np.zeros(4), 9) == spans


def test_evidence_is_the_few_sentences_that_speak_for_a_suggestion_strongest_first() -> None:
    effects = np.array([0.5, -3.0, 2.0, 0.9, 0.2, 1.0])
    assert strongest(effects) == [2, 5, 3]
    assert len(strongest(np.full(50, 1.0))) == MOST_SENTENCES
    assert strongest(np.array([LEAST_EFFECT / 2, -1.0])) == []
    assert strongest(np.array([])) == []
