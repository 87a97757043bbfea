"""Training: from a prepared dataset to a run folder with a LoRA adapter.

A run folder grows while training goes on (checkpoints, `training_log.jsonl`) and receives its `manifest.json` last;
until then `resume=True` continues it, from the last checkpoint that was written whole, to the same adapter that an
uninterrupted training would have given. The base model is never changed.
"""

import dataclasses
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from transformers import PrinterCallback, ProgressCallback, TrainingArguments

from nosology.coding.rubrics import RubricTable
from nosology.config import Config, ModelConfig, TrainConfig
from nosology.dataset.folder import Dataset, codes_of, open_dataset
from nosology.errors import DataError, ModelError
from nosology.files import as_json, sha256_file, sha256_text, write_text
from nosology.machine import is_lack_of_memory
from nosology.modeling.adapters import attach_lora, attach_unsloth_lora
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.loading import LoadedModel, load_model
from nosology.modeling.prompts import PromptTemplate
from nosology.modeling.title_targets import title_targets
from nosology.runs.files import RunFiles
from nosology.runs.integrity import record
from nosology.runs.manifest import RunManifest, Timings, TrainedModel, TrainingDataset
from nosology.runs.provenance import environment
from nosology.text.cleaning import Cleaning
from nosology.training.arguments import (
    callbacks,
    can_compile,
    notes_at_once,
    recomputes,
    smaller_batch,
    training_arguments,
)
from nosology.training.balance import NoteOrder, balancing_weights, log_priors
from nosology.training.callbacks import TrainingStep, last_whole_checkpoint
from nosology.training.folder import claim, expect_same_inputs, is_first_process, write_inputs
from nosology.training.halving import saved_size
from nosology.training.libraries import expect_libraries
from nosology.training.mixing import with_course, with_demands
from nosology.training.start import begin_from, keep_of_start, origin
from nosology.training.trainer import Example, Examples, TreeTrainer


def train(
    dataset_folder: Path,
    out: Path,
    config: Config,
    *,
    resume: bool = False,
    progress: Callable[[TrainingStep], None] | None = None,
) -> RunManifest | None:
    """Fine-tune a model on a dataset and return the run's manifest; None in all processes but the first.

    Args:
        dataset_folder: A prepared dataset.
        out: The run folder to write.
        config: The whole job's configuration; `model` and `train` are used here.
        resume: Continue an unfinished run in `out`.
        progress: Called after every logged step.

    Raises:
        ConfigError: A package is missing that the configuration asks for.
        RunError: `out` holds something else already, or there is nothing to resume.
        DataError: A split is empty, or a note does not fit the model.
        ModelError: The model cannot be loaded or the loss is not finite.
    """
    started = time.perf_counter()
    _begin(out, config, resume=resume)
    dataset = open_dataset(dataset_folder)
    train_rows = _subset(dataset, "train", config.train.max_train_notes, config.train.seed)
    validation_rows = _subset(dataset, "validation", config.train.max_validation_notes, config.train.seed)
    loaded, template, encoder = _model(config.model, dataset)
    rubrics = _rubrics(dataset, train_rows)
    examples = _training_examples(train_rows, dataset, rubrics, encoder, config.train)
    _check_lengths(examples, encoder, loaded)
    _keep_inputs(out, dataset, template, config, train_rows, rubrics, resume=resume)
    has_recomputation = recomputes(config, loaded, encoder, examples)
    arguments = training_arguments(out, config.train, len(examples), has_recomputation=has_recomputation)
    checkpoint = _checkpoint(out, arguments) if resume else None
    trainer = _trainer(
        begin_from(config.train.start, _adapted(loaded, encoder, config), loaded, config),
        encoder,
        config,
        notes_at_once=saved_size(checkpoint) or notes_at_once(config, loaded, encoder, examples),
        args=arguments,
        train_dataset=Examples(examples),
        eval_dataset=Examples(_examples(validation_rows, dataset, encoder)),
        callbacks=callbacks(out, config.train, progress),
    )
    _run(trainer, checkpoint, config)
    if not trainer.is_world_process_zero():
        return None
    return _finish(out, trainer, loaded, dataset, template, config, train_rows, time.perf_counter() - started)


def _keep_inputs(
    out: Path,
    dataset: Dataset,
    template: PromptTemplate,
    config: Config,
    rows: pl.DataFrame,
    rubrics: RubricTable,
    *,
    resume: bool,
) -> None:
    """Write into the run folder what it is trained on; a run that goes on must be trained on the same."""
    if not is_first_process():
        return
    if resume:
        expect_same_inputs(out, dataset, template, rows)
    write_inputs(out, dataset, template, config, rows, rubrics)


def _model(config: ModelConfig, dataset: Dataset) -> tuple[LoadedModel, PromptTemplate, PromptEncoder]:
    """Return the base model, loaded for training, the words around its notes, and what cuts prompts for it."""
    template = PromptTemplate.load(config.prompt)
    loaded = load_model(
        config.name,
        revision=config.revision,
        dtype=config.dtype,
        load_in_4bit=config.load_in_4bit,
        engine=config.engine,
        for_training=True,
    )
    encoder = PromptEncoder(
        loaded.tokenizer,
        template,
        dataset.labels.names,
        max_note_tokens=config.max_note_tokens,
        shortening=config.shortening,
    )
    return loaded, template, encoder


def _adapted(loaded: LoadedModel, encoder: PromptEncoder, config: Config) -> Any:
    """Return the model with the fresh adapter that the configuration asks for, and its head."""
    has_head = config.train.head == "classification"
    attach = attach_unsloth_lora if config.model.engine == "unsloth" else attach_lora
    return attach(
        loaded,
        r=config.train.lora_r,
        alpha=config.train.lora_alpha,
        dropout=config.train.lora_dropout,
        targets=config.train.lora_targets,
        top_layers=config.train.lora_top_layers,
        head_tokens=[answer[0] for answer in encoder.answers] if has_head else None,
        seed=config.train.seed,
    )


def _trainer(
    model: Any, encoder: PromptEncoder, config: Config, *, train_dataset: Examples, **settings: Any
) -> TreeTrainer:
    """Return the trainer, silent but for our own callbacks; ``settings`` go to transformers' Trainer."""
    examples = train_dataset.examples
    categories = [example.category for example in examples]
    adjusts = config.train.class_balance == "logit_adjustment"
    trainer = TreeTrainer(
        model=model,
        encoder=encoder,
        eval_batch_tokens=config.evaluate.batch_tokens,
        label_smoothing=config.train.label_smoothing,
        choice_weight=config.train.choice_weight,
        title_weight=config.train.title_weight,
        head=config.train.head,
        log_priors=log_priors(categories, len(encoder.answers)) if adjusts else None,
        order=_order(examples, config.train),
        is_packed=config.model.engine != "unsloth",
        compiles_layers=config.train.compile_layers and can_compile(config),
        train_dataset=train_dataset,
        **settings,
    )
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
    return trainer


def _checkpoint(out: Path, arguments: TrainingArguments) -> Path | None:
    """Return the checkpoint to go on from, the same in every process; None where none was written whole."""
    with arguments.main_process_first(desc="looking for a checkpoint"):
        return last_whole_checkpoint(RunFiles(out).checkpoints)


def _run(trainer: TreeTrainer, checkpoint: Path | None, config: Config) -> None:
    """Train to the end.

    Raises:
        ModelError: Memory ran out; says which setting to change, and to what.
    """
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not is_lack_of_memory(error):
            raise
        raise ModelError("out of memory", place="train.batch_size", hint=smaller_batch(config)) from None


def _begin(out: Path, config: Config, *, resume: bool) -> None:
    """Refuse what cannot be done here, then claim the run folder."""
    expect_libraries(config)
    if is_first_process():
        claim(out, config, resume=resume)


def _subset(dataset: Dataset, split: str, size: int | None, seed: int) -> pl.DataFrame:
    """Return a random subset of a split's rows, in the split's own order.

    Raises:
        DataError: The split is empty.
    """
    rows = dataset.split(split)
    if rows.is_empty():
        raise DataError(f"the {split} split holds no note", hint="prepare a larger dataset")
    if size is None or size >= len(rows):
        return rows
    chosen = np.random.default_rng(seed).choice(len(rows), size=size, replace=False)
    return rows[sorted(chosen.tolist())]


def _training_examples(
    rows: pl.DataFrame, dataset: Dataset, rubrics: RubricTable, encoder: PromptEncoder, config: TrainConfig
) -> list[Example]:
    """Return what is learned: training notes and course, some with a demand, weighted and with titles if asked for."""
    form = Cleaning.like(dataset.preparation)
    taught = with_course(rows, dataset.labels, config.course, form)
    taught = with_demands(taught, dataset.labels, config.demands, config.seed, form)
    examples = _examples(taught, dataset, encoder)
    if config.class_balance == "weights":
        examples = _weighted(examples)
    if config.title_weight:
        examples = _with_titles(examples, taught, rubrics, encoder, dataset)
    return examples


def _examples(rows: pl.DataFrame, dataset: Dataset, encoder: PromptEncoder) -> list[Example]:
    return [
        Example(note_id=note_id, note=encoder.note(text), category=dataset.labels.index(category))
        for note_id, text, category in rows.select("note_id", "clean_text", "category").iter_rows()
    ]


def _weighted(examples: list[Example]) -> list[Example]:
    """Return the examples with a loss weight each, inverse to the frequency of its category."""
    weights = balancing_weights([example.category for example in examples])
    return [dataclasses.replace(example, weight=weight) for example, weight in zip(examples, weights, strict=True)]


def _order(examples: list[Example], config: TrainConfig) -> NoteOrder | None:
    """Return the order of an epoch's notes; None for the Trainer's own."""
    is_sampled = config.class_balance == "sampling"
    if not (is_sampled or config.group_by_length):
        return None
    return NoteOrder(
        [len(example.note.tokens) for example in examples],
        batch_size=config.notes_per_batch,
        weights=balancing_weights([example.category for example in examples]) if is_sampled else None,
        by_length=config.group_by_length,
        seed=config.seed,
    )


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
        dataclasses.replace(
            example, titles=tuple(targets[place] for place in rubrics.places_of(codes) if place in targets)
        )
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


def _finish(
    out: Path,
    trainer: TreeTrainer,
    loaded: LoadedModel,
    dataset: Dataset,
    template: PromptTemplate,
    config: Config,
    rows: pl.DataFrame,
    seconds: float,
) -> RunManifest:
    """Write the best adapter and the manifest; remove the checkpoints."""
    files = RunFiles(out)
    model = trainer.accelerator.unwrap_model(trainer.model)
    keep_of_start(config.train.start, model, config.train.start_share)
    model.save_pretrained(files.adapter)
    manifest = RunManifest(
        dataset=TrainingDataset(
            path=str(dataset.folder),
            manifest_sha256=dataset.manifest_sha256,
            preparation=dataset.preparation,
            n_train=len(dataset.split("train")),
            is_invented=dataset.is_invented,
        ),
        labels_sha256=dataset.labels.sha256,
        prompt_sha256=template.sha256,
        model=TrainedModel(
            name=loaded.name,
            revision=loaded.revision,
            weights_sha256=loaded.weights_sha256,
            n_parameters=loaded.n_parameters,
            n_trainable=sum(p.numel() for p in model.parameters() if p.requires_grad),
        ),
        adapter_sha256=sha256_file(files.adapter_weights),
        start=origin(config.train.start),
        n_train_notes=len(rows),
        train_note_ids_sha256=sha256_text("\n".join(rows["note_id"].to_list())),
        n_steps=trainer.state.global_step,
        best_step=trainer.state.best_global_step,
        notes_at_once=trainer.notes_at_once,
        config=config,
        environment=environment(),
        timings=Timings(train_seconds=round(seconds, 1)),
    )
    text = as_json(manifest.model_dump(mode="json"))
    record(files, loaded.files, manifest=text)
    write_text(files.manifest, text)
    shutil.rmtree(files.checkpoints, ignore_errors=True)
    return manifest
