"""The command line as a person uses it: a line in, and what comes back."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from evaluation_world import Loader, write_dataset, write_run
from nosology.cli import app, main, register_commands

Command = Callable[..., tuple[int, str, str]]
"""Runs ``nosology`` with some words; gives exit status, stdout and stderr."""


@pytest.fixture
def nosology(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return a function that runs the command line and gives its exit status, stdout and stderr."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["nosology", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        shown = capsys.readouterr()
        return int(stop.value.code or 0), shown.out, shown.err

    return run


@pytest.fixture
def evaluable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small run whose classifiers are fakes."""
    dataset = write_dataset(tmp_path / "dataset", {"train": 30, "validation": 30, "test": 16})
    settings = {"evaluate": {"bootstrap_samples": 100, "systems": ["majority", "base", "tuned"]}}
    monkeypatch.setattr("nosology.evaluation.workflow.load_classifier", Loader())
    return write_run(tmp_path / "run", dataset, n_train=30, config=settings)


@pytest.fixture
def command() -> Callable[..., Result]:
    """Return a function that runs a command."""
    register_commands()
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
