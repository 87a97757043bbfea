"""Near-duplicates: shingles and signatures against plain Python sets."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.preparation import duplicates
from nosology.preparation.duplicates import jaccard, near_duplicates
from nosology.text import fingerprint
from nosology.text.fingerprint import shingle_hashes, signature

WORDS = [f"word{i}" for i in range(400)]


def plain_shingles(text: str) -> set[tuple[str, ...]]:
    """Return the shingles as tuples of words: what the hashes stand for."""
    words = "".join(c if (c.isascii() and c.isalnum()) or ord(c) > 127 else " " for c in text.lower()).split(" ")
    words = [word for word in words if word]
    n = fingerprint.SHINGLE_WORDS
    return {tuple(words[i : i + n]) for i in range(max(len(words) - n + 1, 1))} if words else set()


def plain_jaccard(one: str, other: str) -> float:
    a, b = plain_shingles(one), plain_shingles(other)
    return len(a & b) / len(a | b) if a | b else 1.0


def note(seed: int, n_words: int = 200) -> str:
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS) for _ in range(n_words))


def changed(text: str, n_changes: int, seed: int = 0) -> str:
    words = text.split()
    for place in random.Random(seed).sample(range(len(words)), n_changes):
        words[place] = f"other{place}"
    return " ".join(words)


small_texts = st.lists(st.sampled_from(["a", "b", "ab", "B.", "(a)", "naïve", "3", "\n", ","]), max_size=25).map(
    " ".join
)


@given(small_texts, small_texts)
def test_hashes_are_as_many_and_as_common_as_the_shingles_themselves(one: str, other: str) -> None:
    a, b = shingle_hashes(one), shingle_hashes(other)
    assert len(a) == len(plain_shingles(one))
    assert jaccard(a, b) == pytest.approx(plain_jaccard(one, other))


def test_case_punctuation_and_blanks_change_nothing() -> None:
    assert (shingle_hashes("Chest pain, with (mild) cough.") == shingle_hashes("chest  pain WITH\nmild cough")).all()


def test_the_same_word_hashes_alike_wherever_it_stands() -> None:
    text = " ".join(["alpha beta gamma"] * 50)
    assert len(shingle_hashes(text)) == 3


def test_a_text_without_words_has_no_shingles_and_its_likes_are_alike() -> None:
    assert len(shingle_hashes("... --- ...")) == 0
    assert jaccard(shingle_hashes(""), shingle_hashes("?!")) == 1.0
    assert (signature(shingle_hashes("")) == np.iinfo(np.uint32).max).all()


@pytest.mark.parametrize("n_changes", [0, 5, 20, 60])
def test_signatures_agree_as_often_as_jaccard_says(n_changes: int) -> None:
    agreement, exact = [], []
    for seed in range(20):
        one, other = note(seed, 300), changed(note(seed, 300), n_changes, seed)
        agreement.append((signature(shingle_hashes(one)) == signature(shingle_hashes(other))).mean())
        exact.append(plain_jaccard(one, other))
    # 20 notes of N_HASHES hashes: the standard error of the mean is at most 0.5 / sqrt(4000) = 0.008.
    assert np.mean(agreement) == pytest.approx(np.mean(exact), abs=0.03)


def test_signatures_of_strangers_hardly_agree() -> None:
    signatures = [signature(shingle_hashes(note(seed))) for seed in range(40)]
    shared = [(a == b).mean() for i, a in enumerate(signatures) for b in signatures[:i]]
    assert np.mean(shared) < 0.005


def near(texts: list[str]) -> list[bool]:
    shingles = [shingle_hashes(text) for text in texts]
    found = near_duplicates(np.stack([signature(s) for s in shingles]), shingles.__getitem__)
    return [bool(is_near) for is_near in found]


def test_the_first_of_a_family_stays_and_strangers_stay() -> None:
    original = note(1)
    texts = [note(0), original, changed(original, 4), note(2), changed(original, 6, seed=1), note(0) + " end"]
    assert near(texts) == [False, False, True, False, True, True]


def test_what_is_too_different_stays() -> None:
    original, cousin = note(1), changed(note(1), 30)
    assert plain_jaccard(original, cousin) < duplicates.NEAR
    assert near([original, cousin]) == [False, False]


def test_a_chain_of_copies_is_one_family_in_any_order() -> None:
    original = note(1, 100)
    left, right = changed(original, 5, seed=1), changed(original, 5, seed=2)
    assert plain_jaccard(left, right) < duplicates.NEAR <= plain_jaccard(original, left)
    assert plain_jaccard(original, right) >= duplicates.NEAR
    assert near([left, right, original]) == [False, True, True]
    assert near([original, left, right]) == [False, True, True]


def test_every_pair_above_the_threshold_is_found_among_many() -> None:
    rng = random.Random(3)
    texts = [note(seed, 80) for seed in range(60)]
    texts += [changed(text, rng.randint(0, 8), seed) for seed, text in enumerate(texts)]
    rng.shuffle(texts)
    family = list(range(len(texts)))
    shingles = [plain_shingles(text) for text in texts]
    for i in range(len(texts)):
        for j in range(i):
            common = len(shingles[i] & shingles[j])
            is_near = common >= duplicates.NEAR * len(shingles[i] | shingles[j])
            if is_near and family[i] != family[j]:
                low, high = sorted((family[i], family[j]))
                family = [low if member == high else member for member in family]
    assert near(texts) == [member != i for i, member in enumerate(family)]


def test_hundreds_of_copies_are_one_family() -> None:
    original = note(1, 300)
    assert near([changed(original, 2, seed) for seed in range(300)]) == [False] + [True] * 299
