"""Where the sections of a note stand that state the diagnosis: two small networks read its lines.

A list of titles misses most of what hospitals write, and what ends such a section has no list at all. So the words and
the layout of each line, and of its neighbours, say how probably it begins such a section, belongs to one, begins
another section or is any other text; the most probable course of the whole note decides (Viterbi 1967). In it a
section ends below a blank line, at another header, or, for a price, elsewhere. The networks learned from notes that the
grammar under ``scripts/tagging/headers`` writes; ``benchmarks/leak_headers.py`` says how often it is right on headers
of others.
"""

import re
from functools import cache

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
"""The same against the next header there, in a note that has blank lines: it is rather one more short diagnosis."""


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
    parts = list(zip(*(features(text, unit) for unit in read), strict=True))
    padded = [_padded(list(rows)) for rows in parts]
    shares = [_read_by(weights, padded) for weights in _networks()]
    mean: Floats = np.mean(shares, axis=0)
    return mean


def _read_by(weights: Weights, parts: list[NDArray[np.int64]]) -> Floats:
    """Return what one network says of each unit.

    Args:
        weights: The network's.
        parts: Rows of the units' features: of the heads, of what stands behind them, of the layout.
    """
    vectors = []
    for numbers, power in zip(parts, EXPONENTS, strict=True):
        count = np.maximum(np.count_nonzero(numbers, axis=1), 1).astype(np.float32)
        vectors.append(weights["table"][numbers].sum(axis=1) / (count**power)[:, None])
    seen = np.maximum(layer(np.concatenate(vectors, axis=1), weights, "inputs"), 0)
    return softmax(convolved(seen, weights, DILATIONS, kept=seen))


def _padded(rows: list[list[int]]) -> NDArray[np.int64]:
    """Return rows of features as one array, 0 where a unit has fewer than the most. Shape ``(units, most)``."""
    numbers = np.zeros((len(rows), max(map(len, rows))), np.int64)
    for place, found in enumerate(rows):
        numbers[place, : len(found)] = found
    return numbers


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
    is_spaced = any(unit.is_after_blank for unit in read)
    for unit, score in zip(read[1:], scores[1:], strict=True):
        steps = total[:, None] + _step_prices(is_below=not unit.is_after_blank, is_spaced=is_spaced)
        came_from.append(steps.argmax(axis=0))
        total = steps.max(axis=0) + score
    states = [int(total.argmax())]
    for before in reversed(came_from):
        states.append(int(before[states[-1]]))
    return states[::-1]


@cache
def _step_prices(*, is_below: bool, is_spaced: bool) -> FloatArray:
    """Return what a step from one class, the row, to another, the column, adds to a course's log-odds.

    Args:
        is_below: No blank line parts the unit from the one before.
        is_spaced: The note has blank lines.
    """
    steps = np.zeros((len(CLASSES), len(CLASSES)))
    steps[[_OTHER, _ANOTHER], _GOES_ON] = -np.inf
    if is_below:
        steps[[_BEGINS, _GOES_ON], _OTHER] = -_PRICE_OF_AN_END
        steps[[_BEGINS, _GOES_ON], _ANOTHER] = -_PRICE_OF_A_HEADER * is_spaced
    return steps


def _title(text: str, unit: Unit) -> str:
    head = head_of(text, unit).lower()
    if RULE.fullmatch(text, unit.start, unit.end):
        return ""
    return " ".join((_ASIDE.sub(" ", head).strip() or head).split()).strip(" .,-–—")


@cache
def _networks() -> tuple[Weights, ...]:
    return tuple(load_weights("text", f"headers{number}.npz") for number in (1, 2))
