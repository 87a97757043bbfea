"""The phrase language: choices, numbers, slots, and what is refused."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.errors import DataError
from nosology.synthetic.phrases import compile_field, compile_phrase, pick, split_outside

PLAIN = st.text(alphabet=st.characters(exclude_characters="{}", exclude_categories=["Cs"]), max_size=40)


def render(text: str, seed: int = 0, **slots: str) -> str:
    return compile_phrase(text).render(Random(seed), slots.__getitem__)


def all_renderings(text: str, n: int = 200, **slots: str) -> set[str]:
    return {render(text, seed, **slots) for seed in range(n)}


@given(PLAIN)
def test_text_without_braces_comes_back_as_it_is(text: str) -> None:
    assert render(text) == text


def test_a_choice_gives_each_of_its_sides_and_nothing_else() -> None:
    assert all_renderings("a {red|green|} ball") == {"a red ball", "a green ball", "a  ball"}


def test_choices_nest_and_hold_slots() -> None:
    said = all_renderings("{a {small|big} dog|{his} cat}", his="her")
    assert said == {"a small dog", "a big dog", "her cat"}


def test_a_number_keeps_its_decimals_and_its_bounds() -> None:
    values = all_renderings("{#0.4-0.7}", n=400)
    assert values == {"0.4", "0.5", "0.6", "0.7"}


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 1000))
def test_whole_numbers_stay_between_their_bounds(low: int, span: int, seed: int) -> None:
    assert low <= int(render(f"{{#{low}-{low + span}}}", seed)) <= low + span


def test_a_slot_is_filled_by_whoever_renders() -> None:
    assert render("{He} lost {his} keys", He="She", his="her") == "She lost her keys"


def test_a_phrase_names_its_slots_those_inside_choices_included() -> None:
    assert compile_phrase("{a} {b c|{d} e} {#1-2}").slots() == {"a", "d"}


@pytest.mark.parametrize("text", ["an {open brace", "a closed} brace", "{#one-two}", "{#3}"])
def test_a_malformed_phrase_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        compile_phrase(text)


def test_a_field_is_split_at_semicolons_outside_braces() -> None:
    phrases = compile_field("one; two {a; b|c} ;; three;")
    assert phrases[0].render(Random(0), str) == "one"
    assert len(phrases) == 3


def test_an_empty_field_has_no_phrases() -> None:
    assert compile_field("  ") == ()


@given(st.lists(st.text(alphabet="ab {|}", max_size=6), min_size=1, max_size=5))
def test_splitting_loses_nothing(pieces: list[str]) -> None:
    text = ";".join(pieces)
    assert ";".join(split_outside(text, ";")) == text


def test_pick_gives_every_item_about_as_often() -> None:
    rng = Random(1)
    drawn = [pick(rng, "abcd") for _ in range(8000)]
    assert all(1850 < drawn.count(letter) < 2150 for letter in "abcd")


def test_a_number_below_zero_keeps_its_sign() -> None:
    values = {int(value) for value in all_renderings("{#-2-1}")}
    assert values <= {-2, -1, 0, 1}
    assert {-2, 1} <= values


def test_decimals_are_those_of_the_finer_bound() -> None:
    assert all(len(value.partition(".")[2]) == 2 for value in all_renderings("{#1-2.05}"))


def test_braces_around_words_are_a_choice_of_one() -> None:
    assert all_renderings("a {big dog} barks") == {"a big dog barks"}
    assert render("{}") == ""


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("an {open brace", "an opening brace without a closing one", "an {open brace"),
        ("a closed} brace", "a closing brace without an opening one", "a closed} brace"),
        ("a" * 70 + "}", "a closing brace without an opening one", "a" * 57 + "..."),
    ],
)
def test_a_malformed_phrase_is_shown_as_far_as_it_fits(text: str, message: str, place: str) -> None:
    with pytest.raises(DataError) as caught:
        compile_phrase(text)
    assert (caught.value.message, caught.value.place) == (message, place)


def test_a_range_that_is_none_is_refused_with_how_to_write_one() -> None:
    with pytest.raises(DataError, match=r"'#one-two'") as caught:
        compile_phrase("{#one-two}")
    assert "{#1-9}" in caught.value.hint


def test_every_choice_is_about_as_likely_however_long_it_is() -> None:
    counts = Counter(render("{a|a long one|{x|y}}", seed) for seed in range(3000))
    assert counts["a"] / 3000 == pytest.approx(1 / 3, abs=0.04)
    assert (counts["x"] + counts["y"]) / 3000 == pytest.approx(1 / 3, abs=0.04)
