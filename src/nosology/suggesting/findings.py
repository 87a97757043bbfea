"""What diseases look like: the words of a note beside the words that tell each disease without naming it.

A rubric's profile holds the stems of complaints, findings, tests and treatments that go with it, weighed by TF-IDF
(Salton and Buckley 1988). ``scripts/starter/profiles.py`` made the shipped ones, from texts that may be given away. The
signal is the cosine of note and profile. No training is behind it, so it reaches rubrics that no note had, and notes
that name no disease; how much it is believed is fitted like every other signal.
"""

import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Self

import numpy as np
from scipy import sparse, special

from nosology.coding import icd
from nosology.coding.rubrics import RubricTable
from nosology.coding.stems import WORD, stems_of
from nosology.records import FloatArray, IntArray

COLUMNS = ("findings", "share of findings")
"""The signals: the cosine, and its share among all rubrics."""

SHARPNESS = 90.0
"""Of the shares: a cosine that is greater by a ninetieth counts e times as much."""

_FILE = "data/suggesting/findings.npz"
VERSION = 10
"""ICD version of the profiles; a rubric of ICD-9-CM has the best of its official equivalents."""


@dataclass(frozen=True)
class Profiles:
    """The words of every rubric that something is known of.

    Attributes:
        rubrics: ICD-10-CM rubrics.
        words: Stems.
        weights: Of each stem in each rubric; the rows are at most 1 long. Shape ``(rubrics, words)``.
        sha256: Of the file that they are from; empty where they are from none.
    """

    rubrics: tuple[str, ...]
    words: tuple[str, ...] = field(repr=False)
    weights: sparse.csr_matrix = field(repr=False)
    sha256: str = ""

    @classmethod
    @cache
    def shipped(cls) -> Self:
        """Return the shipped profiles."""
        file = resources.files("nosology").joinpath(_FILE).read_bytes()
        with np.load(io.BytesIO(file)) as stored:
            rubrics, words = (tuple(stored[name].tobytes().decode().split("\n")) for name in ("rubrics", "words"))
            arrays = stored["weights"].astype(np.float32), stored["columns"], stored["starts"]
        weights = sparse.csr_matrix(arrays, shape=(len(rubrics), len(words)))
        return cls(rubrics, words, weights, hashlib.sha256(file).hexdigest())


class Findings:
    """Profiles beside the rubrics of one table.

    Args:
        profiles: What is known of ICD-10-CM rubrics.
        table: The rubrics that can be suggested.
    """

    def __init__(self, profiles: Profiles, table: RubricTable) -> None:
        self._n_rubrics = len(table)
        self._column = {word: number for number, word in enumerate(profiles.words)}
        n_with = np.asarray((profiles.weights > 0).sum(axis=0), np.float64).ravel()
        self._idf = np.log((len(profiles.rubrics) + 1) / (n_with + 0.5))
        self._by_word = profiles.weights.T.tocsr()
        places = table.places()
        pairs = [
            (place, number)
            for number, rubric in enumerate(profiles.rubrics)
            for known in ((rubric, 10), *((old, 9) for old in icd.equivalent_rubrics(rubric)))
            if (place := places.get(known)) is not None
        ]
        self._places = np.array([place for place, _ in pairs], np.int64)
        self._profiles = np.array([number for _, number in pairs], np.int64)

    @classmethod
    def shipped(cls, table: RubricTable) -> "Findings":
        """Return the shipped profiles beside a table's rubrics."""
        return cls(Profiles.shipped(), table)

    @property
    def known(self) -> IntArray:
        """Places of the rubrics that have a profile, ascending."""
        return np.unique(self._places)

    def cosines(self, texts: Sequence[str]) -> FloatArray:
        """Return how like each rubric's profile each text is, 0 to 1; 0 where none is. Shape ``(texts, rubrics)``."""
        found = np.zeros((len(texts), self._n_rubrics))
        if texts and len(self._places):
            of_profiles = (self._vectors(texts) @ self._by_word).toarray()[:, self._profiles]
            np.maximum.at(found.T, self._places, of_profiles.T)
        return found

    def columns(self, texts: Sequence[str]) -> FloatArray:
        """Return the signals, in the order of `COLUMNS`. Shape ``(texts, rubrics, columns)``."""
        cosines = self.cosines(texts)
        return np.stack([cosines, special.softmax(SHARPNESS * cosines, axis=1)], axis=-1)

    def strongest_words(self, text: str, place: int, n: int) -> list[str]:
        """Return the words of a text that speak most for a rubric, lower case, at most `n`.

        Args:
            text: Any text.
            place: The rubric's place in the table, from 0.
            n: The most words to return.
        """
        profiles = self._profiles[self._places == place]
        if not len(profiles):
            return []
        words = dict.fromkeys(match[0].lower() for match in WORD.finditer(text))
        said = {word: self._weight(word, profiles) for word in words}
        best = sorted(said, key=lambda word: (-said[word], word))
        return [word for word in best[:n] if said[word] > 0]

    def _weight(self, word: str, profiles: np.ndarray) -> float:
        columns = [self._column[stem] for stem in stems_of(word) if stem in self._column]
        return max(
            (float(self._by_word[column, profiles].max() * self._idf[column]) for column in columns), default=0.0
        )

    def _vectors(self, texts: Sequence[str]) -> sparse.csr_matrix:
        rows = [weighed(self._known(text), self._idf) for text in texts]
        starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        columns = np.concatenate([columns for columns, _ in rows]) if rows else np.zeros(0, np.int64)
        weights = np.concatenate([weights for _, weights in rows]) if rows else np.zeros(0)
        return sparse.csr_matrix((weights, columns, starts), shape=(len(texts), len(self._column)))

    def _known(self, text: str) -> Iterable[int]:
        return (self._column[stem] for stem in stems(text) if stem in self._column)


def stems(text: str) -> list[str]:
    """Return the stems of a text's words, in their order, as often as they stand there."""
    return [stem for match in WORD.finditer(text) for stem in stems_of(match[0])]


def weighed(columns: Iterable[int], idf: FloatArray) -> tuple[np.ndarray, FloatArray]:
    """Return the different columns of a text and their TF-IDF weights, which are 1 long together.

    Args:
        columns: One for each word.
        idf: Of every column.
    """
    counts = Counter(columns)
    different = np.fromiter(counts, np.int64, len(counts))
    weights = (1 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))) * idf[different]
    length = float(np.linalg.norm(weights))
    return different, weights / length if length else weights
