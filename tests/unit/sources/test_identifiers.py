"""Ids of notes and patients: which cells hold none, which were damaged by a table program, and what is mended."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.errors import DataError
from nosology.sources.identifiers import IdColumn, is_missing


def column() -> IdColumn:
    return IdColumn("mrn", "notes.csv")


@pytest.mark.parametrize(
    "cell",
    [
        None,
        float("nan"),
        "",
        "   ",
        "nan",
        "NaN",
        "None",
        "NULL",
        "<NA>",
        "NA",
        "n/a",
        "#N/A",
        "NaT",
        "undefined",
        "Missing",
        "-",
        ".",
        " null\t",
    ],
)
def test_a_cell_of_nothing_is_missing_however_a_program_writes_it(cell: Any) -> None:
    assert is_missing(cell)
    ids = column()
    assert ids.read(cell) == ""
    assert ids.n_missing == 1


@pytest.mark.parametrize("cell", [0, 0.0, "0", "nano", "--", "NA1", False, "no", "none of these", math.inf])
def test_a_cell_that_holds_something_is_not_missing(cell: Any) -> None:
    assert not is_missing(cell)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("0042", "0042"),
        (" A-7 ", "A-7"),
        (17, "17"),
        (-3, "-3"),
        (17.0, "17"),
        (17.5, "17.5"),
        ("17.0", "17"),
        ("17.000", "17"),
        ("+17.0", "+17"),
        ("17.10", "17.10"),
        ("1e5", "1e5"),
        ("12E3", "12E3"),
        ("1.2.0", "1.2.0"),
        (2**60, str(2**60)),
        (True, "True"),
    ],
)
def test_an_id_is_read_as_its_text(cell: Any, expected: str) -> None:
    ids = column()
    assert ids.read(cell) == expected
    assert ids.n_missing == 0


@pytest.mark.parametrize("cell", ["1.2E+10", "1,2e+10", "1.2e10", "1E+5", "-4.5e+06", "9.99E+123"])
def test_scientific_notation_stands_for_many_ids_and_is_refused_with_the_column(cell: str) -> None:
    with pytest.raises(DataError, match="ids in column mrn are numbers in scientific notation") as caught:
        column().read(cell)
    assert caught.value.place == "notes.csv"
    assert "as text" in caught.value.hint
    assert cell not in str(caught.value)


@pytest.mark.parametrize("cell", [2.0**53, -(2.0**53), 1e300, math.inf, -math.inf])
def test_a_float_beyond_the_exact_ones_is_refused(cell: float) -> None:
    with pytest.raises(DataError, match=r"beyond 2\^53"):
        column().read(cell)


def test_the_largest_exact_float_is_read() -> None:
    assert column().read(2.0**53 - 1) == "9007199254740991"


def test_what_was_mended_is_said_once_for_the_column() -> None:
    ids = column()
    assert ids.notices == []
    for cell in ("1.0", "1.0", "2.0", 3.0):
        ids.read(cell)
    assert ids.notices == ["column mrn: 3 different ids ended in .0 and were read without it"]


def test_mended_ids_that_fall_together_with_others_are_counted() -> None:
    ids = column()
    for cell in ("1.0", "1", "2.0", "2", "3.0", "4"):
        ids.read(cell)
    assert ids.notices == [
        "column mrn: 3 different ids ended in .0 and were read without it; 2 of them fall together with one written "
        "without"
    ]


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_a_whole_number_has_one_id_in_every_spelling(number: int) -> None:
    assert {column().read(cell) for cell in (number, float(number), str(number), f"{number}.0", f" {number} ")} == {
        str(number)
    }


@given(st.text(max_size=30))
def test_reading_an_id_again_changes_nothing(text: str) -> None:
    try:
        once = column().read(text)
    except DataError:
        return
    assert column().read(once) == once
