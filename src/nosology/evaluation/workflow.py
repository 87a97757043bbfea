"""The evaluation of one run, start to end: read, calibrate, run every system, judge, compare, write."""

import datetime
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nosology import metrics
from nosology.classifier.calibration import Calibration
from nosology.config import EvaluateConfig
from nosology.evaluation import distribution, scores
from nosology.evaluation.examples import choose_examples, summarize
from nosology.evaluation.fitting import Fitted, fit_on_validation
from nosology.evaluation.inputs import Inputs, read_inputs
from nosology.evaluation.robustness import measure_robustness
from nosology.evaluation.systems import (
    JudgedClassifier,
    Loader,
    Output,
    check_systems,
    load_classifier,
    run_base,
    run_baselines,
    run_ensemble,
    run_starter,
    run_tuned,
)
from nosology.evaluation.writing import json_lines, prediction_rows
from nosology.files import (
    replaced_folder,
    sha256_text,
    write_json,
    write_lines,
)
from nosology.modeling.encoding import EncodedNote
from nosology.records import Progress, no_progress
from nosology.runs.files import EvaluationFiles
from nosology.runs.integrity import record_again
from nosology.runs.provenance import environment
from nosology.runs.results import CalibrationResult, Provenance, Results, Robustness
from nosology.runs.run import Run
from nosology.runs.systems import BASE_SYSTEMS, SYSTEMS

if TYPE_CHECKING:
    from nosology.evaluation.reading import SharedReader
    from nosology.modeling.encoder import FoundEncoder


def evaluate(
    run: Path | Run,
    *,
    split: str = "test",
    dataset: Path | None = None,
    limit: int | None = None,
    include_text: bool = False,
    config: EvaluateConfig | None = None,
    progress: Progress = no_progress,
    load: Loader | None = None,
    reader: "SharedReader | None" = None,
) -> dict[str, Any]:
    """Score every system on the same notes and return the content of ``results.json``.

    Writes ``RUN/eval/SPLIT`` (``RUN/eval/DATASET-SPLIT`` for another dataset), whole or not at all, and
    ``RUN/calibration.json`` and ``RUN/ensemble`` where they are missing or were fitted on something else.

    Args:
        run: A finished run, or its folder.
        split: Which split to evaluate.
        dataset: Another dataset; None for the one that the run was trained on.
        limit: Evaluate a random part of this many notes; None for the configured number.
        include_text: Also write each full prompt and each generated answer, which can quote its note.
        config: None for the run's own.
        progress: Called with a task and its number of notes; yields what counts them.
        load: Returns the base or tuned classifier of a run; None to load them from its folder.
        reader: The tuned model and the notes, where suggestions of the same notes are evaluated too; its split,
            dataset and limit hold.

    Raises:
        RunError: The run or a dataset is missing, unfinished or changed since training, or the label sets differ.
        DataError: There is no note to evaluate.
        ConfigError: A system does not exist.
        ModelError: The encoder of `evaluate.encoder` cannot be found, used, or held in memory.
    """
    started = time.perf_counter()
    load = load or load_classifier
    (run := Run.open(run)).check_writable()
    config = config or run.manifest.config.evaluate
    check_systems(config)
    inputs = reader.inputs if reader else read_inputs(run, split=split, dataset=dataset, config=config, limit=limit)
    encoder = _open_encoder(inputs, config.encoder)
    tuned: JudgedClassifier = reader or load(run, "tuned")
    notes = tuned.encode(inputs.notes["clean_text"].to_list())
    found = _run_systems(inputs, notes, config, tuned, load, progress, reader, encoder)
    prompts = [note.prompt for note in notes]
    hashes = [sha256_text(prompt) for prompt in prompts]
    results = _judge_all(inputs, config, found, [note.n_tokens for note in notes], hashes, started)
    _write(run, inputs, found, results, hashes, prompts if include_text else None)
    return results


@dataclass(frozen=True)
class _Found:
    """What the systems said.

    Attributes:
        outputs: By system, in the order of reports.
        fitted: What was fitted on validation notes.
        robustness: How far the tuned model can be pushed; None where nobody asked.
        encoder_calibration: Of the encoder; None where there is none, or validation notes were too few.
    """

    outputs: dict[str, Output]
    fitted: Fitted
    robustness: Robustness | None
    encoder_calibration: Calibration | None


def _open_encoder(inputs: Inputs, name: str | None) -> "FoundEncoder | None":
    """Return the encoder to compare with, before anything takes time; imported here, since it needs torch."""
    if name is None:
        return None
    from nosology.evaluation.encoder import open_encoder

    return open_encoder(inputs, name)


def _run_systems(
    inputs: Inputs,
    notes: Sequence[EncodedNote],
    config: EvaluateConfig,
    tuned: JudgedClassifier,
    load: Loader,
    progress: Progress,
    reader: "SharedReader | None",
    encoder: "FoundEncoder | None",
) -> _Found:
    """Run every system that the configuration names on the same notes."""
    outputs = run_baselines(inputs, config, progress)
    encoder_calibration = None
    if encoder is not None:
        from nosology.evaluation.encoder import run_encoder

        outputs["encoder"], encoder_calibration = run_encoder(inputs, encoder, config, tuned, progress)
    if set(BASE_SYSTEMS) & set(config.systems):
        outputs |= run_base(inputs, notes, config, load, progress)
    if "starter" in config.systems:
        outputs |= run_starter(inputs, notes, load, progress)
    fitted, robustness = Fitted(None, None, "the tuned model was not evaluated"), None
    if "tuned" in config.systems or "ensemble" in config.systems:
        fitted = fit_on_validation(inputs, config, tuned, progress)
        tuned = tuned.with_calibration(fitted.calibration)
        outputs["tuned"] = run_tuned(inputs, notes, tuned, progress)
        if reader:
            beside = reader.title_seconds([note.text for note in notes])
            outputs["tuned"] = replace(outputs["tuned"], seconds=outputs["tuned"].seconds - beside)
        if fitted.ensemble is not None:
            outputs["ensemble"] = run_ensemble(inputs, tuned, fitted.ensemble, outputs["tuned"])
        robustness = _robustness(inputs, notes, config, tuned, outputs["tuned"], progress)
    wanted = {*config.systems, "encoder"}  # which is there where a configuration says which one
    listed = {name: outputs[name] for name in SYSTEMS if name in outputs and name in wanted}
    return _Found(listed, fitted, robustness, encoder_calibration)


def _write(
    run: Run,
    inputs: Inputs,
    found: _Found,
    results: dict[str, Any],
    hashes: Sequence[str],
    prompts: Sequence[str] | None,
) -> None:
    """Write an evaluation into its run, whole or not at all; with text only where prompts are given."""
    listed = inputs.notes.select("note_id", "category")
    with replaced_folder(run.files.evaluation(inputs.name).folder) as folder:
        written = EvaluationFiles(folder)
        for name, output in found.outputs.items():
            rows = prediction_rows(listed, output, inputs.labels.names, hashes, prompts)
            write_lines(written.predictions(name), json_lines(rows), is_private=True)
        write_json(written.results, results, is_private=True)
    record_again(run.files)


def _robustness(
    inputs: Inputs,
    notes: Sequence[EncodedNote],
    config: EvaluateConfig,
    tuned: JudgedClassifier,
    output: Output,
    progress: Progress,
) -> Robustness | None:
    if not config.robustness_notes or output.log_probs is None:
        return None
    n_notes = min(config.robustness_notes, len(inputs.notes))
    with progress("evaluate robustness", n_notes) as advance:
        found = measure_robustness(inputs, notes, tuned, output.log_probs, n_notes, config.seed)
        advance(n_notes)
    return found


def _judge_all(
    inputs: Inputs,
    config: EvaluateConfig,
    found: _Found,
    n_tokens: list[int],
    hashes: list[str],
    started: float,
) -> dict[str, Any]:
    """Return the whole content of ``results.json``."""
    outputs, fitted = found.outputs, found.fitted
    groups = [patient or note for patient, note in inputs.notes.select("patient_id", "note_id").iter_rows()]
    truth = scores.Truth(
        true=inputs.category_indices(inputs.notes["category"]),
        names=inputs.labels.names,
        resamples=metrics.draw_resamples(groups, config.bootstrap_samples, config.seed),
        subgroups=distribution.subgroups(inputs.notes.drop("clean_text"), inputs.n_words),
        selective_accuracy=config.selective_accuracy,
        seed=config.seed,
    )
    resampled = {name: scores.resample(output, truth) for name, output in outputs.items()}
    systems = {name: scores.judge(name, output, truth, resampled[name]) for name, output in outputs.items()}
    summary = summarize(systems)
    tuned = outputs.get("tuned")
    truncated = (
        [prediction.truncated_tokens for prediction in tuned.predictions] if tuned and tuned.predictions else None
    )
    return Results(
        n=len(inputs.notes),
        labels=list(inputs.labels.names),
        systems=systems,
        tests=scores.compare(outputs, resampled, truth),
        summary=summary,
        calibration=_judge_calibration(inputs, fitted.calibration, tuned, truth),
        calibration_note=fitted.why_not,
        ensemble_calibration=_judge_calibration(
            inputs, fitted.ensemble.calibration if fitted.ensemble else None, outputs.get("ensemble"), truth
        ),
        encoder_calibration=_judge_calibration(inputs, found.encoder_calibration, outputs.get("encoder"), truth),
        distribution=distribution.describe(inputs, truncated, n_tokens),
        robustness=found.robustness,
        funnel=inputs.dataset.funnel(),
        examples=choose_examples(
            inputs.notes.select("note_id", "category"), inputs.labels.names, outputs, summary, hashes
        ),
        provenance=_provenance(inputs, config, len(set(groups)), time.perf_counter() - started),
    ).model_dump(mode="json")


def _judge_calibration(
    inputs: Inputs, calibration: Calibration | None, output: Output | None, truth: scores.Truth
) -> CalibrationResult | None:
    if calibration is None or output is None or output.log_probs is None:
        return None
    same = inputs.is_training_dataset and inputs.split == "validation"
    return scores.judge_calibration(calibration, np.asarray(output.log_probs), truth, fitted_on_this_split=same)


def _provenance(inputs: Inputs, config: EvaluateConfig, n_patients: int, seconds: float) -> Provenance:
    manifest = inputs.run.manifest
    return Provenance(
        run=inputs.run.folder.name,
        split=inputs.split,
        dataset=inputs.dataset.folder.name,
        dataset_manifest_sha256=inputs.dataset.manifest_sha256,
        training_dataset=inputs.training_dataset.folder.name,
        training_dataset_manifest_sha256=manifest.dataset.manifest_sha256,
        is_training_dataset=inputs.is_training_dataset,
        labels_sha256=inputs.labels.sha256,
        note_ids_sha256=sha256_text("\n".join(inputs.notes["note_id"])),
        train_note_ids_sha256=manifest.train_note_ids_sha256,
        n_train_notes=len(inputs.train),
        n_train_split_notes=len(inputs.train_all),
        n_split_notes=inputs.n_split_notes,
        prompt_sha256=manifest.prompt_sha256,
        model=manifest.model.model_dump(mode="json"),
        seed=config.seed,
        bootstrap_samples=config.bootstrap_samples,
        n_patients=n_patients,
        config=manifest.config.model_copy(update={"evaluate": config}).model_dump(mode="json"),
        environment=environment(),
        training_environment=manifest.environment,
        training_timings=manifest.timings.model_dump(mode="json"),
        evaluated_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        seconds=round(seconds, 1),
    )
