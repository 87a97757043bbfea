"""Whether numbers read from a file can be what they are said to be: finite, and not absurd.

A NaN anywhere makes every comparison false, so that the first category would win every note; such a file is refused
when it is loaded, and such scores before they become a prediction.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np


def within(name: str, value: Any, least: float, most: float) -> float:
    """Return a number that lies in a range.

    Args:
        name: What it is, for the message.
        value: Whatever was read.
        least: Lower end, included.
        most: Upper end, included.

    Raises:
        ValueError: It is no number, not finite, or outside; says which.
    """
    number = float(value)
    if not (math.isfinite(number) and least <= number <= most):
        raise ValueError(f"{name} is {number:g}, not from {least:g} to {most:g}")
    return number


def all_within(name: str, values: Sequence[Any], least: float, most: float) -> tuple[float, ...]:
    """Return numbers that all lie in a range.

    Args:
        name: What they are, for the message.
        values: Whatever was read.
        least: Lower end, included.
        most: Upper end, included.

    Raises:
        ValueError: One does not.
    """
    return tuple(within(name, value, least, most) for value in values)


def finite(name: str, array: Any, *, most: float = 1e30) -> Any:
    """Return an array that holds only finite numbers of a size below ``most``.

    Args:
        name: What it is, for the message.
        array: Of numpy or torch; any shape.
        most: Bound of the absolute values.

    Raises:
        ValueError: It holds something else.
    """
    if not (np.isfinite(array).all() and (np.abs(array) <= most).all()):
        raise ValueError(f"{name} holds values that are no numbers, or absurd ones")
    return array
