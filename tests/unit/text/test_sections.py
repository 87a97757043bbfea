"""Where sections begin and end: any text is covered, headers of many styles are found, and prose is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.text.headers import diagnosis_sections
from nosology.text.sections import Section, find_sections, split_off_diagnoses, strip_diagnoses

PIECES = [
    "Discharge Diagnosis:", "HISTORY", "Plan:", "dx: gout", "gout", "Diagnoses", "\n", "\r\n", "\n\n", "\t", " ", ". ",
    "; ", ".  ", ":", "Course", "SOCIAL HISTORY:", "é", "İ", "\ud800", "\u2028", "\x0c", "🫀", "diagnosis", "No fever",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=200)


def titles(text: str) -> list[str]:
    """Return the titles of a text's sections."""
    return [section.title for section in find_sections(text)]


@given(TEXTS)
def test_sections_cover_any_text_without_gaps(text: str) -> None:
    sections = find_sections(text)
    assert "".join(text[section.start : section.end] for section in sections) == text
    place = 0
    for section in sections:
        assert section.start == place
        assert section.start <= section.body <= section.end
        assert section.start < section.end, "no section is empty"
        place = section.end
    assert place == len(text)


@given(TEXTS)
def test_a_section_begins_with_its_title_and_only_the_first_may_lack_one(text: str) -> None:
    for number, section in enumerate(find_sections(text)):
        head = text[section.start : section.body]
        assert head.lower().startswith(section.title)
        assert head[len(section.title) :].strip(" \t") in ("", ":")
        assert bool(section.title) or (number == 0 and section.body == 0)


@given(TEXTS)
def test_stripping_keeps_exactly_the_other_sections(text: str) -> None:
    stripped = strip_diagnoses(text)
    gone = sum(end - start for start, end, _ in diagnosis_sections(text))
    assert len(stripped) == len(text) - gone
    if not gone:
        assert stripped == text


@given(TEXTS)
def test_text_before_a_header_does_not_change_what_follows(text: str) -> None:
    before = "Nothing here\n"
    moved = find_sections(f"{before}Plan: rest\n{text}")
    alone = find_sections(f"Plan: rest\n{text}")
    shift = len(before)
    assert moved[0] == Section("", 0, 0, shift)
    assert moved[1:] == [Section(s.title, s.start + shift, s.body + shift, s.end + shift) for s in alone]


def test_a_text_without_headers_is_one_section_and_an_empty_text_none() -> None:
    assert find_sections("") == []
    assert strip_diagnoses("") == ""
    assert find_sections("gout") == [Section("", 0, 0, 4)]


def test_offsets_by_hand() -> None:
    assert find_sections("Hi\n  Plan : rest\nDX:gout") == [
        Section("", 0, 0, 5),
        Section("plan", 5, 11, 17),
        Section("dx", 17, 20, 24),
    ]


@pytest.mark.parametrize(
    "title",
    [
        "Allergies", "Allergy", "Chief Complaint", "Reason for Admission", "Major Surgical or Invasive Procedure",
        "HPI",
        "History of Present Illness", "History of the Present Illness", "PMH", "Past Medical History",
        "Past Surgical History", "Social History", "Family History", "Family Medical History", "Review of Systems",
        "ROS",
        "Physical Exam", "Physical Examination on Admission", "Pertinent Results", "Laboratory Data", "Labs", "Imaging",
        "EKG", "Microbiology", "Brief Hospital Course", "Hospital Course by System", "Assessment and Plan",
        "Transitional Issues", "Medications on Discharge", "Discharge Medications", "Discharge Disposition", "Facility",
        "Condition at Discharge", "Follow-up Instructions", "Followup Plan", "Code Status", "Dictated By", "Addendum",
    ],
)  # fmt: skip
def test_a_usual_title_is_a_header_in_every_style(title: str) -> None:
    lower = title.lower()
    for dress in (title, title.upper(), lower):
        for colon in (":", " :", "\t:", ":  "):
            assert titles(f"Seen today\n{dress}{colon} fine\n") == ["", lower]
            assert titles(f"Seen today\n\t {dress}{colon}\nfine\n") == ["", lower]
            assert titles(f"Seen today. {dress}{colon} fine") == ["", lower]
            assert titles(f"Seen today;  {dress}{colon} fine") == ["", lower]
    assert titles(f"Seen today\n{title.upper()}\nfine\n") == ["", lower], "capitals on a line of their own"
    assert titles(f"Seen today\n{lower}\nfine\n") == [""], "small letters need a colon"
    assert titles(f"Seen today, {title}: fine") == [""], "within a sentence it is no header"
    assert titles(f"Seen today. {title.upper()}\n") == [""], "after a sentence it needs a colon"


@pytest.mark.parametrize(
    "text",
    [
        "The plan: rest", "Diagnosis of gout was made", "History is long", "Planning: later", "Neuro: intact",
        "Replan: later", "1. Plan of care",
        pytest.param("Primary: gout", marks=pytest.mark.xfail(strict=True, reason="alone it states one, too")),
        "differential diagnosis: gout",
        "service dog: yes", "Plans: many", "Activity level: low",
    ],
)  # fmt: skip
def test_what_only_resembles_a_header_is_none(text: str) -> None:
    assert titles(text) == [""]
    assert strip_diagnoses(text) == text


@pytest.mark.parametrize(
    "kind", ["diagnosis", "diagnoses", "diagnosis list", "diagnosis(es)", "diagnoses on discharge"]
)
@pytest.mark.parametrize(
    "before", ["", "discharge ", "final ", "primary ", "admitting ", "principal discharge ", "pre-operative ", "other "]
)
def test_every_title_that_states_a_diagnosis_goes_with_what_follows_it(before: str, kind: str) -> None:
    title = before + kind
    for dress in (title, title.upper(), title.capitalize()):
        text = f"Labs: fine\n{dress}: gout\n1. more gout\nPlan: rest\n"
        assert titles(text) == ["labs", title, "plan"]
        assert strip_diagnoses(text) == "Labs: fine\nPlan: rest\n"


def test_a_diagnosis_that_another_section_names_stays() -> None:
    text = "Gout.\nHospital Course: Gout, by diagnosis of exclusion.\nDischarge Diagnosis: Gout\n"
    assert strip_diagnoses(text) == "Gout.\nHospital Course: Gout, by diagnosis of exclusion.\n"


def test_a_note_that_only_states_diagnoses_leaves_nothing() -> None:
    assert strip_diagnoses("Admission Diagnosis: gout\nDischarge Diagnosis: gout\nDx: gout") == ""


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


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Discharge Diagnosis", "discharge diagnosis"), ("Canary's diagnosis", "diagnosis"),
        ("Final dx of Canary", "final dx of"), ("Your diagnoses", "your diagnoses"),
    ],
)  # fmt: skip
def test_of_a_title_only_words_that_titles_have_are_ever_told(title: str, kind: str) -> None:
    assert list(split_off_diagnoses(f"Seen today.\n\n{title}: gout\n")[1]) == [kind]
