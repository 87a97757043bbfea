"""Files go anywhere that fsspec reaches, whole or not at all; on a disk they are their owner's alone."""

import pickle
import stat
import uuid
from pathlib import Path

import polars as pl
import pytest

from nosology.errors import ConfigError, DataError
from nosology.scale.reading import as_parquet
from nosology.scale.storage import Storage, content_of, file_system

pytest.importorskip("pyarrow", reason="the extra `scale` is not installed")


@pytest.fixture(params=["disk", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "out") if request.param == "disk" else f"memory://{uuid.uuid4().hex}/out")


def test_what_is_written_is_read_and_listed_and_removed(storage: Storage) -> None:
    assert storage.is_empty()
    storage.write("a/b/one.json", b"1")
    storage.write("a/b/one.json", b"2")
    assert not storage.is_empty()
    assert (storage.read("a/b/one.json"), storage.names("a/b"), storage.names("a/c")) == (b"2", {"one.json"}, set())
    storage.remove("a")
    assert not storage.exists("a/b/one.json")


def test_a_frame_comes_back_with_the_columns_that_were_asked_for(storage: Storage) -> None:
    storage.write("notes.parquet", as_parquet(pl.DataFrame({"id": ["a", "b"], "n": [1, 2]})))
    assert storage.frame("notes.parquet").to_dict(as_series=False) == {"id": ["a", "b"], "n": [1, 2]}
    assert storage.frame("notes.parquet", ["n"]).columns == ["n"]


def test_files_and_folders_on_a_disk_are_their_owners_alone(tmp_path: Path) -> None:
    Storage(str(tmp_path / "out")).write("a/one.json", b"1")
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out", *(tmp_path / "out").rglob("*"))
    }
    assert modes == {"out": 0o700, "a": 0o700, "one.json": 0o600}


def test_bytes_are_fetched_only_from_elsewhere(tmp_path: Path) -> None:
    name = f"memory://{uuid.uuid4().hex}"
    Storage(name).write("notes.csv", b"id\n")
    assert content_of(f"{name}/notes.csv") == b"id\n"
    (tmp_path / "notes.csv").write_bytes(b"id\n")
    assert content_of(str(tmp_path / "notes.csv")) is None


def test_an_address_that_nothing_reaches_is_refused() -> None:
    with pytest.raises(ConfigError, match="nothing here knows such addresses"):
        Storage("gopher9://bucket/notes")


def test_a_worker_in_another_folder_gets_the_same_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    shipped = pickle.dumps(Storage("out"))
    monkeypatch.chdir(tmp_path / "elsewhere")
    pickle.loads(shipped).write("a.json", b"1")
    assert (tmp_path / "out" / "a.json").is_file()
    name = f"memory://{uuid.uuid4().hex}/out"
    assert pickle.loads(pickle.dumps(Storage(name))).address == name


def test_what_is_not_there_is_not_read_as_empty(storage: Storage) -> None:
    with pytest.raises(FileNotFoundError):
        storage.read("none.json")
    with pytest.raises(FileNotFoundError):
        storage.frame("none.parquet")
    assert not storage.exists("none.json")
    storage.remove("none")


def test_bytes_come_back_as_they_were_written(storage: Storage) -> None:
    for content in (b"", b"\r\n\x00\xff", bytes(range(256)) * 300):
        storage.write("a.bin", content)
        assert storage.read("a.bin") == content


def test_only_files_right_below_a_folder_are_named(storage: Storage) -> None:
    for name in ("work/a.json", "work/b.json", "work/deeper/c.json", "d.json"):
        storage.write(name, b"x")
    assert storage.names("work") - {"deeper"} == {"a.json", "b.json"}


def test_removing_a_folder_leaves_those_whose_names_begin_alike(storage: Storage) -> None:
    storage.write("work/a.json", b"1")
    storage.write("work2/a.json", b"2")
    storage.remove("work")
    assert (storage.exists("work/a.json"), storage.read("work2/a.json")) == (False, b"2")


def test_a_frame_without_rows_keeps_its_types(storage: Storage) -> None:
    types = {"part": pl.Int32, "row": pl.UInt32, "text": pl.String, "digest": pl.Binary}
    storage.write("none.parquet", as_parquet(pl.DataFrame(schema=types)))
    found = storage.frame("none.parquet")
    assert found.height == 0
    assert found.schema == types


def test_a_folder_that_is_there_without_a_file_is_empty_and_a_file_in_its_place_is_not(tmp_path: Path) -> None:
    assert Storage(str(tmp_path)).is_empty()
    assert Storage(f"{tmp_path}/").is_empty()
    (tmp_path / "file").touch()
    assert not Storage(str(tmp_path / "file")).is_empty()
    assert not Storage(str(tmp_path)).is_empty()


@pytest.mark.parametrize("form", ["{}", "{}/", "file://{}"])
def test_however_a_folder_of_this_machine_is_written_it_is_one_place(form: str, tmp_path: Path) -> None:
    storage = Storage(form.format(tmp_path / "out"))
    assert storage.is_local
    storage.write("a/b.json", b"1")
    assert (tmp_path / "out" / "a" / "b.json").read_bytes() == b"1"
    assert pickle.loads(pickle.dumps(storage)).read("a/b.json") == b"1"


def test_a_write_that_fails_leaves_what_was_there_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = Storage(str(tmp_path / "out"))
    storage.write("a.json", b"before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nosology.files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        storage.write("a.json", b"after")
    assert (storage.read("a.json"), storage.names("")) == (b"before", {"a.json"})


def test_a_package_that_is_missing_for_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.registry import known_implementations

    about = {"class": "no_such_package.Files", "err": "Install no_such_package to reach it"}
    monkeypatch.setitem(known_implementations, "nowhere", about)
    with pytest.raises(ConfigError, match="a package is missing") as refused:
        file_system("nowhere://bucket/notes")
    assert (refused.value.place, refused.value.hint) == ("nowhere://bucket/notes", about["err"])


def test_a_file_that_has_gone_from_elsewhere_is_refused_with_its_address() -> None:
    address = f"memory://{uuid.uuid4().hex}/notes.csv"
    with pytest.raises(DataError, match="cannot be fetched") as refused:
        content_of(address)
    assert refused.value.place == address
    assert refused.value.hint


def test_an_address_that_nothing_reaches_is_told_as_it_was_given() -> None:
    with pytest.raises(ConfigError) as refused:
        Storage("gopher9://bucket/notes")
    assert refused.value.place == "gopher9://bucket/notes"
    assert "s3://" in refused.value.hint
