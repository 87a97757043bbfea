"""A stretch of a CSV file: fields as bytes, as strings and as a frame, and the line on which each record stands."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.sources.csvblock import CsvBlock
from nosology.sources.reading import Rejected

COLUMNS = ("id", "text")
DATA = b'1,plain\n2,"two\nlines"\n3,"said ""no"""\n4,\n'
BOUNDS = [[0, 2, 8], [8, 10, 22], [22, 24, 38], [38, 40, 41]]


def block(
    data: bytes = DATA, bounds: list[list[int]] = BOUNDS, columns: tuple[str, ...] = COLUMNS, first_line: int = 2
) -> CsvBlock:
    return CsvBlock(
        columns, b",", data, np.array(bounds, np.int64).reshape(-1, len(columns) + 1), (), first_line, "n.csv"
    )


def written(rows: list[tuple[str, str]]) -> CsvBlock:
    """Return a block of rows as the standard library writes them, with bounds counted from what it wrote."""
    data, bounds = b"", []
    for row in rows:
        cells = []
        for cell in row:
            out = io.StringIO()
            csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow([cell])
            cells.append(out.getvalue().encode())
        start = len(data)
        bounds.append([start, start + len(cells[0]) + 1, start + len(cells[0]) + len(cells[1]) + 2])
        data += b",".join(cells) + b"\n"
    return block(data, bounds)


def test_a_block_has_as_many_records_as_bounds() -> None:
    assert len(block()) == 4
    assert len(block(b"", [])) == 0


def test_raw_fields_lose_outer_quotes_and_keep_doubled_ones() -> None:
    assert block().raw("id") == [b"1", b"2", b"3", b"4"]
    assert block().raw("text") == [b"plain", b"two\nlines", b'said ""no""', b""]


def test_rows_are_texts_with_single_quotes() -> None:
    assert block().rows(("text", "id"), [2, 1]) == [('said "no"', "3"), ("two\nlines", "2")]
    assert block().rows(("id",), []) == []


def test_a_frame_holds_all_records_and_an_empty_field_as_empty_text() -> None:
    assert block().frame(("text", "id")).to_dict(as_series=False) == {
        "text": ["plain", "two\nlines", 'said "no"', ""],
        "id": ["1", "2", "3", "4"],
    }


def test_a_frame_of_no_record_has_its_columns() -> None:
    empty = block(b"", []).frame(COLUMNS)
    assert (empty.height, empty.columns) == (0, ["id", "text"])


def test_a_record_stands_on_the_line_on_which_it_begins() -> None:
    assert block().lines() == [2, 3, 5, 6]
    assert [block().line_of(record) for record in range(4)] == [2, 3, 5, 6]
    assert block(first_line=100).lines() == [100, 101, 103, 104]


def test_a_rejection_names_file_line_and_reason() -> None:
    assert block().reject(2, "no note id") == Rejected("n.csv", 5, "no note id")


def test_carriage_returns_at_line_ends_are_no_part_of_a_field() -> None:
    windows = block(b'1,a\r\n2,"b"\r\n', [[0, 2, 5], [5, 7, 12]])
    assert windows.raw("text") == [b"a", b"b"]
    assert windows.rows(("text",), [0, 1]) == [("a",), ("b",)]
    assert windows.frame(("text",))["text"].to_list() == ["a", "b"]


def test_a_block_never_shows_its_text() -> None:
    assert "lines" not in repr(block())


def test_a_record_that_looks_like_a_compressed_file_is_read_as_text() -> None:
    odd = block(b"x\x01,\x1f\n", [[0, 3, 5]])
    assert odd.frame(COLUMNS).rows() == [("x\x01", "\x1f")]


def test_an_unknown_column_is_an_error() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        block().raw("missing")


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8))
def test_every_way_of_reading_gives_what_the_standard_library_wrote(rows: list[tuple[str, str]]) -> None:
    found = written(rows)
    assert found.rows(COLUMNS, range(len(rows))) == rows
    assert found.frame(COLUMNS).rows() == rows
    assert [raw.replace(b'""', b'"').decode() for raw in found.raw("text")] == [text for _, text in rows]
    assert found.lines() == [found.line_of(record) for record in range(len(rows))]
