"""Near-duplicates: notes that share most of their wording, found by MinHash without comparing every pair.

Two notes are near-duplicates when at least `NEAR` of the shingles that either has are common to both (Jaccard).
Signatures (`nosology.text.fingerprint`), cut into bands, propose pairs; the shingles themselves decide, so nothing is
dropped on an estimate. With 40 bands of 5 places a pair at the threshold is proposed with probability 0.9994, one that
shares a fifth of its shingles with 0.013.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from nosology.records import BoolArray, IntArray
from nosology.text.fingerprint import BAND_ROWS, N_BANDS, Hashes

NEAR = 0.7

_SURELY_FAR = 0.5  # an estimate below it is more than six standard deviations from NEAR


def jaccard(one: Hashes, other: Hashes) -> float:
    """Return the share of shingles common to two notes among those that either has."""
    common = len(np.intersect1d(one, other, assume_unique=True))
    union = len(one) + len(other) - common
    return common / union if union else 1.0


def near_duplicates(signatures: npt.NDArray[np.uint32], shingles_of: Callable[[int], Hashes]) -> BoolArray:
    """Return which notes are near-duplicates of an earlier one, directly or through others.

    Two copies of one note, each changed in other places, may be too far from each other and still both be near the
    original; they count as one family, of which the first note is the one to keep.

    Args:
        signatures: One row per note, in order of preference. Shape ``(notes, N_HASHES)``.
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
    is_later: BoolArray = family != np.arange(len(signatures))
    return is_later


def _shared_buckets(signatures: npt.NDArray[np.uint32]) -> IntArray:
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


def _likely(note: int, candidates: Sequence[int], signatures: npt.NDArray[np.uint32]) -> IntArray:
    """Return the candidates whose signatures do not rule them out."""
    places = np.asarray(candidates, np.int64)
    agreement = (signatures[places] == signatures[note]).mean(axis=1)
    likely: IntArray = places[agreement >= _SURELY_FAR]
    return likely
