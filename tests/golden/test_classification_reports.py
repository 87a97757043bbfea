"""The text reports of a 100-note run, in the original project's format: base beside tuned, 18 rows, averages."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import classification_report

from evaluation_world import Loader, Scripted, write_dataset, write_run
from nosology.coding.labels import LabelSet
from nosology.config import EvaluateConfig
from nosology.evaluation import evaluate
from nosology.report.classification import side_by_side
from nosology.runs.results import Results

GOLDEN = Path(__file__).with_name("classification_reports.txt")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    names = LabelSet.load("icd-chapters-18").names
    folder = tmp_path_factory.mktemp("golden")
    dataset = write_dataset(folder / "dataset", {"train": 36, "validation": 36, "test": 100}, names=names, in_turn=True)
    run = write_run(folder / "run", dataset, n_train=36)
    loader = Loader(names, kind=Scripted)
    evaluate(run, config=EvaluateConfig(bootstrap_samples=100, systems=("base", "tuned")), load=loader)
    return run


@pytest.fixture(scope="module")
def text(run: Any) -> Any:
    return side_by_side(
        Results.model_validate_json((run / "eval" / "test" / "results.json").read_text(encoding="utf-8"))
    )


def test_the_report_of_100_notes_is_the_golden_one(text: Any) -> None:
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_it_has_a_row_for_each_of_18_categories_then_accuracy_and_two_averages(text: Any) -> None:
    rows = [line for line in text.splitlines() if re.search(r"\d\.\d\d", line)]
    assert len(rows) == 18 + 3
    assert [row.split("  ")[0].strip() or row.strip().split("  ")[0] for row in rows][-3:] == [
        "accuracy",
        "macro avg",
        "weighted avg",
    ]


@pytest.mark.parametrize(("system", "is_left"), [("base", True), ("tuned", False)])
def test_each_half_is_what_scikit_learn_prints(run: Any, text: Any, system: str, is_left: bool) -> None:
    lines = (run / "eval" / "test" / system / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    names = LabelSet.load("icd-chapters-18").names
    expected = classification_report(
        [row["true_label"] for row in rows], [row["predicted_label"] for row in rows], labels=names, zero_division=0
    ).splitlines()
    width = len(expected[0])
    # A heading, a blank line, the systems' titles and a blank line stand above the two reports.
    halves = [line.ljust(2 * width + 4) for line in text.splitlines()[4:]]
    found = [(half[:width] if is_left else half[width + 4 :]).rstrip() for half in halves]
    assert found == [line.rstrip() for line in expected]
