"""Running the systems: each answers every note, in the same order, and says what it was trained on.

The base model answers in several ways: a generated answer parsed strictly (the original project's way) or leniently,
and every category scored, plain or corrected for the length of its name or for the model's prior. All ways read each
note once, so their time is one; and only the two parsed ways can be without a prediction.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import polars as pl

from nosology.classifier.calibration import Calibration
from nosology.classifier.ensemble import Ensemble
from nosology.classifier.words import HashedModel, fit_hashed
from nosology.coding.labels import LabelSet
from nosology.config import EvaluateConfig
from nosology.errors import ConfigError
from nosology.evaluation.baselines import Majority, TfidfModel, fit_majority, fit_tfidf, fit_tfidf_knowledge
from nosology.evaluation.inputs import Inputs
from nosology.evaluation.parsing import parse_lenient, parse_strict
from nosology.metrics import INVALID
from nosology.modeling.encoding import EncodedNote
from nosology.records import Count, FloatArray, IntArray, Prediction, Progress
from nosology.runs.integrity import fitted_files
from nosology.runs.run import Run
from nosology.runs.systems import BASE_SYSTEMS, BASELINES, SYSTEMS

Correction = Literal["none", "length", "prior"]
Answers = tuple[dict[Correction, FloatArray], list[str]]
"""Log-probabilities under every correction, and one spoken answer a note."""


class JudgedClassifier(Protocol):
    """What evaluation asks of a classifier; `nosology.classifier.classifier.Classifier` is one."""

    def encode(self, texts: Sequence[str]) -> list[EncodedNote]:
        """Return prepared notes as tokens; the methods below take these and encode nothing again."""

    def log_probs(self, texts: Sequence[str | EncodedNote], *, progress: Count | None = None) -> FloatArray:
        """Return uncalibrated natural-log probabilities; rows are normalized. Shape ``(notes, categories)``."""

    def with_calibration(self, calibration: Calibration | None) -> "JudgedClassifier":
        """Return the same with another calibration."""

    def predictions_from(
        self, log_probs: FloatArray, truncated: Sequence[int], *, calibration: Calibration | None = None
    ) -> list[Prediction]:
        """Return predictions, calibrated where there is a calibration.

        Args:
            log_probs: Before calibration. Shape ``(notes, categories)``.
            truncated: Tokens of each note that did not fit.
            calibration: Takes the place of the classifier's own, where given.
        """

    def log_probs_and_answers(
        self, texts: Sequence[str | EncodedNote], *, max_new_tokens: int = 12, progress: Count | None = None
    ) -> Answers:
        """Return log-probabilities under every correction, and what the model writes after each prompt.

        Args:
            texts: Prepared notes, encoded or not.
            max_new_tokens: Tokens after which an answer is cut; 0 for none.
            progress: Shows how far reading has come.
        """

    def in_order(self, order: Sequence[int]) -> "JudgedClassifier":
        """Return the same under an instruction that lists the categories in another order."""


Loader = Callable[[Run, Literal["tuned", "base", "starter"]], JudgedClassifier]


@dataclass(frozen=True)
class Output:
    """What a system said of every note.

    Attributes:
        predicted: Category indices, or `INVALID`. Shape ``(notes,)``.
        probabilities: Rows sum to 1; None for parsed answers. Shape ``(notes, categories)``.
        seconds: Wall-clock time of answering, without fitting or loading.
        trained_on: In words.
        settings: What was chosen while fitting it.
        raw_answers: What was generated, for parsed answers.
        predictions: The classifier's own records, for what is calibrated.
        log_probs: Before calibration, for what is calibrated. Shape ``(notes, categories)``.
    """

    predicted: IntArray
    probabilities: FloatArray | None
    seconds: float
    trained_on: str
    settings: dict[str, Any] = field(default_factory=dict)
    raw_answers: tuple[str, ...] | None = field(default=None, repr=False)
    predictions: tuple[Prediction, ...] | None = None
    log_probs: FloatArray | None = None


def check_systems(config: EvaluateConfig) -> None:
    """Refuse names of systems that do not exist.

    Raises:
        ConfigError: Some do not, none is given, or it is not said which encoder is meant.
    """
    names = config.systems
    if "encoder" in names and config.encoder is None:
        hint = "set evaluate.encoder to a folder or a Hub name, or pass --encoder"
        raise ConfigError("the system `encoder` is named, but no encoder", place="evaluate.encoder", hint=hint)
    unknown = [name for name in names if name not in SYSTEMS]
    if unknown or not names:
        raise ConfigError(
            f"no such system: {', '.join(unknown)}" if unknown else "no system is named",
            place="evaluate.systems",
            hint=f"there are {', '.join(SYSTEMS)}",
        )


def run_baselines(inputs: Inputs, config: EvaluateConfig, progress: Progress) -> dict[str, Output]:
    """Return what the chosen baselines answer.

    Args:
        inputs: The notes and what they were trained with.
        config: Which systems are wanted.
        progress: Shows how far reading has come.
    """
    texts = inputs.notes["clean_text"].to_list()
    outputs: dict[str, Output] = {}
    for name in BASELINES:
        if name not in config.systems:
            continue
        train = inputs.train_all if name == "tfidf_all" else inputs.train
        with progress(f"evaluate {name}", len(texts)) as advance:
            model = _fit_baseline(name, train, inputs, config)
            started = time.perf_counter()
            probabilities = np.exp(model.log_probs(texts))
            seconds = time.perf_counter() - started
            advance(len(texts))
        trained_on = f"{len(train):,} notes" + (", the model's own" if name != "tfidf_all" else ", the training split")
        if name == "tfidf_knowledge":
            trained_on += f", and {model.settings.get('phrases', 0):,} phrases"
        outputs[name] = Output(probabilities.argmax(axis=1), probabilities, seconds, trained_on, model.settings)
    return outputs


def _fit_baseline(
    name: str, train: pl.DataFrame, inputs: Inputs, config: EvaluateConfig
) -> Majority | TfidfModel | HashedModel:
    """Return a baseline that has learned from some notes; the majority where there is nothing else to learn."""
    true, n_categories = inputs.category_indices(train["category"]), len(inputs.labels.names)
    if name == "majority":
        return fit_majority(true, n_categories)
    texts, patients = train["clean_text"].to_list(), train["patient_id"].to_list()
    if name == "tfidf_knowledge":
        return fit_tfidf_knowledge(
            inputs.phrases(config.phrase_files),
            texts,
            true,
            n_categories,
            groups=patients,
            held_out=inputs.validation_texts(),
            seed=config.seed,
        )
    fit = fit_hashed if name == "tfidf_parts" else fit_tfidf
    return fit(texts, true, n_categories, groups=patients, seed=config.seed) or fit_majority(true, n_categories)


def run_base(
    inputs: Inputs, notes: Sequence[EncodedNote], config: EvaluateConfig, load: Loader, progress: Progress
) -> dict[str, Output]:
    """Return what the base model answers, in each of the chosen ways.

    Args:
        inputs: The run and its notes.
        notes: The evaluated notes, encoded: base and tuned model share tokenizer and prompt.
        config: Which systems are wanted.
        load: Loads the base model.
        progress: Shows how far it has come.
    """
    wanted = [name for name in BASE_SYSTEMS if name in config.systems]
    if not wanted:
        return {}
    base = load(inputs.run, "base")
    with progress("evaluate base", len(notes)) as advance:
        started = time.perf_counter()
        speaks = any(SYSTEMS[name].reading in ("strict", "lenient") for name in wanted)
        log_probs, answers = base.log_probs_and_answers(
            notes, max_new_tokens=config.max_generated_tokens if speaks else 0, progress=advance
        )
        seconds = time.perf_counter() - started
    outputs: dict[str, Output] = {}
    for name in wanted:
        reading = SYSTEMS[name].reading
        assert reading is not None
        if reading == "strict" or reading == "lenient":
            predicted = _read_answers(answers, inputs.labels, parse_strict if reading == "strict" else parse_lenient)
            outputs[name] = Output(predicted, None, seconds, "nothing", raw_answers=tuple(answers))
        else:
            scored = log_probs[reading]
            outputs[name] = Output(scored.argmax(axis=1), np.exp(scored), seconds, "nothing")
    return outputs


def run_starter(inputs: Inputs, notes: Sequence[EncodedNote], load: Loader, progress: Progress) -> dict[str, Output]:
    """Return what the model answered before it saw a training note; nothing unless training went on from another run.

    Args:
        inputs: The run and its notes.
        notes: The evaluated notes, encoded.
        load: Loads the model with the other run's adapter.
        progress: Shows how far it has come.

    Raises:
        RunError: The other run is no longer there, or changed.
    """
    start = inputs.run.manifest.start
    if start is None:
        return {}
    model = load(inputs.run, "starter")
    with progress("evaluate starter", len(notes)) as advance:
        started = time.perf_counter()
        log_probs = model.log_probs(notes, progress=advance)
        seconds = time.perf_counter() - started
    return {"starter": Output(log_probs.argmax(axis=1), np.exp(log_probs), seconds, f"none of these; run {start.run}")}


def _read_answers(answers: Sequence[str], labels: LabelSet, parse: Callable[..., str | None]) -> IntArray:
    """Return the category that each generated answer names, or `INVALID`."""
    read = [parse(answer, labels.names) for answer in answers]
    return np.array([INVALID if name is None else labels.index(name) for name in read], np.int64)


def run_tuned(inputs: Inputs, notes: Sequence[EncodedNote], tuned: JudgedClassifier, progress: Progress) -> Output:
    """Return what the tuned model answers, through the same path as every other use of it.

    Args:
        inputs: The run and its notes.
        notes: The evaluated notes, encoded.
        tuned: The model.
        progress: Shows how far it has come.
    """
    with progress("evaluate tuned", len(notes)) as advance:
        started = time.perf_counter()
        log_probs = tuned.log_probs(notes, progress=advance)
        predictions = tuned.predictions_from(log_probs, [note.truncated_tokens for note in notes])
        seconds = time.perf_counter() - started
    return output_from(predictions, log_probs, inputs.labels.names, seconds, _trained_on(inputs))


def run_ensemble(inputs: Inputs, tuned: JudgedClassifier, ensemble: Ensemble, alone: Output) -> Output:
    """Return what the ensemble answers; the tuned model has read the notes already, and its time counts.

    Args:
        inputs: The notes.
        tuned: The tuned model, which makes the records.
        ensemble: Fitted and calibrated on validation notes.
        alone: What the tuned model answered by itself.
    """
    assert alone.log_probs is not None
    texts = inputs.notes["clean_text"].to_list()
    started = time.perf_counter()
    log_probs = ensemble.log_probs(texts, alone.log_probs)
    truncated = [prediction.truncated_tokens for prediction in alone.predictions or ()]
    predictions = tuned.predictions_from(log_probs, truncated, calibration=ensemble.calibration)
    seconds = time.perf_counter() - started + alone.seconds
    settings = {"exponent_tuned": ensemble.exponents[0], "exponent_linear": ensemble.exponents[1]}
    return output_from(predictions, log_probs, inputs.labels.names, seconds, _trained_on(inputs), settings)


def output_from(
    predictions: Sequence[Prediction],
    log_probs: FloatArray,
    names: Sequence[str],
    seconds: float,
    trained_on: str,
    settings: dict[str, Any] | None = None,
) -> Output:
    """Return the output that a classifier's records amount to.

    Args:
        predictions: One a note.
        log_probs: Before calibration. Shape ``(notes, categories)``.
        names: The label set's categories.
        seconds: Wall-clock time of answering.
        trained_on: In words.
        settings: What was chosen while fitting it.
    """
    place = {name: number for number, name in enumerate(names)}
    probabilities = np.zeros(log_probs.shape)
    for row, prediction in zip(probabilities, predictions, strict=True):
        for label, probability in prediction.ranking:
            row[place[label]] = probability
    return Output(
        predicted=np.array([place[prediction.label] for prediction in predictions], np.int64),
        probabilities=probabilities,
        seconds=seconds,
        trained_on=trained_on,
        settings=settings or {},
        predictions=tuple(predictions),
        log_probs=log_probs,
    )


def _trained_on(inputs: Inputs) -> str:
    start = inputs.run.manifest.start
    return f"{len(inputs.train):,} notes" + (f", from {start.run}" if start else "")


def load_classifier(run: Run, system: Literal["tuned", "base", "starter"]) -> JudgedClassifier:
    """Return the run's classifier. Imported here, so that results can be read and reported without torch."""
    from nosology.classifier.classifier import Classifier

    return Classifier.load(run, system=system, but_for=fitted_files(run.files))
