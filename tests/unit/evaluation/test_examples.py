"""What a reader looks at first: which systems are set side by side, what is weak, which notes are picked."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from nosology.evaluation.examples import choose_examples, summarize
from nosology.evaluation.systems import Output
from nosology.metrics import INVALID
from nosology.records import Prediction
from nosology.runs.results import MISTAKE, CategoryScores, Summary

NAMES = ("Cardiovascular", "Respiratory", "Digestive")


def system(accuracy: Any, macro_f1: float = 0.5, report: Any = None) -> Any:
    """Return as much of a system's result as the summary reads."""
    return SimpleNamespace(accuracy=accuracy, macro_f1=macro_f1, report=report or {})


def category(f1: Any, support: int = 10) -> Any:
    return CategoryScores(precision=f1, recall=f1, f1=f1, support=support)


def test_the_best_base_is_the_way_of_answering_with_the_highest_accuracy() -> None:
    systems = {"base_strict": system(0.1), "base": system(0.3), "base_prior": system(0.4), "tuned": system(0.9)}
    assert summarize(systems).best_base == "base_prior"


def test_of_equally_accurate_ways_the_one_with_the_higher_macro_f1_is_best() -> None:
    systems = {"base": system(0.3, 0.1), "base_prior": system(0.3, 0.2), "majority": system(0.5)}
    assert summarize(systems).best_base == "base_prior"


def test_the_best_baseline_needs_no_language_model() -> None:
    systems = {"majority": system(0.2), "tfidf": system(0.6), "tfidf_all": system(0.7), "tuned": system(0.9)}
    assert summarize(systems).best_baseline == "tfidf_all"


def test_systems_that_were_not_evaluated_are_nobodys_best() -> None:
    summary = summarize({"tuned": system(0.9)})
    assert (summary.best_base, summary.best_baseline) == (None, None)
    assert summarize({"base": system(0.1)}).weakest == []


def test_weak_and_strong_categories_are_those_of_the_tuned_model_with_enough_notes() -> None:
    report = {f"c{i}": category(i / 10) for i in range(8)} | {"rare": category(0.0, support=4)}
    summary = summarize({"tuned": system(0.9, report=report)})
    assert summary.weakest == ["c0", "c1", "c2"]
    assert summary.strongest == ["c7", "c6", "c5"]


def outputs(confidence: Any, predicted: Any, base: Any = None) -> Any:
    """Return a tuned system's output with the given top probabilities, and a base model's answers."""
    predictions = []
    for probability, label in zip(confidence, predicted, strict=True):
        others = [name for i, name in enumerate(NAMES) if i != label]
        ranking = ((NAMES[label], probability), *((name, (1 - probability) / 2) for name in others))
        predictions.append(Prediction(NAMES[label], probability, ranking, (NAMES[label],), probability < 0.5, 0))
    found = {"tuned": Output(np.array(predicted), None, 1.0, "", predictions=tuple(predictions))}
    if base is not None:
        found["base"] = Output(np.array(base), None, 1.0, "")
    return found


def notes(true: Any) -> Any:
    return pl.DataFrame({"note_id": [f"n{i}" for i in range(len(true))], "category": [NAMES[i] for i in true]})


def summary(best_base: Any = None) -> Any:
    return Summary(best_base=best_base, best_baseline=None, weakest=[], strongest=[])


def hashes(n: Any) -> Any:
    return [f"hash{i}" for i in range(n)]


def test_notes_are_picked_once_by_how_sure_and_how_right_the_model_was() -> None:
    confidence = [0.99, 0.98, 0.97, 0.96, 0.9, 0.8, 0.7, 0.4, 0.45, 0.5]
    true, predicted = [0] * 10, [0, 0, 0, 0, 1, 1, 1, 0, 0, 0]
    examples = choose_examples(notes(true), NAMES, outputs(confidence, predicted), summary(), hashes(10))
    assert [(example.note_id, example.why) for example in examples] == [
        ("n0", "surest, right"),
        ("n1", "surest, right"),
        ("n2", "surest, right"),
        ("n4", "surest, wrong"),
        ("n5", "surest, wrong"),
        ("n6", "surest, wrong"),
        ("n7", "least sure"),
        ("n8", "least sure"),
        ("n9", "least sure"),
    ]
    assert [example.prompt_sha256 for example in examples[:2]] == ["hash0", "hash1"]
    assert [example.abstained for example in examples[-3:]] == [True, True, False]


def test_of_the_most_confident_mistakes_there_are_five() -> None:
    confidence = [0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.93, 0.4]
    examples = choose_examples(notes([0] * 8), NAMES, outputs(confidence, [1] * 7 + [0]), summary(), hashes(8))
    assert [example.note_id for example in examples if example.why == MISTAKE] == ["n0", "n1", "n2", "n3", "n4"]


def test_a_faultless_model_has_no_wrong_examples() -> None:
    examples = choose_examples(notes([0, 1]), NAMES, outputs([0.9, 0.8], [0, 1]), summary(), hashes(2))
    assert {example.why for example in examples} == {"surest, right"}


@pytest.mark.parametrize(("answer", "label"), [(1, "Respiratory"), (INVALID, None)])
def test_an_example_shows_what_the_base_model_said(answer: Any, label: str | None) -> None:
    found = choose_examples(notes([0]), NAMES, outputs([0.9], [0], base=[answer]), summary("base"), hashes(1))
    assert found[0].base_label == label


def test_without_a_tuned_model_there_are_no_examples() -> None:
    assert (
        choose_examples(notes([0]), NAMES, {"base": Output(np.array([0]), None, 1.0, "")}, summary("base"), ["h"]) == []
    )
