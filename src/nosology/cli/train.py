"""`nosology train`: fine-tune a model on a dataset."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nosology.cli import app
from nosology.cli.console import progress, say
from nosology.cli.tables import ConfigOption

if TYPE_CHECKING:
    from nosology.config import Config
    from nosology.training.callbacks import TrainingStep


@app.command()
def train(
    dataset: Annotated[Path, typer.Argument(help="A prepared dataset folder.")],
    out: Annotated[Path, typer.Option(help="The run folder to write.")],
    config: ConfigOption = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="Change one field: section.key=value. May be repeated.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an unfinished run.")] = False,
) -> None:
    """Fine-tune a model with LoRA on a dataset; the base model stays as it is.

    Several processes: torchrun --nproc-per-node 2 -m nosology train ...

    Example: nosology train data/mimic3 --out runs/first --config mimic3
    """
    from nosology.config import load_config

    train_with_progress(dataset, out, load_config(config, overrides), resume=resume)


def train_with_progress(dataset: Path, out: Path, config: "Config", *, resume: bool = False) -> None:
    """Train while showing steps, loss, tokens per second and the time left; then say what was trained."""
    from nosology.training import train as run_training

    if os.environ.get("RANK", "0") != "0":  # under torchrun one process talks
        run_training(dataset, out, config, resume=resume)
        return
    with showing_steps("train") as show:
        manifest = run_training(dataset, out, config, resume=resume, progress=show)
    if manifest:
        say(
            f"trained on {manifest.n_train_notes} notes in {manifest.timings.train_seconds:.0f} s; "
            f"{manifest.model.n_trainable:,} of {manifest.model.n_parameters:,} parameters; run: {out}"
        )


@contextmanager
def showing_steps(task: str) -> "Iterator[Callable[[TrainingStep], None]]":
    """Yield what shows each step of a training: its number, loss and speed, and validations."""
    with progress(task, unit="steps") as advance:
        done = 0

        def show(step: "TrainingStep") -> None:
            nonlocal done
            figures = {name.partition("/")[2]: value for name, value in step.figures.items()}
            if "train/loss" in step.figures:
                detail = f"loss {figures['loss']:.3f}, {figures['tokens_per_second']:.0f} tokens/s"
                advance(step.step - done, detail, total=step.n_steps)
                done = step.step
            elif "eval/loss" in step.figures:
                detail = f"validation loss {figures['loss']:.3f}, accuracy {figures['accuracy']:.3f}"
                advance(0, detail, total=step.n_steps)

        yield show
