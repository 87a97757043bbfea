"""Files go anywhere that fsspec reaches, whole or not at all; on a disk they are their owner's alone."""

import pickle
import stat
import uuid
from pathlib import Path

import polars as pl
import pytest

from nosology.errors import ConfigError
from nosology.scale.reading import as_parquet
from nosology.scale.storage import Storage, content_of

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
