"""The starter benchmark: what it compares, on made-up scores, and which notes it reads."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import starter


def scores(answers: list[int], n_categories: int = 4) -> Any:
    """Return log-probabilities that answer so, the next category second."""
    values = np.full((len(answers), n_categories), 0.1)
    for row, answer in zip(values, answers, strict=True):
        row[answer], row[(answer + 1) % n_categories] = 0.6, 0.2
    return np.log(values / values.sum(axis=1, keepdims=True))


def test_figures_are_those_of_a_count_by_hand() -> None:
    true = np.array([0, 1, 2, 3] * 10)
    tuned, linear = true.copy(), (true + 1) % 4
    tuned[:10] = (tuned[:10] - 1) % 4
    linear[:20] = true[:20]
    found = starter.compare(
        "set", [*[scores(list(answers)) for answers in (tuned, linear, tuned, tuned)], true, np.full(40, -1)]
    )
    assert found["n"] == 40
    assert found["systems"]["tuned"]["accuracy"] == 0.75
    assert found["systems"]["tfidf_knowledge"]["accuracy"] == 0.5
    assert found["systems"]["tuned"]["top_3"] == 1
    value, low, high = found["differences"]["tuned"]
    assert (value, found["differences"]["tfidf_knowledge"]) == (0.25, [0.0, 0.0, 0.0])
    assert low < 0.25 < high
    low, high = found["systems"]["tuned"]["macro_f1_interval"]
    assert low <= found["systems"]["tuned"]["macro_f1"] <= high
    assert "rubric_among_five" not in found


def test_a_rubric_counts_where_it_has_a_place_among_five() -> None:
    true = np.array([0, 1, 2, 3])
    found = starter.compare("set", [scores([0, 1, 2, 3])] * 4 + [true, np.array([1, 0, 5, 0])])
    assert found["rubric_among_five"][0] == 0.5


def test_notes_without_a_category_and_training_cases_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"text": "a", "category": "Digestive", "split": "train"},
        {"text": "b", "category": "Digestive", "split": "dev"},
        {"text": "c", "category": None, "split": "dev"},
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "codiesp_train_dev.jsonl").write_text(lines, encoding="utf-8")
    monkeypatch.setenv("NOSOLOGY_DEV_DATA", str(tmp_path))
    options = Namespace(notes=[], sets=["codiesp"], text_field="text", category_field="category")
    (found,) = starter.read_sets(options)
    assert (found.texts, found.categories, found.rubrics) == (["b"], ["Digestive"], [])
    given = Namespace(notes=[tmp_path / "codiesp_train_dev.jsonl"], text_field="text", category_field="category")
    (own,) = starter.read_sets(given)
    assert own.texts == ["a", "b"]
    assert "'b'" not in repr(own)


def test_ranks_count_from_the_best() -> None:
    assert starter._ranks(np.array([0.1, 0.7, 0.2])).tolist() == [3, 1, 2]
