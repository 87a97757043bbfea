"""Shortening: what a long note loses, that the budget holds for any note, and that nothing is counted twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.modeling.shortening import shorten

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


def words(text):
    """Return a number for each word; equal words have equal numbers."""
    return tuple(sum(ord(letter) * 31**place for place, letter in enumerate(word)) for word in text.split())


def words_of(note):
    """Return what gives the words of a stretch of a note."""
    return lambda start, end: words(note[start:end])


def kept_words(limit, how="sections", note=NOTE):
    tokens, left_out = shorten(note, words_of(note), limit, MARK, how)
    spelled = {words(word)[0]: word for word in note.split()}
    return [spelled.get(token, "...") for token in tokens], left_out


def test_a_note_that_fits_stays_as_it_is():
    tokens, left_out = shorten(NOTE, words_of(NOTE), 500, MARK, "sections")
    assert (tokens, left_out) == (words(NOTE), 0)


def test_sections_that_tell_of_the_diagnosis_stay_and_the_others_go():
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


def test_kept_sections_stay_in_order_with_one_mark_a_gap():
    text = " ".join(kept_words(35)[0])
    assert text.index("crushing") < text.index("stent") < text.index("myocardial")
    assert "... ..." not in text
    assert text.count("...") == 3  # the head, exam and medications, instructions


def test_what_is_left_out_is_counted():
    kept, left_out = kept_words(35)
    assert left_out == len(NOTE.split()) - sum(word != "..." for word in kept)


def test_a_note_without_headers_loses_its_middle():
    note = " ".join(f"word{i}" for i in range(100))
    kept, left_out = kept_words(21, note=note)
    assert kept == [f"word{i}" for i in range(14)] + ["..."] + [f"word{i}" for i in range(94, 100)]
    assert left_out == 80


def test_the_middle_goes_where_that_is_asked_for():
    assert kept_words(21, how="middle")[0][:2] == ["Admission", "Date:"]
    assert kept_words(21, how="middle")[0][14] == "..."


def test_one_section_longer_than_the_budget_loses_its_middle():
    note = "Sex: M\nHistory of Present Illness: " + "pain " * 200 + "\nPlan: rest\nDiet: none\n"
    kept, _ = kept_words(30, note=note)
    assert 20 < len(kept) <= 30
    assert kept.count("pain") > 15


@given(
    parts=st.lists(st.tuples(st.sampled_from(["HPI", "Plan", "Labs", "Diet", "Chief Complaint"]), st.integers(0, 40))),
    limit=st.integers(8, 60),
    how=st.sampled_from(["sections", "middle"]),
)
def test_no_note_keeps_more_than_the_budget_and_none_is_lost_whole(parts, limit, how):
    note = "".join(f"{title}: {'word ' * n}\n" for title, n in parts)
    tokens, left_out = shorten(note, words_of(note), limit, MARK, how)
    assert len(tokens) <= limit
    assert bool(tokens) == bool(note.split())
    assert sum(token != -1 for token in tokens) + left_out == len(words(note))


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_budget_of_hardly_anything_still_holds(limit):
    assert len(shorten(NOTE, words_of(NOTE), limit, MARK, "sections")[0]) <= limit
