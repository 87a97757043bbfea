"""The few rows that a terminal shows of an evaluation."""

import pytest
from rich.console import Console

from evaluation_world import Loader, write_dataset, write_run
from nosology.config import EvaluateConfig
from nosology.evaluation import evaluate
from nosology.report.summary import print_summary, summary_rows, summary_table
from nosology.runs.results import Results


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A small evaluation of six systems."""
    folder = tmp_path_factory.mktemp("summary")
    dataset = write_dataset(folder / "dataset", {"train": 40, "validation": 40, "test": 50})
    run = write_run(folder / "run", dataset, n_train=40)
    systems = ("majority", "tfidf", "base_strict", "base", "base_length", "tuned")
    found = evaluate(run, config=EvaluateConfig(bootstrap_samples=100, systems=systems), load=Loader())
    return Results.model_validate(found)


def text_of(results: Results) -> str:
    """Return the table as a wide terminal shows it."""
    console = Console(width=140)
    with console.capture() as captured:
        console.print(summary_table(results))
    return captured.get()


def test_of_the_base_models_ways_of_answering_only_the_best_is_shown(results: Results) -> None:
    best = max(("base_strict", "base", "base_length"), key=lambda name: results.systems[name].accuracy)
    shown = [row.system for row in summary_rows(results)]
    assert shown == ["majority", "tfidf", results.summary.best_base, "tuned"]
    assert results.systems[results.summary.best_base or ""].accuracy == results.systems[best].accuracy


def test_rows_hold_what_the_results_hold(results: Results) -> None:
    for row in summary_rows(results):
        system = results.systems[row.system]
        assert row.title == system.title
        assert row.trained_on == system.trained_on
        assert (row.accuracy, row.accuracy_interval) == (system.accuracy, system.accuracy_interval)
        assert (row.macro_f1, row.macro_f1_interval) == (system.macro_f1, system.macro_f1_interval)
        assert row.ece == system.ece


def test_a_system_without_probabilities_has_no_calibration_error(results: Results) -> None:
    strict = results.model_copy(update={"summary": results.summary.model_copy(update={"best_base": "base_strict"})})
    by_name = {row.system: row for row in summary_rows(strict)}
    assert by_name["base_strict"].ece is None
    assert by_name["tuned"].ece is not None


@pytest.mark.parametrize("left", [("tuned",), ("majority", "tuned"), ()])
def test_systems_that_were_not_evaluated_have_no_row(results: Results, left: tuple[str, ...]) -> None:
    alone = results.model_copy(update={"systems": {name: results.systems[name] for name in left}})
    assert [row.system for row in summary_rows(alone)] == list(left)


def test_the_table_names_notes_split_and_categories(results: Results) -> None:
    text = text_of(results)
    assert "50 notes of the test split, 4 categories" in text
    assert "95 % intervals" in text
    for column in ("system", "trained on", "accuracy", "macro-F1", "ECE"):
        assert column in text


def test_each_line_shows_its_figures_with_their_intervals(results: Results) -> None:
    lines = text_of(results).splitlines()
    for row in summary_rows(results):
        line = next(line for line in lines if f"{row.accuracy:.3f} [" in line and row.title in line)
        low, high = row.accuracy_interval
        assert f"{row.accuracy:.3f} [{low:.3f}, {high:.3f}]" in line
        low, high = row.macro_f1_interval
        assert f"{row.macro_f1:.3f} [{low:.3f}, {high:.3f}]" in line


def test_the_table_goes_to_stdout_and_no_line_is_cut(results: Results, capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(results)
    out, err = capsys.readouterr()
    assert err == ""
    assert all(row.title in out for row in summary_rows(results))
    assert "…" not in out


def test_no_row_holds_a_note(results: Results) -> None:
    assert "true0x" not in text_of(results), "the marker that every note of this world ends in"
