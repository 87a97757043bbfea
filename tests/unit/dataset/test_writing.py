"""Writing a dataset: the texts in their rows, the original project's file, and a manifest over every file."""

import csv
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nosology.coding.labels import LabelSet
from nosology.dataset import writing
from nosology.dataset.folder import ATTRIBUTES, CODES_TYPE, COLUMNS, open_dataset
from nosology.dataset.writing import write_csv, write_labels_and_funnel, write_manifest, write_notes

SCHEMA: dict[str, Any] = {name: pl.String for name in (*COLUMNS, *ATTRIBUTES) if name != "clean_text"}
SCHEMA |= {"icd_version": pl.Int8, "codes": CODES_TYPE, "length": pl.Int64}


def notes_of(texts: list[str]) -> pl.DataFrame:
    """Return rows for some texts, everything but the texts."""
    rows: list[dict[str, Any]] = [
        {
            "note_id": str(i),
            "patient_id": f"p{i}",
            "admission_id": "",
            "category": "Urgent" if i % 2 else "Routine",
            "code": None,
            "icd_version": None,
            "rubric": None,
            "codes": [],
            "split": ("train", "validation", "test")[i % 3],
            "sex": None,
            "age_band": None,
            "admission_type": None,
            "length": len(text.encode("utf-8", "surrogatepass")),
        }
        for i, text in enumerate(texts)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def write(folder: Path, texts: list[str]) -> pl.DataFrame:
    """Write the notes and read them back."""
    write_notes(folder, notes_of(texts), texts.__getitem__)
    return pl.read_parquet(folder / "notes.parquet")


@pytest.fixture
def labels(tmp_path: Path) -> LabelSet:
    """A label set of two categories, from a file outside the dataset."""
    file = tmp_path / "mine.tsv"
    file.write_text("category\nUrgent\nRoutine\n")
    return LabelSet.load(file)


def test_every_text_stands_in_its_row_and_columns_in_their_order(tmp_path: Path) -> None:
    found = write(tmp_path, ["one", "two", "three"])
    assert found["clean_text"].to_list() == ["one", "two", "three"]
    assert found["note_id"].to_list() == ["0", "1", "2"]
    assert tuple(found.columns) == (*COLUMNS, *ATTRIBUTES)
    assert found.schema["codes"] == CODES_TYPE


def test_no_notes_make_a_file_with_columns_and_no_rows(tmp_path: Path) -> None:
    found = write(tmp_path, [])
    assert found.height == 0
    assert tuple(found.columns) == (*COLUMNS, *ATTRIBUTES)


@pytest.mark.parametrize("part_bytes", [1, 4, 7, 1_000])
def test_pieces_of_any_size_make_the_same_notes_and_leave_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_bytes: int
) -> None:
    monkeypatch.setattr(writing, "_PART_BYTES", part_bytes)
    texts = ["", "one", "two two", "ä" * 9, "five", ""]
    assert write(tmp_path, texts)["clean_text"].to_list() == texts
    assert [path.name for path in tmp_path.iterdir()] == ["notes.parquet"]


def test_texts_are_asked_for_once_and_in_order(tmp_path: Path) -> None:
    asked: list[int] = []

    def text_of(row: int) -> str:
        asked.append(row)
        return f"text {row}"

    write_notes(tmp_path, notes_of(["text 0"] * 5), text_of)
    assert asked == [0, 1, 2, 3, 4]


@settings(max_examples=40)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=30), max_size=12))
def test_any_text_is_read_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    assert write(tmp_path_factory.mktemp("notes"), texts)["clean_text"].to_list() == texts


def test_the_same_notes_give_the_same_bytes(tmp_path: Path) -> None:
    hashes = set()
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, ["one", "two"] * 50)
        hashes.add(hashlib.sha256((tmp_path / name / "notes.parquet").read_bytes()).hexdigest())
    assert len(hashes) == 1


# ---- the original project's file


def read_csv(folder: Path) -> list[list[str]]:
    """Return all rows of the original project's file."""
    csv.field_size_limit(sys.maxsize)
    with (folder / "df_classification.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_the_original_projects_file_has_its_two_columns(tmp_path: Path) -> None:
    write(tmp_path, ["fever", "cough, dry"])
    write_csv(tmp_path)
    text = (tmp_path / "df_classification.csv").read_text(encoding="utf-8")
    assert text == 'CLEAN_TEXT,CATEGORY\nfever,Routine\n"cough, dry",Urgent\n'


# Preparation leaves no carriage return in a text.
@settings(max_examples=40)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=30), max_size=8))
def test_the_original_projects_file_holds_any_prepared_text(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    write(folder, texts)
    write_csv(folder)
    header, *rows = read_csv(folder)
    assert header == ["CLEAN_TEXT", "CATEGORY"]
    assert [row[0] for row in rows] == texts


def test_the_rows_of_a_large_file_keep_their_order(tmp_path: Path) -> None:
    texts = [f"note {i}" for i in range(4_321)]
    write(tmp_path, texts)
    write_csv(tmp_path)
    assert [row[0] for row in read_csv(tmp_path)[1:]] == texts


# ---- labels, funnel, manifest


def test_the_manifest_holds_size_and_hash_of_every_file_but_itself(tmp_path: Path) -> None:
    folder = tmp_path / "dataset"
    folder.mkdir()
    (folder / "b.txt").write_bytes(b"abc")
    (folder / "a.txt").write_bytes(b"")
    (folder / "below").mkdir()
    write_manifest(folder, {"seed": 7})
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["kind"], manifest["format"], manifest["seed"]) == ("dataset", 1, 7)
    assert list(manifest["files"]) == ["a.txt", "b.txt"]
    assert manifest["files"]["b.txt"] == {
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",  # FIPS 180-2, appendix B.1
        "bytes": 3,
    }
    assert manifest["files"]["a.txt"]["sha256"].startswith("e3b0c44298fc1c14"), "the hash of nothing"


def test_what_was_written_opens_as_a_dataset(tmp_path: Path, labels: LabelSet) -> None:
    folder = tmp_path / "dataset"
    folder.mkdir()
    write(folder, ["one", "two", "three", "four"])
    funnel = [{"step": "read", "rows_in": 5, "rows_out": 4, "lost": {"too short": 1}}]
    write_labels_and_funnel(folder, labels, funnel)
    write_manifest(folder, {})
    opened = open_dataset(folder)
    assert opened.labels.names == ("Urgent", "Routine")
    assert opened.funnel() == funnel
    assert opened.split("train")["clean_text"].to_list() == ["one", "four"]
    assert opened.split("test")["note_id"].to_list() == ["2"]
    assert opened.sha256 == hashlib.sha256((folder / "notes.parquet").read_bytes()).hexdigest()
