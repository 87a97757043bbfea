"""Whatever command meets a folder that is not there or not what it needs says so, exits with 2 and leaves no trace."""

from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., tuple[int, str, str]]
NOT_A_RUN = [
    ("evaluate", "{run}"),
    ("report", "{run}"),
    ("classify", "{run}", "{notes}"),
    ("suggest", "{run}", "{notes}"),
    ("serve", "{run}"),
    ("feedback", "report", "{run}"),
]


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """An empty folder in the place of a run, a table of notes, and a folder to write."""
    (tmp_path / "run").mkdir()
    (tmp_path / "notes.csv").write_text("id,text\n1,a canary of a note\n")
    return {"run": str(tmp_path / "run"), "notes": str(tmp_path / "notes.csv"), "out": str(tmp_path / "out")}


def everything(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("words", NOT_A_RUN, ids=" ".join)
@pytest.mark.parametrize("state", ["empty", "missing", "unfinished", "of another kind"])
def test_what_is_no_finished_run_is_refused_by_every_command(
    nosology: Command, tmp_path: Path, places: dict[str, str], words: tuple[str, ...], state: str
) -> None:
    run = tmp_path / "run"
    if state == "missing":
        run.rmdir()
    if state == "unfinished":
        (run / "config.yaml").write_text("{}")
    if state == "of another kind":
        (run / "manifest.json").write_text('{"kind": "dataset", "format": 1, "files": {}}')
    before = everything(tmp_path)
    status, out, err = nosology(*(word.format(**places) for word in words))
    assert status == 2, err
    assert out == ""
    assert err.startswith("error:")
    assert str(run) in err, "the place is named"
    assert "canary" not in err
    assert "Traceback" not in err
    assert everything(tmp_path) == before


@pytest.mark.parametrize("state", ["empty", "missing"])
def test_training_needs_a_dataset_and_makes_no_run_without_one(
    nosology: Command, tmp_path: Path, places: dict[str, str], state: str
) -> None:
    if state == "missing":
        (tmp_path / "run").rmdir()
    status, _, err = nosology("train", places["run"], "--out", places["out"])
    assert status == 2
    assert str(tmp_path / "run") in err
    assert not list((tmp_path / "out").rglob("*")), "at most an empty folder"


@pytest.mark.parametrize("release", ["mimic3", "mimic4"])
def test_preparing_an_empty_folder_names_the_missing_file(
    nosology: Command, tmp_path: Path, places: dict[str, str], release: str
) -> None:
    status, _, err = nosology("prepare", release, places["run"], "--out", places["out"])
    assert status == 2
    assert "missing" in err
    assert "physionet.org" in err
    assert not (tmp_path / "out").exists()


def test_an_unknown_field_of_the_configuration_is_told_before_any_work(
    nosology: Command, tmp_path: Path, places: dict[str, str]
) -> None:
    status, _, err = nosology("train", places["run"], "--out", places["out"], "--set", "train.epoch=3")
    assert status == 2
    assert "train.epoch" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["prepare", "train", "evaluate", "classify", "suggest", "serve", "keys", "labels"])
def test_every_command_explains_itself(nosology: Command, command: str) -> None:
    status, out, _ = nosology(command, "--help")
    assert status == 0
    assert "Usage" in out
