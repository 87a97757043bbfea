"""Files and folders that are written whole or not at all, and hashes."""

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nosology import files
from nosology.errors import RunError
from nosology.files import (
    new_folder,
    read_json,
    remove_leftovers,
    replaced_folder,
    replacing,
    sha256_file,
    sha256_text,
    shared_folder,
    write_bytes,
    write_json,
    write_lines,
    write_text,
)

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_hashes_are_those_of_the_standard(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_text("abc") == sha256_file(tmp_path / "abc") == ABC
    assert len(sha256_text("\ud800")) == 64


def test_a_file_is_replaced_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        write_bytes(tmp_path / "deep" / "file", content)
    assert (tmp_path / "deep" / "file").read_bytes() == b"second"
    assert names(tmp_path / "deep") == ["file"]


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old", encoding="utf-8")

    def interrupted() -> None:
        with replacing(tmp_path / "file") as partial:
            partial.write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (tmp_path / "file").read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["file"]


def test_readers_see_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "old")
    with replacing(tmp_path / "file") as partial:
        partial.write_text("new", encoding="utf-8")
        assert (tmp_path / "file").read_text(encoding="utf-8") == "old"
    assert (tmp_path / "file").read_text(encoding="utf-8") == "new"


def test_a_private_file_is_its_owners_alone_from_the_first_byte(tmp_path: Path) -> None:
    with replacing(tmp_path / "file", is_private=True) as partial:
        assert mode(partial) == 0o600
    assert mode(tmp_path / "file") == 0o600


def test_other_files_have_the_rights_that_the_user_gives_new_files(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    write_text(tmp_path / "ours", "")
    assert mode(tmp_path / "ours") == mode(tmp_path / "usual")


def test_json_is_indented_and_keeps_its_letters(tmp_path: Path) -> None:
    write_json(tmp_path / "file.json", {"name": "Café"})
    assert (tmp_path / "file.json").read_bytes() == b'{\n  "name": "Caf\xc3\xa9"\n}\n'
    assert read_json(tmp_path / "file.json") == {"name": "Café"}


def test_what_is_no_json_is_refused_with_its_place(tmp_path: Path) -> None:
    write_text(tmp_path / "file.json", "{")
    with pytest.raises(RunError) as caught:
        read_json(tmp_path / "file.json")
    assert caught.value.place == str(tmp_path / "file.json")


def test_half_of_a_surrogate_pair_does_not_stop_the_writing(tmp_path: Path) -> None:
    write_lines(tmp_path / "lines", [json.dumps({"answer": "half a pair: \ud83d"}, ensure_ascii=False), "{}"])
    first, second = (tmp_path / "lines").read_text(encoding="utf-8").splitlines()
    assert json.loads(first)["answer"] == "half a pair: \ud83d"
    assert second == "{}"


def test_a_folder_takes_its_place_only_when_its_block_ends_well(tmp_path: Path) -> None:
    with replaced_folder(tmp_path / "eval" / "test") as folder:
        (folder / "results.json").write_text("first", encoding="utf-8")
        assert not (tmp_path / "eval" / "test").exists()
    assert (tmp_path / "eval" / "test" / "results.json").read_text(encoding="utf-8") == "first"


def test_a_second_folder_replaces_the_first_entirely(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with replaced_folder(tmp_path / "test") as folder:
            (folder / name).touch()
    assert names(tmp_path / "test") == ["two"]
    assert names(tmp_path) == ["test"]


def test_a_folder_whose_block_fails_leaves_the_earlier_one_and_nothing_else(tmp_path: Path) -> None:
    with replaced_folder(tmp_path / "test") as folder:
        (folder / "results.json").touch()

    def interrupted() -> None:
        with replaced_folder(tmp_path / "test") as folder:
            (folder / "half").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [path.name for path in tmp_path.rglob("*")] == ["test", "results.json"]


def test_a_new_folder_is_refused_where_something_lies(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with new_folder(tmp_path / "out") as folder:
        (folder / "a").touch()
    assert names(tmp_path / "out") == ["a"]
    with pytest.raises(RunError, match="already holds something"), new_folder(tmp_path / "out"):
        pytest.fail("the block ran")


def test_of_two_processes_that_make_the_same_folder_the_first_wins(tmp_path: Path) -> None:
    with shared_folder(tmp_path / "model") as folder:
        (folder / "ours").touch()
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "theirs").touch()
    assert names(tmp_path / "model") == ["theirs"]
    assert names(tmp_path) == ["model"]


def test_what_dead_processes_left_is_removed_and_what_living_ones_write_stays(tmp_path: Path) -> None:
    dead = 2**22 + 1  # above Linux's largest process number
    for pid in (dead, os.getpid()):
        (tmp_path / f".out.{pid}.partial").mkdir()
    remove_leftovers(tmp_path / "out")
    assert names(tmp_path) == [f".out.{os.getpid()}.partial"]


def test_a_process_that_was_killed_leaves_nothing_that_the_next_one_does_not_remove(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from nosology.files import new_folder, replacing
here = Path({str(tmp_path)!r})
with replacing(here / "out[1].csv", is_private=True) as partial, new_folder(here / "dataset") as folder:
    partial.write_text("a note")
    (folder / "notes").write_text("a note")
    print("ready", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.kill()
    assert names(tmp_path) == [f".dataset.{process.pid}.partial", f".out[1].csv.{process.pid}.partial"]
    write_text(tmp_path / "out[1].csv", "new")
    with new_folder(tmp_path / "dataset"):
        pass
    assert names(tmp_path) == ["dataset", "out[1].csv"]


def test_a_number_that_is_another_process_by_now_keeps_no_leftovers(tmp_path: Path) -> None:
    left = tmp_path / f".out.{os.getpid()}.partial"
    left.touch()
    os.utime(left, (1_000_000_000, 1_000_000_000))  # in 2001, before this process began
    remove_leftovers(tmp_path / "out")
    assert names(tmp_path) == []


def test_a_folder_that_made_way_for_one_that_never_came_is_put_back(tmp_path: Path) -> None:
    dead = 2**22 + 1
    (tmp_path / f".out.{dead}.old.partial").mkdir()
    (tmp_path / f".out.{dead}.old.partial" / "kept").touch()
    remove_leftovers(tmp_path / "out")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["kept"]


def test_files_of_other_names_are_no_leftovers(tmp_path: Path) -> None:
    others = [".out.txt.partial", ".other.4194305.partial", ".out.4194305.txt", ".out.4194305.new.partial"]
    for name in others:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path / "out")
    assert names(tmp_path) == sorted(others)


def test_a_private_folder_is_its_owners_alone_while_it_is_filled_and_afterwards(tmp_path: Path) -> None:
    with new_folder(tmp_path / "dataset", is_private=True) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "notes").touch(0o666)
        assert mode(folder) == 0o700
    assert mode(tmp_path / "dataset") == 0o700
    assert mode(tmp_path / "dataset" / "deep") == 0o700
    assert mode(tmp_path / "dataset" / "deep" / "notes") == 0o600


def test_a_note_has_one_hash_and_a_surrogate_does_not_break_it() -> None:
    assert sha256_text("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2
    assert sha256_text("a") != sha256_text("b")
    assert len(sha256_text("\ud800")) == 64


def test_no_other_module_replaces_files_by_itself() -> None:
    package = Path(files.__file__).parent
    others = [path for path in package.rglob("*.py") if "os.replace(" in path.read_text(encoding="utf-8")]
    assert others == [package / "files.py"]


def test_of_several_writers_one_stands_and_none_leaves_a_part(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: files.write_apart(path, bytes([number]) * 100_000), range(16)))
    assert len(set(path.read_bytes())) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
