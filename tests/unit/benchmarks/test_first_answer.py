"""The benchmark of the first answer: what it times, and what it makes of the times."""

import sys
from pathlib import Path

import pytest

import first_answer
import nosology
from nosology.errors import RunError
from starter_world import take_away


def test_times_become_median_extremes_and_processor_time() -> None:
    found = first_answer.summary([(3.0, 2.0), (1.0, 1.0), (2.0, 9.0)])
    assert found == {"median": 2.0, "fastest": 1.0, "slowest": 3.0, "processor": 2.0}


def test_a_command_is_given_the_note_and_its_processor_time_is_its_own() -> None:
    work = "import sys; assert 'troponin' in sys.stdin.read(); sum(range(3_000_000))"
    wall, processor = first_answer.timed([sys.executable, "-c", work])
    assert 0 < processor <= wall + 1


def test_a_command_runs_the_code_of_the_checkout_that_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "src" / "nosology").mkdir(parents=True)
    (tmp_path / "src" / "nosology" / "__init__.py").write_text("__version__ = 'of the other'\n", encoding="utf-8")
    command = [sys.executable, "-c", "import nosology; print(nosology.__version__)"]
    assert first_answer.answer(command, tmp_path) == "of the other\n"
    assert first_answer.answer(command) == f"{nosology.__version__}\n"


def test_the_command_is_the_one_that_a_user_types() -> None:
    assert first_answer.classify("starter")[1:] == ["-m", "nosology", "classify", "starter", "-"]


def test_a_build_without_a_starter_is_refused_before_anything_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    take_away(monkeypatch)
    monkeypatch.setattr(sys, "argv", ["first_answer.py"])
    with pytest.raises(RunError, match="no starter"):
        first_answer.main()
