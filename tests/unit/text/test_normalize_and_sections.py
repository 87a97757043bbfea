"""The form of a text, and its sections."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.text.normalize import count_words, normalize
from nosology.text.sections import find_sections, strip_diagnoses

SUMMARY = """Admission Date:  <DATE>   Discharge Date: <DATE>

Service: MEDICINE

Chief Complaint:
chest pain

HISTORY OF PRESENT ILLNESS: A man with pain.
Neuro: intact.

Brief Hospital Course:
Diagnosis of infarction was made. Troponin rose.

Medications on Admission:
1. Aspirin

Discharge Diagnosis:
Primary:
Myocardial infarction

Secondary:
1. Hypertension: controlled

Discharge Condition:
Stable
"""


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


@given(st.text(st.characters(max_codepoint=127), max_size=200), st.booleans(), st.booleans())
def test_the_quick_way_for_ascii_does_what_the_general_way_does(text: str, lowercase: bool, strip: bool) -> None:
    general = normalize(f"{text}\nÄ", lowercase=lowercase, strip_punctuation=strip)
    quick = normalize(f"{text}\nA", lowercase=lowercase, strip_punctuation=strip)
    assert quick[:-1] == general[:-1]


def test_sections_are_found_by_their_usual_titles_and_cover_the_text() -> None:
    sections = find_sections(SUMMARY)
    assert [section.title for section in sections] == [
        "admission date",
        "service",
        "chief complaint",
        "history of present illness",
        "brief hospital course",
        "medications on admission",
        "discharge diagnosis",
        "discharge condition",
    ]
    assert "".join(SUMMARY[s.start : s.end] for s in sections) == SUMMARY
    assert SUMMARY[sections[2].body : sections[2].end].strip() == "chest pain"


def test_only_the_section_that_states_the_diagnosis_goes() -> None:
    stripped = strip_diagnoses(SUMMARY)
    assert "Myocardial" not in stripped
    assert "Hypertension" not in stripped, "what stands under Secondary belongs to the diagnosis"
    assert "Diagnosis of infarction was made." in stripped, "the course is not a section of that kind"
    assert stripped.endswith("1. Aspirin\n\nDischarge Condition:\nStable\n")


@pytest.mark.parametrize(
    "title",
    [
        "Discharge Diagnosis", "DISCHARGE DIAGNOSES", "Final Diagnosis", "Primary Diagnosis", "Principal diagnosis",
        "Admission Diagnosis", "Admitting Diagnosis", "Diagnosis", "Diagnoses", "DIAGNOSIS LIST", "Discharge Dx",
        "Secondary Diagnoses", "Pre-operative Diagnosis", "POSTOPERATIVE DIAGNOSIS", "Diagnoses on discharge",
    ],
)  # fmt: skip
def test_every_usual_title_of_a_diagnosis_section_is_known(title: str) -> None:
    text = f"Hospital Course:\nUneventful.\n\n{title}:\nGout\n\nDischarge Instructions:\nRest.\n"
    assert strip_diagnoses(text) == "Hospital Course:\nUneventful.\n\nDischarge Instructions:\nRest.\n"


def test_in_a_note_without_lines_titles_stand_after_the_end_of_a_sentence() -> None:
    text = "A woman with pain. Discharge Diagnosis: Gout, acute. Discharge Condition: good."
    assert strip_diagnoses(text) == "A woman with pain. Discharge Condition: good."


def test_a_title_in_capitals_on_a_line_of_its_own_needs_no_colon() -> None:
    text = "COURSE\nUneventful\nplan\nDISCHARGE DIAGNOSES\nGout\ndiagnosis\nDischarge Condition\nGood\n"
    assert [section.title for section in find_sections(text)] == [
        "course",
        "discharge diagnoses",
        "discharge condition",
    ]
    assert strip_diagnoses(text) == "COURSE\nUneventful\nplan\nDischarge Condition\nGood\n"


def test_a_title_within_a_sentence_is_no_title() -> None:
    text = "She was told the diagnosis: gout. No history: none."
    assert [section.title for section in find_sections(text)] == [""]


@given(st.text(max_size=300))
def test_sections_cover_any_text_without_gaps(text: str) -> None:
    assert "".join(text[s.start : s.end] for s in find_sections(text)) == text
