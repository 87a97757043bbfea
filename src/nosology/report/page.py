"""Filling the page: results, training log and figures in, one HTML file out.

The page is written last and at once. A page that shows prompts is readable by its owner alone.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from nosology.errors import RunError
from nosology.files import read_json, write_text
from nosology.records import Suggestions
from nosology.report.cards import render_cards
from nosology.report.classification import side_by_side
from nosology.report.drawing import Drawn, colour_role
from nosology.report.figures import CURVES, draw_all
from nosology.report.suggested import shown
from nosology.runs.files import ReportFiles
from nosology.runs.manifest import RunManifest
from nosology.runs.results import MISTAKE, Comparison, Results
from nosology.runs.run import Run
from nosology.runs.suggestion_results import SuggestionResults


def write_report(
    run: Path | Run,
    *,
    evaluation: str = "test",
    include_text: bool = False,
    out: Path | None = None,
    name_of: Callable[[str], str] = str,
    portable: Callable[[Any], Any] | None = None,
) -> Path:
    """Write ``RUN/report`` and return its page.

    Beside ``index.html``: ``figures/*.svg`` and ``*.png``, ``classification_reports.txt``, and in ``cards`` the forms
    that reviewers ask for. Evaluations other than ``test`` get a folder of their own, ``RUN/report/EVALUATION``.

    Args:
        run: A finished run, or its folder.
        evaluation: A folder of ``RUN/eval``.
        include_text: Show the prompts of the examples; they must have been written by ``evaluate --include-text``.
        out: A folder in place of ``RUN/report``; then nothing is written into the run.
        name_of: Returns what stands for the id of a note; by default the id.
        portable: Returns what stands for plain values of manifest and results, where paths are not to be shown.

    Raises:
        RunError: The run is unfinished, was not evaluated or is the starter, its results are of another version, or
            hold no prompts.
    """
    run = Run.open(run)
    if out is None:
        run.check_writable()
    results, manifest = run.results(evaluation), run.manifest
    if portable is not None:
        results = Results.model_validate(portable(results.model_dump(mode="json")))
        manifest = RunManifest.model_validate(portable(manifest.model_dump(mode="json")))
    prompts = _prompts(run, evaluation, results) if include_text else {}
    prompts = {name_of(note_id): prompt for note_id, prompt in prompts.items()}
    examples = [example.model_copy(update={"note_id": name_of(example.note_id)}) for example in results.examples]
    results = results.model_copy(update={"examples": examples})
    drawn = draw_all(results, run.training_curves())
    suggested = read_suggested(run, evaluation, with_example=include_text)
    html = render(results, manifest, drawn, prompts, suggested, caution=run.caution)
    cards = render_cards(results, manifest, _environment(escape=False), caution=run.caution)
    files = ReportFiles(out) if out else run.files.report(evaluation)
    files.folder.mkdir(parents=True, exist_ok=True)
    _write_figures(files.figures, drawn)
    write_text(files.classification_reports, side_by_side(results), is_private=False)
    files.cards.mkdir(exist_ok=True)
    for name, text in cards.items():
        write_text(files.cards / name, text, is_private=False)
    write_text(files.page, html, is_private=include_text)
    return files.page


@dataclass(frozen=True, slots=True)
class Suggested:
    """What a report shows of suggestions.

    Attributes:
        results: How well they rank.
        example: One note with its suggestions, as the template wants it; None where no text is shown.
    """

    results: SuggestionResults
    example: dict[str, Any] | None = field(default=None, repr=False)


def read_suggested(run: Run, evaluation: str, *, with_example: bool) -> Suggested | None:
    """Return how well a run's suggestions rank; None where they were not evaluated.

    Args:
        run: The run.
        evaluation: A folder of ``RUN/eval``.
        with_example: Also show one note in full, where the evaluation kept one.

    Raises:
        RunError: The file is of another version.
    """
    results = run.suggestion_results(evaluation)
    if results is None:
        return None
    kept = run.files.evaluation(evaluation).suggested_example
    if not (with_example and kept.exists()):
        return Suggested(results)
    values = read_json(kept)
    return Suggested(results, shown(values["note_id"], values["text"], Suggestions.from_plain(values["suggestions"])))


def render(
    results: Results,
    manifest: RunManifest,
    drawn: Mapping[str, Drawn],
    prompts: Mapping[str, str],
    suggested: Suggested | None = None,
    *,
    caution: str = "",
) -> str:
    """Return the whole page.

    Args:
        results: What to show.
        manifest: The run's.
        drawn: Figures by name.
        prompts: Full prompts by note id, for the examples; empty to show ids and hashes alone.
        suggested: How well suggestions rank; None where they were not evaluated.
        caution: What must be known beside every answer of the run.
    """
    environment = _environment(escape=True)
    return environment.get_template("report.html.jinja").render(
        results=results,
        systems=results.systems,
        tuned=results.systems.get("tuned"),
        ensemble=results.systems.get("ensemble"),
        encoder=results.systems.get("encoder"),
        starter=results.systems.get("starter"),
        base=results.systems[results.summary.best_base] if results.summary.best_base else None,
        provenance=results.provenance,
        manifest=manifest,
        figures=drawn,
        mistake=MISTAKE,
        curves=[name for name in drawn if name.replace("_", "/", 1) in CURVES],
        difference=lambda first, second: _difference(results, first, second),
        role=colour_role,
        prompts=prompts,
        suggested=suggested,
        caution=caution,
        css=_template("report.css") + (_template("suggested.css") if suggested else ""),
    )


def _environment(*, escape: bool) -> Environment:
    """Return what renders pages (escaped) and cards (plain Markdown)."""
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False, "ensure_ascii": False}
    environment.filters.update(
        pct=_percent,
        interval=_interval,
        points=_points,
        size=_size,
        p=_p_value,
        count=_count,
        short=_short,
        seconds=_seconds,
    )
    return environment


def _template(name: str) -> str:
    return resources.files("nosology").joinpath("report", "templates", name).read_text(encoding="utf-8")


def _prompts(run: Run, evaluation: str, results: Results) -> dict[str, str]:
    """Return the prompts of the examples, by note id."""
    wanted = {example.note_id for example in results.examples}
    path = run.files.evaluation(evaluation).predictions("tuned")
    with path.open(encoding="utf-8") as file:
        rows = [row for line in file if (row := json.loads(line))["note_id"] in wanted]
    if any("prompt" not in row for row in rows):
        raise RunError(
            "the predictions hold no prompts", place=str(path), hint="run `nosology evaluate --include-text` first"
        )
    return {row["note_id"]: row["prompt"] for row in rows}


def _write_figures(folder: Path, drawn: Mapping[str, Drawn]) -> None:
    """Write the figures, and remove those of an earlier report that are no longer drawn."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for figure in drawn.values():
        figure.save(folder)


def _difference(results: Results, first: str, second: str) -> Comparison | None:
    """Return the comparison of two systems, as first minus second."""
    for test in results.tests:
        if (test.first, test.second) == (first, second):
            return test
        if (test.first, test.second) == (second, first):
            low, high = test.accuracy_difference_interval
            low_f1, high_f1 = test.macro_f1_difference_interval
            return test.model_copy(
                update={
                    "first": first,
                    "second": second,
                    "accuracy_difference": -test.accuracy_difference,
                    "accuracy_difference_interval": (-high, -low),
                    "macro_f1_difference": -test.macro_f1_difference,
                    "macro_f1_difference_interval": (-high_f1, -low_f1),
                    "only_first_right": test.only_second_right,
                    "only_second_right": test.only_first_right,
                }
            )
    return None


def _percent(share: float | None, digits: int = 1) -> str:
    return "–" if share is None else f"{100 * share:.{digits}f}%"


def _interval(interval: tuple[float, float], digits: int = 1) -> str:
    return f"{100 * interval[0]:.{digits}f}–{100 * interval[1]:.{digits}f}"


def _points(difference: float) -> str:
    text = f"{100 * difference:+.1f}".replace("-", "−")
    return text[1:] if text[1:] == "0.0" else text


def _size(difference: float) -> str:
    return f"{100 * abs(difference):.1f}"


def _p_value(p: float) -> str:
    text = "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _count(n: int) -> str:
    return f"{n:,}"


def _short(hash_: str) -> str:
    return hash_[:12]


def _seconds(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
