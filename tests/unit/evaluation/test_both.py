"""Categories and suggestions in one evaluation: what is said where notes have no codes to judge suggestions by."""

from pathlib import Path

import polars as pl
import pytest

from coded_world import train_coded_run, write_coded_dataset
from nosology.dataset.writing import write_manifest
from nosology.evaluation.both import evaluate_both
from nosology.runs.run import Run

pytestmark = pytest.mark.filterwarnings("ignore:.*lr_scheduler.step:UserWarning")


def test_notes_without_codes_are_judged_by_category_alone(tmp_path: Path) -> None:
    run = Run.open(train_coded_run(tmp_path / "world"))
    other = write_coded_dataset(tmp_path / "other", {"test": 12}, seed=7)
    notes = pl.read_parquet(other / "notes.parquet")
    bare = notes.with_columns(pl.lit("").alias("code"), pl.lit([], notes.schema["codes"]).alias("codes"))
    bare.write_parquet(other / "notes.parquet")
    (other / "manifest.json").unlink()
    write_manifest(other, {"config": {}})
    heard: list[str] = []
    found = evaluate_both(run, dataset=other, say=heard.append)
    assert heard == ["suggestions are not judged: no note of the test split has a code of a known rubric"]
    assert (found.results.n, found.suggestions, found.why_none) == (12, None, heard[0])
