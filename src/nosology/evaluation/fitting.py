"""What is fitted on validation notes before anything is evaluated: the calibration, and the ensemble with its own.

Both are stored with the run and used again while they fit: same run, same notes, same settings. The tuned model reads
the validation notes once for both.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache

from nosology.classifier import calibration as calibrating
from nosology.classifier.calibration import Calibration
from nosology.classifier.ensemble import Ensemble, blend, fit_exponents
from nosology.classifier.findings import CategoryFindings
from nosology.classifier.words import fit_hashed
from nosology.config import EvaluateConfig
from nosology.errors import RunError
from nosology.evaluation.inputs import Inputs
from nosology.evaluation.systems import JudgedClassifier
from nosology.files import sha256_text
from nosology.records import FloatArray, Progress
from nosology.runs.files import RunFiles
from nosology.runs.integrity import is_recorded, record_again


@dataclass(frozen=True)
class Fitted:
    """What was fitted on validation notes.

    Attributes:
        calibration: Of the tuned model; None with the reason in `why_not`.
        ensemble: With its own calibration; None where it was not asked for or could not be fitted.
        why_not: Why there is no calibration; empty where there is one.
    """

    calibration: Calibration | None
    ensemble: Ensemble | None
    why_not: str


def fit_on_validation(inputs: Inputs, config: EvaluateConfig, tuned: JudgedClassifier, progress: Progress) -> Fitted:
    """Return calibration and ensemble of a run, fitted now or earlier on the same notes; write and record what is new.

    With too few validation notes neither is fitted, and stored ones are removed.

    Args:
        inputs: The notes and what they were trained with.
        config: The configuration.
        tuned: The tuned model.
        progress: Shows how far reading has come.
    """
    fitted = _fit(inputs, config, tuned, progress)
    record_again(inputs.run.files)
    return fitted


def _fit(inputs: Inputs, config: EvaluateConfig, tuned: JudgedClassifier, progress: Progress) -> Fitted:
    notes, files = inputs.validation, inputs.run.files
    if len(notes) < calibrating.MIN_NOTES:
        files.calibration.unlink(missing_ok=True)
        files.ensemble.settings.unlink(missing_ok=True)
        least = calibrating.MIN_NOTES
        return Fitted(None, None, f"the validation split holds {len(notes)} notes, fewer than the {least} it takes")
    fitted_on = {
        "run_manifest_sha256": inputs.run.sha256,
        "note_ids_sha256": sha256_text("\n".join(notes["note_id"])),
        "settings": _settings(config),
    }

    @cache
    def log_probs() -> FloatArray:
        with progress("calibrate", len(notes)) as advance:
            return tuned.log_probs(notes["clean_text"].to_list(), progress=advance)

    calibration = _stored_calibration(files, fitted_on)
    if calibration is None:
        calibration = _calibrate(inputs, config, log_probs(), fitted_on)
        calibration.save(files.calibration)
    if "ensemble" not in config.systems:
        return Fitted(calibration, None, "")
    return Fitted(calibration, _ensemble(inputs, config, log_probs, fitted_on, progress), "")


def _settings(config: EvaluateConfig) -> str:
    """Return the settings that decide what is fitted, those of phrases and findings only where these are used."""
    settings = f"{config.selective_accuracy:g} {config.coverage:g} {config.seed}"
    settings += " findings" if config.words_know_findings else ""
    return f"{settings} phrases {' '.join(config.phrase_files)}" if config.words_know_phrases else settings


def _ensemble(
    inputs: Inputs,
    config: EvaluateConfig,
    log_probs: Callable[[], FloatArray],
    fitted_on: Mapping[str, str],
    progress: Progress,
) -> Ensemble | None:
    """Return the run's ensemble, fitted now or earlier; None where the training notes are all of one category."""
    files = inputs.run.files
    own = (files.ensemble.settings, files.ensemble.linear, files.ensemble.calibration)
    stored = None  # where it is damaged or not as it was recorded, it is fitted anew
    if all(is_recorded(files, path) for path in own):
        with suppress(RunError):
            stored = Ensemble.load(files.ensemble)
    if stored is not None and stored.fitted_on == fitted_on and stored.calibration is not None:
        return stored
    texts, true = inputs.validation["clean_text"].to_list(), inputs.category_indices(inputs.validation["category"])
    with progress("fit ensemble", len(inputs.train)) as advance:
        linear = fit_hashed(
            inputs.train["clean_text"].to_list(),
            inputs.category_indices(inputs.train["category"]),
            len(inputs.labels.names),
            groups=inputs.train["patient_id"].to_list(),
            seed=config.seed,
            phrases=inputs.phrases(config.phrase_files) if config.words_know_phrases else None,
            held_out=inputs.validation_texts(),
        )
        advance(len(inputs.train))
    if linear is None:
        return None
    findings = CategoryFindings.of(inputs.labels) if config.words_know_findings else None
    ensemble = Ensemble(linear, (0.5, 0.5), fitted_on, findings=findings)
    words = ensemble.words(texts)
    exponents = fit_exponents(log_probs(), words, true)
    calibration = _calibrate(inputs, config, blend(exponents, log_probs(), words), fitted_on)
    ensemble = replace(ensemble, exponents=exponents, calibration=calibration)
    ensemble.save(inputs.run.files.ensemble)
    return ensemble


def _calibrate(
    inputs: Inputs, config: EvaluateConfig, log_probs: FloatArray, fitted_on: Mapping[str, str]
) -> Calibration:
    return calibrating.fit(
        log_probs,
        inputs.category_indices(inputs.validation["category"]),
        selective_accuracy=config.selective_accuracy,
        coverage=config.coverage,
        fitted_on=fitted_on,
        seed=config.seed,
    )


def _stored_calibration(files: RunFiles, fitted_on: Mapping[str, str]) -> Calibration | None:
    """Return the stored calibration if it is as it was recorded, and was fitted on the same."""
    if not is_recorded(files, files.calibration):
        return None
    stored = Calibration.load(files.calibration)
    return stored if stored is not None and stored.fitted_on == fitted_on else None
