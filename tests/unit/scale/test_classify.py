"""Partitions get the predictions that one machine gives the same notes, whatever their cut."""

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from evaluation_world import write_dataset, write_run
from export_world import write_adapted_run
from nosology.classifier.classifier import Classifier
from nosology.errors import DataError, RunError
from nosology.records import PREDICTION_COLUMNS, Demand, Prediction, no_progress, prediction_types
from nosology.runs.starter import FOLDER, has_starter
from nosology.scale import classify
from nosology.scale.classify import Classified, classify_partitions, find_job
from nosology.scale.cluster import InProcess
from scale_world import Stopping, notes, write_partitions
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


# ---- with a model that answers by a note's length


class ByLength:
    """A classifier that says how long a note is, and remembers what it was asked at once."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        self.asked.append(list(texts))
        return [self._said(text) for text in texts]

    def _said(self, text: str) -> Prediction:
        if not text.strip():
            return Prediction.absent("nothing to read", is_calibrated=True, caution="on invented notes")
        label = str(len(text))
        demands = (Demand(0, len(text)),) if "answer" in text else ()
        return Prediction(label, 0.5, ((label, 0.5),), (label,), abstained="unsure" in text, demands=demands)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[ByLength]]:
    """A run whose classifier is `ByLength`, and every classifier that was loaded."""
    run = write_run(tmp_path / "run", write_dataset(tmp_path / "dataset", {"train": 4}), n_train=4)
    loaded: list[ByLength] = []

    def load(name: str, *, system: object) -> ByLength:
        assert (name, system) == (str(run), None)
        loaded.append(ByLength())
        return loaded[-1]

    monkeypatch.setattr(Classifier, "load", load)
    return run, loaded


TEXTS = ["a", "to bb", "unsure", " ", "answer: c", "dddd", "ee", "f", "unsure too"]


def with_texts(folder: Path, n_partitions: int, texts: Sequence[str] = TEXTS) -> Path:
    return write_partitions(pl.DataFrame({"body": texts}), folder, n_partitions)


def test_what_came_out_is_counted_over_all_partitions(small: tuple[Path, list[ByLength]], tmp_path: Path) -> None:
    found = classified(small[0], with_texts(tmp_path / "notes", 4), tmp_path / "out")
    assert found == Classified(
        n_notes=9, n_abstained=3, n_unread=1, n_demanding=1, cautions=("on invented notes",), is_calibrated=True
    )


def test_a_worker_loads_its_model_once_and_hands_it_a_bounded_number_of_notes_in_their_order(
    small: tuple[Path, list[ByLength]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classify, "_NOTES_AT_ONCE", 2)
    run, loaded = small
    classified(run, with_texts(tmp_path / "notes", 2), tmp_path / "out")
    (model,) = loaded
    assert [len(batch) for batch in model.asked] == [2, 2, 1, 2, 2]
    assert [text for batch in model.asked for text in batch] == TEXTS
    whole = pl.read_parquet(tmp_path / "out")
    assert whole["label"].to_list() == [str(len(text)) if text.strip() else None for text in TEXTS]


def test_every_partition_has_the_same_types_even_one_without_notes(
    small: tuple[Path, list[ByLength]], tmp_path: Path
) -> None:
    classified(small[0], with_texts(tmp_path / "notes", 2, ["a", "b"]), tmp_path / "out")
    files = sorted((tmp_path / "out").iterdir())
    assert [pl.read_parquet(file).height for file in files] == [1, 1, 0]
    types = {"body": pl.String} | prediction_types()
    for file in files:
        assert pl.read_parquet_schema(file) == types


def test_whatever_the_input_is_written_in_the_output_is_parquet(
    small: tuple[Path, list[ByLength]], tmp_path: Path
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.csv").write_text("id,body\n1,chest pain\n", encoding="utf-8")
    (tmp_path / "notes" / "b.jsonl").write_text('{"id": "2", "body": "cough"}\n', encoding="utf-8")
    assert classified(small[0], tmp_path / "notes", tmp_path / "out").n_notes == 2
    labels = [pl.read_parquet(file)["label"].to_list() for file in sorted((tmp_path / "out").iterdir())]
    assert labels == [["10"], ["5"]]


def test_a_stopped_classification_goes_on_and_counts_what_was_done_before(
    small: tuple[Path, list[ByLength]], tmp_path: Path
) -> None:
    run, loaded = small
    source = with_texts(tmp_path / "notes", 4)
    whole = classified(run, source, tmp_path / "whole")
    first, second = Stopping(2), Stopping(100)
    with pytest.raises(KeyboardInterrupt):
        classified(run, source, tmp_path / "out", first)
    assert classified(run, source, tmp_path / "out", second) == whole
    assert [number for _, number in first.done + second.done] == [0, 1, 2, 3, 4]
    assert sum(len(batch) for model in loaded[1:] for batch in model.asked) == len(TEXTS), "each note was read once"
    assert pl.read_parquet(tmp_path / "out").equals(pl.read_parquet(tmp_path / "whole"))


@pytest.mark.parametrize("change", ["another run", "another column", "another system"])
def test_a_stopped_classification_is_gone_on_with_as_it_was_begun_or_not_at_all(
    change: str, small: tuple[Path, list[ByLength]], tmp_path: Path
) -> None:
    run, _ = small
    table = pl.DataFrame({"body": TEXTS, "other": TEXTS})
    source = write_partitions(table, tmp_path / "notes", 2)
    with pytest.raises(KeyboardInterrupt):
        classified(run, source, tmp_path / "out", Stopping(1))
    if change == "another run":
        run = write_run(tmp_path / "second", tmp_path / "dataset", n_train=3)
    system: Any = "tuned" if change == "another system" else None
    text = "other" if change == "another column" else "body"
    job = find_job(str(run), str(source), str(tmp_path / "out"), text, system=system)
    with pytest.raises(RunError, match="another job"):
        classify_partitions(job, engine=InProcess(), progress=no_progress)


def test_a_partition_that_cannot_be_read_is_named_and_what_was_done_stays(
    small: tuple[Path, list[ByLength]], tmp_path: Path
) -> None:
    run, _ = small
    source = with_texts(tmp_path / "notes", 3)
    whole = (source / "part-00001.parquet").read_bytes()
    (source / "part-00001.parquet").write_bytes(whole[:-8])
    with pytest.raises(DataError) as refused:
        classified(run, source, tmp_path / "out")
    assert "part-00001.parquet" in refused.value.place
    assert (tmp_path / "out" / "part-00000.parquet").is_file()
    assert not (tmp_path / "out" / "part-00001.parquet").exists()


def test_a_run_that_is_not_there_is_refused_before_the_output_folder_is_made(tmp_path: Path) -> None:
    source = with_texts(tmp_path / "notes", 1)
    with pytest.raises(RunError, match="no run folder here"):
        classified(tmp_path / "none", source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_input_without_a_file_is_refused_by_its_place(small: tuple[Path, list[ByLength]], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file of notes") as refused:
        classified(small[0], tmp_path / "none", tmp_path / "out")
    assert refused.value.place == str(tmp_path / "none")
