"""``nosology evaluate``: base, baselines and tuned model on the same notes."""

import json
from pathlib import Path
from typing import Annotated

import typer

from nosology.cli import app
from nosology.cli.console import progress, say
from nosology.cli.runs import OwnRunArgument


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
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Also fine-tune this encoder, a folder or a Hub name, on the same notes and score it too; "
            "`none` leaves out the one that the run's configuration names."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print results.json instead of a table.")] = False,
) -> None:
    """Score base and tuned model, and the baselines, on notes that were not trained on.

    Writes RUN/eval/SPLIT/results.json and one predictions.jsonl a system, and fits RUN/calibration.json. A run that was
    trained on rubric titles (train.title_weight) also has its suggestions judged: RUN/eval/SPLIT/suggestions.json, and
    RUN/suggester is fitted; on fewer than 30 validation notes with codes it is not, and the run suggests nothing.

    Example: nosology evaluate runs/mimic3 --split test
    """
    from nosology.evaluation.both import evaluate_both, with_encoder
    from nosology.report.suggestion_table import print_ranking
    from nosology.report.summary import print_summary
    from nosology.runs.run import Run

    opened = Run.open(run)
    found = evaluate_both(
        opened,
        split=split,
        dataset=dataset,
        limit=limit,
        include_text=include_text,
        config=with_encoder(opened, encoder),
        progress=progress,
        say=say,
    )
    if as_json:
        print(json.dumps(found.results.model_dump(mode="json"), indent=2, ensure_ascii=False))
    else:
        print_summary(found.results)
        if found.suggestions is not None:
            print_ranking(found.suggestions)
    say(f"next: nosology report {run}")
