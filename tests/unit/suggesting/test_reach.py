"""What keeps a cue from a mention, which headers speak of their list, and that long clauses are read in linear time."""

import re
import time

import pytest

from nosology.suggesting import reach
from nosology.suggesting.context import mark


@pytest.mark.parametrize(
    "between",
    [
        " growth of the ",
        " candidate for his ",
        " insight into her ",
        " erythema surrounding the small ",
        " funds to treat her ",
        " treatment for ",
        " reflexes from ",
        " to benefit from ",
    ],
)
def test_what_a_denied_thing_belongs_to_is_not_denied(between: str) -> None:
    assert reach.NOT_REACHED_BY_DENIAL.search(between) is not None


@pytest.mark.parametrize(
    "between", [" ", " the ", " evidence of a ", " sign of the ", " fever, ", " pain in the calf or ", " severe acute "]
)
def test_a_denial_reaches_its_head_and_what_is_joined_to_it(between: str) -> None:
    assert reach.NOT_REACHED_BY_DENIAL.search(between) is None


@pytest.mark.parametrize(
    ("header", "pattern"),
    [
        ("Resolved problems:", reach.PAST_HEADER),
        ("Childhood illnesses, all recovered:", reach.PAST_HEADER),
        ("Pertinent negatives:", reach.DENIED_HEADER),
        ("Symptoms denied:", reach.DENIED_HEADER),
        ("Possibilities:", reach.OPEN_HEADER),
        ("To be excluded:", reach.OPEN_HEADER),
    ],
)
def test_a_header_speaks_of_its_whole_list(header: str, pattern: re.Pattern[str]) -> None:
    assert reach.HEADER.search(header) is not None
    others = {reach.PAST_HEADER, reach.DENIED_HEADER, reach.OPEN_HEADER} - {pattern}
    assert pattern.search(header) is not None
    assert not any(other.search(header) for other in others)


@pytest.mark.parametrize("header", ["Allergies:", "Chest X-ray:", "Plan:", "Gram negatives:", "Current problems:"])
def test_other_headers_mark_nothing(header: str) -> None:
    assert reach.HEADER.search(header) is None


@pytest.mark.parametrize(
    "unit", ["no ", "no pain of the ", "no alcohol, ", "never used a, ", "should ", "past illnesses: "]
)
def test_long_clauses_are_read_in_linear_time(unit: str) -> None:
    def seconds(repeated: int) -> float:
        text = unit * repeated + "gout"
        begun = time.process_time()
        mark(text, len(text) - 4, len(text))
        return time.process_time() - begun

    short, long = min(seconds(250) for _ in range(3)), min(seconds(2000) for _ in range(3))
    assert long < 30 * short + 0.05, "eight times the text, well under eight times eight times the time"
