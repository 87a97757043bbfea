"""What an evaluation leaves on disk: rows as documented, folders whole or not at all, private files private."""

import json
import stat

import numpy as np
import polars as pl
import pytest

from nosology.evaluation.systems import Output
from nosology.evaluation.writing import prediction_rows, replaced_folder, write_lines
from nosology.metrics import INVALID
from nosology.records import Prediction

NAMES = ("Cardiovascular", "Respiratory")
NOTES = pl.DataFrame({"note_id": ["a", "b"], "category": ["Respiratory", "Cardiovascular"]})
HASHES = ["11", "22"]


def rows(output, prompts=None):
    return list(prediction_rows(NOTES, output, NAMES, HASHES, prompts))


def test_a_scored_row_holds_the_documented_fields_and_ranks_every_category():
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


def test_a_parsed_row_holds_the_raw_answer_and_null_where_it_names_no_category():
    output = Output(np.array([INVALID, 0]), None, 1.0, "", raw_answers=("assistantassistant", "cardiovascular"))
    first, second = rows(output)
    assert (first["predicted_label"], first["probability"], first["ranking"]) == (None, None, [])
    assert first["raw_answer"] == "assistantassistant"
    assert second["predicted_label"] == "Cardiovascular"


def test_a_row_of_the_tuned_model_is_the_classifiers_own_record():
    ranking = (("Respiratory", 0.8), ("Cardiovascular", 0.2))
    prediction = Prediction("Respiratory", 0.8, ranking, ("Respiratory", "Cardiovascular"), True, 12)
    output = Output(np.array([1, 1]), np.array([[0.2, 0.8]] * 2), 1.0, "", predictions=(prediction, prediction))
    row = rows(output)[0]
    assert (row["probability"], row["ranking"]) == (0.8, [["Respiratory", 0.8], ["Cardiovascular", 0.2]])
    assert row["prediction_set"] == ["Respiratory", "Cardiovascular"]
    assert (row["abstained"], row["truncated_tokens"]) == (True, 12)


def test_prompts_are_in_the_rows_only_where_they_were_given():
    output = Output(np.array([1, 0]), np.full((2, 2), 0.5), 1.0, "")
    assert all("prompt" not in row for row in rows(output))
    assert [row["prompt"] for row in rows(output, ["first", "second"])] == ["first", "second"]


@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o644)])
def test_lines_are_json_and_private_files_are_their_owners_alone(tmp_path, private, mode):
    path = tmp_path / "system" / "predictions.jsonl"
    write_lines(path, [{"a": 1}, {"a": "ü\n"}], private=private)
    assert [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] == [{"a": 1}, {"a": "ü\n"}]
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == mode & 0o077


def test_broken_characters_do_not_stop_the_writing(tmp_path):
    path = tmp_path / "predictions.jsonl"
    write_lines(path, [{"raw_answer": "half a pair: \ud83d"}], private=False)
    assert json.loads(path.read_text(encoding="utf-8"))["raw_answer"] == "half a pair: \ud83d"


def test_a_folder_takes_its_place_only_when_its_block_ends_well(tmp_path):
    with replaced_folder(tmp_path / "eval" / "test") as folder:
        (folder / "results.json").write_text("first", encoding="utf-8")
        assert not (tmp_path / "eval" / "test").exists()
    assert (tmp_path / "eval" / "test" / "results.json").read_text(encoding="utf-8") == "first"


def test_a_second_folder_replaces_the_first_entirely(tmp_path):
    for name in ("one", "two"):
        with replaced_folder(tmp_path / "test") as folder:
            (folder / name).touch()
    assert [path.name for path in (tmp_path / "test").iterdir()] == ["two"]
    assert [path.name for path in tmp_path.iterdir()] == ["test"]


def test_a_folder_whose_block_fails_leaves_the_earlier_one_and_nothing_else(tmp_path):
    with replaced_folder(tmp_path / "test") as folder:
        (folder / "results.json").touch()

    def interrupted():
        with replaced_folder(tmp_path / "test") as folder:
            (folder / "half").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [path.name for path in tmp_path.rglob("*")] == ["test", "results.json"]
