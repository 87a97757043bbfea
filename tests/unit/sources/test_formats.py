"""Tables of every format as chunks: the same rows in order, and damage named by its place without its text."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nosology.errors import DataError
from nosology.sources import formats
from nosology.sources.formats import Chunk, ReadingOptions, Table, open_table
from nosology.sources.limits import ReadLimits

ROWS = [
    {"id": "1", "text": "fever, cough"},
    {"id": "0002", "text": 'she said "no"\nand left'},
    {"id": "3", "text": ""},
    {"id": "4", "text": "café\t☕"},
]
Write = Callable[[Path, list[dict[str, Any]]], None]


def as_csv(separator: str) -> Write:
    """Return what writes a CSV file."""

    def write(path: Path, rows: list[dict[str, Any]]) -> None:
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, ["id", "text"], delimiter=separator, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        path.write_bytes(packed(path, buffer.getvalue().encode("utf-8")))

    return write


def as_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write JSON lines."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(packed(path, text.encode("utf-8")))


def as_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write a Parquet file."""
    pl.DataFrame(rows, schema={"id": pl.String, "text": pl.String}).write_parquet(path)


def as_folder(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write a saved dataset as two Arrow streams."""
    path.mkdir()
    frame = pl.DataFrame(rows, schema={"id": pl.String, "text": pl.String})
    half = frame.height // 2
    for number, piece in enumerate((frame[:half], frame[half:])):
        piece.write_ipc_stream(path / f"data-{number:05d}-of-00002.arrow", compat_level=pl.CompatLevel.oldest())


def packed(path: Path, content: bytes) -> bytes:
    """Return the content, compressed where the file's name says so."""
    return gzip.compress(content) if path.suffix == ".gz" else content


FORMATS: dict[str, Write] = {
    "notes.csv": as_csv(","),
    "notes.CSV": as_csv(","),
    "notes.csv.gz": as_csv(","),
    "notes.tsv": as_csv("\t"),
    "notes.tab": as_csv("\t"),
    "notes.jsonl": as_jsonl,
    "notes.ndjson": as_jsonl,
    "notes.jsonl.gz": as_jsonl,
    "notes.parquet": as_parquet,
    "notes.pq": as_parquet,
    "saved": as_folder,
}


def made(folder: Path, name: str, rows: list[dict[str, Any]] = ROWS) -> Path:
    """Write rows in a format and return the file."""
    FORMATS[name](folder / name, rows)
    return folder / name


def table(path: Path) -> Table:
    """Return a table that nobody said anything of."""
    return open_table(path, path.name, ReadingOptions(), ReadLimits())


def read(path: Path, *columns: str) -> list[Chunk]:
    """Return all chunks of a table."""
    return list(table(path).chunks(columns or ("id", "text")))


def values(chunks: list[Chunk], column: str) -> list[Any]:
    """Return a column of all chunks."""
    return [value for chunk in chunks for value in chunk.columns[column]]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_its_columns_and_all_rows_in_order(tmp_path: Path, name: str) -> None:
    path = made(tmp_path, name)
    assert table(path).columns == ("id", "text")
    chunks = read(path)
    assert values(chunks, "id") == [row["id"] for row in ROWS], "and 0002 is no number"
    assert values(chunks, "text") == [row["text"] for row in ROWS]
    assert not any(chunk.rejected for chunk in chunks)


@pytest.mark.parametrize("name", FORMATS)
def test_only_the_columns_asked_for_are_read(tmp_path: Path, name: str) -> None:
    for chunk in read(made(tmp_path, name), "text"):
        assert list(chunk.columns) == ["text"]


@pytest.mark.parametrize("name", ["notes.parquet", "saved"])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_chunks_of_any_size_hold_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: int
) -> None:
    monkeypatch.setattr(formats, "CHUNK_ROWS", size)
    chunks = read(made(tmp_path, name))
    assert values(chunks, "id") == [row["id"] for row in ROWS]
    assert all(len(chunk.numbers) <= size for chunk in chunks)


@pytest.mark.parametrize("name", ["notes.parquet", "saved"])
def test_rows_of_typed_formats_are_numbered_from_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(formats, "CHUNK_ROWS", 3)
    assert [number for chunk in read(made(tmp_path, name)) for number in chunk.numbers] == [1, 2, 3, 4]


def test_rows_of_a_csv_are_numbered_by_the_line_they_begin_on(tmp_path: Path) -> None:
    # The header is line 1, and the second record holds a line end of its own.
    assert [number for chunk in read(made(tmp_path, "notes.csv")) for number in chunk.numbers] == [2, 3, 5, 6]


def test_rows_of_json_lines_are_numbered_by_their_line_and_blank_ones_are_none(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text('{"id": "1"}\n\n   \n{"id": "2"}\n')
    (chunk,) = read(path, "id")
    assert (chunk.columns["id"], chunk.numbers) == (["1", "2"], [1, 4])


@pytest.mark.parametrize("name", FORMATS)
def test_when_all_is_read_all_bytes_are_done(tmp_path: Path, name: str) -> None:
    opened = table(made(tmp_path, name))
    assert opened.bytes_total > 0
    list(opened.chunks(("id", "text")))
    assert opened.bytes_done == opened.bytes_total


json_text = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(max_examples=40)
@given(st.lists(st.fixed_dictionaries({"id": json_text, "text": json_text | st.none()}), min_size=1, max_size=8))
def test_json_lines_give_back_any_text(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str | None]]
) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "notes.jsonl"
    as_jsonl(path, rows)
    chunks = read(path)
    assert values(chunks, "id") == [row["id"] for row in rows]
    assert values(chunks, "text") == [row["text"] for row in rows]


# ---- JSON lines and their damage


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "2", "text": "canary', "not valid JSON"),
        (b"canary", "not valid JSON"),
        (b'{"id": NaN', "not valid JSON"),
        (b'["canary"]', "no JSON object"),
        (b'"canary"', "no JSON object"),
        (b"3", "no JSON object"),
        (b"null", "no JSON object"),
        (b'{"id": "\xff canary"}', "not UTF-8"),
    ],
)
def test_a_broken_line_is_rejected_with_its_number_and_without_its_text(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_bytes(b'{"id": "1"}\n' + line + b'\n{"id": "3"}\n')
    (chunk,) = read(path, "id")
    assert chunk.columns["id"] == ["1", "3"]
    (rejected,) = chunk.rejected
    assert (rejected.file, rejected.line, rejected.reason) == ("notes.jsonl", 2, reason)


def test_a_first_line_that_is_no_object_means_another_format(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text("id,text\n1,canary\n")
    with pytest.raises(DataError) as caught:
        table(path)
    assert caught.value.place == f"{path}, line 1"
    assert "JSON object" in caught.value.message
    assert "canary" not in str(caught.value)


def test_a_byte_order_mark_and_a_missing_line_end_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": "1"}\n{"id": "2"}')
    opened = table(path)
    assert opened.columns == ("id",)
    assert values(list(opened.chunks(["id"])), "id") == ["1", "2"]


def test_a_row_that_lacks_a_column_has_nothing_there(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text('{"id": "1", "text": "a"}\n{"text": "b"}\n{"id": null}\n')
    (chunk,) = read(path)
    assert chunk.columns == {"id": ["1", None, None], "text": ["a", "b", None]}


def test_values_of_json_keep_their_kind(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text('{"id": 7, "text": ["0389", "41071"]}\n')
    (chunk,) = read(path)
    assert chunk.columns == {"id": [7], "text": [["0389", "41071"]]}


# ---- saved datasets


def test_a_saved_dataset_of_splits_names_each_rows_split(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    for split, ids in (("train", ["1", "2"]), ("test", ["3"])):
        (folder / split).mkdir()
        frame = pl.DataFrame({"id": ids})
        frame.write_ipc_stream(folder / split / "data-00000-of-00001.arrow", compat_level=pl.CompatLevel.oldest())
    chunks = read(folder, "id")
    assert [(chunk.part, chunk.columns["id"], chunk.numbers) for chunk in chunks] == [
        ("train", ["1", "2"], [1, 2]),
        ("test", ["3"], [3]),
    ]


def test_a_dataset_without_splits_names_none(tmp_path: Path) -> None:
    assert {chunk.part for chunk in read(made(tmp_path, "saved"))} == {None}


def test_a_folder_without_a_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no \.arrow files"):
        table(tmp_path)


# ---- what is refused


def test_lists_inside_lists_without_end_are_refused_with_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_bytes(b'{"id": "1"}\n' + b"[" * 100_000 + b"\n")
    with pytest.raises(DataError, match="more than 64 deep") as caught:
        read(path, "id")
    assert "NOSOLOGY_READ_DEPTH" in caught.value.hint


def test_files_of_other_table_programs_are_refused_with_what_to_save_them_as(tmp_path: Path) -> None:
    (tmp_path / "notes.ods").write_text("x")
    with pytest.raises(DataError, match="are not read") as caught:
        table(tmp_path / "notes.ods")
    assert ".xlsx" in caught.value.hint


@pytest.mark.parametrize("name", ["notes", "notes.gz", "notes.doc"])
def test_a_name_that_tells_no_format_is_refused_with_those_that_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    with pytest.raises(DataError, match="cannot tell the format") as caught:
        table(tmp_path / name)
    for suffix in (".csv", ".tsv", ".jsonl", ".parquet"):
        assert suffix in caught.value.hint


@pytest.mark.parametrize("name", ["notes.csv", "notes.jsonl", "notes.parquet"])
def test_a_missing_file_is_refused_with_its_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError) as caught:
        table(tmp_path / name)
    assert name in str(caught.value)


def test_a_file_that_is_no_parquet_is_refused_without_its_content(tmp_path: Path) -> None:
    path = tmp_path / "notes.parquet"
    path.write_text("canary in the mine")
    with pytest.raises(DataError, match="broken, or not of the format") as caught:
        table(path)
    assert "canary" not in str(caught.value)
    assert caught.value.hint


def test_a_parquet_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path, "notes.parquet")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="broken"):
        table(path)
