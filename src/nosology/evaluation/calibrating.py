"""A finished run on local notes: how sure it may be there, fitted anew without touching a weight.

The run reads each local note once. Temperature, abstention threshold, prediction sets, the ensemble's blend and what
notes look like are fitted on them. What a user gets is told by cross-fitting: patients are dealt to folds, and each
note's figures come from a calibration that has seen none of its patient's notes.
"""

import datetime
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from nosology import metrics
from nosology.classifier import calibration as calibrating
from nosology.classifier.calibration import Calibration
from nosology.classifier.classifier import Classifier
from nosology.classifier.ensemble import Ensemble, blend, fit_exponents
from nosology.classifier.linear import folds_by_group
from nosology.classifier.local import LocalCalibration
from nosology.classifier.prior import normalized
from nosology.classifier.typicality import Typicality
from nosology.dataset.folder import Dataset, open_dataset
from nosology.errors import DataError, RunError
from nosology.evaluation.inputs import check_labels, random_places
from nosology.files import expect_new, new_folder, sha256_text
from nosology.records import BoolArray, FloatArray, IntArray, Progress, no_progress
from nosology.runs.files import RunFiles
from nosology.runs.integrity import record_again
from nosology.runs.run import Run

N_FOLDS = 5
FEWEST_NOTES, FEWEST_PATIENTS = 60, 20
"""So that the smallest part that a calibration learns from while it is judged has enough."""
HALF_WIDTH = 0.05
"""Of an interval worth having: accuracy within five points."""
_Z = 1.96


@dataclass(frozen=True)
class Readings:
    """What a run says of local notes, before any calibration.

    Attributes:
        true: Indices of the true categories. Shape ``(notes,)``.
        groups: Patient of each note, numbered from 0. Shape ``(notes,)``.
        tuned: Natural-log probabilities of the tuned model. Shape ``(notes, categories)``.
        linear: Those of the ensemble's words; None where the run holds no ensemble.
        features: What each note looks like to the model; None where its head shows nothing.
    """

    true: IntArray = field(repr=False)
    groups: IntArray = field(repr=False)
    tuned: FloatArray = field(repr=False)
    linear: FloatArray | None = field(repr=False)
    features: FloatArray | None = field(repr=False)


@dataclass(frozen=True)
class Aims:
    """What a calibration aims at.

    Attributes:
        selective_accuracy: Of answered notes.
        coverage: Of prediction sets.
        seed: Of folds.
        confidence_only: Fit how sure the run may be and leave its answers as they are: neither which categories are
            frequent nor how the ensemble is blended is taken from the notes, nor what they look like.
    """

    selective_accuracy: float = 0.9
    coverage: float = 0.9
    seed: int = 0
    confidence_only: bool = False


def calibrate(
    run: Path | str | Run,
    dataset: Path,
    *,
    out: Path | None = None,
    limit: int | None = None,
    confidence_only: bool = False,
    progress: Progress = no_progress,
) -> LocalCalibration:
    """Fit a run's calibration anew on local labelled notes, and keep it with the run as the newest.

    Args:
        run: A finished run, or its folder.
        dataset: A prepared dataset whose notes the run was not trained on; all its splits are used.
        out: Write a small copy of the run here and calibrate that; for runs that cannot be written to.
        limit: Use a random part of this many notes.
        confidence_only: See `Aims`.
        progress: Called with a task and its number of notes; yields what counts them.

    Raises:
        RunError: The run or dataset is unfinished, the label sets differ, the run was trained on these notes, or its
            folder cannot be written to.
        DataError: There are fewer than `FEWEST_NOTES` notes, or they are of fewer than `FEWEST_PATIENTS` patients.
    """
    run, local = Run.open(run), open_dataset(dataset)
    if out is None:
        run.check_writable(remedy="--out FOLDER writes a small copy and calibrates that")
    else:
        expect_new(out)
    check_labels(run.labels, local)
    config = run.manifest.config.evaluate
    notes = _notes(run, local, limit, config.seed)
    before = LocalCalibration.newest(run.files)
    ensemble = Ensemble.load(run.files.ensemble)
    readings = _read(run, notes, ensemble, progress)
    aims = Aims(config.selective_accuracy, config.coverage, config.seed, confidence_only)
    found = fit(readings, aims, run=run, before=before, ensemble=ensemble)
    found.about.update(
        {
            "dataset": local.folder.name,
            "dataset_manifest_sha256": local.manifest_sha256,
            "note_ids_sha256": sha256_text("\n".join(notes["note_id"])),
            "run_manifest_sha256": run.sha256,
            "calibrated_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
    )
    found.save(_small_copy(run, out) if out else run.files)
    return found


def fit(
    readings: Readings,
    aims: Aims,
    *,
    run: Run | None = None,
    before: LocalCalibration | None = None,
    ensemble: Ensemble | None = None,
) -> LocalCalibration:
    """Return a calibration on local notes with figures before and after.

    Args:
        readings: What the run says of the notes.
        aims: What is aimed at.
        run: Whose own calibration stood before; None for none.
        before: The local calibration that stood before; None for the run's own.
        ensemble: The run's.
    """
    fitted_on = {"local_notes": str(len(readings.true))}
    earlier = before.tuned if before else Calibration.load(run.files.calibration) if run else None
    kept = _kept_offsets(earlier, aims)
    shifted = normalized(readings.tuned + kept)
    figures = {
        "tuned": {
            "before": judge(readings.tuned, readings, earlier, aims),
            "after": _cross_judged([(shifted, inside) for inside in _folds(readings, aims)], readings, aims),
        }
    }
    exponents = blended = None
    if readings.linear is not None and ensemble is not None:
        stood = before.of(ensemble) if before else ensemble
        assert stood is not None
        exponents = _exponents(readings, np.ones(len(readings.true), np.bool_), stood, aims)
        blended = _fit_from(
            blend(exponents, readings.tuned, readings.linear),
            _kept_offsets(stood.calibration, aims),
            readings.true,
            aims,
            fitted_on,
        )
        figures["ensemble"] = {
            "before": judge(blend(stood.exponents, readings.tuned, readings.linear), readings, stood.calibration, aims),
            "after": _cross_judged(_cross_blended(readings, stood, aims), readings, aims),
        }
    is_home = readings.features is not None and not aims.confidence_only  # else notes to come may look otherwise
    typicality = Typicality.fit(readings.features, aims.seed) if is_home and readings.features is not None else None
    tuned = _fit_from(readings.tuned, kept, readings.true, aims, fitted_on)
    return LocalCalibration(tuned, exponents, blended, typicality, _about(readings, aims, figures))


def _about(readings: Readings, aims: Aims, figures: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what a calibration says of itself."""
    return {
        "n_notes": len(readings.true),
        "n_patients": int(readings.groups.max()) + 1,
        "n_notes_for_five_points": notes_needed(figures["tuned"]["after"]["accuracy"]),
        "seed": aims.seed,
        "confidence_only": aims.confidence_only,
        "figures": figures,
    }


def notes_needed(accuracy: float, half_width: float = HALF_WIDTH) -> int:
    """Return how many notes tell an accuracy within some points either way, 19 times of 20.

    Args:
        accuracy: Roughly what is expected, from 0 to 1.
        half_width: Of the interval.
    """
    return math.ceil(max(accuracy * (1 - accuracy), 0.05) * (_Z / half_width) ** 2)


def judge(log_probs: FloatArray, readings: Readings, calibration: Calibration | None, aims: Aims) -> dict[str, Any]:
    """Return what a calibration is worth on notes that it was not fitted on.

    Args:
        log_probs: Natural-log probabilities of the notes. Shape ``(notes, categories)``.
        readings: The notes.
        calibration: None for the bare probabilities, without threshold and sets.
        aims: What coverage is aimed at.
    """
    if calibration is None:
        return _figures(np.exp(log_probs), None, None, readings)
    probabilities = calibration.apply(log_probs)
    stored = [item.coverage for item in calibration.conformal]
    coverage = aims.coverage if any(math.isclose(item, aims.coverage) for item in stored) else calibration.coverage
    members = calibration.in_prediction_set(probabilities, coverage=coverage)
    return _figures(probabilities, members, ~calibration.abstains(probabilities), readings)


def _folds(readings: Readings, aims: Aims) -> list[BoolArray]:
    """Return which notes each fold holds out; all notes of a patient are in one fold."""
    folds = folds_by_group(list(map(str, readings.groups)), N_FOLDS, np.random.default_rng(aims.seed))
    return [folds == fold for fold in range(N_FOLDS) if (folds == fold).any()]


def _kept_offsets(standing: Calibration | None, aims: Aims) -> FloatArray:
    """Return what the calibration that stood adds to log-probabilities and what answers depend on; 0 to fit it anew."""
    if standing is None or not aims.confidence_only:
        return np.zeros(1)
    return standing.temperature * np.asarray(standing.offsets)


def _fit_from(
    log_probs: FloatArray, kept: FloatArray, true: IntArray, aims: Aims, fitted_on: dict[str, str]
) -> Calibration:
    """Return a calibration on top of offsets that are kept, which it then holds itself."""
    found = _fit(normalized(log_probs + kept), true, aims, fitted_on)
    if not kept.any():
        return found
    offsets = np.asarray(found.offsets) + kept / found.temperature
    method = found.method if found.method == "confidence" else "temperature+offsets"
    return replace(found, offsets=tuple(map(float, offsets)), method=method)


def _exponents(readings: Readings, learned_from: BoolArray, stood: Ensemble, aims: Aims) -> tuple[float, float]:
    """Return the blend's exponents, from some of the notes or as they stood. ``learned_from``: shape ``(notes,)``."""
    assert readings.linear is not None
    if aims.confidence_only:
        return stood.exponents
    return fit_exponents(readings.tuned[learned_from], readings.linear[learned_from], readings.true[learned_from])


def _cross_blended(readings: Readings, stood: Ensemble, aims: Aims) -> list[tuple[FloatArray, BoolArray]]:
    """Return, for each fold, the blend whose exponents come from the other folds."""
    assert readings.linear is not None
    parts = []
    for inside in _folds(readings, aims):
        exponents = _exponents(readings, ~inside, stood, aims)
        log_probs = blend(exponents, readings.tuned, readings.linear)
        parts.append((normalized(log_probs + _kept_offsets(stood.calibration, aims)), inside))
    return parts


def _cross_judged(parts: Sequence[tuple[FloatArray, BoolArray]], readings: Readings, aims: Aims) -> dict[str, Any]:
    """Return figures of notes each of which was calibrated by the folds that it is not in."""
    shape = readings.tuned.shape
    probabilities, members, answered = np.zeros(shape), np.zeros(shape, np.bool_), np.zeros(shape[0], np.bool_)
    for log_probs, inside in parts:
        calibration = _fit(log_probs[~inside], readings.true[~inside], aims, {})
        probabilities[inside] = calibration.apply(log_probs[inside])
        members[inside] = calibration.in_prediction_set(probabilities[inside])
        answered[inside] = ~calibration.abstains(probabilities[inside])
    return _figures(probabilities, members, answered, readings)


def _figures(
    probabilities: FloatArray, members: BoolArray | None, answered: BoolArray | None, readings: Readings
) -> dict[str, Any]:
    """Return figures with 95 % intervals; of sets and answered notes only where a calibration made some."""
    true, n_notes = readings.true, len(readings.true)
    right, confidence = probabilities.argmax(axis=1) == true, probabilities.max(axis=1)
    error = metrics.debiased_ece(confidence, right, readings.groups)
    found: dict[str, Any] = {
        "accuracy": float(right.mean()),
        "accuracy_interval": metrics.wilson_interval(int(right.sum()), n_notes),
        "ece_debiased": error.value,
        "ece_debiased_interval": error.interval,
        "log_loss": metrics.log_loss(probabilities, true),
        "mean_confidence": float(confidence.mean()),
    }
    if members is not None and answered is not None:
        covered = members[np.arange(n_notes), true]
        n_answered = int(answered.sum())
        n_right = int(right[answered].sum())
        found |= {
            "coverage": float(covered.mean()),
            "coverage_interval": metrics.wilson_interval(int(covered.sum()), n_notes),
            "set_size": float(members.sum(axis=1).mean()),
            "answered_share": n_answered / n_notes,
            "answered_accuracy": n_right / n_answered if n_answered else None,
            "answered_accuracy_interval": metrics.wilson_interval(n_right, n_answered) if n_answered else None,
        }
    return found


def _notes(run: Run, local: Dataset, limit: int | None, seed: int) -> pl.DataFrame:
    """Return the local notes, shuffled splits and all.

    Raises:
        RunError: The run was trained on them.
        DataError: They are too few, or of too few patients.
    """
    if local.manifest_sha256 == run.manifest.dataset.manifest_sha256:
        raise RunError(
            "the run was trained on this dataset, so that its notes say nothing of others",
            place=str(local.folder),
            hint=f"`nosology evaluate {run.folder}` calibrates on its validation notes",
        )
    notes = local.notes()
    notes = notes[random_places(len(notes), limit, seed)]
    n_patients = notes["patient_id"].n_unique()
    if len(notes) < FEWEST_NOTES or n_patients < FEWEST_PATIENTS:
        raise DataError(
            f"{len(notes)} notes of {n_patients} patients are too few to calibrate on",
            place=str(local.folder),
            hint=f"it takes {FEWEST_NOTES} of {FEWEST_PATIENTS} patients, and a few hundred to know how good it is",
        )
    return notes


def _read(run: Run, notes: pl.DataFrame, ensemble: Ensemble | None, progress: Progress) -> Readings:
    """Return what the run says of each note; the model reads it once."""
    classifier = Classifier.load(run, system="tuned")
    texts = notes["clean_text"].to_list()
    scores: FloatArray = np.zeros((len(texts), len(run.labels.names)))
    features: list[Any] = [None] * len(texts)
    with progress("calibrate", len(texts)) as advance:
        for read in classifier.read(classifier.encode(texts), keep=False):
            scores[read.place], features[read.place] = read.scores, read.features
            advance(1)
    place = {name: number for number, name in enumerate(run.labels.names)}
    _, groups = np.unique(notes["patient_id"].to_numpy(), return_inverse=True)
    return Readings(
        true=np.array([place[category] for category in notes["category"]], np.int64),
        groups=groups.astype(np.int64),
        tuned=normalized(scores),
        linear=ensemble.words(texts) if ensemble else None,
        features=None if any(found is None for found in features) else np.stack(features).astype(np.float64),
    )


def _small_copy(run: Run, out: Path) -> RunFiles:
    """Write a run without what it was evaluated and trained with, and return where its files lie."""
    left_behind = run.files.left_behind()
    with new_folder(out) as folder:
        for item in sorted(run.folder.iterdir()):
            if item in left_behind or item.name.startswith("."):
                continue
            if item.is_dir():
                shutil.copytree(item, folder / item.name, copy_function=shutil.copyfile)
            else:
                shutil.copyfile(item, folder / item.name)
        record_again(RunFiles(folder))
    return RunFiles(out)


def _fit(log_probs: FloatArray, true: IntArray, aims: Aims, fitted_on: dict[str, str]) -> Calibration:
    return calibrating.fit(
        log_probs,
        true,
        selective_accuracy=aims.selective_accuracy,
        coverage=aims.coverage,
        fitted_on=fitted_on,
        seed=aims.seed,
        confidence_only=aims.confidence_only,
    )
