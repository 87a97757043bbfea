"""Whether this machine can run a configuration, and what to change where it cannot.

Compares what a configuration needs (model, packages, memory, time) with what the machine has. Needs no network and
loads no weights. Estimates of memory are upper ones; an estimate of time is good to a factor of two.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from nosology.config import EMBEDDED_MODEL, Config
from nosology.errors import ModelError
from nosology.machine import Machine
from nosology.modeling.sizing import (
    GIGABYTE,
    Architecture,
    Fitting,
    MemoryNeed,
    TrainingLoad,
    architecture_in,
    fitting_batches,
    known_architecture,
    operations_per_note,
    training_memory,
    with_recomputation_where_needed,
)
from nosology.training.duration import TrainingNotes, notes_read

INSTRUCTION_TOKENS = 220
"""The shipped prompt with 18 categories takes 170 to 200 tokens, by tokenizer; chat markup comes on top."""

TOKENS_PER_WORD = 2.0
"""Clinical notes take 1.4 to 1.9 tokens a word, by tokenizer: abbreviations and drug names are cut into pieces."""

ANSWER_AND_CUE_TOKENS = 16

PROGRAM_BYTES = GIGABYTE
"""Python, torch and transformers take half of it, data the rest; a CUDA context is of the same size."""

SHARE_OF_MATRIX_SPEED = 0.5
"""Training reaches about half the speed of a bare matrix product."""

SLOW_SECONDS_PER_NOTE = 5.0
"""From here on, a thousand notes take more than an hour and a half."""


TimeNote = Callable[[Architecture, TrainingLoad], float]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to know before the run: a problem stops it, advice does not.

    Attributes:
        remedy: What to do about it.
    """

    level: Literal["problem", "advice"]
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class ModelOnDisk:
    """What is known of a model without loading it.

    Attributes:
        shape: None where nothing on this machine tells it.
        download_bytes: What the Hub would have to send first; 0 where the model is here.
    """

    name: str
    shape: Architecture | None
    download_bytes: int


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a configuration needs, beside what the machine has.

    Attributes:
        need: Memory of one training step; None where the model's shape is unknown.
        memory_of: What that memory is part of: the GPU's name, or ``"main memory"``.
        free_bytes: How much of it there is for the model.
        seconds_per_note: Training time; None where the shape is unknown.
        is_measured: Whether that was timed on this machine's GPU; else it is estimated from matrix products.
        hours: Training time of a dataset, all passes; None where none was given.
        fitting: The largest batches that fit into the free memory.
    """

    model: ModelOnDisk
    need: MemoryNeed | None
    memory_of: str
    free_bytes: int
    seconds_per_note: float | None
    findings: tuple[Finding, ...]
    is_measured: bool = False
    hours: float | None = None
    fitting: tuple[Fitting, ...] = ()

    @property
    def can_run(self) -> bool:
        """Whether no problem was found; advice does not count."""
        return all(finding.level != "problem" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the diagnosis as plain values, ready for JSON."""
        return {"can_run": self.can_run, **asdict(self)}


def examine(
    config: Config, machine: Machine, dataset: TrainingNotes | None = None, time_note: TimeNote | None = None
) -> Diagnosis:
    """Return what ``config`` needs on this machine and what stands in its way.

    Args:
        config: The job.
        machine: What is there.
        dataset: What is to be trained on, for the hours that it takes.
        time_note: Measures the seconds of training on a note, where a GPU is there; None to estimate them.
    """
    try:
        model = find_model(config.model.name, config.model.revision)
        findings = list(_about_download(model))
    except ModelError as error:
        model = ModelOnDisk(config.model.name, None, 0)
        findings = [Finding("problem", error.message, error.hint)]
    findings += [*_about_packages(config, machine), *_about_number_format(config, machine)]
    place, free = _memory_for_models(machine)
    if model.shape is None:
        return Diagnosis(model, None, place, free, None, tuple(findings))
    load = training_load(config, machine)
    if config.train.gradient_checkpointing == "auto":
        load = with_recomputation_where_needed(model.shape, load, free)
    need = training_memory(model.shape, load)
    mean = _of_mean_length(load, dataset)
    is_measured = time_note is not None and bool(machine.gpus) and not load.is_4bit
    seconds = time_note(model.shape, mean) if time_note and is_measured else _estimate(model.shape, mean, machine)
    can_4bit = bool(machine.gpus and machine.packages["bitsandbytes"])
    findings += [
        *_about_memory(config, machine, model.shape, need, free, place),
        *_about_time(seconds, model.name, machine),
    ]
    return Diagnosis(
        model,
        need,
        place,
        free,
        seconds,
        tuple(findings),
        is_measured,
        None if dataset is None else seconds * notes_read(config, dataset) / 3600,
        fitting_batches(model.shape, load, free, can_4bit=can_4bit),
    )


def _of_mean_length(load: TrainingLoad, dataset: TrainingNotes | None) -> TrainingLoad:
    """Return the load with notes as long as the dataset's are on average: time follows the mean, memory the longest."""
    if dataset is None:
        return load
    mean = round(dataset.mean_words * TOKENS_PER_WORD) + ANSWER_AND_CUE_TOKENS
    return replace(load, note_tokens=min(load.note_tokens, mean))


def find_model(name: str, revision: str | None = None) -> ModelOnDisk:
    """Return what this machine knows of a model, without a network.

    Raises:
        ModelError: There is no such model here, and nothing says how large it is.
    """
    if name.startswith("embedded:"):
        from nosology.modeling.embedded import embedded_file

        embedded_file(name.removeprefix("embedded:"))
        return ModelOnDisk(name, known_architecture("HuggingFaceTB/SmolLM2-135M-Instruct"), 0)
    if Path(name).is_dir():
        return ModelOnDisk(name, architecture_in(Path(name)), 0)
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise ModelError(f"there is no folder {name!r}, and it is no Hub name", hint="Hub names read owner/model")
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(name, "config.json", revision=revision)
    folder = Path(cached).parent if isinstance(cached, str) else None
    shape = architecture_in(folder) if folder else known_architecture(name)
    if shape is None:
        raise ModelError(
            f"{name} is not on this machine, and its size is unknown",
            hint=f"fetch its configuration with `hf download {name} config.json`, then ask again",
        )
    is_here = folder is not None and any(folder.glob("*.safetensors"))
    return ModelOnDisk(name, shape, 0 if is_here else 2 * shape.n_parameters)


def training_load(config: Config, machine: Machine) -> TrainingLoad:
    """Return what one training step of this configuration holds at most."""
    longest = config.model.max_note_tokens
    if config.prepare.max_words is not None:
        longest = min(longest, round(config.prepare.max_words * TOKENS_PER_WORD))
    given = config.model.dtype
    automatic: Literal["float32", "bfloat16"] = "bfloat16" if machine.gpus or machine.has_bfloat16 else "float32"
    return TrainingLoad(
        n_notes=config.train.notes_per_batch,
        instruction_tokens=INSTRUCTION_TOKENS,
        note_tokens=longest + ANSWER_AND_CUE_TOKENS,
        dtype=given if given == "float32" or given == "bfloat16" else automatic,
        is_4bit=config.model.load_in_4bit,
        is_checkpointed=config.train.gradient_checkpointing is True,
        lora_r=config.train.lora_r,
        lora_targets=config.train.lora_targets,
        lora_top_layers=config.train.lora_top_layers,
    )


def _about_download(model: ModelOnDisk) -> Iterator[Finding]:
    if not model.download_bytes:
        return
    from huggingface_hub.constants import HF_HUB_CACHE

    cache = Path(HF_HUB_CACHE)
    while not cache.exists():
        cache = cache.parent
    free = shutil.disk_usage(cache).free
    size = gigabytes(model.download_bytes)
    if free < model.download_bytes:
        yield Finding(
            "problem",
            f"the model's {size} do not fit on the disk of {cache}, which has {gigabytes(free)} free",
            "free some space, or point HF_HOME at a larger disk",
        )
    yield Finding(
        "advice",
        f"the model is not on this machine yet: {size} to download",
        f"`hf download {model.name}` fetches it once; afterwards everything runs with the network off",
    )


def _about_packages(config: Config, machine: Machine) -> Iterator[Finding]:
    has_gpu = bool(machine.gpus)
    if config.model.name.startswith("embedded:") and machine.packages["gguf"] is None:
        yield Finding("problem", "reading the embedded model needs gguf", "pip install 'nosology[embedded]'")
    if config.model.load_in_4bit and not (has_gpu and machine.packages["bitsandbytes"]):
        yield Finding(
            "problem",
            "4-bit weights need a CUDA GPU and the package bitsandbytes",
            "pip install 'nosology[gpu]'" if has_gpu else "--set model.load_in_4bit=false",
        )
    if config.model.engine == "unsloth" and not (has_gpu and machine.packages["unsloth"]):
        yield Finding(
            "problem",
            "the engine unsloth needs a CUDA GPU and the package unsloth",
            "pip install unsloth, or --set model.engine=transformers" if has_gpu else "--set model.engine=transformers",
        )


def _about_number_format(config: Config, machine: Machine) -> Iterator[Finding]:
    ratio = machine.gflops_bfloat16 / machine.gflops
    if machine.gpus:
        if config.model.dtype != "float32" and not machine.gpus[0].has_bfloat16:
            yield Finding("advice", f"{machine.gpus[0].name} has no bfloat16 units", "--set model.dtype=float32")
    elif config.model.dtype == "bfloat16" and ratio < 0.67:
        yield Finding(
            "advice", f"bfloat16 is {1 / ratio:.1f} times slower than float32 on this CPU", "--set model.dtype=float32"
        )
    elif ratio > 1.5 and (
        config.model.dtype == "float32" or (config.model.dtype in ("auto", "native") and not machine.has_bfloat16)
    ):
        yield Finding(
            "advice", f"bfloat16 is {ratio:.1f} times faster than float32 on this CPU", "--set model.dtype=bfloat16"
        )


def _about_memory(
    config: Config, machine: Machine, shape: Architecture, need: MemoryNeed, free: int, place: str
) -> Iterator[Finding]:
    if need.total <= free:
        return
    changes = changes_that_fit(config, machine, shape, free)
    smaller = f"--set model.name={EMBEDDED_MODEL}"
    if changes:
        remedy = " ".join(f"--set {change}" for change in changes)
    elif config.model.name == EMBEDDED_MODEL:
        remedy = "close other programs"
    else:
        remedy = f"use a machine with more memory, or a smaller model, e.g. {smaller}"
    yield Finding("problem", f"needs {gigabytes(need.total)} of {place}, where {gigabytes(free)} are free", remedy)


def changes_that_fit(config: Config, machine: Machine, shape: Architecture, free: int) -> list[str]:
    """Return the least set of changes, as ``section.key=value``, with which training fits; empty where none does.

    They are taken in the order of what they cost: a smaller batch with as much more accumulation trains the same,
    recomputing activations costs half as much time again, 4-bit weights cost accuracy, shorter notes cost information.

    Args:
        config: What does not fit as it is.
        machine: Cores, memory and GPUs of this machine.
        shape: The model's layers and widths, read without its weights.
        free: Bytes of memory that are free, of the GPU where there is one.
    """
    changes: dict[str, Any] = {}

    def fits() -> bool:
        load = training_load(_with(config, changes), machine)
        if config.train.gradient_checkpointing == "auto":
            load = with_recomputation_where_needed(shape, load, free)
        return training_memory(shape, load).total <= free

    size, steps = config.train.notes_per_batch, config.train.accumulation_steps
    while size > 1:
        size, steps = size // 2, steps * 2
        changes |= {"train.batch_size": size, "train.accumulation_steps": steps}
        if fits():
            return _as_overrides(changes)
    candidates: list[tuple[str, Any]] = []
    if config.train.gradient_checkpointing is False:
        candidates.append(("train.gradient_checkpointing", True))
    if machine.gpus and machine.packages["bitsandbytes"]:
        candidates.append(("model.load_in_4bit", True))
    elif not machine.gpus and machine.gflops_bfloat16 > 0.67 * machine.gflops:
        candidates.append(("model.dtype", "bfloat16"))
    candidates += [
        ("model.max_note_tokens", tokens) for tokens in (1024, 512, 256) if tokens < config.model.max_note_tokens
    ]
    for key, value in candidates:
        changes[key] = value
        if fits():
            return _as_overrides(changes)
    return []


def _as_overrides(changes: dict[str, Any]) -> list[str]:
    return [f"{key}={str(value).lower() if isinstance(value, bool) else value}" for key, value in changes.items()]


def _with(config: Config, changes: dict[str, Any]) -> Config:
    """Return the configuration with some fields changed."""
    values = config.model_dump()
    for key, value in changes.items():
        section, _, name = key.partition(".")
        values[section][name] = value
    return Config.model_validate(values)


def _about_time(seconds: float, model: str, machine: Machine) -> Iterator[Finding]:
    if seconds < SLOW_SECONDS_PER_NOTE:
        return
    hours = seconds * 1000 / 3600
    ways = ["fewer notes with --set train.max_train_notes=N"]
    ways += [] if machine.gpus else ["a machine with a GPU"]
    ways += [] if model == EMBEDDED_MODEL else [f"--set model.name={EMBEDDED_MODEL}"]
    yield Finding(
        "advice",
        f"slow: about {seconds:.0f} s a note, {hours:.0f} hours for every 1,000 training notes",
        ", or ".join(ways),
    )


def _estimate(shape: Architecture, load: TrainingLoad, machine: Machine) -> float:
    gflops = machine.gflops if load.dtype == "float32" else machine.gflops_bfloat16
    return operations_per_note(shape, load) / (gflops * 1e9 * SHARE_OF_MATRIX_SPEED)


def _memory_for_models(machine: Machine) -> tuple[str, int]:
    if machine.gpus:
        return machine.gpus[0].name, max(machine.gpus[0].free_bytes - PROGRAM_BYTES, 0)
    return "main memory", max(machine.available_bytes - PROGRAM_BYTES, 0)


def gigabytes(n_bytes: float) -> str:
    """Return a size as people say it: ``0.1 GB``, ``12.9 GB``, ``131 GB``."""
    size = n_bytes / GIGABYTE
    return f"{size:.0f} GB" if size >= 100 else f"{size:.1f} GB"
