"""What the network sees of a word besides its letters."""

import pytest

from nosology.deidentification.detectors.word_features import bare, city_words, rank_class, region_words, shape
from nosology.deidentification.lexicon import ranked


@pytest.mark.parametrize(
    ("word", "form"),
    [("okafor", "x"), ("O", "X"), ("Okafor", "Xx"), ("OKAFOR", "XX"), ("McRae", "xX"), ("iPhone", "xX")],
)
def test_letter_case_has_five_shapes(word: str, form: str) -> None:
    assert shape(word) == form


def test_a_rank_is_told_by_how_many_limits_it_reaches() -> None:
    word = next(word for word, rank in ranked("surnames").items() if rank == 300)
    assert [rank_class("surnames", word, limits) for limits in [(301,), (300, 3000), (100, 200, 300)]] == [
        "0",
        "1",
        "3",
    ]
    assert rank_class("surnames", "qqxz", (300,)) == "-"


def test_places_are_known_by_each_of_their_words() -> None:
    assert {"carolina", "zealand"} <= region_words()
    assert "angeles" in city_words()
    assert not any(len(word) < 3 for word in city_words())


@pytest.mark.parametrize(
    ("word", "rest"), [("okafor's", "okafor"), ("okafor’s", "okafor"), ("ross", "ross"), ("'s", "")]
)
def test_a_possessive_ending_is_no_part_of_a_word(word: str, rest: str) -> None:
    assert bare(word) == rest
