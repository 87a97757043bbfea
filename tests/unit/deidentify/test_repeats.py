"""Names found once are found everywhere in the note, and whole."""

import pytest

from nosology.prepare.deidentify.repeats import complete_names, name_words, repeat_names
from nosology.records import Span


def again(text: str, *names: str, kind: str = "NAME") -> list[str]:
    """Return what is found again of names that were found where they stand first."""
    spans = [Span(text.index(name), text.index(name) + len(name), kind) for name in names]
    firsts = {(span.start, span.end) for span in spans}
    repeats = sorted({(span.start, span.end) for span in repeat_names(text, spans)} - firsts)
    return [text[start:end] for start, end in repeats]


def completed(text: str, name: str, kind: str = "NAME") -> str:
    """Return a found name with all that belongs to it."""
    start = text.index(name)
    more = [*complete_names(text, [Span(start, start + len(name), kind)])]
    return text[more[0].start : more[0].end] if more else name


@pytest.mark.parametrize(
    ("text", "name", "repeats"),
    [
        ("Dr. Okafor came. Okafor left.", "Okafor", ["Okafor"]),
        ("Dr. Okafor came; OKAFOR left, then okafor rang", "Okafor", ["OKAFOR", "okafor"]),
        ("Dr. Okafor came. Call Okafor's office or Okafor’s wife", "Okafor", ["Okafor", "Okafor"]),
        ("Ms. Quill-Lindqvist. Then Lindqvist rang", "Quill-Lindqvist", ["Lindqvist", "Lindqvist"]),
        ("Dr. Foley left. A Foley catheter; then Foley went", "Foley", ["Foley"]),
        ("Dr. Grace came. Then Grace left with grace.", "Grace", ["Grace"]),
        ("Mr. Long went a long way. Then long ago", "Long", []),
        ("Mr. de la Cruz. He sang la la de Cruz", "de la Cruz", ["Cruz", "Cruz"]),
        ("Dr. Li came. Li left", "Li", ["Li"]),
        ("Dr. Xo came. It was xo", "Xo", []),
    ],
)
def test_the_words_of_a_name_are_found_wherever_they_stand(text: str, name: str, repeats: list[str]) -> None:
    assert again(text, name) == repeats


def test_only_names_are_searched_for() -> None:
    assert again("Okafor Logistics. Then Okafor left", "Okafor", kind="ORG") == []
    assert [*repeat_names("Okafor and Okafor", [])] == []


def test_a_name_that_is_also_a_word_counts_only_inside_a_sentence() -> None:
    assert again("Dr. Walker came. Walker at bedside. He met Walker again.", "Walker") == ["Walker"]


@pytest.mark.parametrize(
    ("text", "name", "whole"),
    [
        ("J. P. Okafor came", "Okafor", "J. P. Okafor"),
        ("J.P. Okafor came", "Okafor", "J.P. Okafor"),
        ("Maria de la Cruz came", "Cruz", "de la Cruz"),
        ("Mr. van der Berg", "Berg", "van der Berg"),
        ("Mr. O'Brien", "Brien", "O'Brien"),
        ("Ms. D’Angelo", "Angelo", "D’Angelo"),
        ("Dr. al-Sayed", "Sayed", "al-Sayed"),
        ("Anna Lund-Okafor", "Lund", "Lund-Okafor"),
        ("Harlan Brandt, Jr. came", "Brandt", "Brandt, Jr."),
        ("Harlan Brandt III came", "Brandt", "Brandt III"),
        ("It was she. Okafor", "Okafor", "Okafor"),
        ("seen by Okafor, MD", "Okafor", "Okafor"),
        ("the canal Okafor", "Okafor", "Okafor"),
    ],
)
def test_initials_particles_and_suffixes_go_with_a_name(text: str, name: str, whole: str) -> None:
    assert completed(text, name) == whole


def test_in_text_without_letter_case_particles_are_known_in_capitals_too() -> None:
    assert completed("SEEN BY MARIA DE LA CRUZ TODAY", "CRUZ") == "DE LA CRUZ"


def test_a_capital_article_inside_a_sentence_belongs_to_an_institutions_name() -> None:
    assert completed("she lives at The Elms today", "Elms", "ORG") == "The Elms"
    assert completed("It is near. The Elms is", "Elms", "ORG") == "Elms"
    assert completed("she saw The Okafor", "Okafor") == "Okafor"


def test_the_words_of_a_name_come_in_small_letters_without_possessive_endings() -> None:
    assert name_words("O'Shea-Lund's, JANE M.") == ["o'shea", "lund", "jane", "m"]
