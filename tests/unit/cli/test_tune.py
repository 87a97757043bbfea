"""`nosology tune` on the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation_world import write_dataset
from nosology.machine import extras
from tiny_models import save_tiny_model

Command = Callable[..., tuple[int, str, str]]
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning")


def test_it_says_what_came_of_each_trial_and_what_to_do_next(nosology: Command, tmp_path: Path) -> None:
    pytest.importorskip("optuna", reason="the extra `tune` is not installed")
    write_dataset(tmp_path / "dataset", {"train": 8, "validation": 4, "test": 4})
    save_tiny_model(tmp_path / "model")
    (tmp_path / "space.yaml").write_text("epochs: 1\n", encoding="utf-8")
    fixed = [
        f"model.name={tmp_path / 'model'}",
        "model.dtype=float32",
        "train.report_to=[]",
        "train.lora_targets=attention",
    ]
    words = ["tune", tmp_path / "dataset", "--out", tmp_path / "out", "--space", tmp_path / "space.yaml"]
    words += [word for setting in fixed for word in ("--set", setting)]
    status, out, said = nosology(*words, "--trials", 1)
    assert (status, out) == (0, "")
    assert "trial 1 of 1: validation loss " in said
    assert f"next: nosology train {tmp_path / 'dataset'} --out RUN --config {tmp_path / 'out' / 'best.yaml'}" in said
    status, _, said = nosology(*words, "--trials", 1)
    assert status == 2
    assert "already holds something" in said


def test_without_optuna_it_is_refused_with_one_remedy(
    nosology: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(extras.EXTRAS, "tune", ("no_such_package",))
    status, _, said = nosology("tune", tmp_path, "--out", tmp_path / "out", "--trials", 1)
    assert status == 2
    assert "a search needs no_such_package, which is not installed\n  hint: pip install 'nosology[tune]'" in said
    assert not (tmp_path / "out").exists()
