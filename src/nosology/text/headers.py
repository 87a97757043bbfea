"""Where the sections of a note stand that state the diagnosis: two small networks read its lines.

A list of titles misses most of what hospitals write, and what ends such a section has no list at all. So the words and
the layout of each line, and of its neighbours, say how probably it begins such a section, belongs to one, begins
another section or is any other text; the most probable course of the whole note decides (Viterbi 1967). In it a
section ends below a blank line, at another header, or, for a price, elsewhere. The networks learned from notes that the
grammar under ``scripts/tagging/headers`` writes; ``benchmarks/leak_headers.py`` says how often it is right on headers
of others.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from nosology.records import FloatArray
from nosology.tagging.network import Floats, Weights, convolved, layer, load_weights, softmax
from nosology.text.header_units import RULE, Unit, features, head_of, units

CLASSES = ("other", "begins", "goes on", "another header")
"""What a unit of a note can be."""
DILATIONS = (2, 4)
EXPONENTS = (0.25, 0.5, 0.25)
"""Sums of vectors are divided by their number to this power: of the head, of what stands behind it, of the layout."""
_OTHER, _BEGINS, _GOES_ON, _ANOTHER = range(4)
_ASIDE = re.compile(r"\([^()]*\)")
_PRICE_OF_AN_END = 3.0
"""Natural log-odds against a section that ends at a line which no blank line parts from it and which is no header."""
_PRICE_OF_A_HEADER = 1.0
"""The same against the next header there: it is rather one more short diagnosis."""


def diagnosis_sections(text: str) -> list[tuple[int, int, str]]:
    """Return where each section that states the diagnosis begins and ends, and its title in lower case."""
    read = list(units(text))
    if not read:
        return []
    found: list[tuple[int, int, str]] = []
    began: tuple[int, str] | None = None  # where, and its title
    edge = 0  # where a unit begins, or the rule right above it
    for number, (unit, state) in enumerate(zip(read, _most_probable(probabilities(text, read), read), strict=True)):
        above = read[number - 1] if number and not unit.is_after_blank else unit
        edge = above.start if RULE.fullmatch(text, above.start, above.end) else unit.start
        if state != _GOES_ON and began is not None:
            found.append((began[0], max(edge, began[0]), began[1]))
            began = None
        if state == _BEGINS:
            began = (max(edge, found[-1][1]) if found else edge), _title(text, unit)
        elif began is not None and not began[1]:
            began = began[0], _title(text, unit)
    if began is not None:
        found.append((began[0], len(text), began[1]))
    return found


def probabilities(text: str, read: list[Unit]) -> Floats:
    """Return how probable each of `CLASSES` is for each unit, seen alone: the mean of the networks.

    Args:
        text: The note.
        read: Its units.

    Returns:
        Shape ``(units, classes)``.
    """
    networks = _networks()
    parts = zip(*(features(text, unit) for unit in read), strict=True)
    summed = [_summed(list(rows), power) for rows, power in zip(parts, EXPONENTS, strict=True)]
    of_each = zip(*(np.split(vectors, len(networks), axis=1) for vectors in summed), strict=True)
    shares = [_read_by(weights, vectors) for weights, vectors in zip(networks, of_each, strict=True)]
    mean: Floats = np.mean(shares, axis=0)
    return mean


def _summed(rows: list[Sequence[int]], power: float) -> Floats:
    """Return the sum of each unit's vectors, divided by a power of their number; those of the networks side by side.

    Args:
        rows: The rows of each unit's features.
        power: Of the number of features.
    """
    from scipy.sparse import csr_array  # takes a while to import, and most commands need none

    counts = np.array([len(found) for found in rows])
    edges = np.concatenate([[0], counts.cumsum()])
    numbers = np.fromiter(chain.from_iterable(rows), np.int32, edges[-1])
    tables = _tables()
    total = csr_array((np.ones(len(numbers), np.float32), numbers, edges), shape=(len(rows), len(tables))) @ tables
    found: Floats = total / (np.maximum(counts, 1) ** power).astype(np.float32)[:, None]
    return found


def _read_by(weights: Weights, vectors: Sequence[Floats]) -> Floats:
    """Return what one network says of each unit.

    Args:
        weights: The network's.
        vectors: The units' summed vectors: of the heads, of what stands behind them, of the layout.
    """
    seen = np.maximum(layer(np.concatenate(vectors, axis=1), weights, "inputs"), 0)
    return softmax(convolved(seen, weights, DILATIONS, kept=seen))


def _most_probable(shares: Floats, read: list[Unit]) -> list[int]:
    """Return the most probable course of classes: a section goes on only where one began.

    Args:
        shares: How probable each class is for each unit.
        read: The units.
    """
    scores = np.log(np.maximum(shares, 1e-12)).astype(np.float64)
    total = scores[0].copy()
    total[_GOES_ON] = -np.inf
    came_from: list[NDArray[np.int64]] = []
    for unit, score in zip(read[1:], scores[1:], strict=True):
        steps = total[:, None] + _step_prices(is_below=not unit.is_after_blank)
        came_from.append(steps.argmax(axis=0))
        total = steps.max(axis=0) + score
    states = [int(total.argmax())]
    for before in reversed(came_from):
        states.append(int(before[states[-1]]))
    return states[::-1]


@cache
def _step_prices(*, is_below: bool) -> FloatArray:
    """Return what a step from one class, the row, to another, the column, adds to a course's log-odds.

    Args:
        is_below: No blank line parts the unit from the one before.
    """
    steps = np.zeros((len(CLASSES), len(CLASSES)))
    steps[[_OTHER, _ANOTHER], _GOES_ON] = -np.inf
    if is_below:
        steps[[_BEGINS, _GOES_ON], _OTHER] = -_PRICE_OF_AN_END
        steps[[_BEGINS, _GOES_ON], _ANOTHER] = -_PRICE_OF_A_HEADER
    return steps


def _title(text: str, unit: Unit) -> str:
    head = head_of(text, unit).lower()
    if RULE.fullmatch(text, unit.start, unit.end):
        return ""
    return " ".join((_ASIDE.sub(" ", head).strip() or head).split()).strip(" .,-–—")


@cache
def _networks() -> tuple[Weights, ...]:
    return tuple(load_weights("text", f"headers{number}.npz") for number in (1, 2))


@cache
def _tables() -> Floats:
    """Return the networks' tables side by side."""
    return np.concatenate([weights["table"] for weights in _networks()], axis=1)
