"""How ranked systems are judged by what they would list."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from nosology.evaluation.judging_suggestions import K, _listed_first
from nosology.suggesting.mixture import listed

RUBRICS = st.lists(
    st.tuples(st.integers(-200, 200), st.booleans()), min_size=1, max_size=40, unique_by=lambda one: one[0]
)
"""Of each rubric its log-odds in tenths, all different, and whether a training note had it."""


@given(RUBRICS)
def test_what_is_listed_is_ranked_first_in_its_order_and_the_rest_by_probability(
    rubrics: list[tuple[int, bool]],
) -> None:
    odds, is_seen = np.array([[tenths / 10 for tenths, _ in rubrics]]), np.array([seen for _, seen in rubrics])
    scores, seconds = _listed_first(odds, 2.5, is_seen)
    order = np.argsort(-scores[0], kind="stable").tolist()
    first = listed(special.expit(odds), is_seen, K)[0].tolist()
    rest = [place for place in np.argsort(-odds[0], kind="stable").tolist() if place not in first]
    assert (order, seconds) == (first + rest, 2.5)
