"""``nosology demo`` renews a folder of its own and never one of yours."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from types import ModuleType

import pytest

from nosology.cli import demo
from nosology.cli.demo import MARKER
from nosology.coding.labels import LabelSet
from nosology.records import Prediction

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


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stop the demo at its second stage; return what the starter was asked, known answers in the model's place."""
    seen: list[str] = []

    class Known:
        @classmethod
        def load(cls, run: str) -> "Known":
            assert run == "starter"
            return cls()

        def classify(self, texts: list[str]) -> list[Prediction]:
            seen.extend(texts)
            sure = Prediction("Digestive", 0.75, (("Digestive", 0.75),), caution="not calibrated on your notes")
            return [replace(sure, abstained=number > 0) for number, _ in enumerate(texts)]

    module = ModuleType("nosology.classifier.classifier")
    module.Classifier = Known  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nosology.classifier.classifier", module)

    def stop(*_: object, **__: object) -> None:
        raise Stopped

    monkeypatch.setattr("nosology.synthetic.write_mimic", stop)
    return seen


def test_the_starter_answers_first(
    nosology: Command, tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "has_starter", lambda: True)
    status, shown, talk = nosology("demo", "--out", tmp_path / "demo")
    assert (status, len(asked)) == (130, 5)
    assert shown.count("75%") == 5
    assert shown.count("not sure") == 4
    assert "caution: not calibrated on your notes" in talk
    assert talk.index("-- starter") < talk.index("-- synth")


def test_a_build_without_a_starter_says_so_and_trains_from_the_base_model(
    nosology: Command, tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "has_starter", lambda: False)
    status, shown, talk = nosology("demo", "--out", tmp_path / "demo")
    assert (status, shown, asked) == (130, "", [])
    assert "no starter, so training begins from the base model" in talk


def test_the_first_notes_are_five_styles_of_five_categories_and_none_names_its_answer() -> None:
    lines = resources.files("nosology").joinpath(demo.FIRST_NOTES).read_text(encoding="utf-8").splitlines()
    notes = [json.loads(line) for line in lines]
    assert len(notes) == len({note["style"] for note in notes}) == len({note["category"] for note in notes}) == 5
    names = LabelSet.load("icd-chapters-18").names
    for note in notes:
        assert note["category"] in names
        assert note["category"].lower() not in note["text"].lower()
