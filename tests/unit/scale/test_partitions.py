"""Which files are partitions, and which job an output folder belongs to."""

import uuid
from pathlib import Path

import pytest

from nosology.errors import DataError, RunError
from nosology.files import MANIFEST
from nosology.scale.partitions import WORK, begin, find_partitions, mark_done, missing, what_is_done
from nosology.scale.storage import Storage
from nosology.sources.invented import write_mark


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "b.parquet",
        "a.parquet",
        "more/c.csv.gz",
        "_SUCCESS",
        ".a.parquet.crc",
        "_old/d.parquet",
        "readme.md",
    ):
        path = tmp_path / "notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "notes"


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("", ["a.parquet", "b.parquet", "c.csv.gz"]),
        ("/*.parquet", ["a.parquet", "b.parquet"]),
        ("/more/c.csv.gz", ["c.csv.gz"]),
    ],
)
def test_partitions_are_readable_files_in_order_without_hidden_ones(folder: Path, where: str, names: list[str]) -> None:
    assert [item.name for item in find_partitions(f"{folder}{where}")] == names


def test_a_hidden_folder_above_the_input_hides_nothing(folder: Path) -> None:
    assert [item.name for item in find_partitions(str(folder / "_old"))] == ["d.parquet"]


def test_partitions_elsewhere_keep_their_address() -> None:
    name = f"memory://{uuid.uuid4().hex}"
    Storage(name).write("a.parquet", b"x")
    (found,) = find_partitions(name)
    assert (found.address, found.path) == (f"{name}/a.parquet".replace("memory://", "memory:///"), Path("a.parquet"))


def test_partitions_beside_the_mark_of_invented_notes_have_it(folder: Path) -> None:
    write_mark(folder)
    assert [item.is_invented for item in find_partitions(str(folder))] == [True, True, False]


def test_an_input_without_files_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="no file of notes"):
        find_partitions(str(folder / "*.xlsx"))


def test_the_same_job_goes_on_and_another_is_refused(folder: Path, tmp_path: Path) -> None:
    out, partitions = Storage(str(tmp_path / "out")), find_partitions(str(folder))
    assert not begin(out, {"a": 1}, partitions)
    assert begin(out, {"a": 1}, partitions)
    with pytest.raises(RunError, match="another job"):
        begin(out, {"a": 2}, partitions)
    (folder / "a.parquet").write_bytes(b"another")
    with pytest.raises(RunError, match="another job"):
        begin(out, {"a": 1}, find_partitions(str(folder)))


def test_a_finished_folder_and_one_of_others_are_refused(folder: Path, tmp_path: Path) -> None:
    out, partitions = Storage(str(tmp_path / "out")), find_partitions(str(folder))
    begin(out, {"a": 1}, partitions)
    out.write(MANIFEST, b"{}")
    with pytest.raises(RunError, match="already holds something"):
        begin(out, {"a": 1}, partitions)
    out.remove(WORK)
    with pytest.raises(RunError, match="already holds something"):
        begin(out, {"a": 1}, partitions)


def test_what_is_done_is_not_missing(tmp_path: Path) -> None:
    out = Storage(str(tmp_path / "out"))
    assert missing(out, "read", 3) == [0, 1, 2]
    mark_done(out, "read", 1, {"n": 7})
    assert (missing(out, "read", 3), what_is_done(out, "read", 1)) == ([0, 2], {"n": 7})
