"""``nosology verify``: whether a run is still what it was, and an export still the run."""

import json
from pathlib import Path
from typing import Annotated

import typer

from nosology.cli import app
from nosology.cli.console import say
from nosology.errors import ConfigError
from nosology.runs.starter import run_folder

_A = {"export": "an export", "bundle": "a bundle"}

RunOrExport = Annotated[
    Path,
    typer.Argument(parser=run_folder, metavar="FOLDER", help="A finished run folder, an export, a bundle, or starter."),
]


@app.command()
def verify(
    run: RunOrExport,
    of: Annotated[
        Path | None, typer.Argument(parser=run_folder, metavar="RUN", help="The run that a bundle should tell of.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Record the files as they are now: only where you know who changed them.")
    ] = False,
    base: Annotated[
        Path | None, typer.Option(help="Folder of the base model of an exported adapter; without it, found by name.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Compare every file of a run, and of its base model, with what was recorded when it was made.

    An export is compared with what was written, and asked again, by its target's own loader, what the run was asked.

    Ends with status 2 where a file that a prediction depends on changed, is missing or is new; such a run answers
    nothing. Other files that changed (reports, logs, evaluations) are named too.

    Example: nosology verify runs/mimic3
    """
    kind = _kind_of(run)
    if record and kind in ("export", "bundle"):
        hint = "make it again from its run: nosology export"
        raise ConfigError(f"only a run's files are recorded anew; this is {_A[kind]}", place="--record", hint=hint)
    if kind == "export":
        _verify_export(run, base, as_json=as_json)
        return
    if kind == "bundle":
        _verify_bundle(run, of)
        return
    _verify_run(run, is_recorded_anew=record, as_json=as_json)


def _verify_run(run: Path, *, is_recorded_anew: bool, as_json: bool) -> None:
    """Compare a run's files with what was recorded, or record them as they are.

    Raises:
        RunError: A file that a prediction depends on is another one.
    """
    from nosology.errors import RunError
    from nosology.modeling.loading import recorded_files
    from nosology.runs import integrity
    from nosology.runs.run import Run

    opened = Run.open(run)
    if is_recorded_anew:
        opened.check_writable()  # before a base model is fetched or unpacked for it
    model = opened.manifest.config.model
    base_model = recorded_files(model.name, opened.manifest.model.revision or model.revision)
    if is_recorded_anew:
        recorded = integrity.record(opened.files, base_model)
        say(f"recorded {len(recorded.files)} files that predictions depend on: {opened.files.hashes}")
        return
    recorded = integrity.Recorded.read(opened.files)
    found = list(integrity.differences(opened.files, recorded))
    if as_json:
        differences = [{"file": item.name, "what": item.what, "matters": item.matters} for item in found]
        print(json.dumps({"sha256": recorded.sha256, "differences": differences}, indent=2))
    else:
        for item in found:
            print(f"{item.name}: {item.what}" + ("" if item.matters else " (no prediction depends on it)"))
    n_wrong = sum(item.matters for item in found)
    if n_wrong:
        hint = f"restore them, evaluate the run again, or record them with `nosology verify {run} --record`"
        raise RunError(f"{n_wrong} files that predictions depend on are not as recorded", place=str(run), hint=hint)
    integrity.check_base_model(base_model, recorded, model.name)
    if not as_json:
        print(f"{len(recorded.files)} files are as recorded: {recorded.sha256}")


def _kind_of(folder: Path) -> str:
    """Return what a folder's manifest says that it is; empty where there is none."""
    from nosology.files import MANIFEST, read_json

    found = read_json(folder / MANIFEST) if (folder / MANIFEST).is_file() else {}
    return str(found.get("kind", "")) if isinstance(found, dict) else ""


def _verify_export(folder: Path, base: Path | None, *, as_json: bool) -> None:
    """Name files of an export that changed, and the first thing by which it is not the run any more.

    Raises:
        RunError: There is one or the other.
    """
    from dataclasses import asdict

    from nosology.errors import RunError
    from nosology.export.models.workflow import changed_files, verify_export

    changed = changed_files(folder)
    found = verify_export(folder, base=base)
    if as_json:
        print(json.dumps({"changed": changed, **asdict(found)}, indent=2))
    else:
        for name in changed:
            print(f"{name}: not as it was written")
        print(
            f"{found.n} invented notes: largest difference {found.largest:.2g} of {found.tolerance:g} tolerated, "
            f"mean {found.mean:.2g}, {found.n_changed} other answers"
        )
    if not found.is_same:
        raise RunError(
            f"this export does not answer as its run: {found.reason}", place=str(folder), hint="export again"
        )
    if changed:
        raise RunError(f"{len(changed)} files are not as they were written", place=str(folder), hint="export again")


def _verify_bundle(bundle: Path, run: Path | None) -> None:
    """Name by what a bundle or its run is another one.

    Raises:
        RunError: There is something, or no run was given.
    """
    from nosology.errors import RunError
    from nosology.export.bundle import differences

    if run is None:
        raise RunError("which run should this bundle tell of?", place=str(bundle), hint="nosology verify BUNDLE RUN")
    found = list(differences(bundle, run))
    for difference in found:
        print(difference)
    if found:
        raise RunError(f"{len(found)} differences between this bundle and the run", place=str(bundle))
    print("the bundle tells of this run, and every file is as recorded")
