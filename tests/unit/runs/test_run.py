"""The door to a run folder: what it refuses, what it says then, and that what it gives is typed and read once."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from evaluation_world import CATEGORIES, Loader, write_dataset, write_run
from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import RubricTable
from nosology.config import EvaluateConfig
from nosology.errors import RunError
from nosology.evaluation import evaluate
from nosology.files import read_json, sha256_file, write_json
from nosology.runs.files import RunFiles
from nosology.runs.run import Run


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    dataset = write_dataset(tmp_path / "dataset", {"train": 30, "validation": 12, "test": 12})
    return write_run(tmp_path / "run", dataset, n_train=20)


def change(folder: Any, **changes: Any) -> None:
    write_json(folder / "manifest.json", read_json(folder / "manifest.json") | changes)


def test_a_run_is_opened_once_and_passed_along(folder: Any) -> None:
    run = Run.open(folder)
    assert Run.open(run) is run
    assert Run.open(str(folder)).manifest == run.manifest
    assert (run.name, run.folder, run.sha256) == ("run", folder, sha256_file(folder / "manifest.json"))


def test_the_manifest_is_a_record_and_written_back_as_it_was(folder: Any) -> None:
    manifest = Run.open(folder).manifest
    assert (manifest.n_train_notes, manifest.model.name, manifest.timings.train_seconds) == (20, "tiny", 12.5)
    assert manifest.dataset.preparation.deidentify_style == "token"
    change(folder, **manifest.model_dump(mode="json"))
    assert Run.open(folder).manifest == manifest


def test_a_missing_folder_and_an_unfinished_run_say_what_to_do(tmp_path: Path, folder: Any) -> None:
    with pytest.raises(RunError, match="no run folder here"):
        Run.open(tmp_path / "nowhere")
    (folder / "manifest.json").unlink()
    with pytest.raises(RunError, match="unfinished") as caught:
        Run.open(folder)
    assert "--resume" in caught.value.hint


def test_a_dataset_is_not_a_run(folder: Any) -> None:
    with pytest.raises(RunError, match="expected a run folder, found a dataset"):
        Run.open(folder.parent / "dataset")


@pytest.mark.parametrize(("changes", "where"), [({"format": 2}, "format"), ({"surprise": 1}, "surprise")])
def test_a_manifest_of_another_version_is_refused_with_the_place_of_the_difference(
    folder: Any, changes: dict[str, Any], where: str
) -> None:
    change(folder, **changes)
    with pytest.raises(RunError, match="not a run that this version reads") as caught:
        Run.open(folder)
    assert where in caught.value.message
    assert caught.value.place == str(folder / "manifest.json")


def test_a_run_of_before_there_was_a_choice_of_shortening_lost_the_middle_of_its_notes(folder: Any) -> None:
    config = read_json(folder / "manifest.json")["config"]
    assert Run.open(folder).manifest.config.model.shortening == "sections"
    del config["model"]["shortening"]
    change(folder, config=config)
    assert Run.open(folder).manifest.config.model.shortening == "middle"


def test_labels_are_read_once_and_only_those_that_were_trained_with(folder: Any) -> None:
    run = Run.open(folder)
    assert run.labels.names == CATEGORIES
    assert run.labels is run.labels
    (folder / "labels.tsv").write_text("category\nOther\nNone\n", encoding="utf-8")
    with pytest.raises(RunError, match="changed since training"):
        _ = Run.open(folder).labels


def test_training_notes_that_are_not_the_manifests_are_refused(folder: Any) -> None:
    run = Run.open(folder)
    assert len(run.train_note_ids()) == 20
    write_json(folder / "train_notes.json", {"note_ids": ["another"]})
    with pytest.raises(RunError, match=r"train_notes\.json is not what the manifest recorded"):
        run.train_note_ids()


def test_only_a_run_with_rubrics_and_a_head_of_words_can_suggest(folder: Any) -> None:
    assert not Run.open(folder).can_suggest
    with pytest.raises(RunError, match="knows no rubrics") as caught:
        Run.open(folder).check_suggests()
    assert "code column" in caught.value.hint
    RubricTable.shipped(LabelSet.load("icd-chapters-18"), (10,)).save(folder / "rubrics.tsv")
    assert Run.open(folder).can_suggest
    Run.open(folder).check_suggests()
    config = read_json(folder / "manifest.json")["config"]
    config["train"]["head"] = "classification"
    change(folder, config=config)
    assert not Run.open(folder).can_suggest
    with pytest.raises(RunError, match="classification head"):
        Run.open(folder).check_suggests()


def test_results_are_found_by_the_name_of_their_evaluation(folder: Any) -> None:
    run = Run.open(folder)
    assert (run.evaluations(), run.has_results(), run.training_shares()) == ([], False, None)
    with pytest.raises(RunError) as caught:
        run.results()
    assert "nosology evaluate" in caught.value.hint
    config = EvaluateConfig(systems=("majority",), bootstrap_samples=100, robustness_notes=0)
    evaluate(run, config=config, load=Loader())
    shutil.copytree(RunFiles(folder).evaluation().folder, RunFiles(folder).evaluation("hospital-test").folder)
    assert run.evaluations() == ["hospital-test", "test"]
    assert run.results().n == run.results("hospital-test").n == 12
    assert sum((run.training_shares() or {}).values()) == pytest.approx(1)
    assert run.suggestion_results() is None
    with pytest.raises(RunError) as caught:
        run.results("validation")
    assert caught.value.hint == "there are hospital-test, test"


def test_results_of_another_version_are_refused(folder: Any) -> None:
    path = RunFiles(folder).evaluation().results
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"kind": "results", "size": 3}), encoding="utf-8")
    with pytest.raises(RunError, match="not results that this version reads") as caught:
        Run.open(folder).results()
    assert (caught.value.place, caught.value.hint) == (str(path), "evaluate the run again")


def test_a_training_log_that_was_cut_short_is_refused_with_its_line(folder: Any) -> None:
    log = folder / "training_log.jsonl"
    log.write_text('{"step": 1, "train/loss": 2.0}\n{"step": 2, "train', encoding="utf-8")
    with pytest.raises(RunError) as caught:
        Run.open(folder).training_curves()
    assert caught.value.place == f"{log}:2"


def test_the_training_log_becomes_curves_over_steps(folder: Any) -> None:
    log = folder / "training_log.jsonl"
    log.write_text('{"step": 5, "train/loss": 2.0}\n{"step": 10, "eval/loss": 1.5}\n', encoding="utf-8")
    assert Run.open(folder).training_curves() == {"train/loss": [(5, 2.0)], "eval/loss": [(10, 1.5)]}
    log.unlink()
    assert Run.open(folder).training_curves() == {}


def test_reports_of_other_evaluations_than_the_test_splits_have_a_folder_of_their_own(tmp_path: Path) -> None:
    files = RunFiles(tmp_path)
    assert files.report().page == tmp_path / "report" / "index.html"
    assert files.report("validation").page == tmp_path / "report" / "validation" / "index.html"


# ---- a run that others packed


def packed(calibration_sha256: str | None) -> dict[str, Any]:
    return {"sources": [], "calibrated_on": "published cases", "calibration_sha256": calibration_sha256}


def test_a_run_of_ones_own_needs_no_caution(folder: Path) -> None:
    assert Run.open(folder).caution == ""


def test_a_packed_run_says_what_it_was_calibrated_on(folder: Path) -> None:
    (folder / "calibration.json").write_text("{}")
    change(folder, packed=packed(sha256_file(folder / "calibration.json")))
    assert Run.open(folder).caution == (
        "not calibrated on your notes: how sure this run is was fitted on published cases"
    )
    (folder / "calibration.json").unlink()
    assert Run.open(folder).caution, "none at all is not one's own"


def test_a_packed_run_that_was_calibrated_anew_needs_no_caution(folder: Path) -> None:
    (folder / "calibration.json").write_text("{}")
    change(folder, packed=packed("0" * 64))
    assert Run.open(folder).caution == ""


# ---- the run that training went on from


@pytest.fixture
def continued(folder: Path) -> Path:
    """A run whose training went on from another one."""
    first = Path(shutil.copytree(folder, folder.with_name("first")))
    (first / "adapter").mkdir()
    weights = first / "adapter" / "adapter_model.safetensors"
    weights.write_bytes(b"weights")
    start = {
        "run": "first",
        "adapter_sha256": sha256_file(weights),
        "manifest_sha256": sha256_file(first / "manifest.json"),
        "n_train_notes": 20,
    }
    config = read_json(folder / "manifest.json")["config"]
    config["train"]["start"] = str(first)
    change(folder, start=start, config=config)
    return folder


def test_the_run_that_training_went_on_from_is_found(continued: Path) -> None:
    assert Run.open(continued).starting_run().folder == continued.with_name("first")


def test_a_training_of_its_own_has_no_start(folder: Path) -> None:
    with pytest.raises(RunError, match="no other run"):
        Run.open(folder).starting_run()


@pytest.mark.parametrize("harm", ["gone", "another adapter", "no adapter", "another manifest"])
def test_a_start_that_is_not_what_it_was_is_refused_with_the_remedy(continued: Path, harm: str) -> None:
    first = continued.with_name("first")
    if harm == "gone":
        shutil.rmtree(first)
    elif harm == "another adapter":
        (first / "adapter" / "adapter_model.safetensors").write_bytes(b"others")
    elif harm == "no adapter":
        (first / "adapter" / "adapter_model.safetensors").unlink()
    else:
        change(first, n_steps=21)
    with pytest.raises(RunError) as caught:
        Run.open(continued).starting_run()
    assert caught.value.place == str(first)
    assert "leave starter out of evaluate.systems" in caught.value.hint


def test_a_folder_that_lets_nobody_write_is_refused_with_a_remedy(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.open(folder)
    run.check_writable()
    monkeypatch.setattr("nosology.runs.run.os.access", lambda path, mode: path != folder or mode != os.W_OK)
    with pytest.raises(RunError, match="nothing can be written into this run") as caught:
        run.check_writable()
    assert "copy it to a folder of yours" in caught.value.hint
    with pytest.raises(RunError) as caught:
        run.check_writable(remedy="elsewhere")
    assert (caught.value.place, caught.value.hint) == (str(folder), "elsewhere")
