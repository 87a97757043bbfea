"""Comparing two demo folders: what must be the same, and what may differ."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module."""
    path = Path(__file__).parents[3] / "scripts" / "compare_runs.py"
    spec = importlib.util.spec_from_file_location("compare_runs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def demo(folder: Path, script: ModuleType, **figures: Any) -> Path:
    for name in script.FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("same", encoding="utf-8")
    results = {"n": 2, "systems": {"tuned": {"accuracy": 0.5, "seconds": 3.0}}, "tests": [1, 2]} | figures
    (folder / script.RESULTS).parent.mkdir(parents=True)
    (folder / script.RESULTS).write_text(json.dumps(results), encoding="utf-8")
    return folder


def test_times_paths_and_versions_may_differ(script: ModuleType, tmp_path: Path) -> None:
    systems = {"tuned": {"accuracy": 0.5, "seconds": 9.0}}
    one = demo(tmp_path / "one", script)
    other = demo(tmp_path / "two", script, systems=systems, environment={"torch": "2"}, evaluated_at="later")
    assert list(script.differences(one, other)) == []


def test_a_figure_that_moved_is_named(script: ModuleType, tmp_path: Path) -> None:
    other = demo(tmp_path / "two", script, systems={"tuned": {"accuracy": 0.6}}, tests=[1, 3])
    found = list(script.differences(demo(tmp_path / "one", script), other))
    assert found == ["results.json.systems.tuned.accuracy: 0.5 -> 0.6", "results.json.tests[1]: 2 -> 3"]


def test_a_changed_or_missing_file_is_named(script: ModuleType, tmp_path: Path) -> None:
    one, other = demo(tmp_path / "one", script), demo(tmp_path / "two", script)
    (other / "dataset/notes.parquet").write_text("other", encoding="utf-8")
    (other / "run/adapter/adapter_model.safetensors").unlink()
    found = list(script.differences(one, other))
    assert [line.partition(":")[0] for line in found] == [
        "dataset/notes.parquet",
        "run/adapter/adapter_model.safetensors",
    ]
