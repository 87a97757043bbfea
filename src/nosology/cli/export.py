"""`nosology export`: a run as a model of other programs, proved equal."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from nosology.cli import app
from nosology.cli.console import say
from nosology.cli.runs import RunArgument
from nosology.errors import ConfigError

if TYPE_CHECKING:
    from nosology.export.models.layout import Target
    from nosology.export.models.workflow import Exported


class To(StrEnum):
    """What a run is written as."""

    adapter = "adapter"
    merged = "merged"
    gguf = "gguf"
    bundle = "bundle"


class NumberFormat(StrEnum):
    """How weights are stored."""

    auto = "auto"
    float32 = "float32"
    float16 = "float16"
    bfloat16 = "bfloat16"
    f16 = "f16"
    q8_0 = "q8_0"


AllowRestrictedOption = Annotated[
    bool,
    typer.Option(
        "--allow-restricted", help="Pack a run of MIMIC's notes, or of nobody knows whose: who gets it is on you."
    ),
]


@app.command()
def export(
    run: RunArgument,
    to: Annotated[
        To,
        typer.Option(
            help="adapter: a peft folder. merged: one model, as the Hub has them. gguf: for llama.cpp. "
            "bundle: what was done and what came of it, without weights."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    number_format: Annotated[
        NumberFormat,
        typer.Option(help="Of the weights: auto is the base model's; in GGUF f16 (auto) or q8_0."),
    ] = NumberFormat.auto,
    name: Annotated[
        str | None,
        typer.Option(help="What to call it; without it the run's name, with what the licence puts before it."),
    ] = None,
    word_patients: Annotated[
        int, typer.Option(min=0, help="Patients that have to share a word before it leaves; 0: no word leaves.")
    ] = 10,
    allow_restricted: AllowRestrictedOption = False,
) -> None:
    """Write a run as a model of another program, and prove that it answers there as it does here.

    The export is loaded by its target's own loader in a fresh process and asked about invented notes. Where it answers
    otherwise nothing is written, and the first thing that differs is named. `nosology verify OUT` repeats the proof.

    Example: nosology export runs/first --to merged --out exports/first
    """
    _check(to, number_format)
    if to is To.bundle:
        _bundle(run, out, allow_restricted=allow_restricted)
        return
    from nosology.export.models.workflow import export_run

    done = export_run(
        run,
        cast("Target", to.value),
        out,
        number_format=number_format.value,
        name=name,
        allow_restricted=allow_restricted,
        word_patients=word_patients,
    )
    _say_what_was_proved(done)


def _check(to: To, number_format: NumberFormat) -> None:
    """Refuse what would be ignored, and what cannot be done here, before anything is loaded.

    Raises:
        ConfigError: A number format is given for what has none of its own, or a package is missing.
    """
    from nosology.machine.extras import expect_extra

    if to in (To.adapter, To.bundle) and number_format is not NumberFormat.auto:
        what = "an adapter keeps the format it was trained in" if to is To.adapter else "a bundle holds no weights"
        raise ConfigError(what, place="--number-format", hint="leave it out, or export --to merged or gguf")
    if to is To.gguf:
        expect_extra("embedded", "writing GGUF")


def _say_what_was_proved(done: "Exported") -> None:
    found = done.comparison
    say(
        f"{found.n} invented notes: largest difference {found.largest:.2g} of {found.tolerance:g} tolerated, "
        f"mean {found.mean:.2g}, {found.n_changed} other answers; {done.name}: {done.folder}"
    )
    for cost in done.words.costs:
        say(f"words: {cost.told}")
    if done.words.why_not:
        say(f"no word of a note leaves: {done.words.why_not}")
    if done.left_to_do:
        say(f"before you pass it on: {done.left_to_do}")


def _bundle(run: Path, out: Path, *, allow_restricted: bool) -> None:
    from nosology.export.bundle import write_bundle
    from nosology.export.models.origin import expect_allowed
    from nosology.report import write_report
    from nosology.runs.run import Run

    opened = Run.open(run)
    expect_allowed(opened, allow_restricted=allow_restricted)
    made = write_bundle(opened, out, write_report=write_report)
    say(f"bundled, {made.n_notes} ids hashed: {out}; the salt stays with you: {made.salt}")
