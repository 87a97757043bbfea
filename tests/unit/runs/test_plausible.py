"""Numbers of a run's files: finite and possible, or refused by name."""

import numpy as np
import pytest

from nosology.runs.plausible import all_within, finite, within

NAN, INF = float("nan"), float("inf")


def test_possible_numbers_are_given_back() -> None:
    assert within("x", "0.5", 0, 1) == 0.5
    assert all_within("x", [0, 1], 0, 1) == (0.0, 1.0)
    assert finite("x", np.array([1.0, -2.0])).tolist() == [1.0, -2.0]


@pytest.mark.parametrize("value", [NAN, INF, -INF, -0.1, 1.1])
def test_a_number_outside_its_range_is_refused_by_name(value: float) -> None:
    with pytest.raises(ValueError, match="temperature is"):
        within("temperature", value, 0, 1)
    with pytest.raises(ValueError, match="an offset is"):
        all_within("an offset", [0.5, value], 0, 1)


@pytest.mark.parametrize("value", [NAN, INF, 1e31])
def test_an_array_with_one_such_value_is_refused_by_name(value: float) -> None:
    with pytest.raises(ValueError, match="weights holds"):
        finite("weights", np.array([0.0, value]))
