"""``nosology doctor``: what this machine has, what a configuration needs, what to do about it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nosology.cli import app
from nosology.cli.console import duration
from nosology.cli.tables import ConfigOption

if TYPE_CHECKING:
    from nosology.doctor import Diagnosis, TimeNote
    from nosology.machine import Machine


@app.command()
def doctor(
    config: ConfigOption = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="A field to change, as section.key=value; may be repeated.")
    ] = None,
    dataset: Annotated[
        Path | None, typer.Option(help="A prepared dataset: say how many hours training on it takes.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Say what this machine has, what a configuration needs, and what to do about the difference.

    Exits with status 0 if the configuration can run here and 2 if not. Nothing is downloaded. On a CUDA device
    the speed of training is measured on two layers of the model's shape, which takes some seconds.

    Example: nosology doctor --config paper
    """
    from nosology.config import load_config
    from nosology.doctor import examine
    from nosology.machine import inspect_machine
    from nosology.training.duration import notes_to_train_on

    settings = load_config(config, overrides)
    machine = inspect_machine()
    notes = notes_to_train_on(dataset, settings) if dataset else None
    diagnosis = examine(settings, machine, notes, _timer() if machine.gpus else None)
    if as_json:
        print(json.dumps({"machine": machine.to_dict(), "diagnosis": diagnosis.to_dict()}, indent=2))
    else:
        subject = str(config) if config else "The default configuration"
        print("\n".join([*_describe_machine(machine), "", *_describe_needs(subject, diagnosis)]))
    if not diagnosis.can_run:
        raise typer.Exit(2)


def _timer() -> "TimeNote":
    from nosology.training.speed import measured_speed

    return lambda shape, load: measured_speed(shape, load).seconds_per_note


def _describe_machine(machine: "Machine") -> list[str]:
    from nosology.doctor import gigabytes

    gpus = [
        f"  {gpu.name}: {gigabytes(gpu.memory_bytes)}, {gigabytes(gpu.free_bytes)} free" for gpu in machine.gpus
    ] or ["  no CUDA GPU"]
    installed = [f"{name} {version}" for name, version in machine.packages.items() if version]
    missing = [name for name, version in machine.packages.items() if not version]
    return [
        "This machine",
        f"  {machine.platform}, Python {machine.python}, torch {machine.torch}",
        f"  {machine.n_cores} cores, {gigabytes(machine.memory_bytes)} memory ({gigabytes(machine.available_bytes)} "
        f"available), {gigabytes(machine.free_disk_bytes)} free on this disk",
        *gpus,
        f"  matrix products, measured: {machine.gflops:,.0f} GFLOP/s in float32, "
        f"{machine.gflops_bfloat16:,.0f} in bfloat16",
        f"  optional packages: {', '.join(installed) or 'none'}; not installed: {', '.join(missing) or 'none'}",
    ]


def _describe_needs(subject: str, diagnosis: "Diagnosis") -> list[str]:
    from nosology.doctor import gigabytes

    shape, need = diagnosis.model.shape, diagnosis.need
    lines = [f"{subject} needs"]
    size = f"{shape.n_parameters / 1e9:.3g} B parameters" if shape else "size unknown"
    where = (
        f"{gigabytes(diagnosis.model.download_bytes)} to download"
        if diagnosis.model.download_bytes
        else "on this machine"
    )
    lines.append(f"  {diagnosis.model.name}: {size}{', ' + where if shape else ''}")
    if need and diagnosis.seconds_per_note is not None:
        lines += [
            f"  memory: {gigabytes(need.weights)} weights + {gigabytes(need.adapter)} adapter and optimizer + "
            f"{gigabytes(need.activations)} activations = {gigabytes(need.total)} of {diagnosis.memory_of}, "
            f"where {gigabytes(diagnosis.free_bytes)} are free",
            f"  time: about {duration(diagnosis.seconds_per_note)} a training note "
            f"({'measured here on two layers' if diagnosis.is_measured else 'a rough estimate'})",
        ]
    if diagnosis.hours is not None:
        lines.append(f"  this dataset: about {diagnosis.hours:.1f} hours")
    for fitting in diagnosis.fitting:
        ways = {"4-bit weights": fitting.is_4bit, "recomputation": fitting.is_checkpointed}
        how = " and ".join(way for way, is_used in ways.items() if is_used) or "everything kept"
        most = f"train.batch_size up to {fitting.n_notes}" if fitting.n_notes else "not even one note"
        lines.append(f"  fits, {how}: {most}")
    for finding in diagnosis.findings:
        lines += [f"  {finding.level}: {finding.message}", f"    {finding.remedy}"]
    return [*lines, "", "It can run here." if diagnosis.can_run else "It cannot run here as it is."]
