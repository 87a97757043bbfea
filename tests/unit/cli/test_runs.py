"""How commands are told which run: the starter by its name, everything else by its folder."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from evaluation_world import write_dataset, write_run
from nosology.errors import RunError
from nosology.runs.files import RunFiles
from nosology.runs.integrity import record
from starter_world import put_in_place, take_away

Command = Callable[..., Result]


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run in the place of the package's starter."""
    dataset = write_dataset(tmp_path / "dataset", {"train": 4, "validation": 4, "test": 4})
    run = write_run(tmp_path / "package" / "starter", dataset, n_train=4)
    record(RunFiles(run), {})
    put_in_place(run, monkeypatch)
    return run


@pytest.mark.parametrize(
    "words", [("classify", "starter", "-"), ("suggest", "starter", "-"), ("verify", "starter"), ("serve",)]
)
def test_a_build_without_a_starter_says_so(
    command: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    take_away(monkeypatch)
    with pytest.raises(RunError, match="this build has no starter"):
        command(*words)


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "starter"),
        ("evaluate", "starter", "--dataset", "nowhere"),
        ("report", "starter"),
        ("verify", "starter", "--record"),
        ("calibrate", "starter", "--undo"),
    ],
)
def test_a_command_that_would_write_into_it_is_refused(command: Command, packed: Path, words: tuple[str, ...]) -> None:
    before = {path: path.stat().st_mtime_ns for path in packed.rglob("*")}
    with pytest.raises(RunError, match="nothing is written into it"):
        command(*words)
    assert {path: path.stat().st_mtime_ns for path in packed.rglob("*")} == before


def test_a_folder_of_that_name_needs_its_path(
    command: Command, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError, match="no run folder here") as caught:
        command("evaluate", "./starter")
    assert caught.value.place == "starter"
    assert packed.is_dir()


def test_the_help_says_that_the_word_is_understood(command: Command) -> None:
    for name in ("classify", "suggest", "verify", "serve"):
        assert "starter" in command(name, "--help").stdout
