"""The CSV stream against Python's csv module, and what it does about damage."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.errors import DataError
from nosology.sources.csvstream import CsvReader

HEADER = "row_id,subject_id,category,text"


def read(path: Path, **settings: object) -> tuple[list[tuple[str, ...]], list[tuple[int, str]]]:
    """Return all sound records and all rejected ones as (line, reason)."""
    reader = CsvReader(path, whole_numbers=("row_id", "subject_id"), **settings)  # type: ignore[arg-type]
    rows, rejected = [], []
    for block in reader.blocks():
        found = block.rows(reader.columns, range(len(block)))
        assert found == block.frame(reader.columns).rows(), "polars reads the same fields"
        rows += found
        rejected += [(item.line, item.reason) for item in block.rejected]
    return rows, rejected


def write(path: Path, body: str | bytes, header: str = HEADER) -> Path:
    path.write_bytes(f"{header}\n".encode() + (body if isinstance(body, bytes) else body.encode()))
    return path


texts = st.text(st.characters(exclude_characters="\r\x00", codec="utf-8"), max_size=30) | st.sampled_from(
    ['"', '""', "a,b", "line one\nline two\n", '"quoted", she said', ",", "\n", ' "x" ', "naïve – ü"]
)


@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=12), st.integers(1, 64), st.booleans())
def test_what_the_csv_module_writes_is_read_back_whatever_the_block_size(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], block_bytes: int, quote_all: bool
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL, lineterminator="\n")
    writer.writerow(["a", "b", "c"])
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    path.write_bytes(buffer.getvalue().encode())
    assert read(path, block_bytes=block_bytes) == (rows, [])


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=8), st.integers(1, 40))
def test_windows_line_ends_a_byte_order_mark_and_tabs_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], block_bytes: int
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter="\t", lineterminator="\r\n")
    writer.writerow(["a", "b"])
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("csv") / "file.tsv"
    path.write_bytes(b"\xef\xbb\xbf" + buffer.getvalue().encode())
    assert read(path, block_bytes=block_bytes, separator="\t") == (rows, [])


@pytest.mark.parametrize("beginning", ["x\x01", "x\x5e", "x\x9c", "BZh9", "(\xb5/\xfd", "\x1f\x8b"])
def test_a_text_that_begins_like_a_compressed_file_is_text(tmp_path: Path, beginning: str) -> None:
    path = write(tmp_path / "file.csv", f"{beginning}y,2\n", header="a,b")
    assert read(path) == ([(f"{beginning}y", "2")], [])


@given(st.binary(max_size=200), st.integers(1, 50))
def test_no_bytes_whatsoever_make_it_fail_otherwise_than_by_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, block_bytes: int
) -> None:
    path = write(tmp_path_factory.mktemp("csv") / "file.csv", body)
    try:
        rows, rejected = read(path, block_bytes=block_bytes)
    except DataError:
        return
    assert all(len(row) == 4 for row in rows)
    assert all(2 <= line <= 2 + body.count(b"\n") for line, _ in rejected)


GOOD = '{n},7,Nursing,"first line {n}\nsecond ""line"", {n}"\n'


@pytest.mark.parametrize("block_bytes", [7, 64, 1 << 20])
@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        ('3,7,Nursing,"a text never closed\nat all\n', "a quote in an impossible place"),
        ('3,7,Nur"sing,"a text"\n', "a quote in an impossible place"),
        ('3,7,"Nursing" ,"a text"\n', "a quote in an impossible place"),
        ("3,7,Nursing\n", "3 fields instead of 4"),
        ("3\n", "1 fields instead of 4"),
        ("3,7,Nursing,a text, with a comma\n", "5 fields instead of 4"),
        ('3,7,Nursing,"a NUL \x00 byte"\n', "a NUL byte"),
        (b'3,7,Nursing,"caf\xe9"\n', "not UTF-8"),
        (b'3,7,Nursing,"half a letter \xc3"\n', "not UTF-8"),
    ],
)
def test_a_damaged_record_is_named_by_its_first_line_and_the_next_one_is_read(
    tmp_path: Path, damaged: str | bytes, reason: str, block_bytes: int
) -> None:
    before = "".join(GOOD.format(n=n) for n in (1, 2)).encode()
    after = "".join(GOOD.format(n=n) for n in (4, 5, 6)).encode()
    middle = damaged if isinstance(damaged, bytes) else damaged.encode()
    rows, rejected = read(write(tmp_path / "file.csv", before + middle + after), block_bytes=block_bytes)
    assert [row[0] for row in rows] == ["1", "2", "4", "5", "6"]
    assert rows[-1][3] == 'first line 6\nsecond "line", 6'
    assert rejected == [(6, reason)], "two records of two lines each stand between the header and the damage"


def test_two_damaged_records_are_both_named(tmp_path: Path) -> None:
    bad = '3,7,Nur"sing,"he is tall"\n'
    rows, rejected = read(write(tmp_path / "file.csv", bad + GOOD.format(n=4) + bad + GOOD.format(n=5)))
    assert [row[0] for row in rows] == ["4", "5"]
    assert [line for line, _ in rejected] == [2, 5]


def test_prose_with_many_commas_is_not_taken_for_the_next_record(tmp_path: Path) -> None:
    bad = '3,7,Nursing,"he is 6" tall\nwith fever, cough, chills, sweats\nand 1, 2, 3, 4\n'
    rows, rejected = read(write(tmp_path / "file.csv", bad + GOOD.format(n=4)))
    assert [row[0] for row in rows] == ["4"]
    assert rejected == [(2, "a quote in an impossible place")]


def test_damage_in_the_last_record_is_rejected_too(tmp_path: Path) -> None:
    rows, rejected = read(write(tmp_path / "file.csv", GOOD.format(n=1) + '3,7,Nur"sing,"a"\n'))
    assert ([row[0] for row in rows], rejected) == (["1"], [(4, "a quote in an impossible place")])


def test_a_file_that_ends_inside_quotes_is_refused_with_the_line_of_its_last_record(tmp_path: Path) -> None:
    path = write(tmp_path / "file.csv", GOOD.format(n=1) + GOOD.format(n=2) + '3,7,Nursing,"cut off\nin the')
    with pytest.raises(DataError, match="unterminated quote") as caught:
        read(path)
    assert caught.value.place == f"{path}, line 6"
    assert "cut off in" not in str(caught.value)


def test_a_last_line_without_a_line_end_counts(tmp_path: Path) -> None:
    assert read(write(tmp_path / "file.csv", "1,7,Nursing,a\n2,7,Nursing,b"))[0][-1] == ("2", "7", "Nursing", "b")


def test_blank_lines_between_records_are_no_records(tmp_path: Path) -> None:
    rows, rejected = read(write(tmp_path / "file.csv", "1,7,Nursing,a\n\n\r\n2,7,Nursing,b\n\n"))
    assert (len(rows), rejected) == (2, [])


def test_a_note_longer_than_many_blocks_is_one_record(tmp_path: Path) -> None:
    text = "pneumonia, resolved\n" * 5_000
    path = write(tmp_path / "file.csv", f'1,7,Nursing,"{text}"\n2,7,Nursing,b\n')
    assert [row[3] for row in read(path, block_bytes=1_000)[0]] == [text, "b"]


def test_a_record_beyond_the_limit_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "file.csv", f'1,7,Nursing,"{"word " * 1_000}"\n2,7,Nursing,b\n')
    with pytest.raises(DataError, match="a quoted field that never ends") as caught:
        read(path, block_bytes=500, max_record_bytes=2_000)
    assert caught.value.place == f"{path}, line 2"


def test_damage_that_never_ends_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "file.csv", GOOD.format(n=1) + '3,7,Nur"sing,"a"\n' + "prose\n" * 1_000)
    with pytest.raises(DataError, match="no sound record") as caught:
        read(path, block_bytes=500, max_record_bytes=2_000)
    assert caught.value.place == f"{path}, line 4"


def test_columns_are_found_in_any_case_and_any_order(tmp_path: Path) -> None:
    path = write(tmp_path / "file.csv", '"x",1\n', header='" Text ",Row_ID')
    reader = CsvReader(path)
    assert reader.columns == ("Text", "Row_ID")
    assert reader.require(["row_id", "TEXT"]) == ["Row_ID", "Text"]
    block = next(reader.blocks())
    assert block.raw("Text") == [b"x"]
    assert block.line_of(0) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"\xfd7zXZ\x00rest", "xz-compressed"),
        (b"row_id,te\xe9xt\n1,a\n", "not UTF-8 at byte 9"),
        (b"row_id,text,TEXT\n", "columns named twice: text"),
        (b"subject_id\n1\n", "columns row_id, text are missing"),
        (b"subject_id,text\n", "column row_id is missing"),
    ],
)
def test_a_file_without_a_usable_header_is_refused_with_its_place(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        CsvReader(path).require(["row_id", "text"])
    assert str(path) in caught.value.place
    assert caught.value.hint


def test_another_separator_is_named_in_the_hint(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="missing") as caught:
        CsvReader(write(tmp_path / "file.csv", "", header="row_id;text")).require(["text"])
    assert "semicolons" in caught.value.hint


def test_gzipped_content_is_known_by_its_first_bytes_not_by_the_name(tmp_path: Path) -> None:
    body = f"{HEADER}\n{GOOD.format(n=1)}".encode()
    for name, content in (
        ("plain.csv.gz", body),
        ("zipped.csv", gzip.compress(body)),
        ("two.csv.gz", gzip.compress(body[:20]) + gzip.compress(body[20:])),
    ):
        (tmp_path / name).write_bytes(content)
        assert len(read(tmp_path / name)[0]) == 1


@pytest.mark.parametrize(("damage", "message"), [("cut", "ends too early"), ("flip", "content is damaged")])
def test_a_broken_gzip_file_is_refused_with_a_remedy(tmp_path: Path, damage: str, message: str) -> None:
    content = bytearray(gzip.compress(f"{HEADER}\n{GOOD.format(n=1) * 5_000}".encode()))
    path = tmp_path / "file.csv.gz"
    if damage == "flip":
        content[-8:] = bytes(8)  # where the checksum stands
    path.write_bytes(content[: len(content) // 2] if damage == "cut" else content)
    with pytest.raises(DataError, match="broken gzip") as caught:
        read(path)
    assert message in caught.value.message
    assert "gzip -t" in caught.value.hint


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none.csv", "no such file"), (tmp_path, "a folder")):
        with pytest.raises(DataError, match=message):
            CsvReader(path)
