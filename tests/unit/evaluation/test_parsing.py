"""Generated answers: what the original's rule reads, what can honestly be recovered, and what cannot."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.evaluation.parsing import parse_lenient, parse_strict

CATEGORIES = (
    "Infectious Disease",
    "Neoplasms",
    "Endocrine",
    "Blood Disorders",
    "Mental Disorders",
    "Nervous System",
    "Cardiovascular",
    "Respiratory",
    "Digestive",
    "Genitourinary",
    "Pregnancy Complications",
    "Skin Disorders",
    "Musculoskeletal",
    "Congenital Anomalies",
    "Perinatal Conditions",
    "Symptoms/Ill-defined",
    "Injuries/Poisonings",
    "Supplementary",
)

# The original project's published transcripts: true category, generated text, what strict and lenient parsing read.
TRANSCRIPTS = [
    ("Cardiovascular", "assistantinjuries/poisonings", None, "Injuries/Poisonings"),
    ("Respiratory", "infectious disease", "Infectious Disease", "Infectious Disease"),
    ("Infectious Disease", "assistantsupplementary", None, "Supplementary"),
    ("Perinatal Conditions", "infectious disease", "Infectious Disease", "Infectious Disease"),
    ("Supplementary", "assistantmusculoskeletal", None, "Musculoskeletal"),
    ("Cardiovascular", "infectious disease", "Infectious Disease", "Infectious Disease"),
    ("Musculoskeletal", "assistantassistant", None, None),
]


@pytest.mark.parametrize(("true", "answer", "strict", "lenient"), TRANSCRIPTS)
def test_the_originals_transcripts_parse_as_recorded(true: Any, answer: Any, strict: Any, lenient: Any) -> None:
    assert parse_strict(answer, CATEGORIES) == strict
    assert parse_lenient(answer, CATEGORIES) == lenient
    assert true not in (strict, lenient)


def test_strict_loses_four_of_the_seven_transcripts_and_lenient_one() -> None:
    strict = [parse_strict(answer, CATEGORIES) for _, answer, *_ in TRANSCRIPTS]
    lenient = [parse_lenient(answer, CATEGORIES) for _, answer, *_ in TRANSCRIPTS]
    assert (strict.count(None), lenient.count(None)) == (4, 1)


@pytest.mark.parametrize("name", CATEGORIES)
def test_every_category_is_read_in_any_case_and_dress(name: Any) -> None:
    for answer in (name, f"  {name.upper()}\n", name.lower()):
        assert parse_strict(answer, CATEGORIES) == name
    for answer in (f"assistant\n\n{name}", f"**{name}**.", f"The category is {name}.<|eot_id|>", f"{name}assistant"):
        assert parse_strict(answer, CATEGORIES) is None
        assert parse_lenient(answer, CATEGORIES) == name


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("neoplasm", "Neoplasms"),
        ("infectious diseases", "Infectious Disease"),
        ("cardiovascular disease", "Cardiovascular"),
        ("symptoms ill defined", "Symptoms/Ill-defined"),
        ("injuriespoisonings", "Injuries/Poisonings"),
        ("poisoning", "Injuries/Poisonings"),
        ("musculoskel", "Musculoskeletal"),
        ("pregnancy compl", "Pregnancy Complications"),
        ("<|start_header_id|>assistant<|end_header_id|>\n\nDigestive", "Digestive"),
    ],
)
def test_what_names_one_category_is_recovered(answer: str, expected: str) -> None:
    assert parse_lenient(answer, CATEGORIES) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "   ",
        "assistant",
        "assistantassistantassistant",
        "Cardiovascular or Respiratory",
        "disorders",
        "con",
        "the patient is unwell",
        "I cannot answer that.",
        "<|eot_id|>",
        "12",
    ],
)
def test_what_names_no_category_or_several_is_unparseable(answer: str) -> None:
    assert parse_lenient(answer, CATEGORIES) is None


def test_a_longer_name_hides_the_shorter_one_inside_it() -> None:
    names = ("Cancer", "Breast Cancer")
    assert parse_lenient("it is breast cancer", names) == "Breast Cancer"
    assert parse_lenient("it is cancer", names) == "Cancer"
    assert parse_lenient("breast cancer, not skin cancer", names) is None


@given(st.text(max_size=60))
def test_arbitrary_text_gives_a_category_or_nothing_and_lenient_reads_all_that_strict_reads(answer: Any) -> None:
    strict, lenient = parse_strict(answer, CATEGORIES), parse_lenient(answer, CATEGORIES)
    assert lenient is None or lenient in CATEGORIES
    assert strict is None or lenient == strict
