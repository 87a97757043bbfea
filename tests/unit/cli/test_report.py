"""``nosology report`` as a user meets it: where the page is said to be, and how it refuses."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from nosology.errors import RunError


def test_report_says_where_the_page_is(
    evaluable: Path, command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nosology.report.write_report", lambda *_, **__: evaluable / "report" / "index.html")
    result = command("report", evaluable)
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"report: {evaluable / 'report' / 'index.html'}" in result.stderr


def test_report_refuses_a_run_that_was_not_evaluated(evaluable: Path, command: Callable[..., Result]) -> None:
    with pytest.raises(RunError, match="no evaluation 'test'"):
        command("report", evaluable)


def test_the_help_ends_with_an_example(command: Callable[..., Result]) -> None:
    text = command("report", "--help").stdout
    assert "Example: nosology report runs/mimic3" in " ".join(text.split())
