"""A small convolutional network over tokens: how probable is it that a token belongs to an identifier, and which.

It was trained with torch by ``scripts/deid/train_network.py`` and runs here in numpy: a table of feature vectors,
summed for a word and remembered; one convolution over five tokens, and three over ever wider ones. A token is judged by
sixteen tokens on either side, at about 0.38 million multiplications and additions.
"""

from functools import cache
from threading import Lock
from typing import Self

import numpy as np

from nosology.deidentification.detectors.word_numbers import rows
from nosology.deidentification.name_words import LONGEST_KEPT
from nosology.deidentification.tokens import Tokens, gaps, letter_case
from nosology.tagging.network import Floats, Weights, convolved, load_weights, softmax

CLASSES = ("", "NAME", "DATE", "AGE90", "CONTACT", "ID", "LOCATION", "HOSPITAL", "ORG")
DILATIONS = (2, 4, 8)
REACH = 2 + sum(DILATIONS)
"""Tokens on either side that a token's probabilities depend on."""
_KEPT_WORDS = 20_000  # vectors of words kept, five megabytes; then the memory starts again
_STRETCH = 4_096  # tokens computed at once, so that memory stays bounded


class Network:
    """The network with its weights.

    Args:
        weights: Arrays by name, as `scripts/deid/train_network.py` writes them.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._table = weights["table"]
        self._numbers: dict[str, int] = {}
        self._vectors = np.zeros((_KEPT_WORDS, self._table.shape[1]), np.float32)
        self._lock = Lock()  # of the two above: threads share the shipped network

    @classmethod
    def load(cls) -> Self:
        """Return the shipped network."""
        return cls(load_weights("deid", "network.npz"))

    def __call__(self, tokens: Tokens) -> Floats:
        """Return the probability of each of `CLASSES` for each token. Shape ``(tokens, classes)``."""
        if not tokens.words:
            return np.zeros((0, len(CLASSES)), np.float32)
        weights = self._weights
        around = weights["gaps"][gaps(tokens)] + weights["cases"][letter_case(tokens.text)]
        inputs = self._vectors_of(tokens.words) + around
        if len(inputs) <= _STRETCH:
            return self._probabilities(inputs)
        pieces = []
        for start in range(0, len(inputs), _STRETCH):
            before = min(start, REACH)
            piece = self._probabilities(inputs[start - before : start + _STRETCH + REACH])
            pieces.append(piece[before : before + _STRETCH])
        return np.concatenate(pieces)

    def _vectors_of(self, words: list[str]) -> Floats:
        """Return the words' vectors, from memory where they were met before."""
        different = dict.fromkeys(words)
        with self._lock:
            known = self._numbers
            new = [word for word in different if word not in known]
            if new:
                if len(different) > _KEPT_WORDS or max(map(len, new)) > LONGEST_KEPT:
                    return self._uncached(words)
                if len(known) + len(new) > _KEPT_WORDS:
                    known.clear()
                    new = list(different)
                self._vectors[len(known) : len(known) + len(new)] = self._summed(new)
                known.update(zip(new, range(len(known), len(known) + len(new)), strict=True))
            return self._vectors[list(map(known.__getitem__, words))]

    def _summed(self, words: list[str]) -> Floats:
        found: Floats = self._table[np.array([rows(word) for word in words])].sum(axis=1)
        return found

    def _uncached(self, words: list[str]) -> Floats:
        different = {word: i for i, word in enumerate(dict.fromkeys(words))}
        return self._summed(list(different))[[different[word] for word in words]]

    def _probabilities(self, inputs: Floats) -> Floats:
        return softmax(convolved(inputs, self._weights, DILATIONS))


@cache
def shipped_network() -> Network:
    """Return the shipped network, loaded once."""
    return Network.load()
