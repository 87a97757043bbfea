"""A calibration on local notes as it lies in a run: the newest answers, damage is refused, and it can be undone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nosology.classifier import local
from nosology.classifier.calibration import Calibration
from nosology.classifier.ensemble import Ensemble
from nosology.classifier.local import LocalCalibration, undo
from nosology.errors import RunError
from nosology.files import read_json, write_json
from nosology.runs.files import RunFiles


def calibration(temperature: float) -> Calibration:
    return Calibration("temperature", temperature, (0.0, 0.0), 0.5, 0.9, 0.9, (), 40, {}, {})


FOUND = LocalCalibration(calibration(2.0), (0.25, 0.75), calibration(3.0), None, {"n_notes": 60, "dataset": "ours"})


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[RunFiles]:
    """Return the runs whose hashes were recorded anew."""
    found: list[RunFiles] = []
    monkeypatch.setattr(local, "record_again", found.append)
    return found


@pytest.fixture
def files(tmp_path: Path, recorded: list[RunFiles]) -> RunFiles:
    """Return the files of a run that holds nothing yet."""
    assert recorded == []
    return RunFiles(tmp_path)


def test_a_run_records_its_files_anew_whenever_they_change(files: RunFiles, recorded: list[RunFiles]) -> None:
    """Else the next classifier refuses the run as one that somebody changed."""
    FOUND.save(files)
    assert recorded == [files]
    undo(files)
    assert recorded == [files, files]


def test_what_was_saved_comes_back(files: RunFiles) -> None:
    FOUND.save(files)
    assert LocalCalibration.newest(files) == FOUND


def test_a_run_without_an_ensemble_keeps_neither_exponents_nor_their_calibration(files: RunFiles) -> None:
    alone = replace(FOUND, exponents=None, blend=None)
    own = alone.save(files)
    assert LocalCalibration.newest(files) == alone
    assert not own.blend.exists()


def test_each_is_numbered_after_the_newest_and_the_newest_answers(files: RunFiles) -> None:
    names = [replace(FOUND, tuned=calibration(1.0 + number)).save(files).folder.name for number in range(3)]
    assert names == ["0001", "0002", "0003"]
    newest = LocalCalibration.newest(files)
    assert newest is not None
    assert newest.tuned.temperature == 3.0


def test_a_run_that_was_never_calibrated_has_none_to_use_and_none_to_undo(files: RunFiles) -> None:
    assert LocalCalibration.newest(files) is None
    with pytest.raises(RunError, match="no local calibration to undo") as caught:
        undo(files)
    assert caught.value.place == str(files.folder)


def test_undoing_goes_back_one_at_a_time_and_numbers_are_used_again(files: RunFiles) -> None:
    for number in range(2):
        replace(FOUND, tuned=calibration(1.0 + number)).save(files)
    assert undo(files) == "0002"
    newest = LocalCalibration.newest(files)
    assert newest is not None
    assert newest.tuned.temperature == 1.0
    assert FOUND.save(files).folder.name == "0002"


def test_one_that_is_half_removed_is_not_taken_for_whole(files: RunFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    FOUND.save(files)

    def killed(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nosology.classifier.local.shutil.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        undo(files)
    assert LocalCalibration.newest(files) is None


def test_a_saving_that_fails_leaves_the_one_before(files: RunFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    FOUND.save(files)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(local, "write_json", full)
    with pytest.raises(OSError, match="No space"):
        replace(FOUND, tuned=calibration(9.0)).save(files)
    assert LocalCalibration.newest(files) == FOUND
    assert [found.folder.name for found in files.local_calibrations()] == ["0001"]


@pytest.mark.parametrize("exponents", [[0.5], [0.5, 0.5, 0.5], [0.5, float("nan")], [-1, 0.5], ["a", "b"], 0.5, []])
def test_exponents_that_are_no_pair_of_numbers_are_refused_with_the_way_back(files: RunFiles, exponents: Any) -> None:
    own = FOUND.save(files)
    write_json(own.about, read_json(own.about) | {"exponents": exponents})
    with pytest.raises(RunError, match="impossible settings") as caught:
        LocalCalibration.newest(files)
    assert caught.value.place == str(own.about)
    assert "--undo" in caught.value.hint


@pytest.mark.parametrize("content", [[], {}, {"kind": "local calibration", "format": 2}, {"kind": "run", "format": 1}])
def test_what_is_no_local_calibration_is_refused_with_the_way_back(files: RunFiles, content: Any) -> None:
    own = FOUND.save(files)
    write_json(own.about, content)
    with pytest.raises(RunError, match="not a local calibration of format 1") as caught:
        LocalCalibration.newest(files)
    assert "--undo" in caught.value.hint


def test_a_calibration_that_is_gone_is_missed_and_not_taken_for_none(files: RunFiles) -> None:
    own = FOUND.save(files)
    own.calibration.unlink()
    with pytest.raises(RunError, match="this file is missing") as caught:
        LocalCalibration.newest(files)
    assert caught.value.place == str(own.calibration)


class Linear:
    """A linear member that finds all categories alike."""

    def log_probs(self, texts: list[str]) -> Any:
        """Return equal shares of two categories."""
        return np.full((len(texts), 2), np.log(0.5))


def test_an_ensemble_is_blended_and_calibrated_as_local_notes_say() -> None:
    linear: Any = Linear()
    shipped = Ensemble(linear, (1.0, 1.0), {"notes": "theirs"}, calibration(1.0))
    ours = FOUND.of(shipped)
    assert ours is not None
    assert (ours.exponents, ours.calibration) == ((0.25, 0.75), calibration(3.0))
    assert (ours.linear, ours.fitted_on) == (linear, {"notes": "theirs"})
    assert replace(FOUND, blend=None).of(shipped) is shipped
    assert replace(FOUND, exponents=None).of(shipped) is shipped
    assert FOUND.of(None) is None
