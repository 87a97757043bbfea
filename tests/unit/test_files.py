"""Files and folders that are written whole or not at all, and hashes."""

import contextlib
import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
DEAD = 2**22 + 1
"""Above Linux's largest process number."""


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
    for pid in (DEAD, os.getpid()):
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
    (tmp_path / f".out.{DEAD}.old.partial").mkdir()
    (tmp_path / f".out.{DEAD}.old.partial" / "kept").touch()
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


# ---- what fails half-way


def fill_half(making: contextlib.AbstractContextManager[Path]) -> None:
    """Write a file into a folder in the making, and be interrupted."""
    with making as folder:
        (folder / "half").touch()
        raise KeyboardInterrupt


def test_a_folder_that_cannot_take_its_place_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two renames nothing stands at the path, and a signal can arrive there."""
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "earlier").touch()
    replace = os.replace

    def interrupted(source: Path, target: Path) -> None:
        if Path(target) == tmp_path / "test" and not Path(source).name.endswith(".old.partial"):
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt), replaced_folder(tmp_path / "test") as folder:
        (folder / "newer").touch()
    assert names(tmp_path) == ["test"]
    assert names(tmp_path / "test") == ["earlier"]


def test_lines_that_stop_coming_leave_the_old_file(tmp_path: Path) -> None:
    write_lines(tmp_path / "file", ["old"])

    def broken() -> Iterator[str]:
        yield "new"
        raise RunError("the source broke")

    with pytest.raises(RunError, match="the source broke"):
        write_lines(tmp_path / "file", broken())
    assert (tmp_path / "file").read_bytes() == b"old\n"
    assert names(tmp_path) == ["file"]


def test_a_writer_apart_that_fails_leaves_what_another_one_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write_apart(tmp_path / "part", b"theirs")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_apart(tmp_path / "part", b"ours")
    assert (tmp_path / "part").read_bytes() == b"theirs"
    assert names(tmp_path) == ["part"]


@pytest.mark.parametrize("is_private", [True, False])
def test_only_a_private_file_is_on_the_disk_before_it_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_private: bool
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def flush(number: int) -> None:
        done.append("on disk")
        fsync(number)

    def rename(source: Path, target: Path) -> None:
        done.append("in place")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "replace", rename)
    write_bytes(tmp_path / "file", b"a note", is_private=is_private)
    assert done == (["on disk", "in place"] if is_private else ["in place"])


def test_a_new_folder_whose_block_fails_leaves_nothing_but_its_parent(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fill_half(new_folder(tmp_path / "deep" / "out"))
    assert names(tmp_path / "deep") == []


def test_a_shared_folder_that_fails_is_not_taken_for_whole(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fill_half(shared_folder(tmp_path / "model"))
    assert names(tmp_path) == []


def test_a_shared_folder_is_refused_where_a_file_lies(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("mine", encoding="utf-8")
    with pytest.raises(NotADirectoryError), shared_folder(tmp_path / "model"):
        pass
    assert (tmp_path / "model").read_text(encoding="utf-8") == "mine"
    assert names(tmp_path) == ["model"]


@pytest.mark.parametrize("ends_well", [True, False])
def test_a_scratch_folder_is_gone_whichever_way_its_block_ends(tmp_path: Path, ends_well: bool) -> None:
    expected = contextlib.nullcontext() if ends_well else pytest.raises(KeyboardInterrupt)
    with expected, files.scratch_folder(tmp_path / "run") as folder:
        assert mode(folder) == 0o700, "checkpoints learned from notes"
        (folder / "checkpoint").touch()
        if not ends_well:
            raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_a_scratch_folder_begins_empty_and_leaves_what_it_stands_beside(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    for _ in range(2):
        with files.scratch_folder(tmp_path / "run") as folder:
            assert names(folder) == []
            (folder / "checkpoint").touch()
    assert names(tmp_path) == ["run"]


def test_leftovers_of_a_folder_that_is_not_there_are_none(tmp_path: Path) -> None:
    remove_leftovers(tmp_path / "nowhere" / "out")
    assert names(tmp_path) == []


def test_what_a_process_that_may_not_be_looked_at_is_writing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / f".out.{os.getpid()}.partial"
    left.touch()
    os.utime(left, (1_000_000_000, 1_000_000_000))

    def denied(pid: int) -> None:
        raise psutil.AccessDenied(pid)

    monkeypatch.setattr(psutil, "Process", denied)
    remove_leftovers(tmp_path / "out")
    assert names(tmp_path) == [left.name]


def test_a_folder_that_made_way_is_removed_where_the_newer_one_came(tmp_path: Path) -> None:
    for name in ("out", f".out.{DEAD}.old.partial"):
        (tmp_path / name).mkdir()
        (tmp_path / name / ("newer" if name == "out" else "older")).touch()
    remove_leftovers(tmp_path / "out")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["newer"]


def test_a_link_that_looks_like_a_leftover_goes_and_what_it_points_to_stays(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kept").touch()
    (tmp_path / f".out.{DEAD}.partial").symlink_to(tmp_path / "mine")
    remove_leftovers(tmp_path / "out")
    assert names(tmp_path) == ["mine"]
    assert names(tmp_path / "mine") == ["kept"]


# ---- what is written comes back


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_json_comes_back_as_it_was_written(value: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_json(Path(folder) / "file.json", value)
        assert read_json(Path(folder) / "file.json") == value


def test_line_ends_stay_as_they_are(tmp_path: Path) -> None:
    write_text(tmp_path / "text", "one\r\ntwo\rthree\n")
    assert (tmp_path / "text").read_bytes() == b"one\r\ntwo\rthree\n"


def test_no_lines_make_an_empty_file(tmp_path: Path) -> None:
    write_lines(tmp_path / "lines", [])
    assert (tmp_path / "lines").read_bytes() == b""


def test_a_public_file_becomes_private_when_it_is_written_so(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "before")
    write_json(tmp_path / "file", {"note": "after"}, is_private=True)
    assert mode(tmp_path / "file") == 0o600


def test_private_lines_are_their_owners_alone(tmp_path: Path) -> None:
    write_lines(tmp_path / "predictions.jsonl", ["{}"], is_private=True)
    assert mode(tmp_path / "predictions.jsonl") == 0o600


def test_a_missing_json_file_is_told_with_its_folder(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        read_json(tmp_path / "results.json")
    assert (caught.value.message, caught.value.place) == ("results.json is missing", str(tmp_path))


def test_json_that_is_not_utf8_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "file.json").write_bytes('{"name": "Café"}'.encode("latin-1"))
    with pytest.raises(RunError, match="not valid JSON") as caught:
        read_json(tmp_path / "file.json")
    assert caught.value.place == str(tmp_path / "file.json")


def test_a_tree_is_hashed_without_its_own_manifest_but_with_those_of_folders_in_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("manifest.json", "deep/manifest.json", "b", "deep/a"):
        (tmp_path / name).write_bytes(b"abc")
    assert files.sha256_tree(tmp_path) == {"b": ABC, "deep/a": ABC, "deep/manifest.json": ABC}
    assert files.sha256_bytes(b"abc") == ABC


# ---- folders that are whole, unfinished, of another kind, or taken


def refused(folder: Path, kind: str) -> RunError:
    """Return the error that reading a folder's manifest raises."""
    with pytest.raises(RunError) as caught:
        files.read_manifest(folder, kind)
    assert caught.value.place == str(folder)
    return caught.value


def test_the_manifest_of_a_whole_folder_is_read(tmp_path: Path) -> None:
    write_json(tmp_path / "manifest.json", {"kind": "run", "n_steps": 3})
    assert files.read_manifest(tmp_path, "run") == {"kind": "run", "n_steps": 3}


def test_a_folder_that_is_not_there_is_told_with_its_kind(tmp_path: Path) -> None:
    error = refused(tmp_path / "none", "dataset")
    assert (error.message, error.hint) == ("there is no dataset folder here", "check the path")


@pytest.mark.parametrize(("kind", "remedy"), [("run", "--resume"), ("dataset", "prepare it again")])
def test_an_unfinished_folder_is_refused_with_what_finishes_it(tmp_path: Path, kind: str, remedy: str) -> None:
    (tmp_path / "labels.tsv").touch()
    error = refused(tmp_path, kind)
    assert error.message == f"this {kind} is unfinished: it holds no manifest.json"
    assert remedy in error.hint


@pytest.mark.parametrize(
    ("content", "found"), [({"kind": "run"}, "a run"), ({}, "a None"), (["run"], "a something else")]
)
def test_a_folder_of_another_kind_is_told_what_it_is(tmp_path: Path, content: object, found: str) -> None:
    write_json(tmp_path / "manifest.json", content)
    assert refused(tmp_path, "dataset").message == f"expected a dataset folder, found {found}"


def test_a_file_is_no_place_for_a_new_folder(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(RunError, match="already holds something") as caught:
        files.expect_new(tmp_path / "out")
    assert caught.value.place == str(tmp_path / "out")
    assert "--out" in caught.value.hint


def test_a_hidden_file_keeps_a_folder_from_being_new(tmp_path: Path) -> None:
    files.expect_new(tmp_path)
    (tmp_path / ".git").touch()
    with pytest.raises(RunError, match="already holds something"):
        files.expect_new(tmp_path)


def test_folders_above_a_file_and_above_a_folder_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "file", "")
    with shared_folder(tmp_path / "c" / "d" / "model"):
        pass
    assert (tmp_path / "a" / "b" / "file").is_file()
    assert (tmp_path / "c" / "d" / "model").is_dir()


@pytest.mark.parametrize("make", [shared_folder, replaced_folder, files.scratch_folder])
def test_whoever_makes_a_folder_removes_what_a_dead_process_left_of_it(
    tmp_path: Path, make: Callable[[Path], contextlib.AbstractContextManager[Path]]
) -> None:
    left = tmp_path / f".out.{DEAD}.partial"
    left.mkdir()
    (left / "half").touch()
    with make(tmp_path / "out") as folder:
        assert names(folder) == []
    assert left.name not in names(tmp_path)


def test_hashes_of_a_tree_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name in "cab":
        (tmp_path / name).touch()
    assert list(files.sha256_tree(tmp_path)) == ["a", "b", "c"]


def test_lines_end_in_a_newline_alone_on_every_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "linesep", "\r\n")
    write_lines(tmp_path / "lines", ["é", "b"])
    assert (tmp_path / "lines").read_bytes() == b"\xc3\xa9\nb\n"
