"""``nosology evaluate`` as a user meets it: what it prints where, and how it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from nosology.errors import ModelError, RunError


def test_evaluate_prints_a_table_to_stdout_and_talk_to_stderr(evaluable: Path, command: Callable[..., Result]) -> None:
    result = command("evaluate", evaluable)
    assert result.exit_code == 0
    assert "Most common category" in result.stdout
    assert "Tuned" in result.stdout
    assert "16 notes of the test split" in result.stdout
    assert f"next: nosology report {evaluable}" in result.stderr
    assert "evaluate tuned: 16 notes" in result.stderr


def test_evaluate_prints_nothing_but_json_to_stdout_when_asked(evaluable: Path, command: Callable[..., Result]) -> None:
    result = command("evaluate", evaluable, "--json", "--limit", 8)
    assert json.loads(result.stdout)["n"] == 8


def test_evaluate_takes_another_split(evaluable: Path, command: Callable[..., Result]) -> None:
    assert command("evaluate", evaluable, "--split", "validation").exit_code == 0
    assert (evaluable / "eval" / "validation" / "results.json").exists()


def test_an_unknown_split_is_refused(evaluable: Path, command: Callable[..., Result]) -> None:
    with pytest.raises(RunError, match="no split 'dev'"):
        command("evaluate", evaluable, "--split", "dev")


def test_an_encoder_that_is_none_is_refused_before_anything_is_read(
    evaluable: Path, command: Callable[..., Result]
) -> None:
    with pytest.raises(ModelError, match="the Hub gave no such model"):
        command("evaluate", evaluable, "--encoder", "no/such-encoder")
    assert command("evaluate", evaluable, "--encoder", "none", "--limit", 8).exit_code == 0


def test_the_help_ends_with_an_example(command: Callable[..., Result]) -> None:
    text = command("evaluate", "--help").stdout
    assert "Example: nosology evaluate runs/mimic3" in " ".join(text.split())
