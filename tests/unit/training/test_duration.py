"""How many notes a training reads: by hand for small datasets, and what follows for any configuration."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation_world import write_dataset
from nosology.config import Config
from nosology.errors import DataError, RunError
from nosology.files import read_json, sha256_file, write_json
from nosology.training.duration import TrainingNotes, notes_read, notes_to_train_on


def configured(**train: Any) -> Config:
    return Config.model_validate({"train": train})


def test_all_notes_of_the_training_split_are_read(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "dataset", {"train": 24, "validation": 10, "test": 6})
    assert notes_to_train_on(folder, configured(max_train_notes=None)).n_notes == 24


@pytest.mark.parametrize(("most", "expected"), [(1, 1), (23, 23), (24, 24), (100, 24)])
def test_at_most_as_many_as_were_allowed(tmp_path: Path, most: int, expected: int) -> None:
    folder = write_dataset(tmp_path / "dataset", {"train": 24, "validation": 10, "test": 6})
    assert notes_to_train_on(folder, configured(max_train_notes=most)).n_notes == expected


def test_the_mean_length_is_of_training_notes_alone(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "dataset", {"train": 3, "validation": 3, "test": 3})
    notes = pl.read_parquet(folder / "notes.parquet")
    texts = ["one two three", "one", "one two three four five", *["x " * 50 + "x"] * 6]
    notes.with_columns(pl.Series("clean_text", texts)).write_parquet(folder / "notes.parquet")
    manifest = read_json(folder / "manifest.json")
    manifest["files"]["notes.parquet"] = {
        "sha256": sha256_file(folder / "notes.parquet"),
        "bytes": (folder / "notes.parquet").stat().st_size,
    }
    write_json(folder / "manifest.json", manifest)
    assert notes_to_train_on(folder, configured()).mean_words == 3.0


def test_a_dataset_without_a_training_note_is_refused(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "dataset", {"validation": 4, "test": 4})
    with pytest.raises(DataError, match="the train split holds no note"):
        notes_to_train_on(folder, configured())


def test_a_folder_that_holds_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError):
        notes_to_train_on(tmp_path / "nowhere", configured())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"epochs": 1}, 100.0),
        ({"epochs": 3}, 300.0),
        ({"epochs": 0.5}, 50.0),
        ({"epochs": 3, "max_steps": 2, "batch_size": 8, "accumulation_steps": 1}, 16.0),
        ({"epochs": 3, "max_steps": 5, "batch_size": 8, "accumulation_steps": 4}, 160.0),
    ],
)
def test_notes_are_counted_as_often_as_they_are_read(fields: dict[str, Any], expected: float) -> None:
    assert notes_read(configured(**fields), TrainingNotes(100, 80.0)) == expected


@given(st.integers(1, 10_000), st.integers(1, 10))
def test_twice_the_epochs_are_twice_the_notes(n_notes: int, epochs: int) -> None:
    notes = TrainingNotes(n_notes, 80.0)
    assert notes_read(configured(epochs=2 * epochs), notes) == 2 * notes_read(configured(epochs=epochs), notes)


@given(st.integers(1, 1000), st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_number_of_steps_reads_the_same_whatever_the_dataset(steps: int, first: int, second: int) -> None:
    config = configured(max_steps=steps)
    assert notes_read(config, TrainingNotes(first, 1.0)) == notes_read(config, TrainingNotes(second, 9.0))
