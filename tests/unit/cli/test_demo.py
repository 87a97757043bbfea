"""``nosology demo`` renews a folder of its own and never one of yours."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nosology.cli import demo
from nosology.cli.demo import MARKER

Command = Callable[..., tuple[int, str, str]]


class Stopped(KeyboardInterrupt):
    """The demo got as far as its first stage."""


@pytest.fixture
def stops_at_first_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupt the demo where its work begins."""

    def stop(*_: object) -> None:
        raise Stopped

    monkeypatch.setattr(demo, "_stage", stop)


def test_a_folder_with_something_else_in_it_is_left_alone(nosology: Command, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    status, _, talk = nosology("demo", "--out", tmp_path)
    assert status == 2
    assert "no demo made" in talk
    assert "--out" in talk
    assert (tmp_path / "thesis.txt").read_text() == "three years of work"
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.usefixtures("stops_at_first_stage")
def test_a_new_folder_is_marked_as_the_demos_own(nosology: Command, tmp_path: Path) -> None:
    status, _, _ = nosology("demo", "--out", tmp_path / "new" / "demo")
    assert status == 130
    assert [file.name for file in (tmp_path / "new" / "demo").iterdir()] == [MARKER]


@pytest.mark.usefixtures("stops_at_first_stage")
def test_an_earlier_demo_makes_room_for_the_next(nosology: Command, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    nosology("demo", "--out", out)
    (out / "run").mkdir()
    (out / "run" / "manifest.json").write_text("{}")
    nosology("demo", "--out", out)
    assert [file.name for file in out.iterdir()] == [MARKER]


@pytest.mark.usefixtures("stops_at_first_stage")
def test_an_empty_folder_is_taken(nosology: Command, tmp_path: Path) -> None:
    assert nosology("demo", "--out", tmp_path)[0] == 130
    assert (tmp_path / MARKER).is_file()
