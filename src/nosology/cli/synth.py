"""``nosology synth``: synthetic MIMIC files."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nosology.cli import app
from nosology.cli.console import progress, say


class _Layout(StrEnum):
    mimic3 = "mimic3"
    mimic4 = "mimic4"


class _Phi(StrEnum):
    masked = "masked"
    realistic = "realistic"


class _Length(StrEnum):
    short = "short"
    full = "full"
    mixed = "mixed"


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(help="The folder to make; it must not exist or be empty.")],
    admissions: Annotated[int, typer.Option(min=1, help="How many hospital stays.")] = 2000,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 0,
    layout: Annotated[_Layout, typer.Option(help="Whose tables: MIMIC-III's or MIMIC-IV's.")] = _Layout.mimic3,
    phi: Annotated[
        _Phi, typer.Option(help="Placeholders, or invented identifiers with their exact spans in phi.jsonl.")
    ] = _Phi.masked,
    length: Annotated[
        _Length, typer.Option(help="Discharge notes of 50-100 words, of 300-1,800 words, or both.")
    ] = _Length.short,
    other_notes: Annotated[
        float, typer.Option(min=0, help="Notes of other categories per admission (mimic3 layout only).")
    ] = 2.0,
    processes: Annotated[int | None, typer.Option(min=1, help="Worker processes; one per core by default.")] = None,
) -> None:
    """Write synthetic MIMIC files: notes of invented patients, their codes, and the tables around them.

    Example: nosology synth synthetic-mimic --admissions 5000 --seed 7
    """
    from nosology.synthetic import write_mimic

    with progress("synth", total=admissions, unit="admissions") as advance:
        counts = write_mimic(
            out,
            admissions=admissions,
            seed=seed,
            layout=layout.value,
            phi=phi.value,
            length=length.value,
            other_notes_per_admission=other_notes,
            processes=processes,
            progress=advance,
        )
    for name, count in counts.items():
        say(f"  {name}.csv.gz: {count:,} rows")
    say(f"written: {out}")
