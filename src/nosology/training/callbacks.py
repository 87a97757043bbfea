"""What watches a training: the log file, progress, and the seal that says a checkpoint was written whole.

`training_log.jsonl` is append-only while training runs and is rewritten from the checkpoint's own history on resuming,
so a resumed run has the log of an uninterrupted one. Transformers writes a checkpoint file by file, so a killed process
can leave one that looks whole; only sealed ones are resumed from.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from transformers import TrainerCallback

from nosology.files import read_json, sha256_file, write_json

LOG_NAMES = {
    "loss": "train/loss",
    "epoch": "train/epoch",
    "learning_rate": "train/learning_rate",
    "grad_norm": "train/grad_norm",
    "tokens_per_second": "train/tokens_per_second",
    "notes_at_once": "train/notes_at_once",
    "eval_loss": "eval/loss",
    "eval_accuracy": "eval/accuracy",
    "eval_runtime": "eval/runtime",
    "eval_samples_per_second": "eval/samples_per_second",
    "eval_steps_per_second": "eval/steps_per_second",
}
"""What the Trainer calls a figure, and what `training_log.jsonl` calls it."""

COMPLETE = "complete.json"
"""Written last into a checkpoint; one without it was cut short and is not resumed from."""


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """Where training is, for progress bars.

    Attributes:
        step: Optimizer steps done.
        n_steps: Steps in all.
        figures: The newest figures under the names of `training_log.jsonl`.
    """

    step: int
    n_steps: int
    figures: dict[str, float]


class LogFile(TrainerCallback):  # type: ignore[misc]
    """Keeps `training_log.jsonl`: one object a logged step. A resumed run rewrites it from the checkpoint's history."""

    def __init__(self, path: Path, progress: Callable[[TrainingStep], None] | None) -> None:
        self._path = path
        self._progress = progress

    def on_train_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Start the file with what the checkpoint remembers."""
        if state.is_world_process_zero:
            self._path.write_text("".join(_log_line(entry) for entry in state.log_history), encoding="utf-8")

    def on_log(self, _args: Any, state: Any, _control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        """Append one step's figures."""
        if not logs or not state.is_world_process_zero:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_log_line({**logs, "step": state.global_step}))
        if self._progress:
            figures = {LOG_NAMES[name]: value for name, value in logs.items() if name in LOG_NAMES}
            self._progress(TrainingStep(state.global_step, state.max_steps, figures))


class CheckpointSeal(TrainerCallback):  # type: ignore[misc]
    """Marks each checkpoint as whole after its last file was written."""

    def on_save(self, args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Write the seal: the hashes of what a resumed run will read."""
        if not state.is_world_process_zero:
            return
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        files = sorted(file for file in folder.iterdir() if file.is_file() and file.name != COMPLETE)
        write_json(folder / COMPLETE, {file.name: sha256_file(file) for file in files})


class FiniteGradients(TrainerCallback):  # type: ignore[misc]
    """Stops before an optimizer step whose gradients are not finite, which would spoil the adapter for good."""

    def __init__(self, fail: Callable[[str], NoReturn]) -> None:
        self._fail = fail

    def on_pre_optimizer_step(self, _args: Any, _state: Any, _control: Any, model: Any = None, **_: Any) -> None:
        """Look at all gradients of the step."""
        gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
        if not torch.isfinite(torch.stack(torch._foreach_norm(gradients))).all():
            self._fail("a gradient")


def _log_line(entry: dict[str, float]) -> str:
    known = {LOG_NAMES[name]: value for name, value in entry.items() if name in LOG_NAMES}
    return json.dumps({"step": int(entry["step"]), **known}) + "\n" if known else ""


def last_whole_checkpoint(folder: Path) -> Path | None:
    """Return the newest checkpoint in a folder whose seal matches its files; remove those cut short."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    for checkpoint in reversed(found):
        seal = read_json(checkpoint / COMPLETE) if (checkpoint / COMPLETE).exists() else None
        if seal and all(
            (checkpoint / name).exists() and sha256_file(checkpoint / name) == hash_ for name, hash_ in seal.items()
        ):
            return checkpoint
        shutil.rmtree(checkpoint)
    return None
