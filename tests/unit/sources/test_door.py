"""The reading process: what it hands over, which limit ends it, and that the next file is read all the same."""

import json
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from nosology.errors import DataError
from nosology.sources import door
from nosology.sources.door import DoorTable
from nosology.sources.limits import LimitReached, ReadLimits

CSV = b"id,text,cat\n1,fever,a\n2,cough,b\n3,,a\n"


def rows(table: DoorTable) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for chunk in table.chunks():
        assert isinstance(chunk.content, pl.DataFrame)
        found += chunk.content.rows()
    return found


def test_bytes_are_read_as_the_format_their_name_says() -> None:
    table = DoorTable(CSV, "n.csv", ["text"], is_whole=True)
    assert table.columns == ("id", "text", "cat")
    assert rows(table) == [("1", "fever", "a"), ("2", "cough", "b"), ("3", "", "a")]


def test_only_the_wanted_columns_are_delivered_unless_all_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_bytes(CSV)
    table = DoorTable(tmp_path / "n.csv", "", ["TEXT "])
    assert table.found == {"TEXT ": "text"}
    assert rows(table) == [("fever",), ("cough",), ("",)]
    assert table.bytes_done == table.bytes_total == len(CSV)


@pytest.mark.parametrize(("wanted", "said"), [(["note"], "no column 'note'"), (["a", "b"], "no columns 'a', 'b'")])
def test_a_column_that_is_missing_is_named_with_those_there_are(wanted: list[str], said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        DoorTable(CSV, "n.csv", wanted)
    assert "text" in caught.value.hint


def test_a_missing_file_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        DoorTable(tmp_path / "nowhere.csv", "", ["text"])
    assert str(caught.value.place) == str(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(("n_columns", "is_read"), [(20, True), (21, False)])
def test_columns_are_counted_to_their_limit(n_columns: int, is_read: bool) -> None:
    names = ["text", *(f"c{number}" for number in range(n_columns - 1))]
    data = (",".join(names) + "\n" + ",".join("x" * n_columns) + "\n").encode()
    limits = ReadLimits(columns=20)
    if is_read:
        assert rows(DoorTable(data, "n.csv", ["text"], limits=limits)) == [("x",)]
        return
    with pytest.raises(LimitReached, match="more than 20 columns"):
        rows(DoorTable(data, "n.csv", ["text"], limits=limits))


def test_what_unpacks_to_more_than_its_limit_is_refused_with_the_limit() -> None:
    data = b"text\n" + b"x" * 400_000 + b"\n" + (b"y" * 400_000 + b"\n") * 4
    assert len(rows(DoorTable(data, "n.csv", ["text"], limits=ReadLimits(unpacked_mb=8)))) == 5
    with pytest.raises(LimitReached, match=r"more than 1 MB .*limit unpacked_mb"):
        rows(DoorTable(data, "n.csv", ["text"], limits=ReadLimits(unpacked_mb=1)))


@pytest.mark.parametrize("depth", [10, 100_000])
def test_lists_inside_lists_end_at_their_limit(depth: int) -> None:
    line = '{"text": "x", "deep": ' + "[" * depth + "]" * depth + "}\n"
    with pytest.raises(DataError):
        rows(DoorTable(line.encode() * 2, "n.jsonl", ["text"], limits=ReadLimits(depth=5), is_whole=True))


def test_lists_within_their_limit_are_read() -> None:
    line = json.dumps({"text": "x", "deep": [[[1]]]}) + "\n"
    table = DoorTable(line.encode(), "n.jsonl", ["text"], limits=ReadLimits(depth=5))
    assert sum(len(chunk.numbers) for chunk in table.chunks()) == 1


@pytest.mark.parametrize("name", ["n.parquet", "n.xlsx", "n.jsonl", "n.json", "n.csv.gz"])
def test_a_file_that_is_not_of_its_format_is_refused_without_a_quote(name: str) -> None:
    with pytest.raises(DataError) as caught:
        list(DoorTable(b"Zebulon Quackenbush was seen.\n" * 3, name, ["text"]).chunks())
    assert "Zebulon" not in str(caught.value)
    assert "Quackenbush" not in str(caught.value.hint)


def test_after_a_refused_file_the_next_one_is_read() -> None:
    for _ in range(3):
        with pytest.raises(DataError):
            list(DoorTable(b"PAR1 nothing", "n.parquet", ["text"]).chunks())
        assert rows(DoorTable(CSV, "n.csv", ["id"])) == [("1",), ("2",), ("3",)]


def test_a_table_left_half_way_disturbs_no_other() -> None:
    data = b"text\n" + b"fever\n" * 200_000
    left = DoorTable(data, "n.csv", ["text"])
    chunks = left.chunks()
    next(chunks)
    assert rows(DoorTable(CSV, "n.csv", ["id"])) == [("1",), ("2",), ("3",)]
    chunks.close()
    assert rows(DoorTable(CSV, "n.csv", ["cat"])) == [("a",), ("b",), ("a",)]


def test_two_tables_can_be_open_at_once() -> None:
    first, second = DoorTable(CSV, "n.csv", ["id"]), DoorTable(CSV, "n.csv", ["cat"])
    assert rows(second) == [("a",), ("b",), ("a",)]
    assert rows(first) == [("1",), ("2",), ("3",)]


def test_a_process_that_may_take_more_memory_is_not_reused_for_a_file_that_may_take_less() -> None:
    assert rows(DoorTable(CSV, "n.csv", ["id"], limits=ReadLimits(memory_mb=4096))) == [("1",), ("2",), ("3",)]
    reader = door._POOL.take(1024)
    try:
        assert reader.memory_mb == 1024
        environment = Path(f"/proc/{reader.process.pid}/environ")
        until = time.monotonic() + 30
        while not environment.read_bytes() and time.monotonic() < until:
            time.sleep(0.01)  # for a moment after a process is begun the kernel shows nothing of it
        assert environment.read_bytes().count(b"READING_MEMORY_MB=1024\0") == 1
    finally:
        reader.end()
