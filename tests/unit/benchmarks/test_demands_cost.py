"""The benchmark of what training against demands costs, on made-up answers."""

import numpy as np
import pytest

import demands_cost


def test_the_difference_is_of_the_same_notes_and_its_interval_over_patients() -> None:
    half = np.arange(40) % 2 == 0
    found = demands_cost.compare({"with": half, "without": np.ones(40, bool)}, [f"p{i}" for i in range(40)])
    assert (found["n"], found["with"], found["without"], found["difference"]) == (40, 0.5, 1.0, -0.5)
    assert found["low"] < -0.5 < found["high"] < 0
    of_one = demands_cost.compare({"with": half, "without": ~half}, ["p"] * 40)
    assert (of_one["low"], of_one["high"]) == pytest.approx((0, 0))
