"""A run folder as the parts of a classifier: each file is checked against the manifest before anything is loaded."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from nosology.classifier.calibration import Calibration
from nosology.classifier.engine import Engine
from nosology.classifier.ensemble import Ensemble
from nosology.classifier.local import LocalCalibration
from nosology.classifier.typicality import Typicality
from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import RubricTable
from nosology.errors import RunError
from nosology.modeling.adapters import load_adapter
from nosology.modeling.backends.scorer import OutsideModel
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.llama import load_plainly
from nosology.modeling.loading import LoadedModel, NumberFormat, load_model, load_tokenizer
from nosology.modeling.prompts import PromptTemplate
from nosology.runs.integrity import Recorded, check, check_base_model
from nosology.runs.run import Run, expect_unchanged
from nosology.suggesting.fitted import FittedSuggester
from nosology.text.cleaning import Cleaning

System = Literal["tuned", "base", "starter", "ensemble"]


@dataclass(frozen=True)
class Parts:
    """What a classifier is made of; its attributes are `Classifier`'s arguments."""

    engine: Engine = field(repr=False)
    labels: LabelSet
    cleaning: Cleaning
    calibration: Calibration | None
    ensemble: Ensemble | None
    suggester: FittedSuggester | None
    n_train_notes: int
    caution: str
    typicality: Typicality | None
    name: str


def open_parts(
    run: Path | str | Run,
    *,
    system: System | None = None,
    but_for: Collection[Path] = (),
    dtype: NumberFormat | None = None,
    outside: OutsideModel | None = None,
    with_peft: bool = False,
) -> Parts:
    """Return the parts of a finished run's classifier; arguments and errors as `Classifier.load` has them.

    Args:
        run: A run folder, or a run that is open.
        system: Which system is to answer; None for the one that the run is configured to answer with.
        but_for: Files that need not be the recorded ones, since the caller is about to make them anew.
        dtype: Number format of the base model's weights; None for what the run is configured with.
        outside: Answers in the tuned model's place; then no weights are loaded. What makes sure that it is the run's
            model is `nosology.export.models.standing_in`.
        with_peft: Whether the model is to be transformers' with peft's adapter, for more than reading notes; else the
            embedded model is read by `nosology.modeling.llama`, which answers the same.
    """
    run = Run.open(run)
    recorded = check(run.files, but_for=but_for)
    manifest, labels = run.manifest, run.labels
    system = system or manifest.config.evaluate.answer_with
    ensemble = _load_ensemble(run) if system == "ensemble" else None
    answers = system in ("tuned", "ensemble")  # the others are there to be compared with: nothing was fitted to them
    calibration = None
    if answers and run.files.calibration not in but_for:
        calibration = Calibration.load(run.files.calibration)
    local = LocalCalibration.newest(run.files) if answers else None
    if local is not None:
        _expect_typicality(run, local, outside)
        calibration, ensemble = local.tuned, local.of(ensemble)
    engine = _engine(run, recorded, _adapter(run, system), dtype, outside, with_peft=with_peft)
    return Parts(
        engine,
        labels,
        cleaning=Cleaning.like(manifest.dataset.preparation),
        calibration=calibration,
        ensemble=ensemble,
        suggester=_suggester(run, run.rubrics, but_for) if answers else None,
        n_train_notes=manifest.n_train_notes,
        caution=run.caution,
        typicality=local.typicality if local else None,
        name=run.name,
    )


def _adapter(run: Run, system: System) -> Path | None:
    """Return the folder of a system's adapter; None for the model without one."""
    if system == "base":
        return None
    return (run.starting_run() if system == "starter" else run).files.adapter


def _load_model(
    run: Run, recorded: Recorded, dtype: NumberFormat, adapter: Path | None, *, with_peft: bool
) -> tuple[Any, PromptEncoder]:
    """Return the model that a run was trained on or trained, and what cuts prompts for it."""
    settings = run.manifest.config.model
    if not with_peft and not run.has_category_head:
        plain = load_plainly(settings.name, adapter, dtype=dtype, load_in_4bit=settings.load_in_4bit)
        if plain is not None:
            check_base_model(plain.files, recorded, settings.name)
            _expect_weights(run, plain)
            return plain.model, _encoder(run, plain.tokenizer)
    loaded = load_model(
        settings.name,
        revision=_revision(run),
        dtype=dtype,
        load_in_4bit=settings.load_in_4bit,
        accept=lambda found: check_base_model(found, recorded, settings.name),
    )
    _expect_weights(run, loaded)
    encoder = _encoder(run, loaded.tokenizer)
    if adapter is None:
        return loaded.model, encoder
    n_head_categories = len(run.labels.names) if run.has_category_head else None
    return load_adapter(loaded, adapter, n_head_categories=n_head_categories), encoder


def _expect_weights(run: Run, loaded: LoadedModel) -> None:
    recorded = run.manifest.model.weights_sha256
    expect_unchanged(run.folder, loaded.weights_sha256, recorded, what="the base model's weights")


def _engine(
    run: Run,
    recorded: Recorded,
    adapter: Path | None,
    dtype: NumberFormat | None,
    outside: OutsideModel | None,
    *,
    with_peft: bool,
) -> Engine:
    """Return a run's model with what reads notes by it, or what cuts prompts for the program that runs it."""
    settings = run.manifest.config.model
    if outside is not None:
        model, encoder = None, encoder_of(run)
    else:
        model, encoder = _load_model(run, recorded, dtype or settings.dtype, adapter, with_peft=with_peft)
    return Engine(
        model,
        encoder,
        scoring=settings.scoring,
        batch_tokens=run.manifest.config.evaluate.batch_tokens,
        rubrics=run.rubrics,
        outside=outside,
    )


def _expect_typicality(run: Run, local: LocalCalibration, outside: OutsideModel | None) -> None:
    if outside is not None and local.typicality is not None:
        raise RunError(
            "this run was calibrated on local notes, and how usual a note is among them only torch can tell",
            place=str(run.folder),
            hint="use --backend torch",
        )


def encoder_of(run: Run) -> PromptEncoder:
    """Return what cuts prompts for a run's model, without loading the model.

    Raises:
        RunError: The prompt is not the one that the run was trained with.
        ModelError: The base model's tokenizer cannot be loaded.
    """
    return _encoder(run, load_tokenizer(run.manifest.config.model.name, _revision(run)))


def _revision(run: Run) -> str | None:
    return run.manifest.model.revision or run.manifest.config.model.revision


def _encoder(run: Run, tokenizer: Any) -> PromptEncoder:
    """Return what cuts prompts for a run's model."""
    settings, template = run.manifest.config.model, PromptTemplate.load(str(run.files.prompt))
    expect_unchanged(run.files.prompt, template.sha256, run.manifest.prompt_sha256)
    return PromptEncoder(
        tokenizer,
        template,
        run.labels.names,
        max_note_tokens=settings.max_note_tokens,
        shortening=settings.shortening,
    )


def _load_ensemble(run: Run) -> Ensemble:
    ensemble = Ensemble.load(run.files.ensemble)
    if ensemble is None:
        hint = f"`nosology evaluate {run.folder}` fits it, with `ensemble` among evaluate.systems"
        raise RunError("this run holds no ensemble", place=str(run.folder), hint=hint)
    fitted_to = ensemble.fitted_on.get("run_manifest_sha256", "")
    expect_unchanged(run.files.manifest, run.sha256, fitted_to, what="the run that the ensemble was fitted to")
    return ensemble


def _suggester(run: Run, rubrics: RubricTable | None, but_for: Collection[Path]) -> FittedSuggester | None:
    if rubrics is None:
        return None
    if run.files.suggester.settings in but_for:
        return FittedSuggester.of_model_alone(len(rubrics))
    return FittedSuggester.load(run.files.suggester, len(rubrics))
