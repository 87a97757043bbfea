"""Fingerprints of notes: the shingles of a text, and MinHash signatures of them.

A note's shingles are all its runs of `SHINGLE_WORDS` words, whatever their case and punctuation. A signature is MinHash
with few permutations (Li, Owen and Zhang 2012; Shrivastava and Li 2014): shingles lie on a circle by their hash, and
each of 40 points takes the first shingle behind it, which two notes have in common as often as their shingles are. Five
circles give each band five places that know nothing of each other. That takes five sorts of a note's shingles, where
200 permutations take 200 passes over them.

Everything is numpy on the note's bytes: words are told by a polynomial hash over cumulative sums, not one by one.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

SHINGLE_WORDS = 3
"""Short, so that a changed word in a note of 75 words costs 3 of 73 shingles, not 5 of 71."""
N_BANDS, BAND_ROWS = 40, 5
N_HASHES = N_BANDS * BAND_ROWS

Hashes = npt.NDArray[np.uint64]
Signature = npt.NDArray[np.uint32]

_BASE = 0x9E3779B97F4A7C15  # odd, so it has an inverse modulo 2**64
_INVERSE = pow(_BASE, -1, 1 << 64)
_IS_WORD = np.zeros(256, bool)
_IS_WORD[[*b"0123456789abcdefghijklmnopqrstuvwxyz", *range(128, 256)]] = True
_MULTIPLIERS = np.random.Generator(np.random.PCG64(1)).integers(0, 1 << 32, BAND_ROWS, np.uint32) | np.uint32(1)
_POINTS = (np.arange(N_BANDS, dtype=np.uint64) * np.uint64((1 << 32) // N_BANDS)).astype(np.uint32)
_EMPTY = np.iinfo(np.uint32).max


def shingle_hashes(text: str) -> Hashes:
    """Return the hashes of a text's distinct shingles, sorted; a text of fewer words is one shingle.

    Shape ``(distinct shingles,)``.
    """
    hashes = np.sort(all_shingle_hashes(text))
    is_first = np.ones(len(hashes), bool)
    np.not_equal(hashes[1:], hashes[:-1], out=is_first[1:])
    return hashes[is_first]


def all_shingle_hashes(text: str) -> Hashes:
    """Return the hashes of a text's shingles as they come, repeated ones too. Shape ``(shingles,)``."""
    data = np.frombuffer(text.lower().encode("utf-8", "surrogatepass"), np.uint8)
    is_word = np.zeros(len(data) + 2, bool)
    np.take(_IS_WORD, data, out=is_word[1:-1])
    edges = np.flatnonzero(is_word[1:] != is_word[:-1])
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return np.zeros(0, np.uint64)
    powers, inverses = _powers(1 << max(10, len(data).bit_length()))
    sums = np.zeros(len(data) + 1, np.uint64)
    np.multiply(data, powers[: len(data)], out=sums[1:])
    np.cumsum(sums, out=sums)
    words = _mixed((sums[ends] - sums[starts]) * inverses[starts])
    n = max(len(words) - SHINGLE_WORDS + 1, 1)
    shingles = words[:n].copy()
    for k in range(1, min(SHINGLE_WORDS, len(words))):
        shingles *= np.uint64(_BASE)
        shingles += words[k : k + n]
    return shingles


@lru_cache(maxsize=4)
def _powers(length: int) -> tuple[Hashes, Hashes]:
    """Return the powers of `_BASE` and of its inverse modulo 2**64, each of shape ``(length,)``."""
    tables = []
    for factor in (_BASE, _INVERSE):
        steps = np.full(length, factor, np.uint64)
        steps[0] = 1
        tables.append(np.cumprod(steps, dtype=np.uint64))
    return tables[0], tables[1]


def _mixed(values: Hashes) -> Hashes:
    """Spread every bit over the whole word (the finalizer of MurmurHash3)."""
    mixed = values >> np.uint64(33)
    mixed ^= values
    mixed *= np.uint64(0xFF51AFD7ED558CCD)
    mixed ^= mixed >> np.uint64(33)
    return mixed


def signature(shingles: Hashes) -> Signature:
    """Return a note's signature: two notes agree in each place with the probability of their Jaccard similarity.

    Args:
        shingles: Hashes of a note's shingles in any order, repeated or not; an empty note gets a signature of its own.

    Returns:
        Shape ``(N_HASHES,)``: for each band its place on each circle.
    """
    if not len(shingles):
        return np.full(N_HASHES, _EMPTY, np.uint32)
    short = (shingles >> np.uint64(32)).astype(np.uint32)  # 32 bits are enough here, and sort twice as fast
    circles = short * _MULTIPLIERS[:, None]  # odd numbers permute the 32-bit numbers
    circles.sort(axis=1)
    places = [circle.searchsorted(_POINTS) for circle in circles]
    found = [circle.take(place, mode="wrap") for circle, place in zip(circles, places, strict=True)]
    return np.stack(found, axis=1).reshape(-1)  # behind the last shingle comes the first
