"""How a sentence speaks of a diagnosis: denied, of a relative, past, or uncertain: a small network reads its words.

Rules of cues and scopes (NegEx and ConText; Chapman et al. 2001, Harkema et al. 2009) stood here before, and were right
on .85 of sentences by others. The network sees the words and signs, thirty on either side, and says of each how
probable each mark would be for a mention there. It learned from sentences that the grammar under
``scripts/tagging/marks`` writes, in which the mentions' own words are mostly hidden, so that the words around them
decide; ``benchmarks/context.py`` says how often it is right on sentences of others. What is past is not denied, an
exclusion that failed or is planned is uncertain, not denied; and a sentence is marked only where *every* mention in it
is, so "no fever; pneumonia on the left" counts for pneumonia.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from nosology.deidentification.tokens import Tokens, gaps, letter_case
from nosology.suggesting.mark_words import rows
from nosology.tagging.network import Floats, Weights, convolved, load_weights

MARKS = ("negated", "history", "family_history", "uncertain")
"""What the network says of a token, in the order of its outputs."""
DILATIONS = (2, 4, 8, 16)
_LEAST = 0.5
_ENDS = re.compile(r"(?:;|(?<![A-Z])(?<!\b[a-z])\.)\s+|\n\s*|,\s(?:but|however)\s", re.IGNORECASE)
"""Between clauses of which none says anything of the other; a point behind one letter is an abbreviation's."""
_HEADER = re.compile(r":(?!\d)")
_FARTHEST_HEADER = 1_000  # characters before a mention


@dataclass(frozen=True, slots=True)
class Context:
    """How a sentence speaks of a diagnosis.

    Attributes:
        negated: Every mention is denied or doubted.
        family_history: Every mention is of a relative, or of another person.
        history: Every mention is past or resolved.
        uncertain: Every mention is suspected, still to be excluded, or of what may come.
    """

    negated: bool = False
    family_history: bool = False
    history: bool = False
    uncertain: bool = False

    @property
    def is_present(self) -> bool:
        """Whether it speaks of something that the patient has now, for certain."""
        return self == Context()


def context_of(sentence: str, mentions: Iterable[tuple[int, int]]) -> Context:
    """Return how a sentence speaks of what it mentions.

    Args:
        sentence: Its text.
        mentions: Where the diagnosis is mentioned, as offsets into the sentence; none marks nothing.
    """
    marks = [mark(sentence, start, end) for start, end in mentions]
    if not marks:
        return Context()
    return Context(
        negated=all(found.negated for found in marks),
        family_history=all(found.family_history for found in marks),
        history=all(found.history for found in marks),
        uncertain=all(found.uncertain for found in marks),
    )


def mark(sentence: str, start: int, end: int) -> Context:
    """Return how a sentence speaks of ``sentence[start:end]``.

    Args:
        sentence: A sentence of a note.
        start: Where it begins, in code points.
        end: Where it ends, in code points.
    """
    begin, stop = _clause(sentence, start, end)
    tokens, shares = _read(sentence, begin, stop)
    start, end = start - begin, end - begin
    first, last = bisect_right(tokens.starts, start) - 1, bisect_left(tokens.starts, end)
    if first < 0 or tokens.end(first) <= start:
        first += 1
    if first >= last:
        return Context()
    is_marked = dict(zip(MARKS, shares[first:last].mean(axis=0) > _LEAST, strict=True))
    negated = bool(is_marked["negated"])
    return Context(
        negated=negated,
        family_history=bool(is_marked["family_history"]),
        history=not negated and bool(is_marked["history"]),
        uncertain=not negated and bool(is_marked["uncertain"]),
    )


def _clause(sentence: str, start: int, end: int) -> tuple[int, int]:
    """Return the stretch that is read for a mention: what a sign or "but" parts from it says nothing of it.

    The nearest header before it, known by its colon, is read too, with what stands between, so that it reaches all of
    its list; but none that is further than `_FARTHEST_HEADER`.

    Args:
        sentence: Its text.
        start: Where the mention begins.
        end: Where it ends.
    """
    parts = _parts(sentence)
    own = bisect_right(parts.begins, start) - 1
    header = parts.headers[own]
    behind = bisect_left(parts.stops, end)
    stop = parts.stops[behind] if behind < len(parts.stops) else len(sentence)
    return (header if start - header <= _FARTHEST_HEADER else parts.begins[own]), stop


@dataclass(frozen=True, slots=True)
class _Parts:
    """Where the clauses of a sentence begin, where each is over, and where the header before each begins, or itself."""

    begins: list[int]
    stops: list[int]
    headers: list[int]


@lru_cache(maxsize=8)
def _parts(sentence: str) -> _Parts:
    """Return the clauses of a sentence, found once for all of its mentions."""
    ends = list(_ENDS.finditer(sentence))
    begins = [0, *(match.end() for match in ends)]
    headers: list[int] = []
    header = -1
    for number, begin in enumerate(begins):
        headers.append(header if header >= 0 else begin)
        if number < len(ends) and _HEADER.search(sentence, begin, begins[number + 1]):
            header = begin
    stops = [match.start() + (sentence[match.start()] in ".;") for match in ends]
    return _Parts(begins, stops, headers)


@lru_cache(maxsize=64)
def _read(sentence: str, begin: int, stop: int) -> tuple[Tokens, Floats]:
    """Return a clause's tokens and how probable each of `MARKS` is for each; those of the last are kept.

    Args:
        sentence: Its sentence.
        begin: Where it begins.
        stop: Where it ends.
    """
    clause = sentence[begin:stop]
    tokens = Tokens(clause)
    if not tokens.words:
        return tokens, np.zeros((0, len(MARKS)), np.float32)
    weights = _weights()
    numbers = np.array([rows(word) for word in tokens.words])
    inputs = weights["table"][numbers].sum(axis=1) + weights["gaps"][gaps(tokens)]
    scores = convolved(inputs + weights["cases"][letter_case(clause)], weights, DILATIONS)
    shares: Floats = (1 / (1 + np.exp(-np.clip(scores, -30, 30)))).astype(np.float32)
    return tokens, shares


@cache
def _weights() -> Weights:
    return load_weights("suggesting", "marks.npz")
