"""Training: from a prepared dataset to a run folder with a LoRA adapter.

A run folder grows while training goes on (checkpoints, `training_log.jsonl`) and receives its `manifest.json` last;
until then `resume=True` continues it, from the last checkpoint that was written whole, to the same adapter that an
uninterrupted training would have given. The base model is never changed.
"""

import dataclasses
import math
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
import yaml
from transformers import EarlyStoppingCallback, PrinterCallback, ProgressCallback, TrainerCallback, TrainingArguments

from nosology.config import Config, TrainConfig
from nosology.errors import DataError, ModelError, RunError
from nosology.modeling.callbacks import CheckpointSeal, LogFile, TrainingStep, last_whole_checkpoint
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.loading import LoadedModel, attach_lora, load_model
from nosology.modeling.title_targets import title_targets
from nosology.modeling.trainer import Example, Examples, TreeTrainer
from nosology.prepare.dataset import Dataset, codes_of, open_dataset
from nosology.prompts import PromptTemplate
from nosology.rubrics import RUBRICS_FILE, RubricTable
from nosology.runs import MANIFEST, environment, sha256_file, sha256_text, write_json


def train(
    dataset_folder: Path,
    out: Path,
    config: Config,
    *,
    resume: bool = False,
    progress: Callable[[TrainingStep], None] | None = None,
) -> dict[str, Any]:
    """Fine-tune a model on a dataset and return the run's manifest.

    Args:
        dataset_folder: A prepared dataset.
        out: The run folder to write.
        config: The whole job's configuration; `model` and `train` are used here.
        resume: Continue an unfinished run in `out`.
        progress: Called after every logged step.

    Raises:
        RunError: `out` holds something else already, or there is nothing to resume.
        DataError: A split is empty, or a note does not fit the model.
        ModelError: The model cannot be loaded or the loss is not finite.
    """
    started = time.perf_counter()
    if _is_first_process():
        _claim(out, config, resume=resume)
    dataset = open_dataset(dataset_folder)
    template = PromptTemplate.load(config.model.prompt)
    train_rows = _subset(dataset.split("train"), config.train.max_train_notes, config.train.seed, "train")
    validation_rows = _subset(
        dataset.split("validation"), config.train.max_validation_notes, config.train.seed, "validation"
    )
    loaded = load_model(
        config.model.name,
        revision=config.model.revision,
        dtype=config.model.dtype,
        load_in_4bit=config.model.load_in_4bit,
        engine=config.model.engine,
    )
    encoder = PromptEncoder(
        loaded.tokenizer,
        template,
        dataset.labels.names,
        max_note_tokens=config.model.max_note_tokens,
        shortening=config.model.shortening,
    )
    weights = _category_weights(train_rows, config.train)
    rubrics = _rubrics(dataset, train_rows)
    examples = _examples(train_rows, dataset, encoder, weights)
    if config.train.title_weight:
        examples = _with_titles(examples, train_rows, rubrics, encoder, dataset)
    _check_lengths(examples, encoder, loaded)
    if _is_first_process():
        _write_inputs(out, dataset, template, config, train_rows)
        if len(rubrics):
            rubrics.save(out / RUBRICS_FILE)
    arguments = _training_arguments(out, config.train, len(examples))
    with arguments.main_process_first(desc="looking for a checkpoint"):
        checkpoint = last_whole_checkpoint(out / "checkpoints") if resume else None
    model = attach_lora(
        loaded,
        r=config.train.lora_r,
        alpha=config.train.lora_alpha,
        dropout=config.train.lora_dropout,
        targets=config.train.lora_targets,
        top_layers=config.train.lora_top_layers,
        seed=config.train.seed,
    )
    trainer = TreeTrainer(
        model=model,
        encoder=encoder,
        eval_batch_tokens=config.evaluate.batch_tokens,
        label_smoothing=config.train.label_smoothing,
        choice_weight=config.train.choice_weight,
        title_weight=config.train.title_weight,
        args=arguments,
        train_dataset=Examples(examples),
        eval_dataset=Examples(_examples(validation_rows, dataset, encoder, None)),
        callbacks=_callbacks(out, config.train, progress),
    )
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except torch.OutOfMemoryError:
        raise ModelError(
            "the GPU ran out of memory",
            place="train.batch_size",
            hint=_smaller_batch(config.train),
        ) from None
    if not trainer.is_world_process_zero():
        return {}
    return _finish(out, trainer, loaded, dataset, template, config, train_rows, time.perf_counter() - started)


def _is_first_process() -> bool:
    """Return whether this process writes the run folder: the only one, or rank 0 under torchrun or accelerate."""
    return os.environ.get("RANK", "0") == "0"


def _claim(out: Path, config: Config, *, resume: bool) -> None:
    """Make `out` ours, or refuse."""
    if (out / MANIFEST).exists():
        raise RunError("this run is finished already", place=str(out), hint="give another --out")
    if resume:
        if not (out / "config.yaml").exists():
            raise RunError(
                "there is no unfinished run to resume here", place=str(out), hint="start it without --resume"
            )
        recorded = Config.model_validate(yaml.safe_load((out / "config.yaml").read_text(encoding="utf-8")))
        if (recorded.model, recorded.train) != (config.model, config.train):
            raise RunError(
                "the unfinished run was started with another configuration",
                place=str(out / "config.yaml"),
                hint="resume with that file, or start anew in another folder",
            )
    elif out.exists() and any(out.iterdir()):
        raise RunError(
            "this output folder already holds something",
            place=str(out),
            hint="give another --out, or continue with --resume",
        )
    out.mkdir(parents=True, exist_ok=True)


def _subset(rows: pl.DataFrame, size: int | None, seed: int, split: str) -> pl.DataFrame:
    """Return a random subset of a split's rows, in the split's own order."""
    if rows.is_empty():
        raise DataError(f"the {split} split holds no note", hint="prepare a larger dataset")
    if size is None or size >= len(rows):
        return rows
    chosen = np.random.default_rng(seed).choice(len(rows), size=size, replace=False)
    return rows[sorted(chosen.tolist())]


def _category_weights(rows: pl.DataFrame, config: TrainConfig) -> dict[str, float] | None:
    """Return one loss weight a category, inverse to its frequency and 1 on average over notes; None for equal ones."""
    if config.class_balance == "none":
        return None
    counts = Counter(rows["category"].to_list())
    return {category: len(rows) / (len(counts) * count) for category, count in counts.items()}


def _examples(
    rows: pl.DataFrame, dataset: Dataset, encoder: PromptEncoder, weights: dict[str, float] | None
) -> list[Example]:
    return [
        Example(
            note_id=note_id,
            note=encoder.note(text),
            category=dataset.labels.index(category),
            weight=weights[category] if weights else 1.0,
        )
        for note_id, text, category in rows.select("note_id", "clean_text", "category").iter_rows()
    ]


def _rubrics(dataset: Dataset, rows: pl.DataFrame) -> RubricTable:
    """Return what can be suggested: the rubrics of the ICD versions that the training notes are coded in, counted."""
    codes = codes_of(rows)
    versions = {version for note in codes for _, version in note}
    return RubricTable.shipped(dataset.labels, versions).counted(codes)


def _with_titles(
    examples: list[Example], rows: pl.DataFrame, rubrics: RubricTable, encoder: PromptEncoder, dataset: Dataset
) -> list[Example]:
    """Return the examples with the rubric titles that their codes teach.

    Raises:
        DataError: No note has a code of a known rubric.
    """
    titles = [rubric.title for rubric in rubrics.rubrics]
    targets = title_targets(encoder, titles, rubrics.by_category(dataset.labels.names))
    taught = [
        replace(example, titles=tuple(targets[place] for place in rubrics.places_of(codes) if place in targets))
        for example, codes in zip(examples, codes_of(rows), strict=True)
    ]
    if not any(example.titles for example in taught):
        raise DataError(
            "no training note has an ICD code whose rubric could be learned",
            place="train.title_weight",
            hint="set it to 0, or prepare the notes with their codes",
        )
    return taught


def _check_lengths(examples: list[Example], encoder: PromptEncoder, loaded: LoadedModel) -> None:
    """Refuse, before the first step, a note whose answer would not fit into the model's context."""
    limit = loaded.model.config.max_position_embeddings
    for example in examples:
        title = max((len(encoder.title_cue) + len(target.tokens) for target in example.titles), default=0)
        answer = max(
            len(encoder.answers[category]) for category in {example.category, *(t.category for t in example.titles)}
        )
        length = len(encoder.root) + len(example.note.tokens) + answer + title
        if length > limit:
            raise DataError(
                f"instruction, note and answer take {length} tokens, the model reads {limit}: the answer would be cut",
                place=f"note {example.note_id}",
                hint=f"set model.max_note_tokens to {encoder.max_note_tokens - (length - limit)} or less",
            )


def _write_inputs(out: Path, dataset: Dataset, template: PromptTemplate, config: Config, rows: pl.DataFrame) -> None:
    """Write what the run was made of, before training starts."""
    dataset.labels.save(out / "labels.tsv")
    (out / "prompt.jinja").write_text(template.source, encoding="utf-8")
    settings = config.model_dump(mode="json")
    (out / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    write_json(out / "train_notes.json", {"note_ids": rows["note_id"].to_list()})


def _training_arguments(out: Path, config: TrainConfig, n_examples: int) -> TrainingArguments:
    """Translate our configuration into the Trainer's."""
    per_step = config.batch_size * config.accumulation_steps * int(os.environ.get("WORLD_SIZE", "1"))
    n_steps = config.max_steps or math.ceil(n_examples / per_step * config.epochs)
    cadence = "steps" if config.eval_every_steps is not None else "epoch"
    checkpointing = {_checkpointing_argument(): True} if config.gradient_checkpointing else {}
    return TrainingArguments(
        output_dir=str(out / "checkpoints"),
        num_train_epochs=config.epochs,
        max_steps=config.max_steps or -1,
        per_device_train_batch_size=config.batch_size,
        gradient_accumulation_steps=config.accumulation_steps,
        learning_rate=config.learning_rate,
        lr_scheduler_type=config.schedule,
        warmup_steps=round(config.warmup_share * n_steps),
        weight_decay=config.weight_decay,
        adam_beta2=config.adam_beta2,
        max_grad_norm=config.max_grad_norm,
        logging_strategy="steps",
        logging_steps=1,
        eval_strategy=cadence,
        save_strategy=cadence,
        eval_steps=config.eval_every_steps,
        save_steps=config.eval_every_steps or 1,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        report_to=_trackers(config.report_to),
        seed=config.seed,
        data_seed=config.seed,
        remove_unused_columns=False,
        disable_tqdm=True,
        dataloader_num_workers=0,
        dataloader_pin_memory=False,
        ddp_find_unused_parameters=False,
        use_cpu=not torch.cuda.is_available(),
        **checkpointing,
    )


def _checkpointing_argument() -> str:
    """Return what this release of transformers calls recomputing activations; newer ones deprecate the older name."""
    names = {field.name for field in dataclasses.fields(TrainingArguments)}
    return "activation_checkpointing" if "activation_checkpointing" in names else "gradient_checkpointing"


def _trackers(report_to: tuple[str, ...]) -> list[str]:
    if report_to != ("auto",):
        return list(report_to)
    from transformers.integrations import is_tensorboard_available

    return ["tensorboard"] if is_tensorboard_available() else []


def _callbacks(
    out: Path, config: TrainConfig, progress: Callable[[TrainingStep], None] | None
) -> list[TrainerCallback]:
    callbacks: list[TrainerCallback] = [LogFile(out / "training_log.jsonl", progress), CheckpointSeal()]
    if config.early_stopping_patience is not None:
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=config.early_stopping_patience))
    return callbacks


def _smaller_batch(config: TrainConfig) -> str:
    if config.batch_size == 1:
        return "set train.gradient_checkpointing=true, model.load_in_4bit=true, or a smaller model.max_note_tokens"
    half = config.batch_size // 2
    steps = config.accumulation_steps * math.ceil(config.batch_size / half)
    return f"set train.batch_size={half} train.accumulation_steps={steps}: the same step in half the memory"


def _finish(
    out: Path,
    trainer: TreeTrainer,
    loaded: LoadedModel,
    dataset: Dataset,
    template: PromptTemplate,
    config: Config,
    rows: pl.DataFrame,
    seconds: float,
) -> dict[str, Any]:
    """Write the best adapter and the manifest; remove the checkpoints."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    model.save_pretrained(out / "adapter")
    manifest = {
        "kind": "run",
        "format": 1,
        "dataset": {
            "path": str(dataset.folder),
            "manifest_sha256": sha256_file(dataset.folder / MANIFEST),
            "preparation": dataset.manifest["config"],
            "n_train": len(dataset.split("train")),
        },
        "labels_sha256": dataset.labels.sha256,
        "prompt_sha256": template.sha256,
        "model": {
            "name": loaded.name,
            "revision": loaded.revision,
            "weights_sha256": loaded.weights_sha256,
            "n_parameters": loaded.n_parameters,
            "n_trainable": sum(p.numel() for p in model.parameters() if p.requires_grad),
        },
        "adapter_sha256": sha256_file(out / "adapter" / "adapter_model.safetensors"),
        "n_train_notes": len(rows),
        "train_note_ids_sha256": sha256_text("\n".join(rows["note_id"].to_list())),
        "n_steps": trainer.state.global_step,
        "best_step": trainer.state.best_global_step,
        "config": config.model_dump(mode="json"),
        "environment": environment(),
        "timings": {"train_seconds": round(seconds, 1)},
    }
    write_json(out / MANIFEST, manifest)
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    return manifest
