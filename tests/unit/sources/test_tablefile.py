"""Whole tables in and out: what a user's file holds comes back as it was, beside what was added."""

import gzip
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nosology.errors import DataError
from nosology.sources.tablefile import read_table, refuse_taken, table_format, write_table


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "csv"), ("a.CSV", "csv"), ("a.csv.gz", "csv"), ("a.tsv", "tsv"), ("a.parquet", "parquet"),
        ("a.jsonl", "jsonl"), ("a.ndjson", "jsonl"), ("a.b.c.tsv", "tsv"), ("my.notes.csv.gz", "csv"),
    ],
)  # fmt: skip
def test_the_format_is_told_by_the_name(name: str, kind: str) -> None:
    assert table_format(Path(name)) == kind


@pytest.mark.parametrize("name", ["a", "a.xlsx", "a.gz", "csv", "a.csv.zip"])
def test_a_name_that_tells_nothing_is_refused_with_those_that_do(name: str) -> None:
    with pytest.raises(DataError, match="cannot tell the format") as caught:
        table_format(Path(name))
    assert all(suffix in caught.value.hint for suffix in (".csv", ".tsv", ".jsonl", ".parquet"))


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.parquet"])
def test_a_table_that_was_written_is_read_back(tmp_path: Path, name: str) -> None:
    table = pl.DataFrame({"text": ["fever,\tcough", 'she said "no"\nand left', ""], "code": ["0389", "E8700", "1.0"]})
    write_table(table, tmp_path / name)
    again = read_table(tmp_path / name, "text", "code")
    assert again["code"].to_list() == ["0389", "E8700", "1.0"], "no code became a number"
    assert [text or "" for text in again["text"].to_list()] == table["text"].to_list()


def test_no_value_of_a_text_format_is_taken_for_a_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,code,day\n007,0389,2010-01-02\n1e5,486,true\n")
    table = read_table(tmp_path / "a.csv")
    assert table.rows() == [("007", "0389", "2010-01-02"), ("1e5", "486", "true")]
    assert set(table.dtypes) == {pl.String}


def test_a_compressed_csv_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"text\nfever\n"))
    assert read_table(tmp_path / "a.csv.gz", "text").rows() == [("fever",)]


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=12)


@settings(max_examples=40)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=6), st.sampled_from(["a.csv", "a.tsv", "a.parquet"]))
def test_any_text_survives_the_way_out_and_in(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], name: str
) -> None:
    path = tmp_path_factory.mktemp("table") / name
    write_table(pl.DataFrame(rows, schema=["one", "other"], orient="row"), path)
    assert read_table(path).rows() == rows


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,note\n1,fever\n")
    with pytest.raises(DataError, match="no column 'text'") as caught:
        read_table(tmp_path / "a.csv", "id", "text")
    assert caught.value.hint == "the table has id, note"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file") as caught:
        read_table(tmp_path / "a.csv")
    assert caught.value.place.endswith("a.csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", b"canary"),
        ("a.jsonl", b'{"text": "canary"\n{"text": 3}\n'),
        ("a.csv", b"a,b\n1,2,canary\n"),
        ("a.csv", b"a,b\n1,canary \xff\xfe\n"),
        ("a.csv", b""),
    ],
)
def test_a_broken_file_is_refused_without_what_it_holds(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / name)
    assert "canary" not in str(caught.value)
    assert caught.value.hint


def test_a_column_of_the_users_is_never_overwritten() -> None:
    table = pl.DataFrame({"text": ["a"], "probability": ["mine"]})
    refuse_taken(table, Path("a.csv"), ["label"])
    with pytest.raises(DataError, match="has a column 'probability' already") as caught:
        refuse_taken(table, Path("a.csv"), ["label", "probability"])
    assert caught.value.place == "a.csv"
    assert "rename" in caught.value.hint


def test_writing_to_an_unknown_format_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot tell"):
        write_table(pl.DataFrame({"a": [1]}), tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_writing_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")

    def fail(*_: object, **__: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(pl.DataFrame, "write_csv", fail)
    with pytest.raises(OSError, match="no room"):
        write_table(pl.DataFrame({"a": [1]}), path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
    assert path.read_text() == "old"
