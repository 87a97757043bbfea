"""``nosology verify``: whether a run is still what it was."""

import json
from pathlib import Path
from typing import Annotated

import typer

from nosology.cli import app
from nosology.cli.console import say


@app.command()
def verify(
    run: Annotated[Path, typer.Argument(help="A finished run folder.")],
    record: Annotated[
        bool, typer.Option("--record", help="Record the files as they are now: only where you know who changed them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Compare every file of a run, and of its base model, with what was recorded when it was made.

    Ends with status 2 where a file that a prediction depends on changed, is missing or is new; such a run answers
    nothing. Other files that changed (reports, logs, evaluations) are named too.

    Example: nosology verify runs/mimic3
    """
    from nosology.errors import RunError
    from nosology.modeling.loading import recorded_files
    from nosology.runs import integrity
    from nosology.runs.run import Run

    opened = Run.open(run)
    model = opened.manifest.config.model
    base_model = recorded_files(model.name, opened.manifest.model.revision or model.revision)
    if record:
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
