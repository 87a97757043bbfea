"""Opening a dataset: whole and unchanged, or refused."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from nosology.coding.labels import LabelSet
from nosology.dataset.folder import CODES_TYPE, COLUMNS, codes_of, open_dataset
from nosology.dataset.writing import write_manifest
from nosology.errors import RunError


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    folder.mkdir()
    row: tuple[Any, ...] = ("1", "p", "a", "text", "Urgent", None, None, None, [])
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


def test_codes_come_with_their_version_in_the_order_of_the_source() -> None:
    notes = pl.DataFrame(
        {
            "codes": [
                [{"code": "41071", "icd_version": 9}, {"code": "I10", "icd_version": 10}],
                [],
                None,
            ]
        },
        schema={"codes": CODES_TYPE},
    )
    assert codes_of(notes) == [(("41071", 9), ("I10", 10)), (), ()]


def test_datasets_from_before_codes_were_kept_have_none() -> None:
    assert codes_of(pl.DataFrame({"note_id": ["1", "2"]})) == [(), ()]


def test_a_file_that_the_manifest_does_not_name_is_none_of_the_datasets_business(dataset: Path) -> None:
    (dataset / "remarks.txt").write_text("mine")
    assert open_dataset(dataset).notes().height == 2


def test_a_manifest_of_another_kind_is_refused(dataset: Path) -> None:
    manifest = json.loads((dataset / "manifest.json").read_text())
    (dataset / "manifest.json").write_text(json.dumps(manifest | {"kind": "run"}))
    with pytest.raises(RunError):
        open_dataset(dataset)


def test_a_folder_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        open_dataset(tmp_path / "nowhere")
    assert "nowhere" in str(caught.value)


def test_a_path_may_be_given_as_text(dataset: Path) -> None:
    assert open_dataset(str(dataset)).folder == dataset
