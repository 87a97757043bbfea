"""The accuracy benchmark: what is locked stays locked for both tasks, and its judging is right on made-up scores."""

import importlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import accuracy


@pytest.fixture
def judging(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Its judging, on few random halves."""
    module = importlib.import_module("accuracy_judging")
    monkeypatch.setattr(module, "N_SPLITS", 5)
    return module


def honest_scores(n: Any, seed: int = 0, n_categories: int = 4) -> Any:
    """Return log-probabilities and truths drawn from them."""
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.full(n_categories, 0.4), size=n)
    true = np.array([generator.choice(n_categories, p=row) for row in probabilities])
    return np.log(probabilities), true


def test_a_document_is_locked_by_its_id_alone_in_about_a_third_of_cases() -> None:
    splits = [accuracy.split_of(f"ohsumed-{i}") for i in range(3000)]
    assert splits == [accuracy.split_of(f"ohsumed-{i}") for i in range(3000)]
    assert splits.count("test") / 3000 == pytest.approx(1 / 3, abs=0.03)
    assert splits.count("validation") / 3000 == pytest.approx(0.2, abs=0.03)


def test_both_tasks_lock_the_same_documents_and_leave_out_those_without_a_category(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    abstracts = [
        {"id": str(i), "text": "t", "mesh": "C04", "category": "Neoplasms" if i % 5 else None} for i in range(60)
    ]
    cases = [{"id": f"case{i}", "text": "t", "category": None if i == 0 else "Digestive"} for i in range(5)]
    for name, rows in (("ohsumed_train", abstracts), ("codiesp_train_dev", cases)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setenv("NOSOLOGY_DEV_DATA", str(tmp_path))
    chapters, mesh = ({row["id"]: row["split"] for row in accuracy.documents(task)} for task in accuracy.TASKS)
    assert (len(chapters), len(mesh)) == (48 + 4, 60)
    assert all(chapters[name] == mesh[name] for name in chapters.keys() & mesh.keys())


def test_prediction_sets_of_honest_scores_cover_what_they_aim_at(judging: Any) -> None:
    for item in judging._conformal(*honest_scores(1500)):
        assert item["coverage"] == pytest.approx(item["target"], abs=0.03)


def test_a_difference_counts_the_notes_that_only_one_system_has_right(judging: Any) -> None:
    true = np.zeros(100, np.int64)
    word_counts, blended = (np.where(np.arange(100) < n_right, 0, 1) for n_right in (60, 75))
    (test,) = judging.compare({"tfidf": word_counts, "ensemble": blended}, true)
    assert test["systems"] == ["ensemble", "tfidf"]
    assert test["difference"] == pytest.approx(0.15)
    assert test["only_right"] == [15, 0]
    assert test["interval"][0] > 0


def test_macro_f1_leaves_out_categories_with_few_training_notes(judging: Any) -> None:
    log_probs, true = honest_scores(400)
    calibration = judging.calibrating.fit(log_probs, true)
    notes = SimpleNamespace(
        categories=("a", "b", "c", "d"), true={"test": true}, train=np.repeat([0, 1, 2, 3], [90, 60, 30, 29])
    )
    result = judging.judge("tuned", log_probs, calibration, notes, "test")["result"]
    assert result["macro_f1_categories"] == 3
    assert result["macro_f1"] == pytest.approx(np.mean([result["f1"][name] for name in "abc"]))
