"""What all benchmarks share: option, machine, table and report."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import harness

SCRIPTS = [path for path in sorted(Path(harness.__file__).parent.glob("*.py")) if "harness.parser(" in path.read_text()]


def test_numbers_stand_to_the_right_and_text_to_the_left(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"name": "ours", "notes_per_second": 12.345}, {"name": "a longer one", "notes_per_second": 1.0}]
    harness.print_table(rows, {"name": "", "notes_per_second": ".1f"})
    assert capsys.readouterr().out.splitlines() == [
        "name          notes per second",
        "ours                      12.3",
        "a longer one               1.0",
    ]


def test_a_report_has_all_four_parts(tmp_path: Path) -> None:
    harness.write_report(tmp_path / "report.json", {"measurements": [{"a": 1}], "ratios": {"vs": 2.0}})
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert list(report) == ["machine", "settings", "measurements", "ratios"]
    assert report["machine"]["cores"] >= 1
    assert (report["measurements"], report["ratios"]) == ([{"a": 1}], {"vs": 2.0})


def test_nothing_is_written_where_no_file_is_named() -> None:
    harness.write_report(None, {"measurements": [object()]})


def test_most_benchmarks_use_it() -> None:
    assert len(SCRIPTS) >= 12
    others = [path for path in Path(harness.__file__).parent.glob("*.py") if path.name != "harness.py"]
    assert not [path.name for path in others if "def _machine(" in path.read_text(encoding="utf-8")]


def test_a_benchmark_runs_alone_and_writes_its_report(tmp_path: Path) -> None:
    script = Path(harness.__file__).with_name("startup.py")
    done = subprocess.run(
        [sys.executable, script, "--runs", "1", "--json", tmp_path / "out.json"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("command")
    assert "promise_vs_help" in json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["ratios"]
