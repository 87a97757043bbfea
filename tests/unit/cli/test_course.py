"""`nosology course`: from nothing but vocabularies to a run."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nosology.cli import app, register_commands
from nosology.dataset.folder import open_dataset
from nosology.errors import DataError, NosologyError, RunError
from nosology.files import read_manifest
from tiny_models import save_tiny_model

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning")


def course(folder: Path, *words: str) -> str:
    register_commands()
    small = ["train.lora_r=2", "train.batch_size=36", "model.dtype=float32", "train.max_validation_notes=2"]
    settings = [word for setting in small for word in ("--set", setting)]
    arguments = ["course", "--out", str(folder / "run"), "--model", str(folder / "model"), *settings, *words]
    done = CliRunner().invoke(app, arguments)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model and a run that took a course."""
    folder = tmp_path_factory.mktemp("course")
    save_tiny_model(folder / "model")
    course(folder, "--phrases", "144")
    return folder


def test_a_course_gives_a_run_that_learned_from_texts_of_every_category(world: Path) -> None:
    manifest = read_manifest(world / "run", "run")
    texts = open_dataset(world / "run-course")
    assert manifest["n_train_notes"] == texts.manifest["notes"]["train"]
    assert set(texts.notes()["category"]) == set(texts.labels.names)


def test_invented_notes_go_on_from_a_finished_course(world: Path, tmp_path: Path) -> None:
    (tmp_path / "model").symlink_to(world / "model")
    said = course(tmp_path, "--phrases", "36", "--notes", "72", "--start", str(world / "run"))
    assert "72 invented notes" in said
    manifest = read_manifest(tmp_path / "run", "run")
    assert manifest["start"]["run"] == "run"
    rows = open_dataset(tmp_path / "run-course").notes()
    assert rows["note_id"].str.starts_with("note-").sum() == 72
    assert manifest["config"]["train"]["start"] == str(world / "run")


def test_a_start_that_is_no_run_is_refused(tmp_path: Path) -> None:
    save_tiny_model(tmp_path / "model")
    with pytest.raises(NosologyError):
        course(tmp_path, "--phrases", "36", "--start", str(tmp_path / "none"))


def test_a_course_is_not_begun_over_a_finished_one(world: Path) -> None:
    with pytest.raises(RunError):
        course(world, "--phrases", "144")


def test_a_file_that_may_not_be_learned_from_stops_before_anything_is_written(tmp_path: Path) -> None:
    save_tiny_model(tmp_path / "model")
    file = tmp_path / "more.tsv"
    file.write_text(
        "text\tcode\ticd_version\tkind\tsource\tlicence\ngout\tM10.9\t10\tname\tBook\tCC-BY-NC-4.0\n", encoding="utf-8"
    )
    with pytest.raises(DataError, match="licence"):
        course(tmp_path, "--file", str(file))
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "run-course").exists()


def test_a_label_set_without_codes_is_refused(tmp_path: Path) -> None:
    save_tiny_model(tmp_path / "model")
    (tmp_path / "own.tsv").write_text("category\nA\nB\n", encoding="utf-8")
    with pytest.raises(NosologyError, match="no code ranges"):
        course(tmp_path, "--set", f"prepare.label_set={tmp_path / 'own.tsv'}")
