"""What the small networks share: hashed features, a table of vectors, and convolutions over ever wider neighbours.

A network reads a row of items (the words of a sentence, the lines of a note). What it sees of an item are numbers of
hashed features; the table's vectors for them are summed. One convolution over five items and a few over three, ever
further apart (Yu and Koltun 2016), say what the neighbours make of it. The scripts under ``scripts/tagging`` train
them; the table is stored with 8 bits a number and a scale a row, everything else with 16.
"""

from collections.abc import Sequence
from importlib import resources
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Weights = dict[str, Floats]
NEIGHBOURS = (-2, -1, 0, 1, 2)
"""Of the first convolution."""


def load_weights(*path: str) -> Weights:
    """Return a shipped network's arrays by name, as 32-bit numbers.

    Args:
        path: The parts of its path below the package's data, as in ``load_weights("deid", "network.npz")``.
    """
    with resources.files("nosology").joinpath("data", *path).open("rb") as file, np.load(file) as stored:
        weights: Weights = {name: stored[name].astype(np.float32) for name in stored.files}
    weights["table"] *= weights.pop("table_scale")[:, None]
    return weights


def row_of(feature: str, n_rows: int) -> int:
    """Return the row of a table that a feature is hashed to; row 0 stands for none.

    Args:
        feature: Any text.
        n_rows: Rows of the table.
    """
    return crc32(feature.encode("utf-8", "surrogatepass")) % (n_rows - 1) + 1


def convolved(inputs: Floats, weights: Weights, dilations: Sequence[int], kept: Floats | None = None) -> Floats:
    """Return what the last layer says of each item.

    Args:
        inputs: The items' vectors. Shape ``(items, size)``, or ``(rows, items, size)`` for rows of one length.
        weights: Arrays ``first``, ``further0`` ... and ``last``, each with its ``_bias``.
        dilations: How far apart the neighbours of each further convolution are.
        kept: What is added to the first convolution's output; None for nothing.

    Returns:
        Scores before any normalization. The shape of the inputs, with ``outputs`` in place of ``size``.
    """
    hidden: Floats = np.maximum(layer(around(inputs, NEIGHBOURS), weights, "first"), 0)
    if kept is not None:
        hidden = hidden + kept
    for number, step in enumerate(dilations):
        hidden = hidden + np.maximum(layer(around(hidden, (-step, 0, step)), weights, f"further{number}"), 0)
    return layer(hidden, weights, "last")


def layer(inputs: Floats, weights: Weights, name: str) -> Floats:
    """Return a linear layer's outputs.

    Args:
        inputs: Shape ``(..., size)``.
        weights: Arrays by name.
        name: The layer's.
    """
    found: Floats = inputs.reshape(-1, inputs.shape[-1]) @ weights[name] + weights[f"{name}_bias"]
    return found.reshape(*inputs.shape[:-1], -1)


def softmax(scores: Floats) -> Floats:
    """Return scores as probabilities, row by row."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Floats = raised / raised.sum(axis=1, keepdims=True)
    return found


def around(values: Floats, offsets: Sequence[int]) -> Floats:
    """Return each item with the items at these offsets from it, side by side; zeros beyond the ends.

    Args:
        values: Shape ``(..., items, size)``.
        offsets: How many items further, each.

    Returns:
        Shape ``(..., items, len(offsets) * size)``.
    """
    *rows, length, width = values.shape
    found = np.zeros((*rows, length, len(offsets), width), np.float32)
    for i, offset in enumerate(offsets):
        low, high = max(0, -offset), min(length, length - offset)
        if low < high:
            found[..., low:high, i, :] = values[..., low + offset : high + offset, :]
    return found.reshape(*rows, length, -1)
