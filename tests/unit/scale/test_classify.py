"""Partitions get the predictions that one machine gives the same notes, whatever their cut."""

import pickle
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from export_world import write_adapted_run
from nosology.classifier.classifier import Classifier
from nosology.errors import DataError, RunError
from nosology.records import PREDICTION_COLUMNS, no_progress
from nosology.runs.starter import FOLDER, has_starter
from nosology.scale.classify import Classified, classify_partitions, find_job
from nosology.scale.cluster import InProcess
from scale_world import notes, write_partitions
from tiny_models import save_tiny_model

pytest.importorskip("pyarrow", reason="the extra `scale` is not installed")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scale")
    return write_adapted_run(folder / "run", save_tiny_model(folder / "model"))


def classified(run: Path, where: object, out: Path, engine: Any = None) -> Classified:
    job = find_job(str(run), str(where), str(out), "body")
    return classify_partitions(job, engine=engine or InProcess(), progress=no_progress)


def test_partitions_hold_every_column_and_the_predictions_of_one_machine(run: Path, tmp_path: Path) -> None:
    table = notes(20).with_columns(body=pl.when(pl.int_range(pl.len()) == 3).then(pl.lit(" ")).otherwise("body"))
    found = classified(run, write_partitions(table, tmp_path / "notes", 2), tmp_path / "out")
    whole = pl.read_parquet(tmp_path / "out")
    assert whole.select(table.columns).equals(table)
    assert whole.columns == [*table.columns, *PREDICTION_COLUMNS]
    expected = Classifier.load(run).classify(table["body"].to_list())
    assert whole["predicted_label"].to_list() == [prediction.label or None for prediction in expected]
    probabilities = [None if prediction.reason else prediction.probability for prediction in expected]
    assert whole["probability"].to_list() == pytest.approx(probabilities, abs=1e-4)
    assert (found.n_notes, found.n_unread, found.is_calibrated) == (table.height, 1, False)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"part-0000{n}.parquet" for n in range(3)]


def test_a_finished_folder_is_not_written_again(run: Path, tmp_path: Path) -> None:
    source = write_partitions(notes(2), tmp_path / "notes", 1)
    classified(run, source, tmp_path / "out")
    with pytest.raises(RunError, match="already holds something"):
        classified(run, source, tmp_path / "out")


def test_a_column_of_a_name_that_is_added_is_refused(run: Path, tmp_path: Path) -> None:
    source = write_partitions(notes(2).with_columns(reason=pl.lit("x")), tmp_path / "notes", 1)
    with pytest.raises(DataError, match="has a column 'reason' already"):
        classified(run, source, tmp_path / "out")


def test_a_worker_in_another_folder_finds_run_notes_and_output(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_partitions(notes(2), tmp_path / "notes", 1)
    (tmp_path / "run").symlink_to(run)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    shipped = pickle.dumps(find_job("run", "notes", "out", "body"))
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert classify_partitions(pickle.loads(shipped), engine=InProcess(), progress=no_progress).n_notes == 2
    assert (tmp_path / "out" / "part-00000.parquet").is_file()


@pytest.mark.skipif(not has_starter(), reason="this build has no starter")
def test_the_starter_is_each_machines_own(tmp_path: Path) -> None:
    source = write_partitions(notes(2), tmp_path / "notes", 1)
    for name in ("starter", str(FOLDER)):
        assert find_job(name, str(source), str(tmp_path / "out"), "body").run == "starter"
    assert find_job(Path("starter"), str(source), str(tmp_path / "out"), "body").run == str(Path("starter").absolute())
