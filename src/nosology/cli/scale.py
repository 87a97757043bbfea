"""What commands that work on one machine or on Ray have in common: the option, and the work on Ray itself."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nosology.cli.console import progress, say, say_cautions
from nosology.errors import ConfigError

if TYPE_CHECKING:
    from nosology.classifier.opening import System
    from nosology.config import PrepareConfig
    from nosology.dataset.summary import DatasetSummary
    from nosology.sources.formats import ReadingOptions
    from nosology.sources.table import TableColumns


class EngineName(StrEnum):
    """Where the work is done."""

    local = "local"
    ray = "ray"


EngineOption = Annotated[
    EngineName,
    typer.Option(
        help="local: this machine. ray: partitions on Ray; then the input is a folder, a pattern or an address of many "
        "files (s3://bucket/notes), and --out a folder or an address."
    ),
]


def prepare_on_ray(
    where: str,
    out: str,
    settings: "PrepareConfig",
    columns: "TableColumns",
    *,
    how: "ReadingOptions",
    n_workers: int | None,
) -> "DatasetSummary":
    """Prepare a table's partitions on Ray; arguments and errors as `prepare_partitions` has them."""
    from nosology.scale.cluster import ray_engine
    from nosology.scale.prepare import prepare_partitions

    with ray_engine(n_workers) as engine:
        return prepare_partitions(where, out, settings, columns, engine=engine, progress=progress, how=how)


def classify_on_ray(
    run: Path, where: str, out: str | None, text: str, *, system: "System | None", how: "ReadingOptions"
) -> None:
    """Classify a table's partitions on Ray, and say what came out.

    Args:
        run: The run folder.
        where: The input.
        out: The folder to make.
        text: The column that holds the notes.
        system: What answers; None for what the run says.
        how: What the user says of the files.

    Raises:
        ConfigError: No output folder is named.
    """
    from nosology.scale.classify import classify_partitions, find_job
    from nosology.scale.cluster import ray_engine

    if out is None:
        raise ConfigError("predictions of partitions need a folder", place="--engine ray", hint="name it with --out")
    with ray_engine() as engine:
        job = find_job(run, where, out, text, system=system, how=how)
        found = classify_partitions(job, engine=engine, progress=progress)
    say_cautions(found.cautions)
    if not found.is_calibrated:
        say("not calibrated, so every note is left to people: run nosology evaluate, with 30 validation notes or more")
    unread = f", {found.n_unread:,} without anything to read (see the column reason)" if found.n_unread else ""
    told = f", {found.n_demanding:,} that tell the reader what to answer (see the column demands)"
    n_unsure = found.n_abstained - found.n_unread
    say(
        f"classified {found.n_notes - found.n_unread:,} notes, not sure about {n_unsure:,}{unread}"
        f"{told if found.n_demanding else ''}: {out}"
    )


def refuse_with_ray(**given: bool) -> None:
    """Refuse options that mean nothing for partitions.

    Args:
        given: Whether each was given, by its name.

    Raises:
        ConfigError: One was.
    """
    for name, is_given in given.items():
        if is_given:
            option = f"--{name.replace('_', '-')}"
            raise ConfigError("goes with --engine local alone", place=option, hint="leave it out")
