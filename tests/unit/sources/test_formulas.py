"""Cells that a table program would run: which get an apostrophe, and which stay as they are."""

import polars as pl
import pytest

from nosology.sources.formulas import escaped


@pytest.mark.parametrize(
    "cell",
    [
        '=HYPERLINK("http://a.example","x")',
        "=1+1",
        "+1+1",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20A",
        "-",
        "- fever\n- cough",
        "-1-1",
        "+49 (30) 1",
    ],
)
def test_a_cell_that_begins_as_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert escaped(pl.DataFrame({"text": [cell]}))["text"].to_list() == [f"'{cell}"]


@pytest.mark.parametrize("cell", ["", "fever = 39", "-1", "+1", "-1.5", "-.5", "1e-5", "-1,234.5", "'=1", " =1", None])
def test_plain_numbers_and_text_stay_as_they_are(cell: str | None) -> None:
    assert escaped(pl.DataFrame({"text": [cell]}, schema={"text": pl.String}))["text"].to_list() == [cell]


def test_columns_that_hold_no_text_stay_and_rows_keep_their_order() -> None:
    table = pl.DataFrame({"p": [-0.5, 0.25], "is": [True, False], "text": ["=a", "b"]})
    assert escaped(table).rows() == [(-0.5, True, "'=a"), (0.25, False, "b")]


def test_names_of_columns_are_cells_too_and_stay_apart() -> None:
    table = pl.DataFrame({"'=a": ["1"], "=a": ["2"], "b": ["3"]})
    found = escaped(table)
    assert found.rows() == [("1", "2", "3")]
    assert found.columns == ["'=a", "''=a", "b"]
