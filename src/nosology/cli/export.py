"""`nosology export`: a run as a model of other programs, proved equal."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nosology.cli import app
from nosology.cli.console import say
from nosology.cli.runs import RunArgument


class To(StrEnum):
    """What a run is written as."""

    adapter = "adapter"
    merged = "merged"


class NumberFormat(StrEnum):
    """How weights are stored."""

    auto = "auto"
    float32 = "float32"
    float16 = "float16"
    bfloat16 = "bfloat16"


@app.command()
def export(
    run: RunArgument,
    to: Annotated[
        To,
        typer.Option(help="adapter: a peft folder. merged: one model, as the Hub has them."),
    ],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    number_format: Annotated[
        NumberFormat,
        typer.Option(help="Of merged weights: auto is the base model's."),
    ] = NumberFormat.auto,
) -> None:
    """Write a run as a model of another program, and prove that it answers there as it does here.

    The export is loaded by its target's own loader in a fresh process and asked about invented notes. Where it answers
    otherwise nothing is written, and the first thing that differs is named. `nosology verify OUT` repeats the proof.

    Example: nosology export runs/first --to merged --out exports/first
    """
    from nosology.export.models.workflow import export_run

    done = export_run(run, to.value, out, number_format=number_format.value)
    found = done.comparison
    say(
        f"{found.n} invented notes: largest difference {found.largest:.2g} of {found.tolerance:g} tolerated, "
        f"mean {found.mean:.2g}, {found.n_changed} other answers; {to.value}: {out}"
    )
