"""``nosology evaluate`` and ``nosology report`` as a user meets them: what they print where, and how they refuse."""

import json

import pytest
from typer.testing import CliRunner

from evaluation_world import Loader, write_dataset, write_run
from nosology.cli import app, register_commands
from nosology.errors import RunError


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A small run whose classifiers are fakes."""
    dataset = write_dataset(tmp_path / "dataset", {"train": 30, "validation": 30, "test": 16})
    settings = {"evaluate": {"bootstrap_samples": 100, "systems": ["majority", "base", "tuned"]}}
    monkeypatch.setattr("nosology.evaluation.workflow.load_classifier", Loader())
    return write_run(tmp_path / "run", dataset, n_train=30, config=settings)


@pytest.fixture
def command():
    """Return a function that runs a command."""
    register_commands()
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def test_evaluate_prints_a_table_to_stdout_and_talk_to_stderr(run, command):
    result = command("evaluate", run)
    assert result.exit_code == 0
    assert "Most common category" in result.stdout
    assert "Tuned" in result.stdout
    assert "16 notes of the test split" in result.stdout
    assert f"next: nosology report {run}" in result.stderr
    assert "evaluate tuned: 16 notes" in result.stderr


def test_evaluate_prints_nothing_but_json_to_stdout_when_asked(run, command):
    result = command("evaluate", run, "--json", "--limit", 8)
    assert json.loads(result.stdout)["n"] == 8


def test_evaluate_takes_another_split(run, command):
    assert command("evaluate", run, "--split", "validation").exit_code == 0
    assert (run / "eval" / "validation" / "results.json").exists()


def test_an_unknown_split_is_refused(run, command):
    with pytest.raises(RunError, match="no split 'dev'"):
        command("evaluate", run, "--split", "dev")


def test_report_says_where_the_page_is(run, command, monkeypatch):
    monkeypatch.setattr("nosology.report.write_report", lambda *_, **__: run / "report" / "index.html")
    result = command("report", run)
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"report: {run / 'report' / 'index.html'}" in result.stderr


def test_report_refuses_a_run_that_was_not_evaluated(run, command):
    with pytest.raises(RunError, match="no evaluation 'test'"):
        command("report", run)


@pytest.mark.parametrize("name", ["evaluate", "report"])
def test_each_help_ends_with_an_example(command, name):
    text = command(name, "--help").stdout
    assert f"Example: nosology {name} runs/mimic3" in " ".join(text.split())
