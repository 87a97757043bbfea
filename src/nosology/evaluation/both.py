"""Categories and suggestions of one run, evaluated together, so that each note is read once for both."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nosology.config import EvaluateConfig
from nosology.evaluation.coded_notes import judged_inputs, unfitted, unjudged
from nosology.evaluation.inputs import read_inputs
from nosology.evaluation.reading import SharedReader
from nosology.evaluation.suggestions import evaluate_suggestions, open_reader, wants_suggestions
from nosology.evaluation.workflow import evaluate
from nosology.records import Progress, no_progress
from nosology.runs.results import Results
from nosology.runs.run import Run
from nosology.runs.suggestion_results import SuggestionResults


@dataclass(frozen=True)
class Evaluation:
    """What one evaluation found.

    Attributes:
        results: About categories.
        suggestions: About diagnoses to consider; None where the run suggests none.
        why_none: Why there are no suggestions although the run was trained for them; empty where there are.
    """

    results: Results
    suggestions: SuggestionResults | None = None
    why_none: str = ""


def evaluate_both(
    run: Run,
    *,
    split: str = "test",
    dataset: Path | None = None,
    limit: int | None = None,
    include_text: bool = False,
    config: EvaluateConfig | None = None,
    progress: Progress = no_progress,
    say: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Score every system on the same notes, fit what can be fitted, and return what was found.

    Args:
        run: The run.
        split: Which split to evaluate.
        dataset: Another dataset; None for the one that the run was trained on.
        limit: Evaluate a random part of this many notes; None for the configured number.
        include_text: Also write prompts and generated answers, which can quote notes.
        config: None for the run's own.
        progress: Shows how far it has come.
        say: Told why there will be no suggestions, before hours pass.

    Raises:
        RunError: The run or a dataset is missing, unfinished or changed since training, or the label sets differ.
        DataError: There is no note to evaluate.
        ConfigError: A system does not exist.
        ModelError: The encoder of `evaluate.encoder` cannot be found, used, or held in memory.
    """
    run.check_writable()
    config = config or run.manifest.config.evaluate
    reader, why_none = _reader(run, split, dataset, limit, config)
    if why_none:
        say(why_none)
    found = evaluate(
        run,
        split=split,
        dataset=dataset,
        limit=limit,
        include_text=include_text,
        config=config,
        progress=progress,
        reader=reader,
    )
    suggestions = None
    if reader is not None:
        suggestions = evaluate_suggestions(run, include_text=include_text, progress=progress, reader=reader)
    return Evaluation(Results.model_validate(found), suggestions, why_none)


def with_encoder(run: Run, name: str | None) -> EvaluateConfig:
    """Return how a run is evaluated beside an encoder; None for the one it names itself, if any, "none" for none."""
    config = run.manifest.config.evaluate
    return config if name is None else config.model_copy(update={"encoder": None if name == "none" else name})


def _reader(
    run: Run, split: str, dataset: Path | None, limit: int | None, config: EvaluateConfig
) -> tuple[SharedReader | None, str]:
    """Return what reads titles too, where suggestions are wanted, can be fitted and judged; else None, and why not."""
    if not wants_suggestions(run):
        return None, ""
    inputs = read_inputs(run, split=split, dataset=dataset, config=config, limit=limit)
    if why := unfitted(inputs):
        return None, f"suggestions are not fitted, so the run shows none: {why}"
    if why := unjudged(judged_inputs(inputs, config, limit)):
        return None, f"suggestions are not judged: {why}"
    return open_reader(inputs, config, limit=limit), ""
