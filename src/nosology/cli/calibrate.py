"""`nosology calibrate`: a finished run learns on local notes how sure it may be; no weight changes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nosology.cli import app
from nosology.cli.console import progress, say
from nosology.cli.runs import RunArgument

if TYPE_CHECKING:
    from nosology.classifier.local import LocalCalibration


@app.command()
def calibrate(
    run: RunArgument,
    dataset: Annotated[
        Path | None, typer.Option(help="Local labelled notes, as `nosology prepare` wrote them; all splits are used.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Calibrate a small copy of the run, written here; the run stays as it is.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Use a random part of this many notes.")] = None,
    confidence_only: Annotated[
        bool, typer.Option("--confidence-only", help="Fit how sure the run may be; leave its answers as they are.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Remove the newest local calibration instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print provenance and figures as JSON.")] = False,
) -> None:
    """Fit temperature, threshold, prediction sets and the ensemble's blend to a few hundred local notes.

    Kept in RUN/calibrated beside what the run came with; classify, suggest and serve use the newest. Notes unlike the
    local ones are then left to people, with the reason.

    Example: nosology calibrate runs/mimic3 --dataset data/local
    """
    import json

    from nosology.errors import ConfigError
    from nosology.runs.run import Run

    if undo:
        from nosology.classifier.local import undo as undo_newest

        opened = Run.open(run)
        opened.check_writable()
        files = opened.files
        number = undo_newest(files)
        n_left = len(files.local_calibrations())
        say(f"removed calibration {number}; {n_left} local ones are left")
        return
    if dataset is None:
        raise ConfigError("there are no notes to calibrate on", place="--dataset", hint="name a prepared dataset")
    from nosology.evaluation.calibrating import calibrate as calibrate_run

    found = calibrate_run(run, dataset, out=out, limit=limit, confidence_only=confidence_only, progress=progress)
    if as_json:
        print(json.dumps(found.about, indent=2))
    else:
        for line in lines_of(found):
            print(line)
    say(f"`nosology calibrate {out or run} --undo` goes back")


def lines_of(found: "LocalCalibration") -> list[str]:
    """Return how far the figures moved, and how far they can be trusted, in words."""
    lines = []
    for system, both in found.about["figures"].items():
        before, after = both["before"], both["after"]
        lines.append(f"{system}, before and after, on notes that each calibration had not seen:")
        for name, title in _FIGURES:
            if after.get(name) is not None:
                lines.append(f"  {title:34} {_told(before, name)} -> {_told(after, name)}")
    n, needed = found.about["n_notes"], found.about["n_notes_for_five_points"]
    low, high = found.about["figures"]["tuned"]["after"]["accuracy_interval"]
    enough = "are enough" if n >= needed else f"are too few for that; {needed} are enough"
    lines.append(
        f"{n} notes tell accuracy within {100 * (high - low) / 2:.0f} points either way. For five points they {enough}."
    )
    return lines


_FIGURES = (
    ("accuracy", "accuracy"),
    ("ece_debiased", "calibration error (debiased)"),
    ("coverage", "coverage of prediction sets"),
    ("set_size", "categories in a set"),
    ("answered_share", "share of notes answered"),
    ("answered_accuracy", "accuracy on answered notes"),
)


def _told(figures: dict[str, Any], name: str) -> str:
    """Return a figure with its interval where it has one; ``none`` where nothing was calibrated."""
    value, interval = figures.get(name), figures.get(f"{name}_interval")
    if value is None:
        return "none"
    return f"{value:.3f}" + (f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else "")
