"""The network as a detector: tokens that are probably part of an identifier become findings, with their certainty."""

import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nosology.deidentification.detectors.network import CLASSES, shipped_network
from nosology.deidentification.findings import Finding
from nosology.deidentification.tokens import tokenize
from nosology.records import Span

_LEAST = 0.5
"""How probable a token must be part of an identifier, for one to begin there."""
_FURTHER = 0.4
"""What a token beside one that was found needs of that, to belong to it."""
_EDGES = frozenset(',;:()[]{}<>"“”|=•*\n!?')
_GLUED = frozenset({"ID", "CONTACT"})
_WHOLE = re.compile(r"[\w@+#*][\w@.+#*/-]*(?<=[\w*])|[\w@+#*]")
_LONGEST_WHOLE = 80


@lru_cache(maxsize=2)
def probabilities(text: str) -> NDArray[np.float32]:
    """Return the shipped network's probabilities for a text's tokens; those of the last texts are kept."""
    return shipped_network()(tokenize(text))


class Learned:
    """What the shipped network finds, as a detector.

    Args:
        least: How probable a token must be part of an identifier, for one to begin there; less finds more.
    """

    def __init__(self, least: float = _LEAST) -> None:
        self.least = least

    def __call__(self, text: str) -> Iterator[Span]:
        """Yield the spans that were found."""
        for finding in self.findings(text):
            yield finding.span

    def findings(self, text: str) -> Iterator[Finding]:
        """Yield what was found, with the probability of its most probable token."""
        tokens = tokenize(text)
        if not tokens.words:
            return
        shares = probabilities(text)
        hit = 1 - shares[:, 0]
        kinds = shares[:, 1:].argmax(axis=1) + 1
        for first, last in _runs(hit, kinds, self.least):
            while first < last and tokens.words[first] in _EDGES:
                first += 1
            while last > first and tokens.words[last] in _EDGES:
                last -= 1
            if tokens.words[first] in _EDGES or not any(word[0].isalnum() for word in tokens.words[first : last + 1]):
                continue
            totals = shares[first : last + 1, 1:].sum(axis=0)
            kind = CLASSES[int(totals.argmax()) + 1]
            start, end = tokens.starts[first], tokens.end(last)
            if kind in _GLUED:
                start, end = _whole(text, start, end)
            yield Finding(Span(start, end, kind), float(hit[first : last + 1].max()))


def _runs(hit: NDArray[np.float32], kinds: NDArray[np.int64], least: float) -> Iterator[tuple[int, int]]:
    """Yield first and last token of each stretch of one kind, with the less probable tokens beside a probable one.

    Args:
        hit: How probable each token is part of an identifier.
        kinds: The most probable kind of each.
        least: What at least one token of a stretch needs.
    """
    n = len(hit)
    seeds = np.flatnonzero(hit >= least)
    done = -1
    for seed in map(int, seeds):
        if seed <= done:
            continue
        first = last = seed
        while first - 1 > done and hit[first - 1] >= least * _FURTHER and kinds[first - 1] == kinds[seed]:
            first -= 1
        while last + 1 < n and hit[last + 1] >= least * _FURTHER and kinds[last + 1] == kinds[seed]:
            last += 1
        done = last
        yield first, last


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the edges of a number or account moved to the blanks around it."""
    back = max(0, start - _LONGEST_WHOLE)
    while start > back and (text[start - 1].isalnum() or text[start - 1] in "-_@+"):
        start -= 1
    match = _WHOLE.match(text, end - 1, end + _LONGEST_WHOLE)
    return start, max(end, match.end()) if match else end
