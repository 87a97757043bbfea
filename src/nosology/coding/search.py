"""Codes by their names, typos forgiven: what `nosology labels search` answers with.

A query's words are compared with every word of every term (rapidfuzz); a term is as good as the query's words are found
in it and as little else it says. Words are compared one by one, so their order is free, and what is asked in other
words than the list's is found only where words mean the same (`nosology.coding.stems`) or the hand-written common names
have it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from scipy import sparse

from nosology.coding.stems import WORD, stems_of
from nosology.coding.terms import Term

_LEAST_LIKE = 0.66  # of two words; below, they are two words
_SAME_STEM = 0.97
_IGNORED = frozenset(
    {"of", "the", "in", "on", "a", "an", "and", "or", "my", "with", "to", "for", "by", "from", "at", "i"}
)


@dataclass(frozen=True, slots=True)
class Found:
    """A rubric that a query found.

    Attributes:
        term: The best of its terms.
        score: How well it fits, 0 to 1.
    """

    term: Term
    score: float


class TermSearch:
    """Finds terms by their words."""

    def __init__(self, terms: Sequence[Term]) -> None:
        """Index the words of the terms.

        Args:
            terms: Whatever shall be found.
        """
        self.terms = list(terms)
        words = [_words(term.term) for term in self.terms]
        self._vocabulary = sorted({word for row in words for word in row})
        self._column = {word: column for column, word in enumerate(self._vocabulary)}
        rows = np.array([row for row, found in enumerate(words) for _ in found], np.int32)
        columns = np.array([self._column[word] for found in words for word in found], np.int32)
        shape = (len(self._vocabulary), len(self.terms))
        self._postings = sparse.csr_matrix((np.ones(len(rows), np.float32), (columns, rows)), shape=shape)
        rubric_numbers = {key: n for n, key in enumerate(dict.fromkeys((t.version, t.rubric) for t in self.terms))}
        self._rubric = np.array([rubric_numbers[t.version, t.rubric] for t in self.terms], np.int64)
        counts = np.bincount(columns, minlength=len(self._vocabulary))
        self._idf = np.log(1 + len(self.terms) / np.maximum(counts, 1)).astype(np.float32)
        self._total = np.maximum(self._postings.T @ self._idf, 1e-6)
        self._by_stem: dict[str, list[int]] = {}
        for column, word in enumerate(self._vocabulary):
            for stem in stems_of(word):
                self._by_stem.setdefault(stem, []).append(column)

    def search(self, query: str, n: int = 10) -> list[Found]:
        """Return the rubrics whose terms fit a query best, each once with its best term.

        Args:
            query: In any case and order, with typing errors.
            n: At most so many.
        """
        wanted = _words(query)
        if not wanted or not self.terms:
            return []
        met, held = np.zeros(len(self.terms), np.float32), np.zeros(len(self.terms), np.float32)
        asked = 0.0
        for word in wanted:
            likeness = self._alike(word)
            if not likeness:
                asked += float(self._idf.max())
                continue
            best = max(likeness.values())
            weight = float(max(self._idf[column] for column, like in likeness.items() if like == best))
            asked += weight
            found, own = self._over_terms(likeness)
            met += weight * found
            held += own
        score = (met / asked) ** 2 * (0.55 + 0.45 * np.minimum(held / self._total, 1))
        order = np.argsort(-score, kind="stable")[: 50 * n]
        _, first = np.unique(self._rubric[order], return_index=True)
        return [Found(self.terms[order[k]], float(score[order[k]])) for k in sorted(first)[:n] if score[order[k]] > 0]

    def _alike(self, word: str) -> dict[int, float]:
        """Return the columns of the words that one may mean, with how alike they are, 0 to 1."""
        found: dict[int, float] = {}
        if len(word) > 3:
            least = 100 * _LEAST_LIKE
            for _, like, column in process.extract(
                word, self._vocabulary, scorer=fuzz.ratio, limit=25, score_cutoff=least
            ):
                found[int(column)] = (like / 100) ** 2
        # An unknown word is an error of typing, whose stem would be another word's: "chrons" is not "chronic".
        for stem in stems_of(word) if word in self._column or not found else ():
            for column in self._by_stem.get(stem, ()):
                found[column] = max(found.get(column, 0.0), _SAME_STEM)
        if word in self._column:
            found[self._column[word]] = 1.0
        return found

    def _over_terms(self, likeness: dict[int, float]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return for every term how like its best word is, and that word's weight times that."""
        like, held = np.zeros(len(self.terms), np.float32), np.zeros(len(self.terms), np.float32)
        for column, value in sorted(likeness.items(), key=lambda item: item[1]):
            start, end = self._postings.indptr[column : column + 2]
            numbers = self._postings.indices[start:end]
            like[numbers] = value
            held[numbers] = value * self._idf[column]
        return like, held


def _words(text: str) -> list[str]:
    found = (match[0].lower() for match in WORD.finditer(text.replace("'", "").replace("’", "")))
    return list(dict.fromkeys(word for word in found if word not in _IGNORED))
