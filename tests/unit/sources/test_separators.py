"""Which sign separates the fields: what the file says itself, what its records agree on, else what was expected."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.sources.separators import NAMES, SEPARATORS, choose_separator, sep_line


@pytest.mark.parametrize(
    ("start", "found"),
    [
        (b"sep=;\nid;text\n", (";", 6)),
        (b"sep=;\r\nid;text\n", (";", 7)),
        (b'"sep=,"\nid,text\n', (",", 8)),
        (b"SEP=|\nid|text\n", ("|", 6)),
        (b"sep=\t\nid\ttext\n", ("\t", 6)),
        (b"sep=;", (";", 5)),
        (b"sep=; \nid;text\n", (";", 7)),
        (b"id;text\nsep=;\n", None),
        (b"sep=;;\nid;text\n", None),
        (b"sep=\nid;text\n", None),
        (b"separator;text\n", None),
        (b"", None),
    ],
)
def test_the_line_that_table_programs_write_is_taken_at_its_word(start: bytes, found: tuple[str, int] | None) -> None:
    assert sep_line(start) == found


@pytest.mark.parametrize("sign", SEPARATORS)
@pytest.mark.parametrize("expected", [",", "\t"])
def test_the_sign_that_all_records_agree_on_is_found(sign: str, expected: str) -> None:
    records = [("id", "text", "code"), ("1", "fever", "486"), ("2", "cough", "0389")]
    start = "".join(sign.join(record) + "\n" for record in records).encode()
    assert choose_separator(start, expected) == sign


def test_the_expected_sign_stays_where_it_can() -> None:
    start = b"id,text|code\n1,fever|486\n2,cough|0389\n"
    assert choose_separator(start, ",") == ","
    assert choose_separator(start, "|") == "|"


@pytest.mark.parametrize("start", [b"", b"\n\n", b"text\nfever\ncough\n", b"text"])
def test_a_table_of_one_column_keeps_the_expected_sign(start: bytes) -> None:
    assert choose_separator(start, ",") == ","


def test_signs_inside_quotes_say_nothing() -> None:
    start = b'id;text\n1;"fever, cough, pain, and more"\n2;"a, b, c"\n'
    assert choose_separator(start, ",") == ";"


def test_line_ends_inside_quotes_end_no_record() -> None:
    start = b'id;text\n1;"fever\ncough\npain"\n2;"a\nb"\n'
    assert choose_separator(start, ",") == ";"


def test_one_odd_record_among_many_changes_nothing() -> None:
    start = b"id;text\n" + b"1;fever\n" * 12 + b"13;fever; cough; pain\n"
    assert choose_separator(start, ",") == ";"


def test_records_that_disagree_keep_the_expected_sign() -> None:
    start = b"a;b\n1;2;3\n4\n5;6;7;8\n"
    assert choose_separator(start, ",") == ","


def test_of_two_signs_the_one_that_makes_more_columns_wins() -> None:
    start = b"a;b|c|d\n1;2|3|4\n5;6|7|8\n"
    assert choose_separator(start, ",") == "|"


def test_only_the_beginning_of_a_long_file_is_looked_at() -> None:
    start = b"id;text\n" + b"1;fever\n" * 20_000 + b"1,2,3\n" * 20_000
    assert choose_separator(start, ",") == ";"


cells = st.text(st.characters(codec="ascii", exclude_characters="\x00\r"), max_size=8)


@given(
    st.sampled_from(sorted(SEPARATORS)),
    st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=2, max_size=8)),
)
def test_a_table_whose_cells_are_quoted_is_read_by_its_own_sign(sign: str, rows: list[list[str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=sign, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    for expected in (",", "\t"):
        assert choose_separator(buffer.getvalue().encode(), expected) == sign


def test_every_word_of_the_command_line_stands_for_a_known_sign() -> None:
    assert set(NAMES.values()) == set(SEPARATORS)
