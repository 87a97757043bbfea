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
from collections.abc import Iterable, Sequence
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
_AT_ONCE = 4_096
"""Tokens that the network reads at once, at most, where a clause is no longer."""
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
    found = marks([(sentence, list(mentions))])[0]
    if not found:
        return Context()
    return Context(
        negated=all(one.negated for one in found),
        family_history=all(one.family_history for one in found),
        history=all(one.history for one in found),
        uncertain=all(one.uncertain for one in found),
    )


def mark(sentence: str, start: int, end: int) -> Context:
    """Return how a sentence speaks of ``sentence[start:end]``.

    Args:
        sentence: A sentence of a note.
        start: Where it begins, in code points.
        end: Where it ends, in code points.
    """
    begin, stop = _clause(sentence, start, end)
    return _marked(*_read_one(sentence, begin, stop), start - begin, end - begin)


def marks(said: Sequence[tuple[str, Sequence[tuple[int, int]]]]) -> list[list[Context]]:
    """Return how each of some sentences speaks of each of its mentions; the network reads many at once.

    Args:
        said: Sentences, each with its mentions as offsets into it, in code points.
    """
    clauses = [[_clause(sentence, *mention) for mention in mentions] for sentence, mentions in said]
    wanted = list(dict.fromkeys((i, *clause) for i, found in enumerate(clauses) for clause in found))
    read = dict(zip(wanted, _read([said[i][0][begin:stop] for i, begin, stop in wanted]), strict=True))
    return [
        [
            _marked(*read[i, begin, stop], start - begin, end - begin)
            for (begin, stop), (start, end) in zip(found, said[i][1], strict=True)
        ]
        for i, found in enumerate(clauses)
    ]


def _marked(tokens: Tokens, shares: Floats, start: int, end: int) -> Context:
    """Return the marks of a mention in a clause that was read.

    Args:
        tokens: The clause's.
        shares: How probable each of `MARKS` is for each token.
        start: Where the mention begins in the clause.
        end: Where it ends.
    """
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
def _read_one(sentence: str, begin: int, stop: int) -> tuple[Tokens, Floats]:
    """Return what `_read` does of one clause, for those who ask about one mention after the other."""
    return _read([sentence[begin:stop]])[0]


def _read(clauses: Sequence[str]) -> list[tuple[Tokens, Floats]]:
    """Return the tokens of clauses and how probable each of `MARKS` is for each; those of one length are read at once.

    Args:
        clauses: Their texts.
    """
    tokens = [Tokens(clause) for clause in clauses]
    shares = [np.zeros((0, len(MARKS)), np.float32)] * len(clauses)
    of_length: dict[int, list[int]] = {}
    for i, found in enumerate(tokens):
        of_length.setdefault(len(found.words), []).append(i)
    for length, places in of_length.items():
        step = max(1, _AT_ONCE // max(length, 1))
        for first in range(0, len(places) if length else 0, step):
            chosen = places[first : first + step]
            for i, row in zip(chosen, _shares([tokens[i] for i in chosen]), strict=True):
                shares[i] = row
    return list(zip(tokens, shares, strict=True))


def _shares(clauses: Sequence[Tokens]) -> Floats:
    """Return how probable each of `MARKS` is for each token. Shape ``(clauses, tokens, marks)``.

    Args:
        clauses: Of one length.
    """
    weights = _weights()
    numbers = np.array([[rows(word) for word in tokens.words] for tokens in clauses])
    inputs = weights["table"][numbers].sum(axis=2) + weights["gaps"][np.array([gaps(tokens) for tokens in clauses])]
    cases = weights["cases"][[letter_case(tokens.text) for tokens in clauses]]
    scores = convolved(inputs + cases[:, None], weights, DILATIONS)
    found: Floats = (1 / (1 + np.exp(-np.clip(scores, -30, 30)))).astype(np.float32)
    return found


@cache
def _weights() -> Weights:
    return load_weights("suggesting", "marks.npz")
