"""The encoder baseline: a small pretrained encoder, fine-tuned whole on exactly the notes of the tuned model.

Reviewers ask for it first, so it gets what is usual in print: AdamW with a linear schedule, 10 % of it warm-up, weight
decay .01, batches of 16 and a rate of 5e-5 (Devlin et al., BERT, NAACL 2019, appendix A.3, who try 2e-5 to 5e-5), up to
10 epochs with the best validation loss kept (Liu et al., RoBERTa, 2019, section 5.1). Classes are not weighted.
Validation notes also calibrate it, as they do the tuned model. A note that is longer than the encoder reads loses its
end.

The fitted encoder is not kept: it answers nothing but this comparison, and holds what it learned from notes. An
evaluation trains it anew and gives the same figures for the same seed on the same machine.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from nosology.classifier import calibration as calibrating
from nosology.classifier.calibration import Calibration
from nosology.classifier.knowledge import Texts
from nosology.config import EvaluateConfig
from nosology.errors import DataError, ModelError
from nosology.evaluation.inputs import Inputs
from nosology.evaluation.systems import JudgedClassifier, Output, output_from
from nosology.files import scratch_folder, sha256_text
from nosology.machine import is_lack_of_memory
from nosology.modeling.embedded import silenced_transformers
from nosology.modeling.encoder import FoundEncoder, find_encoder, load_encoder, max_tokens
from nosology.modeling.loading import choose_dtype
from nosology.records import Count, FloatArray, Progress

_PLACE = "evaluate.encoder"
_NOTES_AT_ONCE = 32  # read, not trained on


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an encoder is fine-tuned; see the module's page for where the values are from.

    Attributes:
        learning_rate: Peak rate of AdamW.
        batch_size: Notes of a step.
        max_epochs: Passes over the notes at most.
        patience: Epochs without a better validation loss after which training stops.
        warmup_share: Share of all steps.
        weight_decay: Of AdamW.
    """

    learning_rate: float = 5e-5
    batch_size: int = 16
    max_epochs: int = 10
    patience: int = 2
    warmup_share: float = 0.1
    weight_decay: float = 0.01


@dataclass(frozen=True)
class FittedEncoder:
    """An encoder that has learned.

    Attributes:
        settings: What it is and how it learned; plain values.
    """

    settings: dict[str, Any]
    _model: Any = field(repr=False)
    _tokenizer: Any = field(repr=False)
    _max_tokens: int

    @torch.inference_mode()
    def read(self, texts: Sequence[str], progress: Count | None = None) -> tuple[FloatArray, list[int]]:
        """Return what it says of notes, and how many tokens of each it could not read.

        Args:
            texts: Prepared notes.
            progress: Called with the number of notes finished after each batch.

        Returns:
            Natural-log probabilities, rows normalized, of shape ``(notes, categories)``; and tokens left out of each.

        Raises:
            ModelError: A score is not a finite number.
        """
        rows, cut = _tokens(self._tokenizer, texts, self._max_tokens)
        collate = DataCollatorWithPadding(self._tokenizer)
        found = np.zeros((len(rows), self._model.config.num_labels))
        order = sorted(range(len(rows)), key=lambda place: len(rows[place]["input_ids"]))  # little padding
        for start in range(0, len(order), _NOTES_AT_ONCE):
            places = order[start : start + _NOTES_AT_ONCE]
            batch = collate([rows[place] for place in places]).to(self._model.device)
            found[places] = torch.log_softmax(self._model(**batch).logits.double(), dim=-1).cpu().numpy()
            if progress:
                progress(len(places))
        if not np.isfinite(found).all():
            hint = "name another encoder, or leave evaluate.encoder out"
            raise ModelError("the encoder's scores are not finite numbers", place=_PLACE, hint=hint)
        return found, cut


def open_encoder(inputs: Inputs, name: str) -> FoundEncoder:
    """Return the encoder of an evaluation, after making sure that it can be trained on the run's notes.

    Args:
        inputs: The run and its notes.
        name: A folder or a Hub name.

    Raises:
        ModelError: There is no such encoder, or it cannot be used.
        DataError: The training notes are all of one category, or there is no validation note.
    """
    if inputs.train["category"].n_unique() < 2:
        hint = "leave evaluate.encoder out, or train on notes of two categories or more"
        raise DataError(f"all {len(inputs.train):,} training notes are of one category", place=_PLACE, hint=hint)
    if inputs.validation.is_empty():
        hint = "prepare the notes with a share for validation (prepare.split_shares), or leave evaluate.encoder out"
        raise DataError("an encoder stops at its best validation loss, and no note validates", place=_PLACE, hint=hint)
    return find_encoder(name)


def run_encoder(
    inputs: Inputs, found: FoundEncoder, config: EvaluateConfig, tuned: JudgedClassifier, progress: Progress
) -> tuple[Output, Calibration | None]:
    """Return what an encoder answers that was fine-tuned on the model's own notes, and its calibration.

    Args:
        inputs: The run and its notes.
        found: Which encoder; see `open_encoder`.
        config: Its seed, and what a calibration aims at.
        tuned: The tuned model, which makes the records.
        progress: Shows how far it has come.

    Returns:
        The answers, calibrated where there are validation notes enough; and the calibration, or None.

    Raises:
        ModelError: The weights cannot be used, or memory ran out.
    """
    learned = Texts(inputs.train["clean_text"].to_list(), inputs.category_indices(inputs.train["category"]))
    recipe, validation = Recipe(), inputs.validation_texts()
    n_categories, folder = len(inputs.labels.names), inputs.run.folder / "encoder"
    with scratch_folder(folder) as scratch, progress("fit encoder", recipe.max_epochs * len(learned.texts)) as advance:
        fitted = fit_encoder(
            found, learned, validation, n_categories, scratch=scratch, seed=config.seed, recipe=recipe, progress=advance
        )
    calibration = _calibrate(fitted, inputs, validation, config)
    texts = inputs.notes["clean_text"].to_list()
    with progress("evaluate encoder", len(texts)) as advance, _memory_told(found.name):
        started = time.perf_counter()
        log_probs, truncated = fitted.read(texts, advance)
        predictions = tuned.with_calibration(calibration).predictions_from(log_probs, truncated)
        seconds = time.perf_counter() - started
    trained_on = f"{len(learned.texts):,} notes, the model's own"
    output = output_from(predictions, log_probs, inputs.labels.names, seconds, trained_on, fitted.settings)
    return output, calibration


def _calibrate(fitted: FittedEncoder, inputs: Inputs, held_out: Texts, config: EvaluateConfig) -> Calibration | None:
    """Return the calibration on validation notes; None where they are too few for one."""
    if len(held_out.texts) < calibrating.MIN_NOTES:
        return None
    with _memory_told(fitted.settings["encoder"]):
        log_probs, _ = fitted.read(held_out.texts)
    return calibrating.fit(
        log_probs,
        held_out.true,
        selective_accuracy=config.selective_accuracy,
        coverage=config.coverage,
        fitted_on={"note_ids_sha256": sha256_text("\n".join(inputs.validation["note_id"]))},
        seed=config.seed,
    )


def fit_encoder(
    found: FoundEncoder,
    learned: Texts,
    held_out: Texts,
    n_categories: int,
    *,
    scratch: Path,
    seed: int = 0,
    recipe: Recipe | None = None,
    progress: Count | None = None,
) -> FittedEncoder:
    """Return an encoder, fine-tuned with a new head until its validation loss no longer falls; the best epoch stands.

    Args:
        found: Which encoder.
        learned: Training notes with their categories.
        held_out: Validation notes with theirs.
        n_categories: Size of the label set.
        scratch: An empty folder for its checkpoints.
        seed: Of the head, dropout and the order of notes.
        recipe: None for the usual way.
        progress: Called with the number of notes that were learned from, each once an epoch.

    Raises:
        ModelError: The weights cannot be used, or memory ran out.
    """
    recipe = recipe or Recipe()
    set_seed(seed)
    with _memory_told(found.name), silenced_transformers():
        model = load_encoder(found, n_categories)
        limit = max_tokens(model, found.tokenizer)
        rows, cut = _tokens(found.tokenizer, learned.texts, limit)
        trainer = _silent(
            model=model,
            args=_arguments(scratch, recipe, len(rows), seed),
            train_dataset=_labelled(rows, learned),
            eval_dataset=_labelled(_tokens(found.tokenizer, held_out.texts, limit)[0], held_out),
            data_collator=DataCollatorWithPadding(found.tokenizer),
            callbacks=[EarlyStoppingCallback(recipe.patience), _Counted(len(rows), progress)],
        )
        started = time.perf_counter()
        trainer.train()
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)  # reads in float32 everywhere
    about = {
        "max_tokens": limit,
        "shortened_training_notes": sum(tokens > 0 for tokens in cut),
        **_course(trainer, recipe),
        "training_seconds": round(time.perf_counter() - started, 1),
    }
    return FittedEncoder(_described(found, model) | about, model.eval(), found.tokenizer, limit)


def _described(found: FoundEncoder, model: Any) -> dict[str, Any]:
    """Return which encoder it is."""
    return {
        "encoder": found.name,
        "revision": found.revision,
        "weights_sha256": found.weights_sha256,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }


def _silent(**settings: Any) -> Trainer:
    """Return transformers' Trainer without what it would print."""
    trainer = Trainer(**settings)
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
    return trainer


def _course(trainer: Trainer, recipe: Recipe) -> dict[str, Any]:
    """Return how a training was meant to go and went."""
    losses = {entry["epoch"]: entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry}
    best = min(losses, key=lambda epoch: losses[epoch])
    return {
        **asdict(recipe),
        "number_format": "bfloat16" if trainer.args.bf16 else "float32",
        "seed": trainer.args.seed,
        "epochs": round(max(losses)),
        "best_epoch": round(best),
        "validation_loss": losses[best],
    }


def _arguments(scratch: Path, recipe: Recipe, n_notes: int, seed: int) -> TrainingArguments:
    """Return the recipe in the Trainer's words: no tracker, no bar, checkpoints in a folder that is removed."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    n_steps = -(-n_notes // recipe.batch_size) * recipe.max_epochs
    return TrainingArguments(
        output_dir=str(scratch),
        num_train_epochs=recipe.max_epochs,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=_NOTES_AT_ONCE,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=round(recipe.warmup_share * n_steps),
        weight_decay=recipe.weight_decay,
        bf16=choose_dtype("auto", device, for_training=True) == torch.bfloat16,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        save_only_model=True,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        seed=seed,
        data_seed=seed,
        dataloader_pin_memory=False,
        use_cpu=device == "cpu",
    )


class _Counted(TrainerCallback):  # type: ignore[misc]
    """Tells how many notes were learned from; of a training that stops early, the rest at its end."""

    def __init__(self, n_notes: int, progress: Count | None) -> None:
        self._n_notes, self._progress, self._told = n_notes, progress, 0

    def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Tell what the step added."""
        self._tell(round(state.epoch * self._n_notes))

    def on_train_end(self, args: Any, _state: Any, _control: Any, **_: Any) -> None:
        """Tell the rest."""
        self._tell(round(args.num_train_epochs * self._n_notes))

    def _tell(self, n_notes: int) -> None:
        if self._progress and n_notes > self._told:
            self._progress(n_notes - self._told)
            self._told = n_notes


def _tokens(tokenizer: Any, texts: Sequence[str], limit: int) -> tuple[list[dict[str, list[int]]], list[int]]:
    """Return each note's beginning as tokens, and how many tokens of each are left out."""
    if not texts:
        return [], []
    whole = tokenizer(list(texts), verbose=False)["input_ids"]
    encoded = tokenizer(list(texts), truncation=True, max_length=limit)
    rows = [{name: values[place] for name, values in encoded.items()} for place in range(len(whole))]
    return rows, [len(tokens) - len(row["input_ids"]) for tokens, row in zip(whole, rows, strict=True)]


def _labelled(rows: Sequence[dict[str, list[int]]], texts: Texts) -> list[dict[str, Any]]:
    return [{**row, "labels": int(category)} for row, category in zip(rows, texts.true, strict=True)]


@contextmanager
def _memory_told(name: str) -> Iterator[None]:
    """Say in a word that memory ran out, and what to do.

    Raises:
        ModelError: It did.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not is_lack_of_memory(error):
            raise
        hint = "name a smaller encoder, free memory, or leave evaluate.encoder out"
        raise ModelError(f"out of memory with the encoder {name}", place=_PLACE, hint=hint) from None
