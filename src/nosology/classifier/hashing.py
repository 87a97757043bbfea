"""Texts as hashed counts of words, word pairs and parts of words, and rows of unit length.

Both are what scikit-learn computes, to the last bit: models were fitted on its numbers, and a test compares them. Only
its import, one to two seconds, is spared whoever asks about one note. A feature's column is the MurmurHash3 of its
bytes; all features of one length are hashed together.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_WORD = re.compile(r"(?u)\b\w\w+\b")
_LENGTHS = (3, 4, 5)  # letters of parts of words, the spaces at a word's ends included
_TEXTS_AT_ONCE = 64  # whose features are hashed once for all
_FIRST, _SECOND = np.uint32(0xCC9E2D51), np.uint32(0x1B873593)


def word_counts(text: str) -> Counter[str]:
    """Return the words of a text, of two letters or more, and its pairs of words, each with how often it is there."""
    words = _WORD.findall(text.lower())
    return Counter(words) + Counter(f"{first} {second}" for first, second in pairwise(words))


def part_counts(text: str) -> Counter[str]:
    """Return the parts of a text's words, each with how often it is there; words are what stands between spaces."""
    found: Counter[str] = Counter()
    for word, times in Counter(text.lower().split()).items():
        for part in _parts(f" {word} "):
            found[part] += times
    return found


def _parts(word: str) -> Iterable[str]:
    """Yield all parts of a word; one that is no longer than a length is its own part, once."""
    for length in _LENGTHS:
        for start in range(max(len(word) - length, 0) + 1):
            yield word[start : start + length]
        if len(word) <= length:
            return


def hashed_counts(texts: Sequence[str], count: Callable[[str], Counter[str]], n_columns: int) -> sparse.csr_matrix:
    """Return how often each column's features are in each text. Float32, shape ``(texts, columns)``.

    Args:
        texts: Without half of a surrogate pair, which has no bytes.
        count: Finds the features of a text.
        n_columns: A power of two.
    """
    columns: list[NDArray[Any]] = [np.zeros(0, np.int64)]
    counts: list[NDArray[Any]] = [np.zeros(0)]
    ends = [0]
    for first in range(0, len(texts), _TEXTS_AT_ONCE):
        found = [count(text) for text in texts[first : first + _TEXTS_AT_ONCE]]
        features = list(set().union(*found))
        column = dict(zip(features, _columns(features, n_columns).tolist(), strict=True))
        for own in found:
            kept, places = np.unique([column[feature] for feature in own], return_inverse=True)
            columns.append(kept)
            counts.append(np.bincount(places, weights=list(own.values()), minlength=len(kept)))
            ends.append(ends[-1] + len(kept))
    data, indices = np.concatenate(counts).astype(np.float32), np.concatenate(columns).astype(np.int32)
    return sparse.csr_matrix((data, indices, ends), shape=(len(texts), n_columns))


def _columns(features: Sequence[str], n_columns: int) -> NDArray[np.int64]:
    """Return the column of each feature: its hash as a signed number, without the sign, modulo the columns."""
    found = np.zeros(len(features), np.int64)
    encoded = [feature.encode() for feature in features]
    lengths = np.array([len(item) for item in encoded], np.int64)
    for length in np.unique(lengths):
        (places,) = np.nonzero(lengths == length)
        joined = np.frombuffer(b"".join(encoded[place] for place in places), np.uint8)
        found[places] = murmur3(joined.reshape(len(places), length)).view(np.int32)
    return np.abs(found) % n_columns


def murmur3(keys: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return MurmurHash3 (x86, 32 bits, seed 0) of keys of one length. Shapes ``(keys, bytes)`` and ``(keys,)``."""
    n_keys, length = keys.shape
    whole = length - length % 4
    blocks = np.ascontiguousarray(keys[:, :whole]).view("<u4").astype(np.uint32)
    found = np.zeros(n_keys, np.uint32)
    for block in blocks.T:
        found ^= _mixed(block)
        found = _turned(found, 13) * np.uint32(5) + np.uint32(0xE6546B64)
    if whole < length:
        rest = np.zeros(n_keys, np.uint32)
        for place in range(whole, length):
            rest |= keys[:, place].astype(np.uint32) << np.uint32(8 * (place - whole))
        found ^= _mixed(rest)
    found ^= np.uint32(length)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        found ^= found >> np.uint32(shift)
        found *= np.uint32(factor)
    found ^= found >> np.uint32(16)
    return found


def _mixed(block: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return _turned(block * _FIRST, 15) * _SECOND


def _turned(numbers: NDArray[np.uint32], bits: int) -> NDArray[np.uint32]:
    return (numbers << np.uint32(bits)) | (numbers >> np.uint32(32 - bits))


def unit_rows(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return the rows of a matrix divided by their lengths; an empty one stays.

    Squares are in float32 and summed from left to right in float64, as scikit-learn does.
    """
    squares = (matrix.data * matrix.data).astype(np.float64)
    summed = sparse.csr_matrix((squares, matrix.indices, matrix.indptr), shape=matrix.shape)
    lengths = np.sqrt(summed @ np.ones(matrix.shape[1]))
    lengths[lengths == 0] = 1.0
    data = matrix.data / np.repeat(lengths, np.diff(matrix.indptr))
    return sparse.csr_matrix((data.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
