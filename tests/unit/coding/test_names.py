"""Names of categories and cells of codes, as errors may show them."""

import pytest

from nosology.coding.names import folded, is_showable_category, nearest, shown_code


@pytest.mark.parametrize("cell", ["I21.4", "41071", "10", "", "V45", "e1165"])
def test_what_can_be_a_code_is_quoted(cell: str) -> None:
    assert shown_code(cell) == repr(cell)


@pytest.mark.parametrize("cell", ["Quill", "4711 Quill", "Quill was seen", "123456789012", "4711Quill77"])
def test_what_cannot_is_not(cell: str) -> None:
    assert shown_code(cell) == "what stands there"


def test_names_are_the_same_without_case_double_blanks_and_unicode_form() -> None:
    assert folded("  Cafe\u0301  Noir\u200b") == folded("café noir")


def test_the_nearest_known_name_is_found_or_none() -> None:
    assert nearest("cardio vascular", ["Cardiovascular", "Respiratory"]) == "Cardiovascular"
    assert nearest("zither", ["Cardiovascular"]) is None


def test_a_piece_of_a_note_is_no_category_to_show() -> None:
    assert is_showable_category("Skin Disorders")
    assert not is_showable_category("She was seen.")
