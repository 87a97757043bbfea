"""Shingles and signatures: what two notes share is counted as plain sets of words would count it."""

import random
import re
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.text.fingerprint import (
    BAND_ROWS,
    N_BANDS,
    N_HASHES,
    SHINGLE_WORDS,
    all_shingle_hashes,
    shingle_hashes,
    signature,
)

WORDS = ["fever", "cough", "pain", "chest", "café", "ünruhe", "x1", "0389", "stable", "a"]
sentences = st.lists(st.sampled_from(WORDS), max_size=40)
gaps = st.sampled_from([" ", "  ", "\n", ", ", "; ", "-", "_", "\t\r\n", "<", "/"])


def plain_shingles(text: str) -> list[tuple[str, ...]]:
    """Return a text's shingles as tuples of words: the slow way that anybody would write."""
    # A word is a run of ASCII letters and digits and of whatever is not ASCII.
    words = re.findall(r"(?:[a-z0-9]|[^\x00-\x7f])+", text.lower())
    if not words:
        return []
    n = min(SHINGLE_WORDS, len(words))
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def jaccard(one: str, other: str) -> float:
    """Return the similarity of two texts by their sets of shingles."""
    first, second = set(plain_shingles(one)), set(plain_shingles(other))
    return len(first & second) / len(first | second)


def test_a_signature_has_a_place_for_every_hash() -> None:
    assert (N_HASHES, N_BANDS * BAND_ROWS) == (200, 200)
    assert signature(shingle_hashes("one two three four")).shape == (200,)
    assert signature(shingle_hashes("one two three four")).dtype == np.uint32


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("", 0),
        (" \n.,;", 0),
        ("fever", 1),
        ("fever cough", 1),
        ("fever cough pain", 1),
        ("fever cough pain chest", 2),
        ("one two three four five six", 4),
        ("a b c a b c", 4),
    ],
)
def test_there_are_two_shingles_fewer_than_words_and_one_at_least(text: str, n: int) -> None:
    assert len(all_shingle_hashes(text)) == n


def test_repeated_shingles_are_kept_in_the_one_and_not_in_the_other() -> None:
    text = "a b c a b c a b c"  # abc bca cab abc bca cab abc
    assert len(all_shingle_hashes(text)) == 7
    assert len(shingle_hashes(text)) == 3


@given(sentences, gaps)
def test_distinct_shingles_are_as_many_as_the_plain_ones_and_sorted(words: list[str], gap: str) -> None:
    text = gap.join(words)
    found = shingle_hashes(text)
    assert len(found) == len(set(plain_shingles(text)))
    assert (np.diff(found.astype(object)) > 0).all()


@given(sentences)
def test_equal_shingles_have_equal_hashes_wherever_they_stand(words: list[str]) -> None:
    text = " ".join(words)
    by_shingle: dict[tuple[str, ...], set[int]] = {}
    for shingle, value in zip(plain_shingles(text), all_shingle_hashes(text).tolist(), strict=True):
        by_shingle.setdefault(shingle, set()).add(value)
    assert all(len(values) == 1 for values in by_shingle.values())
    assert len(set().union(*by_shingle.values())) == len(by_shingle), "and unlike ones have unlike hashes"


@given(sentences, st.lists(gaps, min_size=40, max_size=40))
def test_case_blanks_and_punctuation_change_nothing(words: list[str], between: list[str]) -> None:
    dressed = "".join(word.upper() + gap for word, gap in zip(words, between, strict=False))
    assert np.array_equal(shingle_hashes(" ".join(words)), shingle_hashes(dressed))


@given(st.text(max_size=200))
def test_any_text_has_shingles(text: str) -> None:
    assert len(all_shingle_hashes(text)) == len(plain_shingles(text))
    assert signature(shingle_hashes(text)).shape == (N_HASHES,)


def test_half_of_a_surrogate_pair_is_no_reason_to_stop() -> None:
    assert len(all_shingle_hashes("a \ud800 b c")) == 2


@pytest.mark.parametrize("length", [1, 2, 31, 32, 33, 1_023, 1_024, 1_025, 5_000])
def test_a_word_has_one_hash_at_any_place_of_a_long_text(length: int) -> None:
    """The tables of powers grow with the text, so places on both sides of their ends are tried."""
    here = all_shingle_hashes("fever cough pain")
    after = all_shingle_hashes("x" * length + " fever cough pain")
    assert here[0] == after[-1]


def test_the_order_of_words_matters() -> None:
    assert all_shingle_hashes("fever cough pain")[0] != all_shingle_hashes("pain cough fever")[0]
    assert all_shingle_hashes("ab c d")[0] != all_shingle_hashes("a bc d")[0]


def test_a_changed_word_costs_the_three_shingles_that_hold_it() -> None:
    words = [f"w{i}" for i in range(75)]
    changed = [*words[:40], "other", *words[41:]]
    one, other = shingle_hashes(" ".join(words)), shingle_hashes(" ".join(changed))
    assert len(one) == len(other) == 73
    assert len(np.intersect1d(one, other)) == 70


# ---- signatures


@given(sentences)
def test_a_signature_knows_neither_order_nor_number(words: list[str]) -> None:
    hashes = all_shingle_hashes(" ".join(words))
    doubled = np.concatenate([hashes[::-1], hashes])
    assert np.array_equal(signature(hashes), signature(doubled))


def test_an_empty_note_is_like_no_other() -> None:
    empty = signature(shingle_hashes(""))
    assert len(set(empty.tolist())) == 1
    assert not (empty == signature(shingle_hashes("fever cough pain"))).any()


def test_a_note_of_one_shingle_has_it_everywhere_on_a_circle() -> None:
    places = signature(shingle_hashes("fever cough pain")).reshape(N_BANDS, BAND_ROWS)
    assert (places == places[0]).all()


def random_words(generator: random.Random, n: int) -> list[str]:
    """Return words that no dictionary holds."""
    return ["".join(generator.choices(string.ascii_lowercase, k=6)) for _ in range(n)]


@pytest.mark.parametrize("n_changed", [0, 1, 5, 15, 40, 75])
def test_signatures_agree_as_often_as_notes_resemble_each_other(n_changed: int) -> None:
    generator = random.Random(n_changed)
    differences = []
    for _ in range(60):
        words = random_words(generator, 75)
        changed = list(words)
        for place in generator.sample(range(75), n_changed):
            changed[place] = random_words(generator, 1)[0]
        one, other = " ".join(words), " ".join(changed)
        agreement = float((signature(shingle_hashes(one)) == signature(shingle_hashes(other))).mean())
        differences.append(agreement - jaccard(one, other))
    # One estimate has at most a standard deviation of sqrt(.25 / 40), since points of one circle depend on each other.
    assert abs(sum(differences) / 60) < 4 * (0.25 / 40 / 60) ** 0.5
    assert max(map(abs, differences)) < 0.45


def test_signatures_stay_what_they_were() -> None:
    """Duplicates are told by them, so another hash would make another dataset of the same notes."""
    found = signature(shingle_hashes("the patient was admitted with chest pain and fever"))
    again = signature(shingle_hashes("The patient was admitted, with chest pain and fever."))
    assert np.array_equal(found, again)
    assert len(set(found.reshape(N_BANDS, BAND_ROWS)[:, 0].tolist())) <= 7, "seven shingles, so seven places"
