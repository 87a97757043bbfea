"""Which note of a work list first: by doubt and by what is new to the run, and some blind.

Notes that the run is unsure of teach it most; notes unlike those it learned from show where it is wrong and does not
know; so the two take turns. People who see a prediction first agree with it more easily than they would alone, so some
notes, drawn at random, are decided before their prediction is shown. Those come evenly among the others in the order in
which they were drawn: whoever stops early has still decided on a random sample.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Order = Literal["mixed", "uncertainty", "category", "file"]


@dataclass(frozen=True, slots=True)
class Place:
    """What an order goes by, of one row.

    Attributes:
        row: Its place in the file, from 0.
        label: The predicted category; empty where there is none, and while the row waits.
        probability: Of that category; None where there is none.
        unseen: How unlike the training notes it is, 0 to 1; None where nobody knows.
    """

    row: int
    label: str = ""
    probability: float | None = None
    unseen: float | None = None


def drawn_blind(texts: Sequence[str], share: float, seed: int | None = None) -> tuple[int, ...]:
    """Return the rows that are decided blind, in the order in which they were drawn; rows of one text all or none.

    Args:
        texts: The notes of the whole list.
        share: Of its different texts, 0 to 1.
        seed: Of the draw; None for one that cannot be known before.
    """
    rows: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        rows.setdefault(text, []).append(row)
    of_text = [*rows.values()]
    chosen = np.random.default_rng(seed).choice(len(of_text), round(share * len(of_text)), replace=False)
    return tuple(row for place in chosen for row in of_text[place])


def ordered(places: Sequence[Place], blind: Sequence[int], how: Order) -> list[int]:
    """Return the rows in the order in which they are to be decided; rows without a category come last.

    Args:
        places: Of every row, in the order of the file.
        blind: Rows that are decided blind, as they were drawn.
        how: ``mixed``; ``uncertainty``, the least sure first; ``category``, by its name; or ``file``. But for ``file``,
            where a blind row stands says nothing of its prediction.
    """
    if how == "file":
        return [place.row for place in places]
    hidden = set(blind)
    known = [place for place in places if place.probability is not None and place.row not in hidden]
    rest = [place.row for place in places if place.probability is None and place.row not in hidden]
    if how == "category":
        return [*(place.row for place in sorted(known, key=lambda place: (place.label, _doubt(place)))), *blind, *rest]
    doubtful = [place.row for place in sorted(known, key=_doubt)]
    if how == "uncertainty":
        return [*doubtful, *blind, *rest]
    new = sorted((place for place in known if place.unseen is not None), key=lambda place: -(place.unseen or 0.0))
    return [*_spread([*_in_turn(doubtful, [place.row for place in new]), *rest], blind)]


def _doubt(place: Place) -> float:
    return place.probability or 0.0


def _in_turn(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """Return two lists in turn, each row once."""
    found: dict[int, None] = {}
    others = iter(second)
    for row in first:
        found.setdefault(row)
        other = next((item for item in others if item not in found), None)
        if other is not None:
            found.setdefault(other)
    return list(found)


def _spread(rows: Sequence[int], blind: Sequence[int]) -> Iterator[int]:
    """Yield rows with the blind ones evenly among them, in their own order."""
    total, n_given, waiting = len(rows) + len(blind), 0, iter(rows)
    for place in range(total):
        if n_given < len(blind) and (place + 0.5) * len(blind) >= (n_given + 0.5) * total:
            yield blind[n_given]
            n_given += 1
        else:
            yield next(waiting)
