"""Shortening: what a long note loses, that the budget holds for any note, and that nothing is counted twice."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.modeling.shortening import Shortening, shorten

MARK = (-1,)
NOTE = """Admission Date: 2150
Chief Complaint: chest pain since noon
History of Present Illness: a man with crushing pain
Medications on Admission: aspirin statin metoprolol insulin heparin lisinopril
Physical Exam: normal heart sounds clear lungs soft abdomen
Hospital Course: stent placed in the left artery
Discharge Instructions: call us if anything is wrong with you at all
Discharge Diagnosis: myocardial infarction
"""


def words(text: str) -> Any:
    """Return a number for each word; equal words have equal numbers."""
    return tuple(sum(ord(letter) * 31**place for place, letter in enumerate(word)) for word in text.split())


def words_of(note: str) -> Any:
    """Return what gives the words of a stretch of a note."""
    return lambda start, end: words(note[start:end])


def kept_words(limit: int, how: Shortening = "sections", note: str = NOTE) -> Any:
    tokens, left_out = shorten(note, words_of(note), limit, MARK, how)
    spelled = {words(word)[0]: word for word in note.split()}
    return [spelled.get(token, "...") for token in tokens], left_out


def test_a_note_that_fits_stays_as_it_is() -> None:
    tokens, left_out = shorten(NOTE, words_of(NOTE), 500, MARK, "sections")
    assert (tokens, left_out) == (words(NOTE), 0)


def test_sections_that_tell_of_the_diagnosis_stay_and_the_others_go() -> None:
    kept, _ = kept_words(35)
    text = " ".join(kept)
    for telling in (
        "chest pain since noon",
        "crushing pain",
        "stent placed in the left artery",
        "myocardial infarction",
    ):
        assert telling in text
    assert "aspirin" not in text
    assert "call us" not in text


def test_kept_sections_stay_in_order_with_one_mark_a_gap() -> None:
    text = " ".join(kept_words(35)[0])
    assert text.index("crushing") < text.index("stent") < text.index("myocardial")
    assert "... ..." not in text
    assert text.count("...") == 3  # the head, exam and medications, instructions


def test_what_is_left_out_is_counted() -> None:
    kept, left_out = kept_words(35)
    assert left_out == len(NOTE.split()) - sum(word != "..." for word in kept)


def test_a_note_without_headers_loses_its_middle() -> None:
    note = " ".join(f"word{i}" for i in range(100))
    kept, left_out = kept_words(21, note=note)
    assert kept == [f"word{i}" for i in range(14)] + ["..."] + [f"word{i}" for i in range(94, 100)]
    assert left_out == 80


def test_the_middle_goes_where_that_is_asked_for() -> None:
    assert kept_words(21, how="middle")[0][:2] == ["Admission", "Date:"]
    assert kept_words(21, how="middle")[0][14] == "..."


def test_one_section_longer_than_the_budget_loses_its_middle() -> None:
    note = "Sex: M\nHistory of Present Illness: " + "pain " * 200 + "\nPlan: rest\nDiet: none\n"
    kept, _ = kept_words(30, note=note)
    assert 20 < len(kept) <= 30
    assert kept.count("pain") > 15


@given(
    parts=st.lists(st.tuples(st.sampled_from(["HPI", "Plan", "Labs", "Diet", "Chief Complaint"]), st.integers(0, 40))),
    limit=st.integers(8, 60),
    how=st.sampled_from(["sections", "middle"]),
)
def test_no_note_keeps_more_than_the_budget_and_none_is_lost_whole(
    parts: list[tuple[str, int]], limit: int, how: Shortening
) -> None:
    note = "".join(f"{title}: {'word ' * n}\n" for title, n in parts)
    tokens, left_out = shorten(note, words_of(note), limit, MARK, how)
    assert len(tokens) <= limit
    assert bool(tokens) == bool(note.split())
    assert sum(token != -1 for token in tokens) + left_out == len(words(note))


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_budget_of_hardly_anything_still_holds(limit: int) -> None:
    assert len(shorten(NOTE, words_of(NOTE), limit, MARK, "sections")[0]) <= limit


LEFT_OUT = ("...",)


# 3 + 4 + 3 + 4 = 14 tokens; HPI and the course tell, the labs support, the diet does neither
LONG_NOTE = "Diet: d1 d2\nHPI: h1 h2 h3\nLabs: l1 l2\nHospital Course: c1 c2\n"


def shortened(note: str, limit: int, how: Shortening = "sections", mark: tuple[str, ...] = LEFT_OUT) -> tuple[str, int]:
    """Return the words that stay, as one text, and how many are left out."""
    tokens, left_out = shorten(note, lambda start, end: tuple(note[start:end].split()), limit, mark, how)
    return " ".join(tokens), left_out


def numbered(letter: str, count: int) -> str:
    return " ".join(f"{letter}{index}" for index in range(count))


@pytest.mark.parametrize(
    ("limit", "expected", "left_out"),
    [
        (14, "Diet: d1 d2 HPI: h1 h2 h3 Labs: l1 l2 Hospital Course: c1 c2", 0),
        (13, "... HPI: h1 h2 h3 ... Hospital Course: c1 c2", 6),
        (11, "... HPI: h1 h2 h3 ... Hospital Course: c1 c2", 6),
        (10, "... HPI: h1 h2 h3 ...", 10),  # the course and a mark on both sides of it need 6 of the 5 tokens left
        (6, "... HPI: h1 h2 h3 ...", 10),
        (5, "... HPI: ... h3 ...", 12),
        (3, "Diet: ... c2", 12),  # no section would stay
        (2, "Diet: ...", 13),
        (1, "Diet:", 13),
        (0, "", 14),
    ],
)
def test_a_smaller_budget_takes_the_least_telling_section_first(limit: int, expected: str, left_out: int) -> None:
    assert shortened(LONG_NOTE, limit) == (expected, left_out)


@pytest.mark.parametrize("limit", range(15))
def test_where_the_middle_goes_sections_are_not_looked_at(limit: int) -> None:
    without_headers = LONG_NOTE.replace(":", "")
    assert shortened(LONG_NOTE, limit, "middle")[0].replace(":", "") == shortened(without_headers, limit, "middle")[0]


@pytest.mark.parametrize(
    ("limit", "head", "tail"),
    [
        (99, 69, 29),  # 98 * 0.7 = 68.6
        (21, 14, 6),
        (11, 7, 3),
        (6, 4, 1),  # halves are rounded to even: 3.5
        (16, 10, 5),  # 10.5
        (3, 1, 1),
        (2, 1, 0),
    ],
)
def test_seven_tenths_of_what_stays_without_the_middle_is_the_beginning(limit: int, head: int, tail: int) -> None:
    words = numbered("w", 100).split()
    expected = [*words[:head], "...", *words[100 - tail :]]
    assert shortened(" ".join(words), limit) == (" ".join(expected), 100 - head - tail)


@pytest.mark.parametrize(
    ("limit", "expected", "left_out"),
    [
        (6, "w0 w1 w2 [ ] w9", 6),
        (3, "w0 [ ]", 9),
        (2, "w0 w1", 8),  # no room beside the mark, so none
        (1, "w0", 9),
    ],
)
def test_a_mark_of_two_tokens_costs_two(limit: int, expected: str, left_out: int) -> None:
    assert shortened(numbered("w", 10), limit, mark=("[", "]")) == (expected, left_out)


def test_an_empty_mark_costs_nothing() -> None:
    assert shortened(LONG_NOTE, 11, mark=()) == ("HPI: h1 h2 h3 Labs: l1 l2 Hospital Course: c1 c2", 3)
    assert shortened(numbered("w", 10), 5, mark=()) == ("w0 w1 w2 w3 w9", 5)


@pytest.mark.parametrize(
    "title",
    [
        "Chief Complaint",
        "Reason for Admission",
        "Presenting Problem",
        "History of Present Illness",
        "HPI",
        "History",
        "Brief Hospital Course",
        "Course",
        "ICU Course",
        "Assessment and Plan",
        "Discharge Diagnosis",
        "Final Diagnoses",
        "Discharge Dx",
        "hospital course",
    ],
)
def test_a_telling_section_stays_before_a_supporting_one(title: str) -> None:
    section = f"{title}: {numbered('t', 5)}"
    note = f"Past Medical History: {numbered('p', 9)}\nDiet: {numbered('d', 9)}\n{section}\n"
    assert shortened(note, len(section.split()) + 2)[0] == f"... {section}"


@pytest.mark.parametrize(
    "title",
    [
        "Laboratory",
        "Laboratory Data",
        "Past Medical History",
        "Past Surgical History",
        "PMH",
        "Major Surgical or Invasive Procedure",
        "Operations Performed",
        "Pertinent Results",
        "Laboratory Studies",
        "Imaging",
        "Radiology",
        "EKG",
        "ECG",
        "Microbiology",
        "Pathology",
        "Labs",
        "Discharge Labs",
    ],
)
def test_a_supporting_section_stays_before_the_rest_and_after_a_telling_one(title: str) -> None:
    section, telling = f"{title}: {numbered('s', 5)}", "HPI: h0 h1"
    note = f"Medications: {numbered('m', 9)}\n{section}\n{telling}\n"
    assert shortened(note, len(section.split()) + 3 + 3)[0] == f"... {section} {telling}"
    assert shortened(note, len(section.split()) + 2)[0] == f"... {telling}"


@pytest.mark.parametrize(
    "title",
    [
        "Social History",
        "Family History",
        "Medications on Admission",
        "Allergies",
        "Discharge Instructions",
        "Sex",
        "Physical Exam on Presentation",
    ],
)
def test_any_other_section_goes_before_a_supporting_one(title: str) -> None:
    note = f"{title}: {numbered('o', 9)}\nImaging: {numbered('i', 4)}\nHPI: h0 h1\n"
    assert shortened(note, 11)[0] == "... Imaging: i0 i1 i2 i3 HPI: h0 h1"


def test_what_stands_before_the_first_header_is_kept_like_a_telling_section() -> None:
    note = f"a man of sixty\nDiet: {numbered('d', 9)}\nLabs: {numbered('l', 9)}\nImaging: i0\n"
    assert shortened(note, 6) == ("a man of sixty ...", 22)


def test_of_equally_telling_sections_the_earlier_stays() -> None:
    note = "Diet: d0\nHPI: h0 h1\nCourse: c0 c1\nDiagnosis: x0 x1\n"
    assert shortened(note, 9)[0] == "... HPI: h0 h1 Course: c0 c1 ..."


@pytest.mark.parametrize("note", ["HPI: " + numbered("h", 40), f"Diet: {numbered('d', 20)}\nHPI: {numbered('h', 20)}"])
def test_two_headers_are_no_structure(note: str) -> None:
    assert shortened(note, 12) == shortened(note, 12, "middle")


def test_text_before_two_headers_is_a_third_section() -> None:
    note = f"Seen today\nDiet: {numbered('d', 20)}\nHPI: h0 h1\n"
    assert shortened(note, 9) == ("Seen today ... HPI: h0 h1", 21)


# HPI takes 6 tokens and the mark after it one; two marks are kept free for the section after it.
COURSE_TOO_LONG = f"Diet: d0\nHPI: {numbered('h', 5)}\nCourse: {numbered('c', 41)}\n"


def test_a_section_that_does_not_fit_loses_its_middle_where_sixteen_tokens_of_it_stay() -> None:
    kept = "... HPI: h0 h1 h2 h3 h4 Course: c0 c1 c2 c3 c4 c5 c6 c7 c8 ... c36 c37 c38 c39 c40"
    left_out = 50 - (6 + 15)  # 16 less the mark in the middle: 10 of the beginning, 5 of the end
    assert shortened(COURSE_TOO_LONG, 7 + 2 + 16) == (kept, left_out)


def test_less_than_sixteen_tokens_of_a_further_section_are_not_worth_a_cut() -> None:
    assert shortened(COURSE_TOO_LONG, 7 + 2 + 15) == ("... HPI: h0 h1 h2 h3 h4 ...", 44)


def test_no_section_is_tried_after_the_first_that_does_not_fit() -> None:
    note = f"HPI: h0 h1\nCourse: {numbered('c', 30)}\nDiagnosis: x0\nDiet: d0\n"
    assert shortened(note, 12) == ("HPI: h0 h1 ...", 35)


def test_tokens_may_carry_what_the_caller_wants_to_keep_beside_them() -> None:
    def tokenize(start: int, end: int) -> tuple[tuple[str, int], ...]:
        found = re.compile(r"\S+").finditer(LONG_NOTE, start, end)
        return tuple((match[0], match.start()) for match in found)

    tokens, left_out = shorten(LONG_NOTE, tokenize, 6, (("...", -1),), "sections")
    assert tokens == (("...", -1), ("HPI:", 12), ("h1", 17), ("h2", 20), ("h3", 23), ("...", -1))
    assert left_out == 10


@pytest.mark.parametrize("how", ["sections", "middle"])
@pytest.mark.parametrize("limit", [0, 1, 5])
def test_an_empty_note_stays_empty(limit: int, how: Shortening) -> None:
    assert shortened("", limit, how) == ("", 0)


@st.composite
def notes(draw: st.DrawFn) -> str:
    """Draw notes in which every word occurs once."""
    titles = draw(st.lists(st.sampled_from(["HPI", "Plan", "Labs", "Diet", "Course", "Sex"]), unique=True))
    start = numbered("start", draw(st.integers(0, 9)))
    parts = [f"{title}: {numbered(title, draw(st.integers(0, 30)))}" for title in titles]
    return "\n".join([start, *parts])


@given(note=notes(), limit=st.integers(0, 80), n_mark=st.integers(0, 3), how=st.sampled_from(["sections", "middle"]))
def test_what_stays_of_any_note_is_in_its_order_within_the_budget_and_counted(
    note: str, limit: int, n_mark: int, how: Shortening
) -> None:
    text, left_out = shortened(note, limit, how, mark=("...",) * n_mark)
    words, kept = note.split(), [word for word in text.split() if word != "..."]
    places = [words.index(word) for word in kept]
    assert places == sorted(set(places))
    assert len(text.split()) <= limit
    assert len(kept) + left_out == len(words)


@given(note=notes(), limit=st.integers(8, 80), how=st.sampled_from(["sections", "middle"]))
def test_a_mark_stands_between_words_that_were_not_neighbours_and_nowhere_else(
    note: str, limit: int, how: Shortening
) -> None:
    tokens, words = shortened(note, limit, how)[0].split(), note.split()
    place = -1
    for token in tokens:
        if token != "...":
            is_marked = tokens[tokens.index(token) - 1] == "..." if tokens[0] != token else False
            assert is_marked == (words.index(token) != place + 1)
            place = words.index(token)
    assert (tokens[-1:] == ["..."]) == (place != len(words) - 1)
