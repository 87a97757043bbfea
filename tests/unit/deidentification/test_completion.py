"""What belongs to a found name, place or hospital and stands beside it goes with it."""

import pytest

from nosology.deidentification.judging.completion import complete_spans
from nosology.records import Span


def completed(text: str, name: str, kind: str = "NAME") -> str:
    """Return what was found with all that belongs to it."""
    start = text.index(name)
    more = [*complete_spans(text, [Span(start, start + len(name), kind)])]
    return text[more[0].start : more[0].end] if more else name


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
        ("the Lund-Okafor family", "Lund", "Lund-Okafor"),
        ("Mr. Brandt, Jr. came", "Brandt", "Brandt, Jr."),
        ("Mr. Brandt III came", "Brandt", "Brandt III"),
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


@pytest.mark.parametrize(
    ("text", "name", "whole"),
    [
        ("seen by Niamh Kelly today", "Kelly", "Niamh Kelly"),
        ("seen by Niamh Q. Kelly today", "Niamh", "Niamh Q. Kelly"),
        ("seen by Art White today", "White", "Art White"),
        ("ROE, JANE M. was seen by him", "ROE", "ROE, JANE M."),
        ("Today Kelly came", "Kelly", "Kelly"),
        ("Patient Kelly came", "Kelly", "Kelly"),
        ("told Kelly That it", "Kelly", "Kelly"),
        ("Kelly has Hodgkin lymphoma", "Kelly", "Kelly"),
        ("MRI Kelly came", "Kelly", "Kelly"),
    ],
)
def test_the_other_half_of_a_full_name_goes_with_it_and_other_words_do_not(text: str, name: str, whole: str) -> None:
    assert completed(text, name) == whole


@pytest.mark.parametrize(
    ("text", "place", "whole"),
    [("near Elkhorn Falls today", "Elkhorn", "Elkhorn Falls"), ("near Elkhorn today", "Elkhorn", "Elkhorn")],
)
def test_the_second_word_of_a_place_goes_with_it(text: str, place: str, whole: str) -> None:
    assert completed(text, place, "LOCATION") == whole


def test_in_a_line_of_capitals_all_before_a_hospital_goes_with_it() -> None:
    text = "The note.\n  ST MARY MERCY HOSPITAL\nThe patient was seen there and did well."
    assert completed(text, "MERCY HOSPITAL", "HOSPITAL") == "ST MARY MERCY HOSPITAL"
    assert completed("The note; ST MARY MERCY HOSPITAL is here.", "MERCY HOSPITAL", "HOSPITAL") == "MERCY HOSPITAL"


def test_capital_words_after_a_preposition_go_with_an_institution() -> None:
    text = "She came from Sisters of Charity Home and works for Watanabe Tool and Die now."
    assert completed(text, "Charity Home", "HOSPITAL") == "Sisters of Charity Home"
    assert completed(text, "Watanabe", "ORG") == "Watanabe Tool and Die"
    assert completed("Seen with Dr. Roe at Mercy Clinic. He left.", "Mercy Clinic", "HOSPITAL") == "Mercy Clinic"


def test_dates_and_numbers_are_whole_already() -> None:
    assert [*complete_spans("J. March 14 Jr.", [Span(3, 11, "DATE")])] == []
