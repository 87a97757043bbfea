"""Packing a run as the starter: small, whole, reproducible, free of ids and paths, and of licensed sources only."""

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from coded_world import CODES, NOTE, write_coded_dataset
from nosology.classifier.classifier import Classifier
from nosology.classifier.ensemble import Ensemble
from nosology.classifier.words import fit_hashed
from nosology.course.phrases import COLUMNS, LICENCES
from nosology.dataset.folder import open_dataset
from nosology.errors import RunError
from nosology.evaluation.calibrating import calibrate
from nosology.files import read_json
from nosology.modeling.adapters import load_adapter
from nosology.modeling.loading import load_model
from nosology.runs.files import RunFiles
from nosology.runs.integrity import Recorded, differences, record_again
from nosology.runs.manifest import Source
from nosology.runs.run import Run
from nosology.runs.starter import CARD
from starter_world import CALIBRATED_ON, SOURCES, load_script, pack_starter, train_evaluated_run

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning")

pack, words = load_script("pack"), load_script("words")
ABOUT = pack.About(SOURCES, CALIBRATED_ON)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny evaluated run."""
    return train_evaluated_run(tmp_path_factory.mktemp("pack"))


@pytest.fixture(scope="module")
def packed(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, packed."""
    return pack_starter(tmp_path_factory.mktemp("packed"), run)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_adapter_is_written_in_bfloat16_and_is_half_as_large(run: Path, packed: Path) -> None:
    before, after = load_file(RunFiles(run).adapter_weights), load_file(RunFiles(packed).adapter_weights)
    assert before.keys() == after.keys()
    assert {tensor.dtype for tensor in after.values()} == {torch.bfloat16}
    assert all(torch.equal(after[name], before[name].to(torch.bfloat16)) for name in before)
    assert sum(item.nbytes for item in after.values()) * 2 == sum(item.nbytes for item in before.values())


def test_it_answers_like_the_run_but_for_rounding_in_the_working_number_format(run: Path, packed: Path) -> None:
    texts = [NOTE, "Cough with a consolidation. No fever.", "Silvery plaques."]
    answers = [Classifier.load(folder).log_probs(texts) for folder in (run, packed)]
    assert answers[1].dtype == np.float64
    assert np.abs(np.exp(answers[0]) - np.exp(answers[1])).max() < 0.05
    assert not np.array_equal(*answers), "rounded values"


def test_it_suggests_as_the_run_does(packed: Path) -> None:
    (found,) = Classifier.load(packed).suggest([NOTE], k=3)
    assert len(found) == 3
    assert found.caution.startswith("not calibrated on your notes")


def test_every_file_is_as_it_was_recorded(packed: Path) -> None:
    files = RunFiles(packed)
    assert list(differences(files, Recorded.read(files))) == []


def test_what_belongs_to_the_training_machine_stays_behind(run: Path, packed: Path) -> None:
    names = set(contents(packed))
    assert names == {
        "CARD.md",
        "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors",
        "calibration.json",
        "config.yaml",
        "hashes.json",
        "labels.tsv",
        "manifest.json",
        "prompt.jinja",
        "rubrics.tsv",
        "suggester/names.tsv",
        "suggester/suggester.json",
        "suggester/words.json",
        "suggester/words.safetensors",
    }
    note_ids = read_json(RunFiles(run).train_notes)["note_ids"]
    for name, content in contents(packed).items():
        without_model = content.replace(Run.open(run).manifest.config.model.name.encode(), b"")
        for place in (run.parent, Path(Run.open(run).manifest.dataset.path).parent):
            assert str(place).encode() not in without_model, name
        assert not any(note_id.encode() in content for note_id in note_ids), name
    assert "platform" not in Run.open(packed).manifest.environment


def test_everybody_may_read_what_was_packed(packed: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in packed.rglob("*") if path.is_file()} == {0o644}


def test_packing_twice_gives_the_same_bytes(run: Path, packed: Path, tmp_path: Path) -> None:
    again = pack_starter(tmp_path, run)
    assert contents(again) == contents(packed)
    assert contents(pack_starter(tmp_path, run)) == contents(packed), "into the same place"


def test_the_manifest_names_sources_and_what_it_was_calibrated_on(packed: Path) -> None:
    found = Run.open(packed).manifest.packed
    assert found is not None
    assert (found.sources, found.calibrated_on) == (SOURCES, CALIBRATED_ON)


def test_the_card_tells_sources_licences_figures_and_that_it_is_not_calibrated_on_your_notes(packed: Path) -> None:
    card = (packed / CARD).read_text(encoding="utf-8")
    assert "**It is not calibrated on your notes.**" in card
    assert "fitted on notes of a test." in card
    assert "| [A list](https://example.org/list) | learning diseases | CC0-1.0 |" in card
    assert "| [Some cases](https://example.org/cases) | calibration only | CC-BY-4.0 |" in card
    assert "| category | .5 | ten notes |" in card
    assert "48 texts in the last stage" in card


def test_a_card_without_figures_says_so(run: Path, tmp_path: Path) -> None:
    pack.pack(run, tmp_path / "starter", ABOUT)
    assert "Not measured." in (tmp_path / "starter" / CARD).read_text(encoding="utf-8")


@pytest.mark.parametrize("licence", ["CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "", "unknown"])
def test_a_source_that_may_not_be_sold_is_refused(run: Path, tmp_path: Path, licence: str) -> None:
    about = pack.About((*SOURCES, Source(name="A corpus", use="course", licence=licence, url="")), CALIBRATED_ON)
    with pytest.raises(RunError, match="A corpus is under"):
        pack.pack(run, tmp_path / "starter", about)
    assert not (tmp_path / "starter").exists()


def test_a_run_without_sources_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no source"):
        pack.pack(run, tmp_path / "starter", pack.About((), CALIBRATED_ON))


def test_the_sources_of_the_shipped_starter_are_licensed_and_in_the_notice() -> None:
    notice = " ".join((Path(__file__).parents[3] / "NOTICE").read_text(encoding="utf-8").split())
    for source in pack.read_sources(pack.SOURCES):
        assert source.licence in LICENCES
        assert source.name.partition(",")[0].partition(":")[0] in notice


def test_a_run_that_was_not_calibrated_is_refused(run: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(run, tmp_path / "run"))
    (copied / "calibration.json").unlink()
    with pytest.raises(RunError):
        pack.pack(copied, tmp_path / "starter", ABOUT)


def test_a_changed_run_is_refused(run: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(run, tmp_path / "run"))
    (copied / "prompt.jinja").write_text("Which?")
    with pytest.raises(RunError, match="changed since it was recorded"):
        pack.pack(copied, tmp_path / "starter", ABOUT)


def test_what_is_too_large_to_ship_is_refused_with_its_files(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "MOST_BYTES", 1000)
    with pytest.raises(RunError, match=r"too large to ship: .*safetensors [\d,]+ bytes"):
        pack.pack(run, tmp_path / "starter", ABOUT)
    assert not (tmp_path / "starter").exists()


def test_paths_in_the_configuration_are_cut_to_names() -> None:
    from nosology.config import Config

    values: dict[str, Any] = {"train": {"start": "/home/somebody/runs/course"}, "model": {"prompt": "/x/own.jinja"}}
    found = pack._without_paths(Config.model_validate(values), "ensemble")
    assert (found.train.start, found.model.prompt) == ("course", "own.jinja")
    assert found.evaluate.answer_with == "ensemble"


def test_from_the_command_line(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = tmp_path / "figures.json"
    figures.write_text(json.dumps([{"what": "category", "value": ".61", "on": "180 vignettes"}]))
    words = [str(run), "--out", str(tmp_path / "starter"), "--calibrated-on", "cases", "--figures", str(figures)]
    assert pack.main(words) == 0
    said = capsys.readouterr().out
    assert Run.open(tmp_path / "starter").prediction_sha256 in said
    assert "180 vignettes" in (tmp_path / "starter" / CARD).read_text()
    assert pack.main([str(tmp_path), "--out", str(tmp_path / "other"), "--calibrated-on", "cases"]) == 2
    assert "unfinished" in capsys.readouterr().err


def test_it_loads_without_a_warning_wherever_the_base_model_lies(packed: Path, tmp_path: Path) -> None:
    settings = packed / "adapter" / "adapter_config.json"
    assert read_json(settings)["base_model_name_or_path"] == Run.open(packed).manifest.model.name
    copied = Path(shutil.copytree(packed / "adapter", tmp_path / "adapter"))
    other = read_json(settings) | {"base_model_name_or_path": "/elsewhere/model"}
    (copied / "adapter_config.json").write_text(json.dumps(other))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert load_adapter(load_model(Run.open(packed).manifest.model.name), copied) is not None


def test_the_newest_calibration_on_other_notes_goes_along_and_is_still_not_yours(run: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(run, tmp_path / "run"))
    others = write_coded_dataset(tmp_path / "others", {"train": 60, "validation": 30, "test": 30}, seed=7)
    calibrate(copied, others)
    found = Run.open(pack.pack(copied, tmp_path / "starter", ABOUT).folder)
    assert [local.folder.name for local in found.files.local_calibrations()] == ["0001"]
    assert not found.files.local_calibrations()[0].typicality.exists()
    assert found.caution == f"not calibrated on your notes: how sure this run is was fitted on {CALIBRATED_ON}"
    assert Classifier.load(found).calibration == Classifier.load(copied).calibration
    assert str(tmp_path) not in found.files.local_calibrations()[0].about.read_text(encoding="utf-8")


def test_an_ensemble_that_learned_from_notes_stays_behind(run: Path, tmp_path: Path) -> None:
    copied = Run.open(shutil.copytree(run, tmp_path / "run"))
    others = write_coded_dataset(tmp_path / "others", {"train": 60, "validation": 30, "test": 30}, seed=7)
    notes = open_dataset(others).notes()
    true = np.array([copied.labels.index(name) for name in notes["category"]])
    texts = notes["clean_text"].to_list()
    linear = fit_hashed(texts, true, len(copied.labels.names), groups=texts)
    assert linear is not None
    Ensemble(linear, (0.5, 0.5), {"run_manifest_sha256": copied.sha256}).save(copied.files.ensemble)
    record_again(copied.files)
    calibrate(copied, others)
    packed = Run.open(pack.pack(copied.folder, tmp_path / "starter", ABOUT).folder)
    assert not packed.files.ensemble.folder.exists()
    assert not packed.files.local_calibrations()[0].blend.exists()
    assert packed.manifest.config.evaluate.answer_with == "tuned"


@pytest.fixture(scope="module")
def with_words(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose words are from the shipped phrases, calibrated on other notes."""
    folder = tmp_path_factory.mktemp("words")
    copied = Path(shutil.copytree(run, folder / "run"))
    words.add_words(copied, [phrase_file(folder)], 500)
    calibrate(copied, write_coded_dataset(folder / "others", {"train": 60, "validation": 30, "test": 30}, seed=7))
    return copied


def phrase_file(folder: Path) -> Path:
    """Write what each code of the notes looks like as phrases; return the file."""
    rows = [f"{said}\t{code}\t9\tfinding\ta list\tCC0-1.0" for group in CODES.values() for code, said in group.items()]
    path = folder / "phrases.tsv"
    path.write_text("\n".join(["\t".join(COLUMNS), *rows]), encoding="utf-8")
    return path


def test_words_that_learned_from_phrases_go_along_and_answer(with_words: Path, tmp_path: Path) -> None:
    found = Run.open(pack.pack(with_words, tmp_path / "starter", ABOUT).folder)
    assert list(differences(found.files, Recorded.read(found.files))) == []
    before, after = Classifier.load(with_words, system="ensemble"), Classifier.load(found)
    texts = [NOTE, "Cough with a consolidation. No fever.", "Silvery plaques."]
    np.testing.assert_allclose(np.exp(after.log_probs(texts)), np.exp(before.log_probs(texts)), atol=0.01)
    alone = Classifier.load(found, system="tuned")
    assert np.abs(np.exp(alone.log_probs(texts)) - np.exp(after.log_probs(texts))).max() > 1e-3
    assert after.calibration == before.calibration != alone.calibration


def test_words_are_added_once_and_from_the_command_line(
    with_words: Path, run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert words.main([str(with_words)]) == 2
    assert "holds an ensemble already" in capsys.readouterr().err
    fresh = Path(shutil.copytree(run, tmp_path / "run"))
    assert words.main([str(fresh), "--features", "20", "--phrases", str(phrase_file(tmp_path))]) == 0
    assert capsys.readouterr().out.startswith("20 features of 12 phrases")
    added = Ensemble.load(RunFiles(fresh).ensemble)
    assert added is not None
    assert added.findings is not None
    assert added.exponents == (1 / 3, 2 / 3), "model, linear model and findings count alike"
