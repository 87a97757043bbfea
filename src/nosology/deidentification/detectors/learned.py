"""The network as a detector: tokens that are probably part of an identifier become findings, with their certainty."""

import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nosology.deidentification.detectors.network import CLASSES, shipped_network
from nosology.deidentification.findings import Finding
from nosology.deidentification.tokens import Tokens, tokenize
from nosology.records import Span

_LEAST = 0.5
"""How probable a token must be part of an identifier, for one to begin there."""
_FURTHER = 0.2
"""What a token beside one that was found needs of that, to belong to it; chosen on opened notes, `deid5`."""
_EASIER = 0.4
"""What of the limit is enough for numbers and for initials, which have no letters of their own to go by."""
_SIGNED, _LEAST_SIGNED = 0.04, 0.02
_SIGNED_BEHIND = frozenset(",/:-–")
_EASIER_NUMBERS = frozenset({"CONTACT", "AGE90", "DATE"})
_REST_OF_WORD = 0.5
"""What the rest of a word of which a part was found needs of it, for the whole word to go instead of none of it."""
_SURE = 0.9
"""Names and institutions above this probability go, whatever else their words mean."""
_BETWEEN = frozenset(',;:()[]{}<>"“”|=•*\n!?/\\_')
"""Marks that end a word even where no blank stands beside them."""
_FILE_ENDING = re.compile(r"\.(?:[a-z]{2,3}[a-z\d]|[A-Z]{2,3}[A-Z\d])(?!\w)")
_FILE_STEM = re.compile(r"(?<!\S)[^\s@:]*[^\s@:.]\Z")
"""A file's name before its ending of three or four characters."""
_LONGEST_ABBREVIATION = 4
_GLUED = frozenset({"ID", "CONTACT"})
_WHOLE = re.compile(r"[\w@+#*][\w@.+#*/-]*(?<=[\w*])|[\w@+#*]")
_LONGEST_WHOLE = 80
_LONGEST_WORD = 200
"""Tokens to either side that may be of a word: beyond them it is cut, so that one as long as a note costs no more."""


@lru_cache(maxsize=2)
def probabilities(text: str) -> NDArray[np.float32]:
    """Return the shipped network's probabilities for a text's tokens; those of the last texts are kept."""
    return shipped_network()(tokenize(text))


class Learned:
    """What the shipped network finds, as a detector.

    Args:
        least: How probable a token must be part of an identifier, for one to begin there; less finds more.
        sure: How probable, for it to go whatever else its words mean; above 1 for never.
        also: A greater ``least`` whose findings count by themselves, so that less probable words beside them take
            nothing from them.
        is_sooner: Whether numbers to dial, dates, ages and initials need less than ``least``.
    """

    def __init__(
        self, least: float = _LEAST, sure: float = _SURE, also: float | None = None, *, is_sooner: bool = False
    ) -> None:
        self.least = least
        self.sure = sure
        self.also = also
        self.is_sooner = is_sooner

    def __call__(self, text: str) -> Iterator[Span]:
        """Yield the spans that were found."""
        for finding in self.findings(text):
            yield finding.span

    def findings(self, text: str) -> Iterator[Finding]:
        """Yield what was found, with the probability of its most probable token."""
        for found in self.by_limit(text):
            yield from found

    def by_limit(self, text: str) -> list[list[Finding]]:
        """Return what was found at each limit, the greater one first."""
        tokens = tokenize(text)
        if not tokens.words:
            return []
        shares = probabilities(text)
        limits = [self.least] if self.also is None else [self.also, self.least]
        return [list(_findings(tokens, shares, limit, is_sooner=self.is_sooner)) for limit in limits]


def _findings(tokens: Tokens, shares: NDArray[np.float32], least: float, *, is_sooner: bool) -> Iterator[Finding]:
    """Yield what is found at one limit.

    Args:
        tokens: The text's.
        shares: The network's probabilities for them.
        least: How probable a token must be part of an identifier, for one to begin there.
        is_sooner: Whether less is enough where `_limits` says so.
    """
    hit = 1 - shares[:, 0]
    kinds = shares[:, 1:].argmax(axis=1) + 1
    words, is_said = _words(tokens), np.array([word[0].isalnum() for word in tokens.words])
    said_hit = hit * is_said
    reached, reached_certainty = 0, 0.0  # of the latest number or account
    limits = _limits(tokens, hit, kinds, least) if is_sooner else np.full(len(hit), least)
    is_enough = said_hit >= limits
    for stretch in _runs(hit, kinds, limits):
        kind = CLASSES[int(shares[stretch[0] : stretch[1] + 1, 1:].sum(axis=0).argmax()) + 1]
        is_within = kind in _GLUED and tokens.end(stretch[1]) <= reached
        if is_within and reached_certainty >= min(_SURE, hit[stretch[0] : stretch[1] + 1].max()):
            continue  # the same number, seen again by its other parts
        whole = _whole_words(stretch, words, said_hit, least * _REST_OF_WORD)
        said = np.flatnonzero(is_said[whole[0] : whole[1] + 1])
        if not len(said):
            continue
        first, last = whole[0] + int(said[0]), whole[0] + int(said[-1])
        if _ends_in_a_point(tokens, hit, last, least):
            last += 1
        if not is_enough[first : last + 1].any():
            continue
        certainty = float(hit[first : last + 1].max())
        start, end = tokens.starts[first], tokens.end(last)
        if kind in _GLUED:
            start, end = _whole(tokens.text, start, end)
            reached, reached_certainty = end, certainty
        yield Finding(Span(start, end, kind), certainty)


def _limits(tokens: Tokens, hit: NDArray[np.float32], kinds: NDArray[np.int64], least: float) -> NDArray[np.float64]:
    """Return how probable each token must be for an identifier to begin there.

    Less is enough for numbers to dial, dates and ages, for up to four capitals that would be initials, and still less
    for such a word that ends a line behind a mark: who wrote it.
    """
    limits = np.full(len(tokens.words), least)
    signed = min(least, max(least * _SIGNED, _LEAST_SIGNED))
    for i in map(int, np.flatnonzero((hit >= min(signed, least * _EASIER)) & (hit < least))):
        word, kind = tokens.words[i], CLASSES[kinds[i]]
        if kind in _EASIER_NUMBERS:
            if len(word) > 1 and word.isdecimal() and not tokens.caseless:
                limits[i] = least * _EASIER
        elif kind == "NAME" and 1 < len(word) <= _LONGEST_ABBREVIATION and word[0].isalpha():
            if i and tokens.words[i - 1] in _SIGNED_BEHIND and tokens.words[i + 1 : i + 2] in ([], ["\n"]):
                limits[i] = signed
            elif word.isupper() and not tokens.caseless:
                limits[i] = least * _EASIER
    return limits


def _runs(hit: NDArray[np.float32], kinds: NDArray[np.int64], least: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Yield first and last token of each stretch of one kind, with the less probable tokens beside a probable one.

    Args:
        hit: How probable each token is part of an identifier.
        kinds: The most probable kind of each.
        least: What each needs for a stretch to begin there.
    """
    n = len(hit)
    seeds = np.flatnonzero(hit >= least)
    done = -1
    for seed in map(int, seeds):
        if seed <= done:
            continue
        first = last = seed
        while first - 1 > done and hit[first - 1] >= least[seed] * _FURTHER and kinds[first - 1] == kinds[seed]:
            first -= 1
        while last + 1 < n and hit[last + 1] >= least[seed] * _FURTHER and kinds[last + 1] == kinds[seed]:
            last += 1
        done = last
        yield first, last


def _words(tokens: Tokens) -> NDArray[np.int64]:
    """Return the number of the word that each token is part of: what stands between blanks or marks that end words."""
    starts = np.array(tokens.starts)
    ends = starts + [len(word) for word in tokens.words]
    is_mark = np.array(
        [
            word[0] in _BETWEEN and not (word == "/" and _is_inside_number(tokens, i))
            for i, word in enumerate(tokens.words)
        ]
    )
    for ending in _FILE_ENDING.finditer(tokens.text):  # its parts are words of their own: "scan-okafor-24h.edf"
        if stem := _FILE_STEM.search(tokens.text, max(0, ending.start() - _LONGEST_WHOLE), ending.start()):
            first, last = np.searchsorted(starts, [stem.start(), ending.end()])
            is_mark[first:last] |= [word in "-." for word in tokens.words[first:last]]
    begins = np.ones(len(starts), np.int64)
    begins[1:] = (starts[1:] > ends[:-1]) | is_mark[1:] | is_mark[:-1]
    return begins.cumsum()


def _is_inside_number(tokens: Tokens, i: int) -> bool:
    """Return whether a slash stands between two digits: "10/7" is one word."""
    start = tokens.starts[i]
    beside = tokens.text[max(0, start - 1) : start + 2]
    return len(beside) == 3 and beside[0].isdigit() and beside[2].isdigit()


def _whole_words(
    stretch: tuple[int, int], words: NDArray[np.int64], hit: NDArray[np.float32], least: float
) -> tuple[int, int]:
    """Return a stretch whose edges cut no word: a word at an edge goes whole, or stays whole.

    Args:
        stretch: First and last token.
        words: The word of each token.
        hit: How probable each token is part of an identifier; 0 for a mark.
        least: What a word's letters and numbers need on average, to go.

    Returns:
        First and last token; the last before the first where nothing is left.
    """
    first, last = stretch
    for edge in (first, last):
        begin, end = np.searchsorted(words, words[edge]), np.searchsorted(words, words[edge], side="right")
        begin, end = max(begin, edge - _LONGEST_WORD), min(end, edge + _LONGEST_WORD)
        if begin >= first and end - 1 <= last:
            continue
        of_word = hit[begin:end]
        goes = of_word.sum() >= least * np.count_nonzero(of_word)
        if begin < first:
            first = int(begin) if goes else int(end)
        if end - 1 > last:
            last = int(end) - 1 if goes else int(begin) - 1
    return first, last


def _ends_in_a_point(tokens: Tokens, hit: NDArray[np.float32], last: int, least: float) -> bool:
    """Return whether the point behind a stretch ends an abbreviation ("C.E.", "St.") rather than a sentence."""
    if len(tokens.words[last]) > _LONGEST_ABBREVIATION or last + 1 == len(tokens.words):
        return False
    is_beside = tokens.words[last + 1] == "." and tokens.end(last) == tokens.starts[last + 1]
    return is_beside and bool(hit[last + 1] >= least * _FURTHER)


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the edges of a number or account moved to the blanks around it."""
    back = max(0, start - _LONGEST_WHOLE)
    while start > back and (text[start - 1].isalnum() or text[start - 1] in "-_@+"):
        start -= 1
    match = _WHOLE.match(text, end - 1, end + _LONGEST_WHOLE)
    return start, max(end, match.end()) if match else end
