"""What the names of diseases say: every sentence of a note against every term of every rubric that can be suggested.

An inverted index of stems, weighed by how few rubrics use each. A term meets a sentence as far as its stems stand
there; what is denied or told of a relative stands against a rubric, what is past is counted apart. No training is
behind it, so it reaches rubrics that no note had. A sentence need not hold a term word by word, and an abbreviation is
looked up as it is written, in capitals unless the whole note is in small letters.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from scipy import sparse

from nosology.coding import icd
from nosology.coding.rubrics import RubricTable
from nosology.coding.stems import WORD, stems_of, term_stems
from nosology.coding.terms import Term, shipped_terms
from nosology.records import IntArray
from nosology.suggesting.context import Context, marks
from nosology.suggesting.sentences import Stretch, sentences
from nosology.suggesting.term_reading import Meeting, Reading, Single, Voices
from nosology.text.sections import find_sections

MOST_ROWS = 500
"""Of a reading: a note of more sentences has several in one row, so that memory is bounded."""
_LEAST_COVER = 0.34  # of a term's weight; less is a word in common
_AT_ONCE = 64
"""Sentences that are read at once."""
_MOST_REMEMBERED = 128  # sentences of a note, for those who write the same again and again
_LONGEST_SHORT = 4  # words of an abbreviation
_SHORT_WEIGHT = 8.0  # of an abbreviation: that of a term of one or two rare words


_Said = tuple[str, bool]
"""A sentence, and whether its section is of the family."""


class Lexicon:
    """The inverted index over the terms of a table of rubrics.

    Attributes:
        terms: The terms that `Reading.terms` counts.
    """

    @classmethod
    def shipped(cls, table: RubricTable) -> "Lexicon":
        """Return the index of the shipped terms of a table's rubrics."""
        versions = sorted({icd.check_version(rubric.version) for rubric in table.rubrics})
        return cls([term for version in versions for term in shipped_terms(version)], table)

    def __init__(self, terms: Sequence[Term], table: RubricTable) -> None:
        """Index the terms of the table's rubrics; two of one rubric with the same stems are one.

        Args:
            terms: Of any rubrics; those that the table lacks are left out.
            table: What can be suggested.
        """
        places = table.places()
        self._n_rubrics = len(table)
        self._short: dict[tuple[str, ...], list[int]] = {}
        kept: dict[tuple[frozenset[str], int], int] = {}
        self.terms: list[Term] = []
        stems: list[tuple[str, ...]] = []
        for term in terms:
            place = places.get((term.rubric, term.version))
            if place is None:
                continue
            is_short = term.kind == "abbreviation" or bool(term.cues)
            found = () if is_short else tuple(term_stems(term.term))
            if is_short:
                self._short.setdefault(tuple(match[0] for match in WORD.finditer(term.term)), []).append(
                    len(self.terms)
                )
            elif not found or (frozenset(found), place) in kept:
                continue
            kept[frozenset(found), place] = len(self.terms)
            self.terms.append(term)
            stems.append(found)
        self._place = np.array([places[term.rubric, term.version] for term in self.terms], np.int64)
        self._category = [table.rubrics[place].category for place in self._place]
        self._index(stems)

    def _index(self, stems: Sequence[tuple[str, ...]]) -> None:
        self._column = {stem: column for column, stem in enumerate(dict.fromkeys(s for row in stems for s in row))}
        rows = np.array([row for row, found in enumerate(stems) for _ in found], np.int32)
        columns = np.array([self._column[stem] for found in stems for stem in found], np.int32)
        pairs = np.unique(np.stack([columns, self._place[rows]]), axis=1) if len(rows) else np.zeros((2, 0), np.int64)
        rubrics_with = np.bincount(pairs[0], minlength=len(self._column))
        self.idf = np.log(1 + self._n_rubrics / np.maximum(rubrics_with, 1)).astype(np.float32)
        shape = (len(self._column), len(stems))
        self._postings = sparse.csr_matrix((self.idf[columns], (columns, rows)), shape=shape)
        self._total = np.maximum(np.asarray(self._postings.sum(axis=0), np.float32).ravel(), 1e-6)

    @cached_property
    def leaves(self) -> frozenset[str]:
        """The full codes that the list divides no further, but for a seventh character."""
        codes = {term.code for term in self.terms}
        parents = {code[:n] for code in codes for n in range(3, len(code))}
        return frozenset(term.code for term in self.terms if term.code != term.rubric and term.code not in parents)

    def stems(self, number: int) -> frozenset[str]:
        """Return the stems of a term; of an abbreviation none."""
        term = self.terms[number]
        is_short = term.kind == "abbreviation" or bool(term.cues)
        return frozenset() if is_short else frozenset(term_stems(term.term))

    def places_of(self, number: int, sentence: str) -> list[Stretch]:
        """Return where a sentence holds words of a term."""
        term, stems = self.terms[number], self.stems(number)
        if not stems:
            return [match.span() for match in re.finditer(rf"(?<!\w){re.escape(term.term)}(?!\w)", sentence, re.I)]
        return [match.span() for match in WORD.finditer(sentence) if stems & set(stems_of(match[0]))]

    @property
    def n_bytes(self) -> int:
        """Memory of the index's arrays, without the names of its terms."""
        arrays = (self._postings.data, self._postings.indices, self._postings.indptr, self._total, self._place)
        return sum(int(array.nbytes) for array in arrays)

    def read(self, text: str, spans: Sequence[Stretch] | None = None) -> Reading:
        """Return how a note's sentences meet every rubric.

        Args:
            text: The note.
            spans: Its sentences, or those to look at; None to find them.
        """
        chosen = tuple(sentences(text) if spans is None else spans)
        sections = find_sections(text)
        begins, is_family = [s.start for s in sections], [s.title.startswith(("family", "fh")) for s in sections]
        is_small = text.islower()
        rows = [number * min(len(chosen), MOST_ROWS) // len(chosen) for number in range(len(chosen))]
        reading = Reading.empty(_row_spans(chosen, rows), self._n_rubrics)
        heard: dict[_Said, Voices] = {}
        for first in range(0, len(chosen), _AT_ONCE):
            of_now = chosen[first : first + _AT_ONCE]
            places = [bisect_right(begins, start) - 1 for start, _ in of_now]
            said = [
                (text[start:end], place >= 0 and is_family[place])
                for (start, end), place in zip(of_now, places, strict=True)
            ]
            if len(heard) + len(set(said)) > _MOST_REMEMBERED:
                heard.clear()
            heard |= self._heard([one for one in dict.fromkeys(said) if one not in heard], is_small=is_small)
            for row, one in zip(rows[first : first + _AT_ONCE], said, strict=True):
                reading.add(row, heard[one])
        return reading

    def _heard(self, said: Sequence[_Said], *, is_small: bool) -> dict[_Said, Voices]:
        """Return how sentences meet the rubrics.

        Args:
            said: Sentences, each with whether its section is of the family.
            is_small: Whether their note has no capitals.
        """
        words = [list(self._words(sentence, is_small=is_small)) for sentence, _ in said]
        read = [(one[0], [span for span, _ in found if not one[1]]) for one, found in zip(said, words, strict=True)]
        return {
            one: self._voices(found, None if one[1] else contexts)
            for one, found, contexts in zip(said, words, marks(read), strict=True)
        }

    def _voices(self, words: Sequence[tuple[Stretch, int]], contexts: Sequence[Context] | None) -> Voices:
        """Return how one sentence meets the rubrics: of now, with what is past, and with what is denied as well.

        Each voice also hears those before it, so that "history of acute pancreatitis" meets the whole term in its own.

        Args:
            words: Where words of terms stand, and which.
            contexts: How the sentence speaks of each; None where it speaks of the family.
        """
        if not words:
            return None, None, None
        if contexts is None:
            return None, None, self._meet([], [found for _, found in words])
        is_denied = [context.negated or context.family_history for context in contexts]
        is_past = [context.history for context in contexts]
        now = [found for (_, found), no, was in zip(words, is_denied, is_past, strict=True) if not no and not was]
        lived = [found for (_, found), no in zip(words, is_denied, strict=True) if not no]
        every = [found for _, found in words]
        return (
            self._meet([], now),
            self._meet(now, lived) if any(is_past) else None,
            self._meet(lived, every) if any(is_denied) else None,
        )

    def _words(self, sentence: str, *, is_small: bool) -> Iterator[tuple[Stretch, int]]:
        """Yield the words that terms hold, as columns, and abbreviations, as -1 less their term's number."""
        words = list(WORD.finditer(sentence))
        for match in words:
            for stem in stems_of(match[0]):
                if stem in self._column:
                    yield match.span(), self._column[stem]
        lower = frozenset(match[0].lower() for match in words)
        for first in range(len(words)):
            for n in range(1, _LONGEST_SHORT + 1):
                written = tuple(match[0] for match in words[first : first + n])
                for number in self._readings(written, lower, is_small=is_small) if len(written) == n else ():
                    yield (words[first].start(), words[first + n - 1].end()), -1 - number

    def _readings(self, written: tuple[str, ...], lower: frozenset[str], *, is_small: bool) -> list[int]:
        """Return the terms that an abbreviation stands for where its sentence allows one reading; else none."""
        found = self._short.get(written)
        if found is None and is_small and len("".join(written)) > 2:
            found = self._small.get(written)
        fitting = [
            number for number in found or () if not self.terms[number].cues or lower & set(self.terms[number].cues)
        ]
        return fitting if len({self._category[number] for number in fitting}) <= 1 else []

    @cached_property
    def _small(self) -> dict[tuple[str, ...], list[int]]:
        small: dict[tuple[str, ...], list[int]] = {}
        for written, numbers in self._short.items():
            small.setdefault(tuple(word.lower() for word in written), []).extend(numbers)
        return small

    def _meet(self, heard: list[int], found: list[int]) -> Meeting | None:
        """Return the best term of every rubric among some words; None where nothing new is there.

        Args:
            heard: Columns that an earlier voice had; a term that they meet as well is its.
            found: Those and new ones.
        """
        columns = sorted({column for column in found if column >= 0})
        shorts = sorted(
            {-1 - column for column in found if column < 0} - {-1 - column for column in heard if column < 0}
        )
        if not shorts and set(columns) <= set(heard):
            return None
        numbers, weights = self._touched(columns)
        if heard and len(numbers):
            earlier = np.zeros(len(numbers), np.float32)
            heard_numbers, heard_weights = self._touched(sorted({column for column in heard if column >= 0}))
            earlier[np.searchsorted(numbers, heard_numbers)] = heard_weights  # what was heard is among the found
            is_new = weights > earlier + 1e-6
            numbers, weights = numbers[is_new], weights[is_new]
        covers = np.asarray(weights / self._total[numbers], np.float32)
        is_enough = covers >= _LEAST_COVER
        return self._best(numbers[is_enough], weights[is_enough], covers[is_enough], shorts)

    def _best(self, numbers: IntArray, weights: Single, covers: Single, shorts: Sequence[int]) -> Meeting:
        """Return the best term of every rubric that some terms, or abbreviations, are of.

        Args:
            numbers: The terms. Shape ``(terms,)``, as the next two.
            weights: How much of each stands there, in nats.
            covers: The same as a share of the whole term.
            shorts: Terms whose abbreviation stands there.
        """
        order = np.argsort(covers**2 * np.sqrt(weights), kind="stable")[::-1]
        places, first = np.unique(self._place[numbers[order]], return_index=True)
        best = order[first]
        cover, weight, term = covers[best], weights[best], numbers[best]
        for number in shorts:
            place = self._place[number]
            is_it = places == place
            if (is_it & (cover >= 1) & (weight >= _SHORT_WEIGHT)).any():
                continue
            places, cover = np.append(places[~is_it], place), np.append(cover[~is_it], np.float32(1))
            weight, term = np.append(weight[~is_it], np.float32(_SHORT_WEIGHT)), np.append(term[~is_it], number)
        return Meeting(places, cover, weight, term.astype(np.int32))

    def _touched(self, columns: Sequence[int]) -> tuple[IntArray, Single]:
        """Return the terms that hold some stems, in order, and how much of each one's weight that is, in nats."""
        rows = [slice(*self._postings.indptr[column : column + 2]) for column in columns]
        if not rows:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        numbers = np.concatenate([self._postings.indices[row] for row in rows])
        touched, where = np.unique(numbers, return_inverse=True)
        weights = np.zeros(len(touched), np.float32)
        np.add.at(weights, where, np.concatenate([self._postings.data[row] for row in rows]))
        return touched, weights


def _row_spans(spans: Sequence[Stretch], rows: Sequence[int]) -> tuple[Stretch, ...]:
    """Return from where to where each row reaches."""
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    for row, (start, end) in zip(rows, spans, strict=True):
        starts.setdefault(row, start)
        ends[row] = end
    return tuple((starts[row], ends[row]) for row in sorted(starts))
