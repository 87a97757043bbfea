"""The command line as a person uses it: a line in, and what comes back."""

import sys
from collections.abc import Callable

import pytest

from nosology.cli import main

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
