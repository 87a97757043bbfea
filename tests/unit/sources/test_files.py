"""Files as streams of blocks, found by name: what is found, what is read, and what is refused with a remedy."""

import gzip
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nosology.errors import DataError
from nosology.sources.files import BlockReader, find_file


def make(folder: Path, *names: str) -> None:
    """Make small files in a folder, with the folders on their way."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"header\n")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["NOTEEVENTS.csv"], "NOTEEVENTS.csv"),
        (["noteevents.CSV.GZ"], "noteevents.CSV.GZ"),
        (["NOTEEVENTS.csv", "NOTEEVENTS.csv.gz"], "NOTEEVENTS.csv"),
        (["physionet.org/files/mimiciii/1.4/NOTEEVENTS.csv.gz"], "physionet.org/files/mimiciii/1.4/NOTEEVENTS.csv.gz"),
        (["NOTEEVENTS.csv", "old/NOTEEVENTS.csv"], "NOTEEVENTS.csv"),
        (["a/b/NOTEEVENTS.csv", "c/NOTEEVENTS.csv"], "c/NOTEEVENTS.csv"),
        (["NOTEEVENTS.csv.bak", "MY_NOTEEVENTS.csv", "NOTEEVENTS.parquet"], None),
        ([".hidden/NOTEEVENTS.csv"], None),
        (["a/b/c/d/e/NOTEEVENTS.csv"], None),
        (["NOTEEVENTS.csv/readme.txt"], None),
        ([], None),
    ],
)
def test_the_file_nearest_to_the_top_is_found_in_any_case(tmp_path: Path, names: list[str], found: str | None) -> None:
    make(tmp_path, *names)
    assert find_file(tmp_path, "NOTEEVENTS") == (found and tmp_path / found)
    assert find_file(tmp_path, "noteevents") == (found and tmp_path / found)


def test_two_files_of_one_depth_are_no_choice_to_guess(tmp_path: Path) -> None:
    make(tmp_path, "hosp/patients.csv", "old/patients.csv.gz")
    with pytest.raises(
        DataError, match=r"several files could be meant: hosp/patients\.csv, old/patients\.csv\.gz"
    ) as no:
        find_file(tmp_path, "patients")
    assert no.value.hint == "give the folder of one"


def test_a_file_in_the_place_of_the_folder_holds_nothing(tmp_path: Path) -> None:
    make(tmp_path, "file.csv")
    assert find_file(tmp_path / "file.csv", "file") is None
    assert find_file(tmp_path / "none", "file") is None


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=300), st.integers(1, 64), st.booleans())
def test_the_blocks_together_are_the_content_whatever_their_size(
    tmp_path: Path, content: bytes, size: int, zipped: bool
) -> None:
    content = b"x" + content  # no other format's first bytes
    path = tmp_path / "file.csv"
    path.write_bytes(gzip.compress(content) if zipped else content)
    reader = BlockReader(path, block_bytes=size)
    blocks = list(reader)
    assert b"".join(blocks) == content
    assert all(0 < len(block) <= size for block in blocks)
    assert 0 < reader.bytes_done <= reader.bytes_total == path.stat().st_size


def test_compression_is_told_by_the_first_bytes_not_by_the_name(tmp_path: Path) -> None:
    (tmp_path / "plain.csv.gz").write_bytes(b"a,b\n")
    (tmp_path / "zipped.csv").write_bytes(gzip.compress(b"a,b\n"))
    assert [b"".join(BlockReader(tmp_path / name)) for name in ("plain.csv.gz", "zipped.csv")] == [b"a,b\n"] * 2


def test_several_gzip_members_in_a_row_are_one_content(tmp_path: Path) -> None:
    (tmp_path / "two.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"))
    assert b"".join(BlockReader(tmp_path / "two.csv.gz")) == b"a,b\n1,2\n3,4\n"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    members=st.lists(st.tuples(st.binary(max_size=300), st.integers(0, 40)), min_size=1, max_size=4),
    packed=st.integers(1, 50),
    block=st.integers(1, 400),
)
def test_members_with_zeros_behind_them_are_one_content_however_it_is_read(
    tmp_path: Path, members: list[tuple[bytes, int]], packed: int, block: int
) -> None:
    path = tmp_path / "tape.csv.gz"
    path.write_bytes(b"".join(gzip.compress(content) + bytes(n_zeros) for content, n_zeros in members))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nosology.sources.files._PACKED_BYTES", packed)
        blocks = list(BlockReader(path, block_bytes=block))
    assert b"".join(blocks) == b"".join(content for content, _ in members)
    assert all(0 < len(piece) <= block for piece in blocks)


def test_what_is_no_gzip_behind_a_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n") + b"and more than the header of a member")
    with pytest.raises(DataError, match="its content is damaged"):
        list(BlockReader(path))


def test_a_file_can_be_read_twice(tmp_path: Path) -> None:
    (tmp_path / "file.csv.gz").write_bytes(gzip.compress(b"a,b\n" * 100))
    reader = BlockReader(tmp_path / "file.csv.gz", block_bytes=7)
    assert list(reader) == list(reader)


def test_progress_counts_bytes_on_disk(tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_bytes(b"0123456789")
    reader = BlockReader(tmp_path / "file.csv", block_bytes=4)
    assert reader.bytes_done == 0
    assert [reader.bytes_done for _ in reader] == [4, 8, 10]


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (b"", "the file is empty", "download it again"),
        (b"PK\x03\x04rest", "a zip archive", "unpack it"),
        (b"\xfd7zXZ\x00rest", "xz-compressed", "unpack it"),
        (b"BZh91AY", "bzip2-compressed", "unpack it"),
        (b"\x28\xb5\x2f\xfdrest", "zstandard-compressed", "unpack it"),
        (gzip.compress(b"secret words " * 900)[:-20], "it ends too early", "gzip -t"),
        (gzip.compress(b"secret words")[:-8] + bytes(8), "its content is damaged", "gzip -t"),
        (b"\x1f\x8b\x08\x00" + b"x" * 40, "broken gzip", "gzip -t"),
    ],
    ids=["empty", "zip", "xz", "bzip2", "zstd", "cut", "checksum", "garbage"],
)
def test_what_cannot_be_read_is_refused_with_place_and_remedy(
    tmp_path: Path, content: bytes, message: str, hint: str
) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(content)
    with pytest.raises(DataError) as refusal:
        list(BlockReader(path))
    assert message in refusal.value.message
    assert hint in (refusal.value.hint or "")
    assert refusal.value.place == str(path)
    assert "secret" not in str(refusal.value)


def test_a_damaged_file_gives_all_blocks_before_the_damage(tmp_path: Path) -> None:
    whole = bytes(range(256)) * 400
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(whole)[:-20])
    blocks: list[bytes] = []
    with pytest.raises(DataError, match="ends too early") as refusal:
        blocks.extend(BlockReader(path, block_bytes=1_000))
    read = b"".join(blocks)
    assert f"after {len(read):,} uncompressed bytes" in refusal.value.message
    assert len(read) > 50_000
    assert whole.startswith(read)


def test_a_missing_file_and_a_folder_are_refused_before_reading(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        BlockReader(tmp_path / "none.csv")
    with pytest.raises(DataError, match="a folder, not a file"):
        BlockReader(tmp_path)


def test_a_reader_that_is_left_early_leaves_no_thread_behind(tmp_path: Path) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(gzip.compress(bytes(1_000_000)))
    for block in BlockReader(path, block_bytes=1_000):
        assert len(block) == 1_000
        break
    assert [thread.name for thread in threading.enumerate() if thread.name == "read-ahead"] == []
