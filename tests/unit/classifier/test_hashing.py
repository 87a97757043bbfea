"""Hashed counts and unit rows: what scikit-learn computes, to the last bit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize
from sklearn.utils import murmurhash3_32

from nosology.classifier import hashing
from nosology.classifier.hashing import hashed_counts, murmur3, part_counts, unit_rows, word_counts

NOTE = "Crushing chest pain, chest pain; ST elevation II/III.\n\nB.P. 90/60 \u00e4rztlich I I aVF \u6f22\u5b57 x"

words = st.text(st.characters(codec="utf-8"), max_size=6)
texts = st.lists(st.one_of(words, st.sampled_from(["fever", "Fever", "a", "ab", "\u0130", "\ufb01", "  ", "\x1c"])))
corpora = st.lists(texts.map(" ".join), max_size=5)


def identical(found: sparse.csr_matrix, expected: Any) -> bool:
    """Return whether two matrices are the same numbers in the same places."""
    pairs = ((getattr(found, name), getattr(expected, name)) for name in ("data", "indices", "indptr"))
    return (
        found.shape == expected.shape
        and found.dtype == expected.dtype
        and all(one.tolist() == other.tolist() for one, other in pairs)
    )


def by_scikit_learn(corpus: list[str], kind: int, n_columns: int) -> Any:
    analyzer, lengths = (("word", (1, 2)), ("char_wb", (3, 5)))[kind]
    return HashingVectorizer(
        analyzer=analyzer, ngram_range=lengths, n_features=n_columns, alternate_sign=False, norm=None, dtype=np.float32
    ).transform(corpus)


@pytest.mark.parametrize("kind", [0, 1], ids=["words", "parts"])
@pytest.mark.parametrize("n_columns", [2**20, 16])
@given(corpus=corpora)
def test_counts_are_scikit_learns(kind: int, n_columns: int, corpus: list[str]) -> None:
    corpus = [*corpus, NOTE]
    found = hashed_counts(corpus, (word_counts, part_counts)[kind], n_columns)
    assert identical(found, by_scikit_learn(corpus, kind, n_columns))


def test_many_texts_are_counted_like_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = [NOTE[start : start + 40] for start in range(20)]
    whole = hashed_counts(corpus, part_counts, 2**20)
    monkeypatch.setattr(hashing, "_TEXTS_AT_ONCE", 3)
    assert identical(hashed_counts(corpus, part_counts, 2**20), whole)


def test_no_texts_have_no_rows() -> None:
    assert hashed_counts([], word_counts, 16).shape == (0, 16)


def test_words_have_two_letters_and_pairs_stand_side_by_side() -> None:
    assert word_counts("No fever, no I cough") == {
        "no": 2, "fever": 1, "cough": 1, "no fever": 1, "fever no": 1, "no cough": 1,
    }  # fmt: skip


def test_parts_are_within_words_and_a_short_word_is_its_own_part_once() -> None:
    assert part_counts("a flu") == {" a ": 1, " fl": 1, "flu": 1, "lu ": 1, " flu": 1, "flu ": 1, " flu ": 1}


@given(st.integers(0, 12).flatmap(lambda n: st.lists(st.binary(min_size=n, max_size=n), min_size=1, max_size=5)))
def test_hashes_are_murmurs(keys: list[bytes]) -> None:
    found = murmur3(np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), -1))
    assert found.tolist() == [murmurhash3_32(key, seed=0, positive=True) for key in keys]


numbers = st.floats(-1e3, 1e3, width=32)


@given(st.lists(st.lists(numbers, min_size=7, max_size=7), min_size=1, max_size=4))
def test_rows_of_unit_length_are_scikit_learns(rows: list[list[float]]) -> None:
    matrix = sparse.csr_matrix(np.array([*rows, [0.0] * 7], np.float32))
    assert identical(unit_rows(matrix), normalize(matrix, copy=True))
