"""What an evaluation leaves on disk: rows as documented, folders whole or not at all, private files private."""

import hashlib
from typing import Any

import numpy as np
import polars as pl

from nosology.evaluation.systems import Output
from nosology.evaluation.writing import json_lines, prediction_rows
from nosology.metrics import INVALID
from nosology.records import Prediction

NAMES = ("Cardiovascular", "Respiratory")
NOTES = pl.DataFrame({"note_id": ["a", "b"], "category": ["Respiratory", "Cardiovascular"]})
HASHES = ["11", "22"]


def rows(output: Any, prompts: Any = None) -> Any:
    return list(prediction_rows(NOTES, output, NAMES, HASHES, prompts))


def test_a_scored_row_holds_the_documented_fields_and_ranks_every_category() -> None:
    output = Output(np.array([1, 0]), np.array([[0.3, 0.7], [0.9, 0.1]]), 1.0, "")
    assert rows(output) == [
        {
            "note_id": "a",
            "prompt_sha256": "11",
            "true_label": "Respiratory",
            "predicted_label": "Respiratory",
            "probability": 0.7,
            "ranking": [["Respiratory", 0.7], ["Cardiovascular", 0.3]],
        },
        {
            "note_id": "b",
            "prompt_sha256": "22",
            "true_label": "Cardiovascular",
            "predicted_label": "Cardiovascular",
            "probability": 0.9,
            "ranking": [["Cardiovascular", 0.9], ["Respiratory", 0.1]],
        },
    ]


def test_a_parsed_row_says_how_its_answer_was_read_and_holds_its_hash_but_not_its_words() -> None:
    """A base model often answers with words of its note."""
    answers = ("the patient was given aspirin", "cardiovascular")
    output = Output(np.array([INVALID, 0]), None, 1.0, "", raw_answers=answers)
    first, second = rows(output)
    assert (first["predicted_label"], first["probability"], first["ranking"]) == (None, None, [])
    assert (first["answer_class"], second["answer_class"]) == ("unreadable", "exact")
    assert first["answer_sha256"] == hashlib.sha256(b"the patient was given aspirin").hexdigest()
    assert second["predicted_label"] == "Cardiovascular"
    assert "raw_answer" not in first
    assert "aspirin" not in repr(first)


def test_a_parsed_row_holds_the_raw_answer_where_text_was_asked_for() -> None:
    output = Output(np.array([INVALID, 0]), None, 1.0, "", raw_answers=("assistantassistant", "It is cardiovascular."))
    first, second = rows(output, prompts=["p", "q"])
    assert (first["raw_answer"], first["answer_class"]) == ("assistantassistant", "unreadable")
    assert (second["raw_answer"], second["answer_class"]) == ("It is cardiovascular.", "lenient")


def test_a_row_of_the_tuned_model_is_the_classifiers_own_record() -> None:
    ranking = (("Respiratory", 0.8), ("Cardiovascular", 0.2))
    prediction = Prediction("Respiratory", 0.8, ranking, ("Respiratory", "Cardiovascular"), True, 12)
    output = Output(np.array([1, 1]), np.array([[0.2, 0.8]] * 2), 1.0, "", predictions=(prediction, prediction))
    row = rows(output)[0]
    assert (row["probability"], row["ranking"]) == (0.8, [["Respiratory", 0.8], ["Cardiovascular", 0.2]])
    assert row["prediction_set"] == ["Respiratory", "Cardiovascular"]
    assert (row["abstained"], row["truncated_tokens"]) == (True, 12)


def test_prompts_are_in_the_rows_only_where_they_were_given() -> None:
    output = Output(np.array([1, 0]), np.full((2, 2), 0.5), 1.0, "")
    assert all("prompt" not in row for row in rows(output))
    assert [row["prompt"] for row in rows(output, ["first", "second"])] == ["first", "second"]


def test_a_row_is_one_line_of_json() -> None:
    assert list(json_lines([{"a": 1}, {"a": "ü\n"}])) == ['{"a": 1}', '{"a": "ü\\n"}']
