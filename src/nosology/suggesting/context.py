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
from itertools import pairwise

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
    tokens, shares = _read(sentence[begin:stop])
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
    its list.

    Args:
        sentence: Its text.
        start: Where the mention begins.
        end: Where it ends.
    """
    begins, stop = [0], len(sentence)
    for match in _ENDS.finditer(sentence):
        if match.end() <= start:
            begins.append(match.end())
        elif match.start() >= end:
            stop = match.start() + (sentence[match.start()] in ".;")
            break
    for first, last in pairwise(reversed(begins)):
        if _HEADER.search(sentence, last, first):
            return last, stop
    return begins[-1], stop


@lru_cache(maxsize=64)
def _read(clause: str) -> tuple[Tokens, Floats]:
    """Return a clause's tokens and how probable each of `MARKS` is for each; those of the last are kept."""
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
