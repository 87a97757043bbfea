"""What watches a training: a line a logged step, seals that tell whole checkpoints from torn ones, sound gradients."""

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest
import torch

from nosology.training.callbacks import (
    COMPLETE,
    LOG_NAMES,
    CheckpointSeal,
    FiniteGradients,
    LogFile,
    TrainingStep,
    last_whole_checkpoint,
)


def state(step: int = 0, *, first: bool = True, history: tuple[dict[str, float], ...] = ()) -> SimpleNamespace:
    """Return as much of the Trainer's state as callbacks read."""
    return SimpleNamespace(is_world_process_zero=first, global_step=step, max_steps=40, log_history=list(history))


def lines(path: Path) -> list[dict[str, float]]:
    """Return the objects of a log."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# ---- the log


def test_each_logged_step_is_a_line_under_the_logs_own_names(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log.jsonl", None)
    log.on_train_begin(None, state(), None)
    log.on_log(None, state(1), None, logs={"loss": 2.5, "learning_rate": 1e-4, "epoch": 0.1, "total_flos": 7.0})
    log.on_log(None, state(2), None, logs={"eval_loss": 1.5, "eval_accuracy": 0.5})
    assert lines(tmp_path / "log.jsonl") == [
        {"step": 1, "train/loss": 2.5, "train/learning_rate": 1e-4, "train/epoch": 0.1},
        {"step": 2, "eval/loss": 1.5, "eval/accuracy": 0.5},
    ]


@pytest.mark.parametrize("logs", [None, {}, {"total_flos": 7.0}, {"train_runtime": 3.0}])
def test_figures_that_the_log_has_no_name_for_make_no_line(tmp_path: Path, logs: dict[str, float] | None) -> None:
    log = LogFile(tmp_path / "log.jsonl", None)
    log.on_train_begin(None, state(), None)
    log.on_log(None, state(1), None, logs=logs)
    assert (tmp_path / "log.jsonl").read_text() == ""


def test_a_resumed_training_begins_with_the_checkpoints_history_and_no_later_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1, "train/loss": 3.0}\n{"step": 9, "train/loss": 0.1}\n')
    log = LogFile(path, None)
    history = ({"loss": 3.0, "step": 1}, {"total_flos": 1.0, "step": 1}, {"eval_loss": 2.0, "step": 2})
    log.on_train_begin(None, state(2, history=history), None)
    log.on_log(None, state(3), None, logs={"loss": 1.0})
    assert lines(path) == [
        {"step": 1, "train/loss": 3.0},
        {"step": 2, "eval/loss": 2.0},
        {"step": 3, "train/loss": 1.0},
    ]


def test_only_the_first_process_writes(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log.jsonl", None)
    log.on_train_begin(None, state(first=False), None)
    log.on_log(None, state(1, first=False), None, logs={"loss": 2.5})
    assert not (tmp_path / "log.jsonl").exists()


def test_progress_is_told_every_figure_with_the_step(tmp_path: Path) -> None:
    told: list[TrainingStep] = []
    log = LogFile(tmp_path / "log.jsonl", told.append)
    log.on_train_begin(None, state(), None)
    log.on_log(None, state(7), None, logs={"loss": 2.5, "total_flos": 1.0})
    assert told == [TrainingStep(7, 40, {"train/loss": 2.5})]


def test_the_names_of_the_log_are_of_two_kinds_and_none_twice() -> None:
    assert len(set(LOG_NAMES.values())) == len(LOG_NAMES)
    assert all(name.startswith(("train/", "eval/")) for name in LOG_NAMES.values())
    assert all(ours.startswith("eval/") == theirs.startswith("eval_") for theirs, ours in LOG_NAMES.items())


# ---- seals


def checkpoint(folder: Path, step: int, **files: bytes) -> Path:
    """Write a checkpoint's files and return it, not yet sealed."""
    made = folder / f"checkpoint-{step}"
    made.mkdir(parents=True)
    for name, content in (files or {"adapter": b"abc", "optimizer": b"state"}).items():
        (made / name).write_bytes(content)
    return made


def seal(folder: Path, step: int, *, first: bool = True) -> None:
    """Seal a checkpoint."""
    CheckpointSeal().on_save(SimpleNamespace(output_dir=str(folder)), state(step, first=first), None)


def test_a_seal_holds_the_hash_of_every_file(tmp_path: Path) -> None:
    made = checkpoint(tmp_path, 4, adapter=b"abc", optimizer=b"")
    (made / "below").mkdir()
    seal(tmp_path, 4)
    assert json.loads((made / COMPLETE).read_text()) == {
        "adapter": hashlib.sha256(b"abc").hexdigest(),
        "optimizer": hashlib.sha256(b"").hexdigest(),
    }


def test_a_checkpoint_can_be_sealed_again_after_its_files_changed(tmp_path: Path) -> None:
    made = checkpoint(tmp_path, 4)
    seal(tmp_path, 4)
    (made / "adapter").write_bytes(b"other")
    seal(tmp_path, 4)
    assert last_whole_checkpoint(tmp_path) == made


def test_only_the_first_process_seals(tmp_path: Path) -> None:
    made = checkpoint(tmp_path, 4)
    seal(tmp_path, 4, first=False)
    assert not (made / COMPLETE).exists()


def test_the_newest_whole_checkpoint_is_found_by_number_not_by_name(tmp_path: Path) -> None:
    for step in (2, 9, 10):
        checkpoint(tmp_path, step)
        seal(tmp_path, step)
    assert last_whole_checkpoint(tmp_path) == tmp_path / "checkpoint-10"


@pytest.mark.parametrize("damage", ["no seal", "changed file", "missing file", "empty seal"])
def test_a_torn_checkpoint_is_removed_and_the_one_before_it_taken(tmp_path: Path, damage: str) -> None:
    whole = checkpoint(tmp_path, 8)
    torn = checkpoint(tmp_path, 12)
    seal(tmp_path, 8)
    seal(tmp_path, 12)
    if damage == "no seal":
        (torn / COMPLETE).unlink()
    if damage == "changed file":
        (torn / "adapter").write_bytes(b"abd")
    if damage == "missing file":
        (torn / "optimizer").unlink()
    if damage == "empty seal":
        (torn / COMPLETE).write_text("{}")
    assert last_whole_checkpoint(tmp_path) == whole
    assert not torn.exists()
    assert whole.exists()


def test_older_whole_checkpoints_stay(tmp_path: Path) -> None:
    for step in (1, 2):
        checkpoint(tmp_path, step)
        seal(tmp_path, step)
    last_whole_checkpoint(tmp_path)
    assert (tmp_path / "checkpoint-1").is_dir()


def test_without_checkpoints_there_is_none(tmp_path: Path) -> None:
    assert last_whole_checkpoint(tmp_path) is None
    checkpoint(tmp_path, 3)
    assert last_whole_checkpoint(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


# ---- gradients


class Failed(Exception):
    """What the training does when it stops."""


def stop(what: str) -> NoReturn:
    """Stop the training."""
    raise Failed(what)


def model_with(*gradients: list[float] | None) -> torch.nn.Module:
    """Return a model whose parameters have these gradients."""
    model = torch.nn.ParameterList(torch.nn.Parameter(torch.zeros(2)) for _ in gradients)
    for parameter, gradient in zip(model, gradients, strict=True):
        parameter.grad = None if gradient is None else torch.tensor(gradient)
    return model


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("place", [0, 1])
def test_one_gradient_that_is_not_finite_stops_before_the_step(bad: float, place: int) -> None:
    gradients: list[list[float] | None] = [[0.0, 1.0], None, [1.0, 1.0]]
    gradients[2 * place] = [0.0, bad]
    with pytest.raises(Failed, match="a gradient"):
        FiniteGradients(stop).on_pre_optimizer_step(None, None, None, model=model_with(*gradients))


def test_finite_gradients_go_on_however_large() -> None:
    model = model_with([1e18, -1e18], None, [0.0, 0.0])
    FiniteGradients(stop).on_pre_optimizer_step(None, None, None, model=model)
