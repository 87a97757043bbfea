"""The name ``starter``: what it means wherever a run is asked for, and that nothing is written into what it names."""

from pathlib import Path

import pytest

from evaluation_world import write_dataset, write_run
from nosology.errors import RunError
from nosology.runs import starter
from nosology.runs.run import Run
from starter_world import put_in_place, take_away


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run in the place of the package's starter."""
    dataset = write_dataset(tmp_path / "dataset", {"train": 4, "validation": 4, "test": 4})
    run = write_run(tmp_path / "package" / "starter", dataset, n_train=4)
    put_in_place(run, monkeypatch)
    return run


def test_the_word_names_the_run_in_the_package(packed: Path) -> None:
    assert starter.has_starter()
    assert starter.run_folder("starter") == packed
    assert Run.open("starter").folder == packed
    assert Run.open("starter").name == "starter"


@pytest.mark.parametrize("name", ["./starter", "runs/starter", "Starter", "starter/", "base"])
def test_every_other_name_is_a_path(packed: Path, name: str) -> None:
    assert starter.run_folder(name) == Path(name)
    assert packed != Path(name)


def test_a_folder_of_that_name_is_meant_only_with_its_path(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = write_run(tmp_path / "starter", tmp_path / "dataset", n_train=2)
    monkeypatch.chdir(tmp_path)
    assert Run.open("starter").folder == packed
    assert Run.open("./starter").manifest.n_train_notes == 2
    assert Run.open(Path("starter")).folder.resolve() == own, "a path is a path"


def test_a_build_without_a_starter_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    take_away(monkeypatch)
    monkeypatch.chdir(tmp_path)
    assert not starter.has_starter()
    with pytest.raises(RunError, match="this build has no starter") as caught:
        Run.open("starter")
    assert "nosology course" in caught.value.hint
    assert "./starter" not in caught.value.hint
    (tmp_path / "starter").mkdir()
    with pytest.raises(RunError) as caught:
        Run.open("starter")
    assert "write ./starter" in caught.value.hint


def test_only_the_folder_in_the_package_is_the_starter(packed: Path, tmp_path: Path) -> None:
    assert starter.is_starter(packed)
    assert starter.is_starter(packed.parent / "x" / ".." / "starter")
    assert not starter.is_starter(tmp_path / "starter")


def test_a_service_keeps_its_state_among_the_users_files(
    packed: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert starter.state_folder(packed) == home / ".local" / "state" / "nosology" / "starter"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert Run.open(packed).state == tmp_path / "state" / "nosology" / "starter"
    assert starter.state_folder(tmp_path / "own") == tmp_path / "own" / "service"


@pytest.mark.usefixtures("packed")
def test_nothing_is_written_into_it(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="nothing is written into it") as caught:
        Run.open("starter").check_writable()
    assert "CARD.md" in caught.value.hint
    assert "train.start=starter" in caught.value.hint
    Run.open(write_run(tmp_path / "own", tmp_path / "dataset", n_train=2)).check_writable()
