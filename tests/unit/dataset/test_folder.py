"""Opening a dataset: whole and unchanged, or refused."""

from pathlib import Path

import polars as pl
import pytest

from nosology.coding.labels import LabelSet
from nosology.dataset.folder import COLUMNS, open_dataset
from nosology.dataset.writing import write_manifest
from nosology.errors import RunError


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    folder.mkdir()
    row = ("1", "p", "a", "text", "Urgent", None, None, None, [])
    rows = [(*row, "train"), (*row, "test")]
    pl.DataFrame(rows, schema=list(COLUMNS), orient="row").write_parquet(folder / "notes.parquet")
    (folder / "mine.tsv").write_text("category\nUrgent\nRoutine\n")
    LabelSet.load(folder / "mine.tsv").save(folder / "labels.tsv")
    (folder / "mine.tsv").unlink()
    (folder / "funnel.json").write_text("[]")
    write_manifest(folder, {"seed": 1})
    return folder


def test_a_dataset_opens_with_its_labels_splits_and_hash(dataset: Path) -> None:
    opened = open_dataset(dataset)
    assert opened.labels.names == ("Urgent", "Routine")
    assert [opened.split(name).height for name in ("train", "validation", "test")] == [1, 0, 1]
    assert (opened.notes().height, opened.funnel(), opened.manifest["seed"]) == (2, [], 1)
    assert len(opened.sha256) == 64
    with pytest.raises(RunError, match="no split 'dev'"):
        opened.split("dev")


@pytest.mark.parametrize("name", ["notes.parquet", "labels.tsv", "funnel.json"])
def test_a_dataset_whose_files_were_changed_or_lost_is_refused(dataset: Path, name: str) -> None:
    content = (dataset / name).read_bytes()
    (dataset / name).write_bytes(content[:-1] + b"?")
    with pytest.raises(RunError, match=f"{name} is not the file that was prepared"):
        open_dataset(dataset)
    (dataset / name).unlink()
    with pytest.raises(RunError, match=f"{name} is missing"):
        open_dataset(dataset)


def test_an_unfinished_folder_is_no_dataset(dataset: Path) -> None:
    (dataset / "manifest.json").unlink()
    with pytest.raises(RunError, match="unfinished"):
        open_dataset(dataset)
