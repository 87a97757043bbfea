"""`nosology demo`: the whole job on invented notes, in minutes, with nothing but this machine."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nosology.cli import app
from nosology.cli.console import duration, progress, say, say_cautions
from nosology.errors import RunError
from nosology.runs.starter import STARTER, has_starter

if TYPE_CHECKING:
    from nosology.config import Config
    from nosology.runs.run import Run
    from nosology.runs.suggestion_results import SuggestionResults

MARKER = ".nosology-demo"
"""Says that a folder was made by this command and may be renewed by it."""

FIRST_NOTES = "data/demo-notes.jsonl"
"""Five invented notes of five styles, each with the category that it was written for."""

ADMISSIONS = 1900
"""Invented admissions: enough for 1,500 training notes, of which the configuration draws some, and 160 to test on."""


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything; one of an earlier demo is renewed.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Seed of the invented notes.")] = 0,
) -> None:
    """Show the starter's answers, then invent MIMIC-III files, prepare them, fine-tune, score before and after, report.

    Example: nosology demo --out demo
    """
    from nosology.config import load_config, shipped_config
    from nosology.runs.run import Run
    from nosology.training.libraries import expect_libraries

    seconds: dict[str, float] = {}
    config = load_config(shipped_config("demo"), [] if has_starter() else ["train.start=base"])
    expect_libraries(config)
    _renew(out)
    if has_starter():
        with _stage("starter", seconds):
            _show_starter()
    else:
        say("this build has no starter, so training begins from the base model")
    _make_dataset(out, config, seed, seconds)
    with _stage("train", seconds):
        from nosology.cli.train import train_with_progress

        train_with_progress(out / "dataset", out / "run", config)
    run = Run.open(out / "run")
    results, suggestions = _judge(run, config, seconds)
    with _stage("report", seconds):
        from nosology.report import write_report

        page = write_report(out / "run", include_text=True)

    _print(results, suggestions)
    say_cautions([run.caution])
    stages = ", ".join(f"{name} {duration(spent)}" for name, spent in seconds.items())
    say(f"{duration(sum(seconds.values()))} in all: {stages}")
    say(f"the report: {page}")


def _make_dataset(out: Path, config: "Config", seed: int, seconds: dict[str, float]) -> None:
    """Invent MIMIC-III's files and prepare them."""
    with _stage("synth", seconds):
        from nosology.synthetic import write_mimic

        write_mimic(out / "mimic3", admissions=ADMISSIONS, seed=seed)
    with _stage("prepare", seconds):
        from nosology.preparation.pipeline import prepare_mimic3

        prepare_mimic3(out / "mimic3", out / "dataset", config.prepare, progress=progress)


def _judge(run: "Run", config: "Config", seconds: dict[str, float]) -> "tuple[dict[str, Any], SuggestionResults]":
    """Return what was found about categories and suggestions; notes are read once for both."""
    with _stage("evaluate", seconds):
        from nosology.evaluation import evaluate
        from nosology.evaluation.inputs import read_inputs
        from nosology.evaluation.suggestions import evaluate_suggestions, open_reader
        from nosology.runs.files import TEST

        reader = open_reader(read_inputs(run, split=TEST, dataset=None, config=config.evaluate), config.evaluate)
        results = evaluate(run, include_text=True, progress=progress, reader=reader)  # the notes are invented
    with _stage("suggest", seconds):
        return results, evaluate_suggestions(run, include_text=True, progress=progress, reader=reader)


def _show_starter() -> None:
    """Print what the starter says of five invented notes."""
    from rich.console import Console
    from rich.table import Table

    from nosology.classifier.classifier import Classifier

    lines = resources.files("nosology").joinpath(FIRST_NOTES).read_text(encoding="utf-8").splitlines()
    notes = [json.loads(line) for line in lines]
    found = Classifier.load(STARTER).classify([note["text"] for note in notes])
    table = Table(title="Five invented notes, before any training", title_justify="left")
    for column in ("note", "written as", "the starter says", "probability", ""):
        table.add_column(column)
    for note, said in zip(notes, found, strict=True):
        sure = "not sure: for people" if said.abstained else ""
        table.add_row(note["style"], note["category"], said.label, f"{said.probability:.0%}", sure)
    console = Console()
    (console if console.is_terminal else Console(width=120)).print(table)
    say_cautions(said.caution for said in found)


def _print(results: dict[str, Any], suggestions: "SuggestionResults") -> None:
    """Print what was found about categories and suggestions."""
    from nosology.report.suggestion_table import print_ranking
    from nosology.report.summary import print_summary
    from nosology.runs.results import Results

    print_summary(Results.model_validate(results))
    print_ranking(suggestions)


def _renew(out: Path) -> None:
    """Make an empty folder, removing that of an earlier demo and nothing else.

    Raises:
        RunError: The folder holds something that no demo made.
    """
    if out.exists() and any(out.iterdir()):
        if not (out / MARKER).exists():
            raise RunError("this folder holds something that no demo made", place=str(out), hint="give another --out")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).write_text(
        "Made by `nosology demo`, which may remove this folder to make it anew.\n", encoding="utf-8"
    )


@contextmanager
def _stage(name: str, seconds: dict[str, float]) -> Iterator[None]:
    say(f"-- {name}")
    started = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - started
    say(f"   {name} took {duration(seconds[name])}")
