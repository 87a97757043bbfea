"""Records with stray quotes: read where one reading is possible, counted one by one where not."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.sources.mending import Mender


def fields(record: bytes, n: int = 3) -> list[list[str]]:
    """Return the fields of what a record is mended to, as Python's own reader has them; none where it is lost."""
    mended, _, n_read = Mender(b",", n).mend(record + b"\n")
    rows = list(csv.reader(io.StringIO(mended.decode(), newline=""))) if n_read else []
    return [row for row in rows if row]


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (b'5,"he said "no" and left",A', 'he said "no" and left'),
        (b'5,"pain, "sharp", then gone",A', 'pain, "sharp", then gone'),
        (b'5,"6" tall\nand "well" too",A', '6" tall\nand "well" too'),
        (b'5,"he said "no",then left",A', 'he said "no",then left'),
        (rb'5,"he said \"no\", and left",A', 'he said "no", and left'),
        (rb'5,"C:\\share and \"no\"",A', 'C:\\share and "no"'),
        (b'5,"some ""doubled"", some "not" at all",A', 'some "doubled", some "not" at all'),
    ],
)
def test_a_record_of_one_possible_reading_is_read(record: bytes, text: str) -> None:
    assert fields(record) == [["5", text, "A"]]


@pytest.mark.parametrize(
    "record",
    [
        b'5,"one", or "two", three,A',  # too many fields
        b'5,"he is "well"",A',  # a doubled quote, and then no end?
        b'5,"a","b" c,A',
        b'5,te"xt,A',
        b'5,"a" b',
        b'5,"never closed,A',
        b'5,"one","two","three" x,"A"',
    ],
)
def test_a_record_of_several_readings_or_none_is_lost(record: bytes) -> None:
    assert fields(record) == []


def test_every_lost_record_is_counted_where_it_begins() -> None:
    good = b'5,"he said "no" and left",A\n'
    bad = b'6,te"xt\nof two lines,A\n'
    mended, lost, n_read = Mender(b",", 3).mend(bad + good + bad + bad + good)
    assert n_read == 2
    assert lost == [0, len(bad + good), len(bad + good + bad)]
    assert mended.count(b"\n") == (bad + good + bad + bad + good).count(b"\n"), "line numbers must not move"


@given(st.lists(st.text(st.sampled_from('ab "'), min_size=1), min_size=1, max_size=5))
def test_what_is_read_is_what_was_written(texts: list[str]) -> None:
    """Texts without separators beside quotes can be read in one way only, however many quotes are in them."""
    for text in texts:
        raw = f'7,"x{text}x",A'
        found = fields(raw.encode())
        assert found in ([], [["7", f"x{text}x".replace('""', '"'), "A"]])
        assert found or '""' in text
