"""Near-duplicates: notes that share most of their wording, found by MinHash without comparing every pair.

A note's shingles are all its runs of `SHINGLE_WORDS` words, whatever their case and punctuation. Two notes are
near-duplicates when at least `NEAR` of the shingles that either has are common to both (Jaccard). Signatures, cut into
bands, propose pairs; the shingles themselves decide, so nothing is dropped on an estimate. With 40 bands of 5 places a
pair at the threshold is proposed with probability 0.9994, one that shares a fifth of its shingles with 0.013.

A signature is MinHash with few permutations (Li, Owen and Zhang 2012; Shrivastava and Li 2014): shingles lie on a
circle by their hash, and each of 40 points takes the first shingle behind it, which two notes have in common as often
as their shingles are. Five circles give each band five places that know nothing of each other. What would surprise
you: that takes five sorts of a note's shingles, where 200 permutations take 200 passes over them.

Everything is numpy on the note's bytes: words are told by a polynomial hash over cumulative sums, not one by one.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

SHINGLE_WORDS = 3
"""Short, so that a changed word in a note of 75 words costs 3 of 73 shingles, not 5 of 71."""
NEAR = 0.7
N_BANDS, BAND_ROWS = 40, 5
N_HASHES = N_BANDS * BAND_ROWS

_SURELY_FAR = 0.5  # an estimate below it is more than six standard deviations from NEAR

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


def jaccard(one: Hashes, other: Hashes) -> float:
    """Return the share of shingles common to two notes among those that either has."""
    common = len(np.intersect1d(one, other, assume_unique=True))
    union = len(one) + len(other) - common
    return common / union if union else 1.0


def near_duplicates(signatures: npt.NDArray[np.uint32], shingles_of: Callable[[int], Hashes]) -> npt.NDArray[np.bool_]:
    """Return which notes are near-duplicates of an earlier one, directly or through others.

    Two copies of one note, each changed in other places, may be too far from each other and still both be near the
    original; they count as one family, of which the first note is the one to keep.

    Args:
        signatures: One row a note, in order of preference. Shape ``(notes, N_HASHES)``.
        shingles_of: Gives the shingle hashes of the note in a row.
    """
    cached = lru_cache(maxsize=512)(shingles_of)
    buckets = _shared_buckets(signatures)
    members: dict[int, list[int]] = defaultdict(list)
    family = np.arange(len(signatures))  # of each note, the first note of its family
    for note in np.flatnonzero((buckets >= 0).any(axis=1)).tolist():
        own = buckets[note][buckets[note] >= 0].tolist()
        earlier = _likely(note, sorted({member for bucket in own for member in members[bucket]}), signatures)
        while len(earlier):
            if jaccard(cached(note), cached(int(earlier[0]))) >= NEAR:
                one, other = sorted((int(family[note]), int(family[earlier[0]])))
                family[family == other] = one
            earlier = earlier[1:][family[earlier[1:]] != family[note]]
        for bucket in own:
            members[bucket].append(note)
    is_later: npt.NDArray[np.bool_] = family != np.arange(len(signatures))
    return is_later


def _shared_buckets(signatures: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Return each note's bucket in each band, -1 where no other note is in it. Shape ``(notes, N_BANDS)``."""
    buckets = np.full((len(signatures), N_BANDS), -1, np.int64)
    used = 0
    for band in range(N_BANDS):
        rows = np.ascontiguousarray(signatures[:, band * BAND_ROWS : (band + 1) * BAND_ROWS])
        _, bucket, counts = np.unique(
            rows.view(f"V{rows.itemsize * BAND_ROWS}"), return_inverse=True, return_counts=True
        )
        bucket = bucket.reshape(-1)
        buckets[:, band] = np.where(counts[bucket] > 1, bucket + used, -1)
        used += len(counts)
    return buckets


def _likely(note: int, candidates: Sequence[int], signatures: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Return the candidates whose signatures do not rule them out."""
    places = np.asarray(candidates, np.int64)
    agreement = (signatures[places] == signatures[note]).mean(axis=1)
    likely: npt.NDArray[np.int64] = places[agreement >= _SURELY_FAR]
    return likely
