"""Which files are partitions, and which job an output folder belongs to."""

import uuid
from pathlib import Path

import pytest

from nosology.errors import DataError, RunError
from nosology.files import MANIFEST
from nosology.scale.partitions import WORK, Partition, begin, find_partitions, mark_done, missing, what_is_done
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


def test_a_folder_whose_name_holds_brackets_is_a_folder_and_no_pattern(folder: Path) -> None:
    exported = folder.rename(folder.with_name("notes [2024]"))
    assert [item.name for item in find_partitions(str(exported))] == ["a.parquet", "b.parquet", "c.csv.gz"]
    (file,) = find_partitions(str(exported / "a.parquet"))
    assert file.path == exported / "a.parquet"


@pytest.mark.parametrize(
    ("pattern", "names"),
    [("*/*.csv.gz", ["c.csv.gz"]), ("?.parquet", ["a.parquet", "b.parquet"]), ("[b-z].parquet", ["b.parquet"])],
)
def test_a_pattern_finds_what_a_shell_would(folder: Path, pattern: str, names: list[str]) -> None:
    assert [item.name for item in find_partitions(f"{folder}/{pattern}")] == names


def test_a_pattern_reaches_no_hidden_folder(folder: Path) -> None:
    with pytest.raises(DataError, match="no file of notes"):
        find_partitions(f"{folder}/*/d.parquet")


def test_a_suffix_counts_in_any_case(tmp_path: Path) -> None:
    for name in ("A.CSV", "B.Parquet", "C.JSONL.GZ", "D.XLSX"):
        (tmp_path / name).touch()
    assert [item.name for item in find_partitions(str(tmp_path))] == ["A.CSV", "B.Parquet", "C.JSONL.GZ"]


@pytest.mark.parametrize("where", ["nowhere", "nowhere/*.csv", "readme.md"])
def test_what_is_not_there_or_not_read_is_refused_with_its_place_and_what_is_read(folder: Path, where: str) -> None:
    with pytest.raises(DataError) as refused:
        find_partitions(f"{folder}/{where}")
    assert refused.value.place == f"{folder}/{where}"
    assert ".parquet" in refused.value.hint
    assert ".gz" in refused.value.hint


def test_a_path_names_a_file_here_and_an_address_only_what_to_call_it() -> None:
    assert Partition("/data/part-1.csv", "").path == Path("/data/part-1.csv")
    assert Partition("s3://bucket/notes/part-1.csv", "").path == Path("part-1.csv")
    assert Partition("s3://bucket/notes/part-1.csv", "").name == "part-1.csv"


def test_a_file_that_was_changed_is_told_from_what_it_was(folder: Path) -> None:
    before = find_partitions(str(folder))
    assert find_partitions(str(folder)) == before, "nothing else changes the state"
    (folder / "b.parquet").write_bytes(b"longer than before")
    after = find_partitions(str(folder))
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, True]


def test_an_input_that_grew_or_is_named_otherwise_is_another_job(folder: Path, tmp_path: Path) -> None:
    out, partitions = Storage(str(tmp_path / "out")), find_partitions(str(folder))
    begin(out, {}, partitions)
    for others in (partitions[:-1], partitions[::-1], (*partitions, Partition("/else/where.csv", ""))):
        with pytest.raises(RunError, match="another job") as refused:
            begin(out, {}, others)
        assert refused.value.place == str(tmp_path / "out")
        assert "ask for the same again" in refused.value.hint
    assert begin(out, {}, partitions)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]"])
def test_a_damaged_record_of_a_job_is_not_gone_on_with(folder: Path, tmp_path: Path, content: bytes) -> None:
    out, partitions = Storage(str(tmp_path / "out")), find_partitions(str(folder))
    begin(out, {}, partitions)
    out.write(f"{WORK}/job.json", content)
    with pytest.raises(RunError, match="another job"):
        begin(out, {}, partitions)


def test_a_folder_with_any_file_but_a_jobs_is_not_taken(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".hidden").touch()
    with pytest.raises(RunError, match="already holds something"):
        begin(Storage(str(tmp_path / "out")), {}, find_partitions(str(folder)))
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".hidden"]


def test_work_that_a_finished_job_left_is_removed_and_its_outcome_stays(folder: Path, tmp_path: Path) -> None:
    out, partitions = Storage(str(tmp_path / "out")), find_partitions(str(folder))
    begin(out, {}, partitions)
    out.write(MANIFEST, b"{}")
    with pytest.raises(RunError, match="already holds something"):
        begin(out, {}, partitions)
    assert (out.exists(WORK), out.exists(MANIFEST)) == (False, True)


def test_each_stage_is_done_for_itself_and_half_a_record_counts_for_nothing(tmp_path: Path) -> None:
    out = Storage(str(tmp_path / "out"))
    mark_done(out, "read", 0, {})
    out.write(f"{WORK}/read/.00001.json.abc.partial", b"{")
    out.write(f"{WORK}/read/00002.parquet", b"written before it is said to be done")
    assert missing(out, "read", 4) == [1, 2, 3]
    assert missing(out, "written", 2) == [0, 1]
    assert missing(out, "read", 0) == []


def test_partitions_beyond_a_hundred_thousand_have_names_of_their_own(tmp_path: Path) -> None:
    out = Storage(str(tmp_path / "out"))
    mark_done(out, "read", 100_001, {"n": 1})
    mark_done(out, "read", 1, {"n": 2})
    assert what_is_done(out, "read", 100_001) == {"n": 1}
    assert 100_000 in missing(out, "read", 100_002)
    assert not {1, 100_001} & set(missing(out, "read", 100_002))


def test_what_is_told_of_a_partition_comes_back_as_it_was(tmp_path: Path) -> None:
    about = {"rejected": [["a.csv", 3, "no text"]], "categories": {"Überwachung “ÄÖ”\n": 2}, "none": None}
    mark_done(Storage(str(tmp_path)), "read", 7, about)
    assert what_is_done(Storage(str(tmp_path)), "read", 7) == about
