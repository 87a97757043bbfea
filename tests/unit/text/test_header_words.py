"""What the words of a title say: a section, a disease, or that a diagnosis follows."""

import pytest

from nosology.text import header_words


@pytest.mark.parametrize(
    ("title", "head"),
    [
        ("wound care", "care"), ("summary of the stay", "summary"), ("procedures performed", "procedures"),
        ("follow-up", "followup"), ("condition at discharge", "condition"), ("", ""), ("to do", "do"),
        ("events leading to admission", "events"), ("a&p", "a/p"),
    ],
)  # fmt: skip
def test_a_title_is_about_the_last_word_before_a_preposition(title: str, head: str) -> None:
    assert header_words.head_of(title) == head


@pytest.mark.parametrize("title", ["wound care", "ct head", "when to call", "follow up", "labs/studies", "procedure"])
def test_some_heads_can_only_name_a_section(title: str) -> None:
    assert header_words.names_section(title)


@pytest.mark.parametrize("title", ["wound infection", "weight loss", "drug reaction", "zither", ""])
def test_others_cannot(title: str) -> None:
    assert not header_words.names_section(title)


@pytest.mark.parametrize("title", ["septicemia", "chf", "heart", "gastritis", "altered mental status"])
def test_words_of_official_titles_and_abbreviations_are_of_diseases(title: str) -> None:
    assert header_words.has_disease_word(title)


@pytest.mark.parametrize("title", ["hospital course", "medications", "zither", "plan of care", "troponin"])
def test_words_of_sections_are_not(title: str) -> None:
    assert not header_words.has_disease_word(title)


def test_a_part_of_the_body_is_no_illness_by_itself() -> None:
    assert header_words.has_disease_word("heart")
    assert not header_words.is_ill("heart")
    assert header_words.is_ill("heart failure")


@pytest.mark.parametrize(
    "title",
    ["discharge diagnosis", "principal dx", "your diagnoses", "final impression", "causes of death", "problem list",
     "why you were here", "you were treated for", "icd-10 codes", "chronic conditions", "f/dx"],
)  # fmt: skip
def test_titles_that_state_a_diagnosis(title: str) -> None:
    assert header_words.states_diagnosis(title)


@pytest.mark.parametrize(
    "title",
    ["diagnostic studies", "ddx", "diagnosis and treatment plan", "discharge condition", "present illness",
     "impression", "diagnosis made by his old family friend", "procedures"],
)  # fmt: skip
def test_titles_that_do_not(title: str) -> None:
    assert not header_words.states_diagnosis(title)


@pytest.mark.parametrize(
    ("title", "known"),
    [("discharge diagnosis", "discharge diagnosis"), ("mrs canary diagnosis", "diagnosis"), ("canary", "diagnosis"),
     ("final dx of canary", "final dx of"), ("your conditions", "your conditions")],
)  # fmt: skip
def test_of_a_title_only_words_that_titles_have_are_ever_shown(title: str, known: str) -> None:
    assert header_words.known_words_of(title) == known


def test_a_title_word_for_word_has_no_other_word() -> None:
    assert header_words.is_title("discharge medications")
    assert not header_words.is_title("zither medications")
    assert not header_words.is_title("")
    assert header_words.has_section_word("zither medications")
