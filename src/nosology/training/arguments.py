"""Our configuration in the Trainer's words, and what depends on the machine: recomputation, compiling, memory hints."""

import dataclasses
import math
import os
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import EarlyStoppingCallback, TrainerCallback, TrainingArguments

from nosology.config import Config, TrainConfig
from nosology.machine import free_memory
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.loading import LoadedModel
from nosology.modeling.sizing import Architecture, TrainingLoad, training_memory, with_recomputation_where_needed
from nosology.runs.files import RunFiles
from nosology.training.callbacks import CheckpointSeal, LogFile, TrainingStep
from nosology.training.trainer import Example


def recomputes(config: Config, loaded: LoadedModel, encoder: PromptEncoder, examples: list[Example]) -> bool:
    """Return whether activations are computed again in the backward pass, by the configuration or by free memory.

    Args:
        config: The configuration.
        loaded: The model with its tokenizer.
        encoder: Cuts prompts for the model.
        examples: The training examples.
    """
    if config.train.gradient_checkpointing != "auto":
        return config.train.gradient_checkpointing
    is_auto = config.train.batch_size == "auto"  # halves its batches first, which costs less
    load = _load(config, loaded, encoder, examples, 1 if is_auto else config.train.notes_per_batch)
    shape = Architecture.from_config(loaded.model.config.to_dict(), place=config.model.name)
    return with_recomputation_where_needed(shape, load, _available(loaded, shape, load)).is_checkpointed


def notes_at_once(config: Config, loaded: LoadedModel, encoder: PromptEncoder, examples: list[Example]) -> int | None:
    """Return how many notes go through the model at once to begin with; None where that is not for us to choose.

    On CUDA it is tried out. On a CPU a program that asks for too much is killed without a word, so there the estimate
    decides.

    Args:
        config: The configuration.
        loaded: The model with its tokenizer.
        encoder: Cuts prompts for the model.
        examples: The training examples.
    """
    if config.train.batch_size != "auto":
        return None
    size = config.train.notes_per_batch
    if loaded.model.get_input_embeddings().weight.device.type == "cuda":
        return size
    shape = Architecture.from_config(loaded.model.config.to_dict(), place=config.model.name)
    while size > 1:
        load = _load(config, loaded, encoder, examples, size)
        if training_memory(shape, load).total <= _available(loaded, shape, load):
            break
        size //= 2
    return size


def _load(
    config: Config, loaded: LoadedModel, encoder: PromptEncoder, examples: list[Example], n_notes: int
) -> TrainingLoad:
    """Return what one pass over so many notes holds, without recomputation unless it is asked for."""
    embeddings = loaded.model.get_input_embeddings().weight
    return TrainingLoad(
        n_notes=n_notes,
        instruction_tokens=len(encoder.root),
        note_tokens=max(len(example.note.tokens) for example in examples) + max(map(len, encoder.answers)),
        dtype="bfloat16" if embeddings.dtype == torch.bfloat16 else "float32",
        is_4bit=config.model.load_in_4bit,
        is_checkpointed=config.train.gradient_checkpointing is True,
        lora_r=config.train.lora_r,
        lora_targets=config.train.lora_targets,
        lora_top_layers=config.train.lora_top_layers,
    )


def _available(loaded: LoadedModel, shape: Architecture, load: TrainingLoad) -> int:
    """Return the bytes that training may take: what is free, and the weights that are in memory already."""
    device = loaded.model.get_input_embeddings().weight.device.type
    return free_memory(device) + training_memory(shape, load).weights


def can_compile(config: Config) -> bool:
    """Return whether layers can be compiled: on a GPU, with plain weights."""
    return torch.cuda.is_available() and not config.model.load_in_4bit and config.model.engine == "transformers"


def training_arguments(
    out: Path, config: TrainConfig, n_examples: int, *, has_recomputation: bool
) -> TrainingArguments:
    """Translate our configuration into the Trainer's.

    Args:
        out: The run folder.
        config: The configuration.
        n_examples: How many there are.
        has_recomputation: Whether activations are computed again.
    """
    per_step = config.notes_per_batch * config.accumulation_steps * int(os.environ.get("WORLD_SIZE", "1"))
    n_steps = config.max_steps or math.ceil(n_examples / per_step * config.epochs)
    cadence = "steps" if config.eval_every_steps is not None else "epoch"
    checkpointing = {_checkpointing_argument(): True} if has_recomputation else {}
    return TrainingArguments(
        output_dir=str(RunFiles(out).checkpoints),
        num_train_epochs=config.epochs,
        max_steps=config.max_steps or -1,
        per_device_train_batch_size=config.notes_per_batch,
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


def callbacks(out: Path, config: TrainConfig, progress: Callable[[TrainingStep], None] | None) -> list[TrainerCallback]:
    """Return what watches a training: its log, the seal on each checkpoint, and early stopping where it is wanted.

    Args:
        out: The run's folder.
        config: Says whether to stop early.
        progress: Told of every logged step; None for nobody.
    """
    callbacks: list[TrainerCallback] = [LogFile(RunFiles(out).training_log, progress), CheckpointSeal()]
    if config.early_stopping_patience is not None:
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=config.early_stopping_patience))
    return callbacks


def smaller_batch(config: Config) -> str:
    """Return the setting that costs least to change, and its value."""
    if config.train.batch_size in (1, "auto"):  # which has halved itself down to one note
        tokens = config.model.max_note_tokens // 2
        ways = [] if config.train.gradient_checkpointing is True else ["train.gradient_checkpointing=true"]
        ways += [] if config.model.load_in_4bit or not torch.cuda.is_available() else ["model.load_in_4bit=true"]
        return f"set {', or '.join([*ways, f'model.max_note_tokens={tokens}'])}"
    size = config.train.notes_per_batch
    half = size // 2
    steps = config.train.accumulation_steps * math.ceil(size / half)
    return f"set train.batch_size={half} train.accumulation_steps={steps}: the same step in half the memory"
