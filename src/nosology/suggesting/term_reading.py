"""What a note's sentences made of the terms: how well each rubric is met, in which sentence, by which term."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nosology.records import FloatArray
from nosology.suggesting.sentences import Stretch

COLUMNS = ("term", "sharp term", "whole term", "terms", "sentences", "denied", "past")
"""What `Reading.columns` says of each rubric.

``term``: how well the best term of the best sentence meets it. ``sharp term``: the same, a part counting less. ``whole
term``: how rare the words of a term are that is there in full. ``terms``: of all sentences together. ``sentences``: how
many name it in full. ``denied`` and ``past``: how well a term is met that is denied or another person's, and one that
is past, beyond what is said of now.
"""

Single = NDArray[np.float32]
_WHOLE = 0.999


@dataclass(frozen=True, slots=True)
class Meeting:
    """How one sentence meets rubrics, in one voice: said of now, denied, or past.

    Attributes:
        places: The rubrics that it meets, each once. Shape ``(rubrics met,)``, as the next three.
        cover: Share of the best term's weight that stands there.
        weight: That weight, in nats.
        term: Which term it is.
    """

    places: NDArray[np.int64] = field(repr=False)
    cover: NDArray[np.float32] = field(repr=False)
    weight: NDArray[np.float32] = field(repr=False)
    term: NDArray[np.int32] = field(repr=False)

    @property
    def strength(self) -> Single:
        """How well the term is met: its cover squared, times the root of its weight. Shape ``(rubrics met,)``."""
        return np.asarray(self.cover**2 * np.sqrt(self.weight), np.float32)


Voices = tuple[Meeting | None, Meeting | None, Meeting | None]
"""How one sentence meets the rubrics: of now, with what is past, and with what is denied as well."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A note's sentences against the terms.

    Attributes:
        spans: The sentences; in a note of more than `nosology.suggesting.lexicon.MOST_ROWS`, some of them together.
        now: How well each sentence meets each rubric. Shape ``(sentences, rubrics)``, as the next four.
        sharp: The same, a part counting less.
        whole: Weight of a term that is there in full, else 0.
        denied: As ``now``, of what is denied or another person's, where nothing is said of now.
        past: As ``now``, of what is past.
        terms: The best term of each sentence and rubric, in any voice; -1 for none.
    """

    spans: tuple[Stretch, ...] = field(repr=False)
    now: Single = field(repr=False)
    sharp: Single = field(repr=False)
    whole: Single = field(repr=False)
    denied: Single = field(repr=False)
    past: Single = field(repr=False)
    terms: NDArray[np.int32] = field(repr=False)

    @classmethod
    def empty(cls, spans: tuple[Stretch, ...], n_rubrics: int) -> "Reading":
        """Return a reading of nothing, for `add` to fill."""
        shape = (len(spans), n_rubrics)
        now, sharp, whole, denied, past = (np.zeros(shape, np.float32) for _ in range(5))
        return cls(spans, now, sharp, whole, denied, past, np.full(shape, -1, np.int32))

    def add(self, row: int, voices: Voices) -> None:
        """Take in how one sentence meets the rubrics: of now, past, and denied."""
        for meeting, target in zip(voices, (self.now, self.past, self.denied), strict=True):
            if meeting is None:
                continue
            at = row, meeting.places
            target[at] = np.maximum(target[at], meeting.strength)
            terms = np.where(self.terms[at] < 0, meeting.term, self.terms[at])
            if target is self.now:
                self.sharp[at] = np.maximum(self.sharp[at], meeting.cover**4 * meeting.weight)
                whole = np.where(meeting.cover > _WHOLE, meeting.weight, 0)
                terms = np.where(whole > self.whole[at], meeting.term, terms)
                self.whole[at] = np.maximum(self.whole[at], whole)
            self.terms[at] = terms

    def within(self, span: Stretch) -> list[int]:
        """Return the numbers of the sentences that lie mostly within a stretch of the text."""
        return [n for n, (start, end) in enumerate(self.spans) if span[0] <= (start + end) // 2 < span[1]]

    def met(self, span: Stretch, place: int) -> list[int]:
        """Return the terms of a rubric that the sentences within a stretch met, the best first."""
        found = [number for number in self.within(span) if self.terms[number, place] >= 0]
        found.sort(key=lambda number: -max(part[number, place] for part in (self.now, self.past, self.denied)))
        return [int(self.terms[number, place]) for number in found]

    def named(self, place: int) -> int | None:
        """Return the rarest term of a rubric that some sentence says in full, of now; None where none does."""
        if not len(self.whole) or self.whole[:, place].max() <= 0:
            return None
        return int(self.terms[self.whole[:, place].argmax(), place])

    def best(
        self, places: NDArray[np.int64] | None = None, *, without: Sequence[int] = ()
    ) -> tuple[Single, NDArray[np.int32], NDArray[np.bool_]]:
        """Return of each rubric how well its best term is met now, which that is, and whether a sentence has all of it.

        Args:
            places: Rubrics; None for all.
            without: Numbers of sentences to leave out.
        """
        parts = [self.now, self.terms, self.whole]
        if places is not None:
            parts = [part[:, places] for part in parts]
        if len(without):
            parts = [np.delete(part, without, axis=0) for part in parts]
        now, terms, whole = parts
        if not len(now):
            n = now.shape[1]
            return np.zeros(n, np.float32), np.full(n, -1, np.int32), np.zeros(n, np.bool_)
        at = now.argmax(axis=0), np.arange(now.shape[1])
        return now[at], terms[at], whole[at] > 0

    def columns(self, places: NDArray[np.int64] | None = None, *, without: Sequence[int] = ()) -> FloatArray:
        """Return one row per rubric, one column for each of `COLUMNS`.

        Args:
            places: Rubrics; None for all.
            without: Numbers of sentences to leave out.
        """
        parts = [self.now, self.sharp, self.whole, self.denied, self.past]
        if places is not None:
            parts = [part[:, places] for part in parts]
        if len(without):
            parts = [np.delete(part, without, axis=0) for part in parts]
        if not len(parts[0]):
            return np.zeros((parts[0].shape[1], len(COLUMNS)))
        now, sharp, whole, denied, past = (part.astype(np.float64) for part in parts)
        best = now.max(axis=0)
        return np.stack(
            [
                best,
                sharp.max(axis=0),
                whole.max(axis=0),
                np.sqrt((now**2).sum(axis=0)),
                np.log1p((whole > 0).sum(axis=0)),
                np.maximum(denied.max(axis=0) - best, 0),
                np.maximum(past.max(axis=0) - best, 0),
            ],
            axis=1,
        )
