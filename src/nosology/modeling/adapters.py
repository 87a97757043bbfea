"""LoRA adapters on a frozen base model: fresh ones, saved ones, and values from one run given to another.

An adapter is a peft model around the base; its LoRA layers compute by `nosology.modeling.lora`. A saved adapter whose
tensors are not exactly those expected is refused, since peft would fill gaps with fresh values.
"""

import importlib
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import torch

from nosology.errors import ModelError
from nosology.modeling.heads import HEAD_MODULE, put_category_head
from nosology.modeling.loading import LoadedModel, decoder, first_line
from nosology.runs.files import ADAPTER_WEIGHTS

_LARGEST = 1e4  # of an adapter's weights; trained ones are below 10

ATTENTION_TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj")


def attach_lora(
    loaded: LoadedModel,
    *,
    r: int,
    alpha: float,
    dropout: float,
    targets: Literal["attention", "all-linear"] | Sequence[str],
    top_layers: int | None = None,
    head_tokens: Sequence[int] | None = None,
    seed: int,
) -> Any:
    """Return the model with fresh LoRA matrices on a frozen base (a peft model).

    Args:
        loaded: The base model.
        r: Rank.
        alpha: Updates are multiplied by ``alpha / r``.
        dropout: Share of inputs dropped before the LoRA matrices.
        targets: Attention projections, all linear layers of the transformer, or module names.
        top_layers: Adapt only this many of the topmost layers; None for all.
        head_tokens: For a classification head, the first token of each category's name; None to keep the vocabulary.
        seed: Seed of the matrices' first values.

    Raises:
        ModelError: A target names no module of this model.
    """
    from peft import LoraConfig

    modules = _target_names(loaded.model, targets)
    if head_tokens is not None:
        put_category_head(loaded.model, len(head_tokens), head_tokens)
    torch.manual_seed(seed)
    n_layers = loaded.model.config.num_hidden_layers
    layers = None if top_layers is None else list(range(max(n_layers - top_layers, 0), n_layers))
    settings = LoraConfig(
        task_type="CAUSAL_LM",
        r=r,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=modules,
        layers_to_transform=layers,
        bias="none",
        modules_to_save=None if head_tokens is None else [HEAD_MODULE],
    )
    try:
        return _with_adapter(loaded.model, settings)
    except ValueError as error:
        raise ModelError(first_line(error), place="train.lora_targets") from None


def attach_unsloth_lora(
    loaded: LoadedModel,
    *,
    r: int,
    alpha: float,
    dropout: float,
    targets: Literal["attention", "all-linear"] | Sequence[str],
    top_layers: int | None = None,
    head_tokens: Sequence[int] | None = None,
    seed: int,
) -> Any:
    """Return a model that Unsloth loaded with fresh LoRA matrices and Unsloth's kernels; see `attach_lora`.

    Args:
        loaded: The model with its tokenizer.
        r: LoRA rank.
        alpha: LoRA alpha.
        dropout: Share of inputs left out while training.
        targets: Projections that are adapted.
        top_layers: Adapt only so many layers, the last ones; None for all.
        head_tokens: Names of categories, for a classification head; None for none.
        seed: Of what is drawn.

    Raises:
        ModelError: A classification head is asked for, which Unsloth's kernels know nothing of.
    """
    if head_tokens is not None:
        raise ModelError(
            "the engine unsloth trains no classification head",
            place="train.head",
            hint="set train.head to answer, or model.engine to transformers",
        )
    n_layers = loaded.model.config.num_hidden_layers
    return importlib.import_module("unsloth").FastLanguageModel.get_peft_model(
        loaded.model,
        r=r,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=_target_names(loaded.model, targets),
        layers_to_transform=None if top_layers is None else list(range(max(n_layers - top_layers, 0), n_layers)),
        bias="none",
        use_gradient_checkpointing=False,  # the Trainer switches it on where it is wanted
        random_state=seed,
    )


def load_adapter(loaded: LoadedModel, folder: Path, *, n_head_categories: int | None = None) -> Any:
    """Return the model with a saved adapter.

    Args:
        loaded: The base model.
        folder: What training saved.
        n_head_categories: Categories of the classification head that the adapter must bring; None where it has none.

    Raises:
        ModelError: A tensor of the adapter or of the head is missing, is surplus, or has another shape.
    """
    from peft import PeftConfig

    weights = folder / ADAPTER_WEIGHTS
    names = expect_numbers(weights)
    settings = PeftConfig.from_pretrained(str(folder))
    settings.inference_mode = True
    settings.base_model_name_or_path = None  # where it lay when it was trained; which one it is, hashes say
    if (HEAD_MODULE in (settings.modules_to_save or ())) != (n_head_categories is not None):
        raise ModelError(
            "the adapter has no classification head, but its run was trained with one"
            if n_head_categories
            else "the adapter has a classification head, but its run was trained without one",
            place=str(folder),
            hint="restore the adapter's files from the run they were trained in, or train again",
        )
    if n_head_categories:
        has_bias = any(name.endswith(f"{HEAD_MODULE}.bias") for name in names)
        put_category_head(loaded.model, n_head_categories, has_bias=has_bias)
    model = _with_adapter(loaded.model, settings)
    fill_adapter(model, weights)
    model.eval()
    return model


def expect_numbers(weights: Path) -> list[str]:
    """Return the names of saved tensors; refuse values that are no numbers, or of a size that no training gives.

    Raises:
        ModelError: A tensor holds such a value, or the file is missing or none of safetensors.
    """
    from safetensors import SafetensorError, safe_open

    if not weights.is_file():
        raise ModelError("the adapter's weights are missing", place=str(weights))
    hint = "restore the adapter's file from the run that it was trained in, or train again"
    try:
        with safe_open(weights, framework="pt") as file:
            names = list(file.keys())
            for name in names:
                tensor = file.get_tensor(name).float()
                if not bool(torch.isfinite(tensor).all()) or (tensor.numel() and float(tensor.abs().max()) > _LARGEST):
                    raise ModelError(
                        f"{name} holds values that are no numbers, or absurd ones", place=str(weights), hint=hint
                    )
    except SafetensorError as error:
        raise ModelError(f"not readable as safetensors: {first_line(error)}", place=str(weights), hint=hint) from None
    return names


def fill_adapter(model: Any, weights: Path, share: float = 1.0) -> None:
    """Give the adapter of a peft model the values of a saved one, or values between its own and those.

    Args:
        model: A peft model, its adapter in place.
        weights: The saved tensors.
        share: How far to move from the model's own values to the saved ones, from 0 to 1.

    Raises:
        ModelError: A tensor is missing, is surplus, or has another shape.
    """
    from peft.utils import get_peft_model_state_dict, set_peft_model_state_dict
    from safetensors.torch import load_file

    saved = load_file(weights)
    expected = get_peft_model_state_dict(model)
    expect_tensors(saved, {name: tensor.shape for name, tensor in expected.items()}, weights)
    if share < 1:
        saved = {key: torch.lerp(own, saved[key].to(own), share) for key, own in expected.items()}
    set_peft_model_state_dict(model, saved)


def expect_tensors(saved: Mapping[str, torch.Tensor], expected: Mapping[str, Collection[int]], weights: Path) -> None:
    """Make sure that the tensors of a saved adapter are exactly those expected.

    Args:
        saved: What the file holds.
        expected: The shape of each tensor, by name.
        weights: The file, for the message.

    Raises:
        ModelError: A tensor is missing, is surplus, or has another shape.
    """
    wrong = sorted(
        set(saved.keys() ^ expected.keys())
        | {key for key in saved.keys() & expected.keys() if tuple(saved[key].shape) != tuple(expected[key])}
    )
    if wrong:
        raise ModelError(
            f"{len(wrong)} tensors are missing, surplus or of another shape, first: {wrong[0]}",
            place=str(weights),
            hint="the adapter is damaged or belongs to another model; train again",
        )


def _with_adapter(model: Any, settings: Any) -> Any:
    """Return the peft model; peft still asks transformers a question under its old, deprecated name."""
    from peft import get_peft_model

    from nosology.modeling.lora import fuse_lora

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
        adapted = get_peft_model(model, settings)
    fuse_lora(adapted)
    return adapted


def _target_names(model: Any, targets: str | Sequence[str]) -> list[str]:
    """Return module names; all linear ones are spelled out, because peft takes its own word for them without layers."""
    if targets == "attention":
        return list(ATTENTION_TARGETS)
    if targets != "all-linear":
        return list(targets)
    linear = (name for name, module in decoder(model).named_modules() if isinstance(module, torch.nn.Linear))
    return sorted({name.rpartition(".")[2] for name in linear})
