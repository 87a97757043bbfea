"""What leaves with an export, and what does not: licences, names, agreements, and no note."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import log_softmax

from export_world import write_adapted_run
from nosology.classifier.calibration import Calibration, fit
from nosology.classifier.local import LocalCalibration
from nosology.errors import ModelError, RunError
from nosology.export.models import outside
from nosology.export.models.licences import Licence, licence_of, model_name, write_papers
from nosology.export.models.origin import expect_allowed
from nosology.export.models.workflow import changed_files, export_run
from nosology.files import read_json, write_json
from nosology.runs.files import RunFiles
from nosology.runs.integrity import record_again
from nosology.runs.run import Run
from tiny_models import chatml_tokenizer, llama3_tokenizer, save_tiny_model

CANARY = "zebrafish-4711"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a base model, and a run in which words of notes lie about."""
    folder = tmp_path_factory.mktemp("leaving")
    save_tiny_model(folder / "model")
    run = write_adapted_run(folder / "run", folder / "model")
    files = RunFiles(run)
    files.suggester.folder.mkdir()
    files.suggester.words.write_text(f'["{CANARY}"]', encoding="utf-8")
    files.suggester.names.write_text(f"{CANARY}\n", encoding="utf-8")
    files.training_log.write_text(f'{{"note": "{CANARY}"}}\n', encoding="utf-8")
    write_json(files.train_notes, {"note_ids": [CANARY]})
    record_again(files)
    export_run(run, "merged", folder / "out", observe=outside.observe)
    return folder


def test_no_word_no_id_and_no_path_of_a_run_is_in_an_export(folder: Path) -> None:
    for path in (folder / "out").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert CANARY.encode() not in content, path
            assert str(folder).encode() not in content, path


def test_a_changed_byte_is_named(folder: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(folder / "out", tmp_path / "out")
    assert changed_files(tmp_path / "out") == []
    with (tmp_path / "out" / "nosology" / "prompt.jinja").open("a") as file:
        file.write(" ")
    (tmp_path / "out" / "new.txt").touch()
    assert changed_files(tmp_path / "out") == ["new.txt", "nosology/prompt.jinja"]


def test_the_card_says_what_was_proved_and_what_is_not_in_it(folder: Path) -> None:
    card = (folder / "out" / "README.md").read_text(encoding="utf-8")
    for words in (
        "12 invented notes",
        "No note and no id",
        "No word of a note",
        "Not a medical device",
        "base_model: model",
        "| float32 |",
    ):
        assert words in card


@pytest.mark.parametrize("source", ["mimic3", "mimic4"])
def test_notes_of_mimic_are_packed_only_where_somebody_answers_for_it(
    folder: Path, tmp_path: Path, source: str
) -> None:
    run = Run.open(write_adapted_run(tmp_path / "run", folder / "model", source=source))
    with pytest.raises(RunError, match="data use agreement") as caught:
        expect_allowed(run, allow_restricted=False)
    assert "--allow-restricted" in caught.value.hint
    assert expect_allowed(run, allow_restricted=True) == {source}


def test_a_run_that_was_packed_to_be_given_away_may_go_on(folder: Path, tmp_path: Path) -> None:
    run = write_adapted_run(tmp_path / "run", folder / "model")
    (tmp_path / "dataset" / "manifest.json").unlink()
    manifest = read_json(run / "manifest.json")
    source = {"name": "a list", "use": "course", "licence": "CC0-1.0", "url": ""}
    manifest["packed"] = {"sources": [source], "calibrated_on": "cases", "calibration_sha256": None}
    write_json(run / "manifest.json", manifest)
    assert expect_allowed(Run.open(run), allow_restricted=False) == {"course"}


def test_the_calibration_that_answers_goes_along(folder: Path, tmp_path: Path) -> None:
    run = write_adapted_run(tmp_path / "run", folder / "model")
    names = Run.open(run).labels.names
    scores = np.random.default_rng(0).normal(size=(60, len(names)))
    tuned = fit(log_softmax(scores, axis=1), np.arange(60) % len(names))
    LocalCalibration(tuned, None, None, None, {}).save(RunFiles(run))
    export_run(run, "merged", tmp_path / "out", observe=outside.observe)
    (exported,) = (tmp_path / "out").rglob("calibration.json")
    assert Calibration.load(exported) == tuned


def test_notes_of_nobody_knows_whom_are_treated_alike(folder: Path, tmp_path: Path) -> None:
    run = write_adapted_run(tmp_path / "run", folder / "model")
    (tmp_path / "dataset" / "manifest.json").unlink()
    with pytest.raises(RunError, match="nobody knows whose"):
        export_run(run, "adapter", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_llama_3_is_known_by_name_by_papers_and_by_tokenizer(tmp_path: Path) -> None:
    plain, llama = chatml_tokenizer(), llama3_tokenizer()
    assert licence_of("unsloth/Llama-3.2-3B-Instruct", tmp_path, plain).name == "llama3.2"
    assert licence_of("somewhere", tmp_path, llama).name == "llama3"
    assert licence_of("somewhere", tmp_path, plain).name == "other"
    (tmp_path / "LICENSE.txt").write_text("LLAMA 3.2 COMMUNITY LICENSE AGREEMENT", encoding="utf-8")
    assert licence_of("somewhere", tmp_path, plain).name == "llama3.2"


def test_a_licence_travels_and_its_naming_rule_holds(tmp_path: Path) -> None:
    base, out = tmp_path / "base", tmp_path / "out"
    base.mkdir()
    out.mkdir()
    (base / "LICENSE.txt").write_text("LLAMA 3.2 COMMUNITY LICENSE AGREEMENT", encoding="utf-8")
    licence = licence_of("x", base, chatml_tokenizer())
    assert write_papers(out, base, licence)
    assert (out / "BASE_MODEL_LICENSE.txt").read_bytes() == (base / "LICENSE.txt").read_bytes()
    notice = (out / "NOTICE").read_text(encoding="utf-8")
    assert "Llama 3.2 is licensed under the Llama 3.2 Community License, Copyright © Meta Platforms" in notice
    assert model_name(licence, "ward", None) == "Llama-3.2-ward"
    assert model_name(licence, "ward", "Llama-ward") == "Llama-ward"
    with pytest.raises(ModelError, match="begins with 'Llama'"):
        model_name(licence, "ward", "ward")


def test_what_is_made_of_llama_3_2_carries_its_licence_notice_and_name(tmp_path: Path) -> None:
    base = save_tiny_model(tmp_path / "Llama-3.2-1B-Instruct", tokenizer=llama3_tokenizer())
    for paper in ("LICENSE.txt", "USE_POLICY.md"):
        (base / paper).write_text("LLAMA 3.2 COMMUNITY LICENSE AGREEMENT", encoding="utf-8")
    run = write_adapted_run(tmp_path / "ward", base)
    with pytest.raises(ModelError, match="begins with 'Llama'"):
        export_run(run, "merged", tmp_path / "refused", name="ward", observe=outside.observe)
    done = export_run(run, "merged", tmp_path / "out", observe=outside.observe)
    assert (done.name, done.left_to_do) == ("Llama-3.2-ward", "")
    assert (tmp_path / "out" / "BASE_MODEL_LICENSE.txt").read_bytes() == (base / "LICENSE.txt").read_bytes()
    assert (tmp_path / "out" / "BASE_MODEL_USE_POLICY.md").is_file()
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    for words in ("license: llama3.2", "# Llama-3.2-ward", "Built with Llama 3.2", "Llama 3.2 Community License"):
        assert words in card
    assert "Llama 3.2 Community License" in (tmp_path / "out" / "NOTICE").read_text(encoding="utf-8")


def test_a_licence_that_is_not_there_is_left_to_do(tmp_path: Path) -> None:
    assert not write_papers(tmp_path, tmp_path, Licence("other", "Notice."))
    assert (tmp_path / "NOTICE").read_text(encoding="utf-8").strip() == "Notice."


def test_the_base_model_is_named_without_this_machine(folder: Path, tmp_path: Path) -> None:
    export_run(folder / "run", "adapter", tmp_path / "out", observe=outside.observe)
    assert read_json(tmp_path / "out" / "adapter_config.json")["base_model_name_or_path"] == "model"
