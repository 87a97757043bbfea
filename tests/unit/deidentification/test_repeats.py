"""Names found once are found everywhere in the note."""

import pytest

from nosology.deidentification.judging.repeats import made_of_names, name_words, repeat_names
from nosology.records import Span


def again(text: str, *names: str, kind: str = "NAME") -> list[str]:
    """Return what is found again of names that were found where they stand first."""
    spans = [Span(text.index(name), text.index(name) + len(name), kind) for name in names]
    firsts = {(span.start, span.end) for span in spans}
    repeats = sorted({(span.start, span.end) for span in repeat_names(text, spans)} - firsts)
    return [text[start:end] for start, end in repeats]


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


def test_the_words_of_a_name_come_in_small_letters_without_possessive_endings() -> None:
    assert name_words("O'Shea-Lund's, JANE M.") == ["o'shea", "lund", "jane", "m"]


@pytest.mark.parametrize(
    ("text", "name", "again"),
    [
        ("Gwen Brandt came. Bloods GB, then bg.", "Gwen Brandt", ["GB"]),
        ("Brandt, Gwen came. Bloods GB.", "Brandt, Gwen", ["GB"]),
        ("Gwen Brandt came. Saved as gbrandt_ct.png and BrandtGwen.dcm", "Gwen Brandt", ["gbrandt", "BrandtGwen"]),
        ("GWEN BRANDT CAME. BLOODS GB.", "GWEN BRANDT", ["GB"]),
        ("gwen brandt came. seen by gb today", "gwen brandt", ["gb"]),
        ("KTB came. Bloods KTB.", "KTB", ["KTB", "KTB"]),
        ("Okafor came. Bloods OK.", "Okafor", []),
    ],
)
def test_what_is_made_of_a_full_name_is_found_again(text: str, name: str, again: list[str]) -> None:
    spans = [Span(text.index(name), text.index(name) + len(name), "NAME")]
    assert [text[s.start : s.end] for s in sorted(made_of_names(text, spans), key=lambda s: s.start)] == again
