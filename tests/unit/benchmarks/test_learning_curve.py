"""The learning curve: no locked note fitted the starter, and differences are those of the same notes."""

import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def curve(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    known = set(sys.modules)
    yield importlib.import_module("learning_curve")
    for name in set(sys.modules) - known:
        if str(BENCHMARKS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]  # it drew the locked third anew


def test_no_locked_note_fitted_the_starters_confidence(
    curve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [
        {"id": f"c{i}", "text": "x", "category": "Circulatory", "split": "train" if i % 2 else "dev"}
        for i in range(200)
    ]
    (tmp_path / "codiesp_train_dev.jsonl").write_text("".join(json.dumps(row) + "\n" for row in cases))
    (tmp_path / "ohsumed_train.jsonl").write_text("")
    monkeypatch.setenv("NOSOLOGY_DEV_DATA", str(tmp_path))
    locked = {row["id"] for row in curve._documents() if row["split"] == "test"}
    assert len(locked) > 10
    assert not locked & {f"codiesp-{row['id']}" for row in cases if row["split"] == "train"}
    assert len(list(curve._documents())) < len(cases)


def test_differences_are_those_of_the_same_notes(curve: Any) -> None:
    true = np.arange(40) % 2
    parts = ("validation", "test", "short", "full")
    notes = SimpleNamespace(true=dict.fromkeys(parts, true), texts=dict.fromkeys(parts, ()))

    def says(category: Any) -> dict[str, Any]:
        return dict.fromkeys(parts, np.log(np.eye(2)[category] * 0.8 + 0.1))

    scored = {"tuned from starter 50": says(true), "tuned from base 50": says(1 - true)}
    scored |= {f"{name} 50": says(np.zeros(40, int)) for name in ("words", "tfidf_parts", "tfidf_knowledge")}
    scored["findings 0"] = says(np.zeros(40, int))
    found = curve.report(notes, scored, [50])
    by_pair = {(row["part"], row["first"], row["second"]): row for row in found["tests"]}
    row = by_pair["test", "tuned from starter", "tuned from base"]
    assert (row["difference"], row["low"], row["high"], row["n"]) == (1.0, 1.0, 1.0, 40)
    assert by_pair["full", "tuned from starter", "tfidf_parts"]["difference"] == 0.5
    accuracy = {(m["part"], m["system"]): m["accuracy"] for m in found["measurements"]}
    assert accuracy["test", "tuned from starter"] == 1.0
    assert accuracy["test", "words"] == 0.5
