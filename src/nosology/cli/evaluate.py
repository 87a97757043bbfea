"""``nosology evaluate``: base, baselines and tuned model on the same notes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nosology.cli import app
from nosology.cli.console import progress, say
from nosology.cli.runs import OwnRunArgument

if TYPE_CHECKING:
    from nosology.evaluation.reading import SharedReader
    from nosology.runs.run import Run


@app.command()
def evaluate(
    run: OwnRunArgument,
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    dataset: Annotated[
        Path | None, typer.Option(help="Another dataset to evaluate; or where the training dataset has moved to.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Evaluate a random part of this many notes.")] = None,
    include_text: Annotated[
        bool, typer.Option("--include-text", help="Also write each full prompt and generated answer: text of notes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print results.json instead of a table.")] = False,
) -> None:
    """Score base and tuned model, and the baselines, on notes that were not trained on.

    Writes RUN/eval/SPLIT/results.json and one predictions.jsonl a system, and fits RUN/calibration.json. A run that was
    trained on rubric titles (train.title_weight) also has its suggestions judged: RUN/eval/SPLIT/suggestions.json, and
    RUN/suggester is fitted; on fewer than 30 validation notes with codes it is not, and the run suggests nothing.

    Example: nosology evaluate runs/mimic3 --split test
    """
    import json

    from nosology.evaluation import evaluate as evaluate_run
    from nosology.evaluation.suggestions import evaluate_suggestions
    from nosology.report.suggestion_table import print_ranking
    from nosology.report.summary import print_summary
    from nosology.runs.results import Results
    from nosology.runs.run import Run

    opened = Run.open(run)
    opened.check_writable()
    reader = _reader(opened, split, dataset, limit)
    results = evaluate_run(
        opened,
        split=split,
        dataset=dataset,
        limit=limit,
        include_text=include_text,
        progress=progress,
        reader=reader,
    )
    if as_json:
        print(json.dumps(results, indent=2, ensure_ascii=False))
    else:
        print_summary(Results.model_validate(results))
    if reader:
        suggestions = evaluate_suggestions(opened, include_text=include_text, progress=progress, reader=reader)
        if not as_json:
            print_ranking(suggestions)
    say(f"next: nosology report {run}")


def _reader(run: "Run", split: str, dataset: Path | None, limit: int | None) -> "SharedReader | None":
    """Return what reads titles too, where suggestions are to be fitted and can be; None else, and says why."""
    from nosology.evaluation.inputs import read_inputs
    from nosology.evaluation.suggestions import open_reader, unfitted, wants_suggestions

    if not wants_suggestions(run):
        return None
    config = run.manifest.config.evaluate
    inputs = read_inputs(run, split=split, dataset=dataset, config=config, limit=limit)
    if why := unfitted(inputs):
        say(f"suggestions are not fitted, so the run shows none: {why}")
        return None
    return open_reader(inputs, config, limit=limit)
