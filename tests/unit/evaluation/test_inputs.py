"""What an evaluation reads, and the runs and datasets it refuses because a comparison would not be fair."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from evaluation_world import CATEGORIES, write_dataset, write_run
from nosology.config import EvaluateConfig
from nosology.errors import RunError
from nosology.evaluation.inputs import read_inputs
from nosology.files import read_json, sha256_text, write_json
from nosology.runs.run import Run


@pytest.fixture
def run(tmp_path: Path) -> Any:
    dataset = write_dataset(tmp_path / "dataset", {"train": 50, "validation": 20, "test": 40})
    return write_run(tmp_path / "run", dataset, n_train=30)


def read(run: Any, *, split: str = "test", dataset: Any = None, limit: Any = None, **settings: Any) -> Any:
    return read_inputs(Run.open(run), split=split, dataset=dataset, limit=limit, config=EvaluateConfig(**settings))


def test_training_notes_are_exactly_those_of_the_run(run: Any) -> None:
    inputs = read(run)
    assert inputs.train["note_id"].to_list() == read_json(run / "train_notes.json")["note_ids"]
    assert (len(inputs.train), len(inputs.train_all), len(inputs.validation)) == (30, 50, 20)


def test_no_evaluated_note_is_a_training_note(run: Any) -> None:
    inputs = read(run)
    assert not set(inputs.notes["note_id"]) & set(inputs.train_all["note_id"])


def test_categories_become_indices_in_label_set_order(run: Any) -> None:
    inputs = read(run)
    names = [CATEGORIES[index] for index in inputs.category_indices(inputs.notes["category"])]
    assert names == inputs.notes["category"].to_list()


def test_a_part_is_drawn_by_seed_and_kept_in_order(run: Any) -> None:
    first, again, other = read(run, max_notes=15), read(run, max_notes=15), read(run, max_notes=15, seed=1)
    assert first.notes.equals(again.notes)
    assert not first.notes.equals(other.notes)
    everything = read(run).notes["note_id"].to_list()
    assert first.notes["note_id"].to_list() == [i for i in everything if i in set(first.notes["note_id"])]
    assert (len(first.notes), first.n_split_notes) == (15, 40)


def test_a_limit_wins_over_the_configuration(run: Any) -> None:
    assert len(read(run, limit=7, max_notes=15).notes) == 7


def test_a_limit_beyond_the_split_takes_all_of_it(run: Any) -> None:
    assert len(read(run, limit=1000).notes) == 40


def test_results_of_the_training_dataset_are_named_after_the_split(run: Any) -> None:
    inputs = read(run, split="validation")
    assert inputs.is_training_dataset
    assert inputs.name == "validation"


def test_results_of_another_dataset_are_named_after_both(run: Any, tmp_path: Path) -> None:
    other = write_dataset(tmp_path / "hospital", {"test": 5}, prefix="h")
    inputs = read(run, dataset=other)
    assert not inputs.is_training_dataset
    assert inputs.name == "hospital-test"
    assert inputs.training_dataset.folder == tmp_path / "dataset"


def test_naming_the_training_dataset_is_the_same_as_not_naming_it(run: Any, tmp_path: Path) -> None:
    inputs = read(run, dataset=tmp_path / "dataset")
    assert inputs.is_training_dataset
    assert inputs.name == "test"


def test_training_notes_that_left_the_dataset_are_counted(run: Any) -> None:
    note_ids = [*read_json(run / "train_notes.json")["note_ids"], "gone-1", "gone-2"]
    write_json(run / "train_notes.json", {"note_ids": note_ids})
    manifest = read_json(run / "manifest.json") | {"train_note_ids_sha256": sha256_text("\n".join(note_ids))}
    write_json(run / "manifest.json", manifest)
    with pytest.raises(RunError, match="2 of the 32 training notes are not in the dataset"):
        read(run)


def test_label_sets_of_another_order_are_refused(run: Any, tmp_path: Path) -> None:
    other = write_dataset(tmp_path / "other", {"test": 5}, names=CATEGORIES[::-1])
    with pytest.raises(RunError, match="another order") as caught:
        read(run, dataset=other)
    assert "labels.tsv" in caught.value.hint


def test_note_text_stays_out_of_the_repr(run: Any) -> None:
    shown = repr(read(run))
    assert "clean_text" not in shown
    assert not any(text in shown for text in pl.read_parquet(run.parent / "dataset" / "notes.parquet")["clean_text"])
