"""Notes that join a dataset: what is there stays as it was."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from evaluation_world import write_dataset
from nosology.dataset.folder import open_dataset
from nosology.dataset.funnel import Funnel
from nosology.preparation.joining import COPY, HELD_OUT, join
from nosology.preparation.select import DUPLICATES
from nosology.preparation.texts import TextFile


@pytest.fixture
def dataset(tmp_path: Path) -> Any:
    return open_dataset(write_dataset(tmp_path / "dataset", {"train": 3, "validation": 2, "test": 2}))


def new_notes(texts: TextFile, rows: list[tuple[str, str]]) -> pl.DataFrame:
    """Return notes of patients with some text, all drawn into the test split."""
    values: list[dict[str, object]] = []
    for number, (patient, text) in enumerate(rows):
        place = texts.append(text.encode())
        values.append(
            {"note_id": f"new-{number}", "patient_id": patient, "admission_id": "", "category": "Respiratory",
             "code": None, "icd_version": None, "rubric": None, "codes": [], "split": "test", "sex": None,
             "age_band": None, "admission_type": None, "offset": place, "length": len(text.encode())}
        )  # fmt: skip
    return pl.DataFrame(values, infer_schema_length=None)


def test_new_notes_go_into_train_unless_they_repeat_or_touch_what_is_held_out(dataset: Any, tmp_path: Path) -> None:
    there = dataset.notes()
    held_out = there.filter(pl.col("split") == "test")
    funnel = Funnel([DUPLICATES, "split"])
    rows = [("new", "Ünlike any other"), ("new", there["clean_text"][0]), (held_out["patient_id"][0], "another text")]
    with TextFile(tmp_path / "texts") as texts:
        notes = new_notes(texts, rows)
        joined = join(notes, dataset, texts, funnel, "split")
        read = [texts.read(*place) for place in joined.select("offset", "length").iter_rows()]
    assert joined["note_id"].to_list() == [*there["note_id"], "new-0"]
    assert joined["split"].to_list() == [*there["split"], "train"]
    assert read == [*there["clean_text"], "Ünlike any other"]
    lost = {reason: n for step in funnel.steps() for reason, n in step["lost"].items()}
    assert lost == {COPY: 1, HELD_OUT: 1}
