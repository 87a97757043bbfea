"""`nosology tune`: search for a training's settings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nosology.cli import app
from nosology.cli.console import say
from nosology.cli.tables import ConfigOption
from nosology.cli.train import showing_steps

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from nosology.tuning.trials import Trial
    from nosology.tuning.workflow import Watch


@app.command()
def tune(
    dataset: Annotated[Path, typer.Argument(help="A prepared dataset folder.")],
    out: Annotated[Path, typer.Option(help="The folder of the search to write.")],
    trials: Annotated[int, typer.Option(min=1, help="How many trainings to try, earlier ones included.")],
    config: ConfigOption = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change one field: section.key=value, and do not search it. May be repeated."),
    ] = None,
    space: Annotated[
        Path | None, typer.Option(help="A YAML file that narrows or fixes what is searched, by the settings' names.")
    ] = None,
    max_notes: Annotated[
        int | None, typer.Option(min=1, help="Training notes of a trial, and validation notes, at most.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is tried.")] = 0,
    keep_adapters: Annotated[
        bool, typer.Option("--keep-adapters", help="Keep every finished trial's adapter, not the best one's alone.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a search, or add trials to it.")] = False,
) -> None:
    """Search for a training's settings with Optuna: many trainings, judged by validation notes; test notes stay unread.

    Writes OUT/trials.tsv and OUT/best.yaml anew after every trial, and each trial's run into OUT/trials. Hopeless ones
    are given up early. Needs the extra `tune`.

    Example: nosology tune data/mine --out searches/first --trials 20 --config table --max-notes 400
    """
    from nosology.config import load_config
    from nosology.machine.extras import expect_extra

    expect_extra("tune", "a search")
    from nosology.tuning.workflow import Options
    from nosology.tuning.workflow import tune as search

    options = Options(
        n_trials=trials,
        space=space,
        overrides=tuple(overrides or ()),
        source=str(config or ""),
        max_notes=max_notes,
        seed=seed,
        keeps_adapters=keep_adapters,
    )

    def showing(number: int) -> "AbstractContextManager[Watch]":
        return showing_steps(f"trial {number + 1} of {trials}")

    found = search(dataset, out, load_config(config, overrides), options, resume=resume, showing=showing, say=say)
    _tell_best(found, dataset, out)


def _tell_best(trials: "list[Trial]", dataset: Path, out: Path) -> None:
    from nosology.tuning.trials import best_of

    best = best_of(trials)
    if best is None:
        say("no trial finished; say more --trials with --resume, or narrow --space")
        return
    say(f"best: trial {best.number + 1}, validation loss {best.validation_loss:.4f}, accuracy {best.accuracy:.3f}")
    say(f"next: nosology train {dataset} --out RUN --config {out / 'best.yaml'}")
