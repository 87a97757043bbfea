"""The layers that the small networks share: they are those of torch, and an item sees its neighbours and no further."""

import numpy as np
import torch
from torch.nn import functional

from nosology.tagging.network import NEIGHBOURS, around, convolved, layer, load_weights, row_of, softmax

DILATIONS = (2, 4)
REACH = 2 + sum(DILATIONS)


def small_weights() -> dict[str, np.ndarray]:
    """Return random weights: five numbers an item, six hidden, three scores."""
    rng = np.random.default_rng(5)
    sizes: dict[str, tuple[int, ...]] = {
        "first": (5 * 5, 6),
        "further0": (3 * 6, 6),
        "further1": (3 * 6, 6),
        "last": (6, 3),
    }
    sizes |= {f"{name}_bias": (size[1],) for name, size in list(sizes.items())}
    return {name: rng.normal(scale=0.3, size=size).astype(np.float32) for name, size in sizes.items()}


def items(length: int) -> np.ndarray:
    """Return random vectors of items."""
    return np.random.default_rng(length).normal(size=(length, 5)).astype(np.float32)


def test_the_neighbours_of_an_item_stand_beside_it_and_zeros_beyond_the_ends() -> None:
    values = np.array([[1], [2], [3]], np.float32)
    assert around(values, (-1, 0, 2)).tolist() == [[0, 1, 3], [1, 2, 0], [2, 3, 0]]


def test_a_convolution_is_that_of_torch() -> None:
    weights, inputs = small_weights(), items(20)
    kernel = torch.from_numpy(weights["first"].T.reshape(6, 5, 5)).transpose(1, 2)  # outputs, inputs, places
    expected = functional.conv1d(
        torch.from_numpy(inputs.T)[None], kernel, torch.from_numpy(weights["first_bias"]), padding=2
    )
    assert np.allclose(layer(around(inputs, NEIGHBOURS), weights, "first"), expected[0].T.numpy(), atol=1e-5)


def test_an_item_is_judged_by_its_neighbours_and_by_nothing_further() -> None:
    weights, inputs = small_weights(), items(60)
    changed = inputs.copy()
    changed[30] += 1
    moved = np.flatnonzero(
        np.abs(convolved(changed, weights, DILATIONS) - convolved(inputs, weights, DILATIONS)).max(1)
    )
    assert moved.min() >= 30 - REACH
    assert moved.max() <= 30 + REACH
    assert 30 in moved


def test_rows_of_one_length_are_read_as_each_by_itself() -> None:
    weights, rows = small_weights(), np.stack([items(7), items(7) * 2, np.zeros((7, 5), np.float32)])
    expected = np.stack([convolved(row, weights, DILATIONS) for row in rows])
    assert np.allclose(convolved(rows, weights, DILATIONS), expected, atol=1e-5)


def test_probabilities_of_a_row_sum_to_one_whatever_the_scores() -> None:
    shares = softmax(np.array([[1000.0, 0, -1000], [1, 1, 1]], np.float32))
    assert np.allclose(shares, np.array([[1, 0, 0], [1 / 3] * 3]))


def test_features_fall_on_every_row_but_the_first_and_always_on_the_same() -> None:
    rows = [row_of(f"w={number}", 64) for number in range(2_000)]
    assert set(rows) == set(range(1, 64))
    assert rows == [row_of(f"w={number}", 64) for number in range(2_000)]
    assert 0 < row_of("\ud800", 64) < 64


def test_a_shipped_table_comes_back_in_the_size_it_was_trained_in() -> None:
    weights = load_weights("deid", "network.npz")
    assert "table_scale" not in weights
    assert all(array.dtype == np.float32 for array in weights.values())
    assert not weights["table"][0].any()
    assert 0.01 < np.abs(weights["table"]).max() < 10
