"""Calibration on local notes: what it fits, what it tells, and that it can be undone."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from coded_world import train_coded_run, write_coded_dataset
from nosology import cli
from nosology.classifier.calibration import Calibration
from nosology.classifier.classifier import Classifier
from nosology.classifier.ensemble import Ensemble
from nosology.classifier.local import LocalCalibration, undo
from nosology.classifier.typicality import UNLIKE
from nosology.classifier.words import fit_hashed
from nosology.cli import app
from nosology.errors import DataError, RunError
from nosology.evaluation import evaluate
from nosology.evaluation.calibrating import Aims, Readings, calibrate, fit, notes_needed
from nosology.files import sha256_file
from nosology.records import FloatArray
from nosology.runs.integrity import Recorded, check, differences
from nosology.runs.run import Run


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = train_coded_run(tmp_path_factory.mktemp("calibrating"))
    evaluate(run)
    return run


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    counts = {"train": 60, "validation": 20, "test": 20}
    return write_coded_dataset(tmp_path_factory.mktemp("elsewhere") / "local", counts, seed=5)


@pytest.fixture
def run(evaluated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(evaluated, tmp_path / "run"))


def overconfident(n: int, seed: int, n_categories: int = 5) -> tuple[FloatArray, np.ndarray]:
    """Return log-probabilities three times as sharp as the truths drawn from them."""
    generator = np.random.default_rng(seed)
    honest = np.log(generator.dirichlet(np.full(n_categories, 0.5), size=n))
    true = np.array([generator.choice(n_categories, p=np.exp(row)) for row in honest])
    sharp = 3 * honest
    return sharp - np.logaddexp.reduce(sharp, axis=1, keepdims=True), true


def readings(n: int = 300, seed: int = 0) -> Readings:
    log_probs, true = overconfident(n, seed)
    return Readings(true, np.arange(n) // 2, log_probs, None, None)


# What is fitted.


def test_overconfidence_on_local_notes_is_taken_away_and_the_figures_say_so() -> None:
    found = fit(readings(), Aims())
    figures = found.about["figures"]["tuned"]
    assert figures["after"]["ece_debiased"] < 0.05 < figures["before"]["ece_debiased"]
    assert figures["after"]["log_loss"] < figures["before"]["log_loss"]
    low, high = figures["after"]["coverage_interval"]
    assert low <= 0.9 <= high or figures["after"]["coverage"] > 0.9
    new, true = overconfident(4000, 1)
    confidence = found.tuned.apply(new).max(axis=1).mean()
    assert confidence == pytest.approx((new.argmax(axis=1) == true).mean(), abs=0.05)


def test_figures_after_are_of_notes_that_no_calibration_had_seen() -> None:
    """Scores that say nothing: a fit on the same notes would look better than chance."""
    generator = np.random.default_rng(2)
    scores = generator.normal(size=(200, 10)) * 3
    log_probs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    found = fit(Readings(generator.integers(10, size=200), np.arange(200), log_probs, None, None), Aims())
    assert found.about["figures"]["tuned"]["after"]["log_loss"] >= np.log(10) - 0.02


def test_the_blend_is_fitted_to_which_member_is_right_here() -> None:
    log_probs, true = overconfident(200, 3)
    noise = np.random.default_rng(4).normal(size=log_probs.shape)
    noise -= np.logaddexp.reduce(noise, axis=1, keepdims=True)
    words = ["fever", "mass", "cast", "rash", "gas"]
    linear = fit_hashed([words[c] for c in true], true, 5, groups=list(map(str, range(200))))
    assert linear is not None
    ensemble = Ensemble(linear, (1.0, 0.0), {})
    found = fit(Readings(true, np.arange(200), noise, log_probs, None), Aims(), ensemble=ensemble)
    assert found.exponents is not None
    assert found.exponents[0] < 0.3 * found.exponents[1]
    assert found.blend is not None
    figures = found.about["figures"]["ensemble"]
    assert figures["after"]["accuracy"] > figures["before"]["accuracy"] + 0.2
    moved = found.of(ensemble)
    assert moved is not None
    assert (moved.exponents, moved.calibration) == (found.exponents, found.blend)
    assert found.of(None) is None


def test_confidence_alone_moves_no_answer() -> None:
    generator = np.random.default_rng(3)
    true = generator.choice(3, size=400, p=[0.8, 0.1, 0.1])  # frequencies that a fit of everything would use
    noise = np.log(generator.dirichlet(np.ones(3), size=400))
    linear = fit_hashed(["fever", "mass", "cast"] * 9, np.arange(27) % 3, 3, groups=list(map(str, range(27))))
    assert linear is not None
    ensemble = Ensemble(linear, (0.5, 0.5), {})
    given = Readings(true, np.arange(400), noise, np.log(generator.dirichlet(np.ones(3), size=400)), None)
    moved, kept = fit(given, Aims(), ensemble=ensemble), fit(given, Aims(confidence_only=True), ensemble=ensemble)
    assert moved.exponents != (0.5, 0.5) == kept.exponents
    assert "temperature+offsets" in moved.tuned.candidates
    assert "temperature+offsets" not in kept.tuned.candidates
    assert (kept.tuned.apply(noise).argmax(axis=1) == noise.argmax(axis=1)).all()
    assert kept.about["confidence_only"]


def test_confidence_alone_keeps_the_answers_of_the_calibration_that_stood() -> None:
    generator = np.random.default_rng(5)
    true = generator.choice(3, size=400, p=[0.7, 0.2, 0.1])
    log_probs = np.log(generator.dirichlet(np.ones(3), size=400))
    given = Readings(true, np.arange(400), log_probs, None, generator.normal(size=(400, 4)))
    stood = fit(given, Aims())
    assert stood.tuned.method == "temperature+offsets"
    elsewhere = replace(given, true=generator.integers(3, size=400))
    found = fit(elsewhere, Aims(confidence_only=True), before=stood)
    before, after = stood.tuned.apply(log_probs), found.tuned.apply(log_probs)
    assert (before.argmax(axis=1) == after.argmax(axis=1)).all()
    assert (before.argmax(axis=1) != log_probs.argmax(axis=1)).mean() > 0.1, "its offsets move answers"
    assert after.max(axis=1).mean() < before.max(axis=1).mean() - 0.1, "and it is surer than it may be here"
    assert found.about["figures"]["tuned"]["after"]["accuracy"] == found.about["figures"]["tuned"]["before"]["accuracy"]
    assert stood.typicality is not None
    assert found.typicality is None


def test_notes_needed_are_those_of_the_normal_interval() -> None:
    assert notes_needed(0.5) == 385  # 1.96**2 * .25 / .05**2 = 384.2
    assert notes_needed(0.65, 0.1) == 88  # 1.96**2 * .2275 / .01 = 87.4


# With a run.


def test_the_newest_calibration_answers_and_undo_goes_back(run: Path, local: Path) -> None:
    before = Classifier.load(run).calibration
    first = calibrate(run, local)
    second = calibrate(run, local, limit=70)
    assert [own.folder.name for own in Run.open(run).files.local_calibrations()] == ["0001", "0002"]
    assert Classifier.load(run).calibration == second.tuned
    assert undo(Run.open(run).files) == "0002"
    assert Classifier.load(run).calibration == first.tuned
    undo(Run.open(run).files)
    assert Classifier.load(run).calibration == before
    with pytest.raises(RunError, match="no local calibration"):
        undo(Run.open(run).files)


def test_weights_and_what_evaluate_fitted_are_untouched_and_the_run_verifies(run: Path, local: Path) -> None:
    files = Run.open(run).files
    kept = (files.adapter_weights, files.calibration, files.manifest)
    before = [sha256_file(path) for path in kept]
    known = Run.open(run).prediction_sha256
    calibrate(run, local)
    assert [sha256_file(path) for path in kept] == before
    assert list(differences(files, Recorded.read(files))) == []
    assert Run.open(run).prediction_sha256 != known
    (own,) = files.local_calibrations()
    own.calibration.write_text(own.calibration.read_text().replace("e", "E", 1))
    with pytest.raises(RunError, match="changed since it was recorded"):
        check(files)


def test_what_is_kept_says_where_it_is_from(run: Path, local: Path) -> None:
    calibrate(run, local)
    found = LocalCalibration.newest(Run.open(run).files)
    assert found is not None
    about = found.about
    assert (about["dataset"], about["n_notes"], about["n_patients"]) == ("local", 100, 100)
    assert about["dataset_manifest_sha256"] == sha256_file(local / "manifest.json")
    assert about["run_manifest_sha256"] == Run.open(run).sha256
    assert about["calibrated_at"].startswith("20")
    assert set(about["figures"]["tuned"]) == {"before", "after"}
    assert "Patient with" not in repr(found)


def test_a_copy_is_calibrated_where_the_run_must_stay(run: Path, local: Path, tmp_path: Path) -> None:
    before = sorted(path.relative_to(run) for path in run.rglob("*"))
    found = calibrate(run, local, out=tmp_path / "copy")
    assert sorted(path.relative_to(run) for path in run.rglob("*")) == before
    assert Classifier.load(tmp_path / "copy").calibration == found.tuned
    assert not (tmp_path / "copy" / "eval").exists()
    check(Run.open(tmp_path / "copy").files)


def test_a_run_that_was_evaluated_anew_keeps_its_local_calibration(run: Path, local: Path) -> None:
    found = calibrate(run, local)
    own = Calibration.load(Run.open(run).files.calibration)
    evaluate(run)
    assert Calibration.load(Run.open(run).files.calibration) == own
    assert Classifier.load(run).calibration == found.tuned


def test_notes_unlike_the_local_ones_get_no_category(run: Path, local: Path) -> None:
    calibrate(run, local)
    classifier = Classifier.load(run)
    (odd,) = classifier.classify(["lorem ipsum " * 30])
    assert odd.typicality is not None
    assert (odd.reason == UNLIKE) == (odd.typicality < 0.05)
    (usual,) = classifier.classify(["Patient with melena.\nPatient with hypoxia.\nStable overnight."])
    assert usual.typicality is not None
    assert usual.typicality > odd.typicality
    undo(Run.open(run).files)
    assert Classifier.load(run).classify(["Patient with melena."])[0].typicality is None


# Refusals.


def test_the_training_dataset_is_refused(run: Path) -> None:
    with pytest.raises(RunError, match="was trained on this dataset"):
        calibrate(run, Path(Run.open(run).manifest.dataset.path))


def test_too_few_notes_are_refused(run: Path, local: Path) -> None:
    with pytest.raises(DataError, match="59 notes of 59 patients are too few"):
        calibrate(run, local, limit=59)


# On the command line.


def test_the_command_tells_before_and_after_and_how_many_notes_are_needed(run: Path, local: Path) -> None:
    cli.register_commands()
    done = CliRunner().invoke(app, ["calibrate", str(run), "--dataset", str(local)])
    assert done.exit_code == 0, done.output
    assert "accuracy" in done.output
    assert " -> " in done.output
    assert "100 notes tell accuracy within" in done.output
    assert CliRunner().invoke(app, ["verify", str(run)]).exit_code == 0
    undone = CliRunner().invoke(app, ["calibrate", str(run), "--undo"])
    assert "0 local ones are left" in undone.output
    assert CliRunner().invoke(app, ["calibrate", str(run)]).exit_code != 0
