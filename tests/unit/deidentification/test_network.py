"""The network: what it sees of words, how it computes, what it remembers."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings

from findings import note_like
from nosology.deidentification.detectors import network
from nosology.deidentification.detectors.network import CLASSES, DILATIONS, REACH, Network, shipped_network
from nosology.deidentification.detectors.word_numbers import N_ROWS, WIDTH, rows
from nosology.deidentification.tokens import N_CASES, N_GAPS, Tokens, gaps, letter_case


def small_network(seed: int = 0) -> Network:
    """Return a network of random weights, with few numbers a word."""
    rng = np.random.default_rng(seed)
    sizes = {"table": (N_ROWS, 4), "gaps": (N_GAPS, 4), "cases": (N_CASES, 4), "first": (20, 6), "first_bias": (6,)}
    sizes |= {f"further{i}": (18, 6) for i in range(len(DILATIONS))}
    sizes |= {f"further{i}_bias": (6,) for i in range(len(DILATIONS))}
    sizes |= {"last": (6, len(CLASSES)), "last_bias": (len(CLASSES),)}
    return Network({name: rng.normal(scale=0.2, size=size).astype(np.float32) for name, size in sizes.items()})


@pytest.mark.parametrize("token", ["Okafor", "o'shea's", "12", "1987", "0045", "٣", "/", "\n", "____", "李", "İ"])
def test_a_word_has_as_many_rows_as_any_other_and_all_lie_in_the_table(token: str) -> None:
    found = rows(token)
    assert len(found) == WIDTH
    assert all(0 <= row < N_ROWS for row in found)
    assert found[0] > 0


def test_the_same_word_in_other_letters_shares_its_own_row_but_not_its_shape() -> None:
    assert rows("OKAFOR")[0] == rows("okafor")[0]
    assert rows("OKAFOR") != rows("okafor")


def test_what_stands_before_a_token_is_told_apart() -> None:
    found = gaps(Tokens("Ann Roe,  MD\nhome\u00a0now"))
    assert found.tolist() == [5, 1, 0, 3, 0, 0, 4]


@pytest.mark.parametrize(("text", "case"), [("Seen by Roe.", 0), ("SEEN BY ROE.", 1), ("seen by roe.", 2)])
def test_the_letter_case_of_a_text_is_one_of_three(text: str, case: int) -> None:
    assert letter_case(text) == case


@settings(max_examples=40)
@given(note_like)
def test_probabilities_are_one_row_a_token_and_sum_to_one(text: str) -> None:
    tokens = Tokens(text)
    found = small_network()(tokens)
    assert found.shape == (len(tokens.words), len(CLASSES))
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)


def test_a_token_is_judged_by_no_word_further_away_than_the_reach() -> None:
    words = [f"word{'abcdefghij'[i % 10]}" for i in range(3 * REACH)]
    other = [*words]
    other[0] = "okafor"
    first, second = (small_network()(Tokens(" ".join(each))) for each in (words, other))
    assert not np.allclose(first[REACH], second[REACH], atol=1e-7)
    assert np.allclose(first[REACH + 1 :], second[REACH + 1 :], atol=1e-6)


def test_a_long_text_gives_the_same_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens(" ".join(f"seen by Okafor on {i} May" for i in range(60)))
    whole = small_network()(tokens)
    monkeypatch.setattr(network, "_STRETCH", 64)
    assert np.allclose(small_network()(tokens), whole, atol=1e-5)


def test_a_full_memory_of_words_starts_again_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        Tokens("Ann Roe saw him"),
        Tokens("Bea Lund saw her there"),
        Tokens("a b c d e f g h i j"),
        Tokens("Ann Roe saw him"),
    ]
    expected = [small_network()(tokens) for tokens in texts]
    monkeypatch.setattr(network, "_KEPT_WORDS", 6)
    net = small_network()
    for tokens, probabilities in zip(texts, expected, strict=True):
        assert np.allclose(net(tokens), probabilities, atol=1e-6)


@contextmanager
def hurried_threads() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def test_threads_that_share_a_network_get_what_one_alone_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_KEPT_WORDS", 60)
    made = ["".join("abcdefghij"[int(digit)] for digit in str(number)) for number in range(400)]
    texts = [Tokens(" ".join(made[(7 * i + 3 * j) % 400] for j in range(12))) for i in range(400)]
    shared = small_network()
    with hurried_threads(), ThreadPoolExecutor(8) as pool:
        found = list(pool.map(shared, texts))
    alone = small_network()
    for tokens, probabilities in zip(texts, found, strict=True):
        assert np.allclose(alone(tokens), probabilities, atol=1e-6)
    assert len(set(shared._numbers.values())) == len(shared._numbers)


def test_a_huge_word_is_not_remembered() -> None:
    net = small_network()
    net(Tokens("x" * 5_000 + " Ann Roe Ann"))
    assert all(len(word) < 5_000 for word in net._numbers)


def test_the_shipped_network_takes_no_text() -> None:
    assert shipped_network()(Tokens("")).shape == (0, len(CLASSES))
