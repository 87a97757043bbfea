"""How large a model is and how much memory and arithmetic its training takes, from its shape alone.

Nothing is loaded and nothing is fetched: the shape comes from the model's ``config.json`` or, for models that are not
on this machine yet, from a table of common ones (`data/models/architectures.json`). The figures for activations are the
tensors that PyTorch keeps for the backward pass, counted on a Llama with LoRA (``docs/experiments.md``); the tests
count them again. With 4-bit weights the activations are larger than with bfloat16 ones, because there peft keeps a
float32 copy of what each LoRA matrix reads.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from nosology.errors import ModelError

GIGABYTE = 10**9

BYTES = {"float32": 4.0, "bfloat16": 2.0}

BYTES_4BIT = 0.516
"""Of one NF4 weight with double quantization: half a byte, and 8 bits of scale for every 64 weights."""

ADAPTER_BYTES = 16
"""Of one trained parameter: weight, gradient and AdamW's two averages, each in float32."""

TEMPORARIES = 1.25
"""Share by which kernels' working space and the allocator's gaps exceed the tensors kept for the backward pass."""

MOST_NOTES = 256
"""No batch is larger than that."""

ANSWER_TOKENS = 8
"""The longest category name in tokens, end-of-turn included; scores over the vocabulary exist only there."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """The shape of a Llama-like decoder; sizes count elements.

    Attributes:
        hidden: Width of the residual stream.
        intermediate: Width of the gated feed-forward layer.
        heads_width: All query heads together.
        kv_width: All key heads together; all value heads likewise.
        is_tied: Whether the output layer is the embedding.
        has_qkv_bias: Whether query, key and value projections carry a bias.
    """

    hidden: int
    intermediate: int
    n_layers: int
    heads_width: int
    kv_width: int
    vocabulary: int
    is_tied: bool
    has_qkv_bias: bool = False

    @classmethod
    def from_config(cls, config: Mapping[str, Any], place: str) -> "Architecture":
        """Return the shape that a ``config.json`` states.

        Args:
            config: Its content, with transformers' field names.
            place: Where it came from, for the error.

        Raises:
            ModelError: A field is missing or no size, so the model is not a Llama-like decoder.
        """
        try:
            heads = config["num_attention_heads"]
            head_width = config.get("head_dim") or config["hidden_size"] // heads
            return cls(
                hidden=config["hidden_size"],
                intermediate=config["intermediate_size"],
                n_layers=config["num_hidden_layers"],
                heads_width=heads * head_width,
                kv_width=(config.get("num_key_value_heads") or heads) * head_width,
                vocabulary=config["vocab_size"],
                is_tied=bool(config.get("tie_word_embeddings", False)),
                has_qkv_bias=bool(config.get("attention_bias", config.get("model_type") == "qwen2")),
            )
        except KeyError as error:
            raise ModelError(f"the model's configuration has no field {error}", place=place) from None
        except (TypeError, ZeroDivisionError):
            raise ModelError("the model's configuration does not state the sizes of a decoder", place=place) from None

    @property
    def n_projection_parameters(self) -> int:
        """Weights of the linear layers in the blocks: what a token is multiplied with, and what 4-bit shrinks."""
        attention = 2 * self.hidden * self.heads_width + 2 * self.hidden * self.kv_width
        return self.n_layers * (attention + 3 * self.hidden * self.intermediate)

    @property
    def n_parameters(self) -> int:
        """All parameters; tied embeddings counted once."""
        embeddings = self.vocabulary * self.hidden * (1 if self.is_tied else 2)
        norms = (2 * self.n_layers + 1) * self.hidden
        biases = self.n_layers * (self.heads_width + 2 * self.kv_width) if self.has_qkv_bias else 0
        return embeddings + self.n_projection_parameters + norms + biases

    def n_lora_parameters(
        self, r: int, targets: Literal["attention", "all-linear"] | Sequence[str], top_layers: int | None = None
    ) -> int:
        """Return the size of an adapter: ``r`` times input and output width of every projection it sits on.

        Args:
            r: LoRA rank.
            targets: Projections that are adapted.
            top_layers: Adapt only so many layers, the last ones; None for all.
        """
        names = {"attention": _ATTENTION, "all-linear": (*_ATTENTION, *_FEED_FORWARD)}
        chosen = names[targets] if isinstance(targets, str) else targets
        widths = {
            "q_proj": self.hidden + self.heads_width,
            "k_proj": self.hidden + self.kv_width,
            "v_proj": self.hidden + self.kv_width,
            "o_proj": self.heads_width + self.hidden,
        } | dict.fromkeys(_FEED_FORWARD, self.hidden + self.intermediate)
        return self.n_adapted_layers(top_layers) * r * sum(widths.get(name, 0) for name in chosen)

    def n_adapted_layers(self, top_layers: int | None) -> int:
        """Return how many layers carry an adapter: all, or no more than there are."""
        return self.n_layers if top_layers is None else min(top_layers, self.n_layers)


_ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
_FEED_FORWARD = ("gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, slots=True)
class TrainingLoad:
    """What one training step is asked to hold; lengths in tokens.

    Attributes:
        n_notes: Notes in one forward pass.
        instruction_tokens: Held once, whatever the number of notes.
        note_tokens: Of each note, answer included.
        lora_top_layers: Layers below these carry no adapter, so nothing is kept of them; None where all carry one.
    """

    n_notes: int
    instruction_tokens: int
    note_tokens: int
    dtype: Literal["float32", "bfloat16"]
    is_4bit: bool
    is_checkpointed: bool
    lora_r: int
    lora_targets: Literal["attention", "all-linear"] | tuple[str, ...]
    lora_top_layers: int | None = None

    @property
    def tokens(self) -> int:
        """Tokens in one forward pass."""
        return self.instruction_tokens + self.n_notes * self.note_tokens


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """Memory of one training step, in bytes."""

    weights: int
    adapter: int
    activations: int

    @property
    def total(self) -> int:
        """All of it together; the program itself comes on top."""
        return self.weights + self.adapter + self.activations


def training_memory(shape: Architecture, load: TrainingLoad) -> MemoryNeed:
    """Return an upper estimate of the memory that training with LoRA on a frozen base takes, in bytes."""
    width = BYTES[load.dtype]
    projections = shape.n_projection_parameters
    weights = (shape.n_parameters - projections) * width + projections * (BYTES_4BIT if load.is_4bit else width)
    adapter = shape.n_lora_parameters(load.lora_r, load.lora_targets, load.lora_top_layers) * ADAPTER_BYTES
    layer, n_layers = kept_layer_bytes(shape, load), shape.n_adapted_layers(load.lora_top_layers)
    kept = n_layers * load.tokens * shape.hidden * width + layer if load.is_checkpointed else n_layers * layer
    logits = load.n_notes * ANSWER_TOKENS * shape.vocabulary * (width + 2 * BYTES["float32"])
    return MemoryNeed(round(weights), adapter, round(TEMPORARIES * (kept + logits)))


def with_recomputation_where_needed(shape: Architecture, load: TrainingLoad, free_bytes: int) -> TrainingLoad:
    """Return the load as it is where it fits into free memory, else with activations computed again.

    Args:
        shape: The model's measures.
        load: What training asks for.
        free_bytes: Bytes of memory that are free.
    """
    if training_memory(shape, load).total <= free_bytes:
        return load
    return replace(load, is_checkpointed=True)


@dataclass(frozen=True, slots=True)
class Fitting:
    """The largest batch that fits with some settings.

    Attributes:
        is_4bit: Whether the base's weights are quantized.
        is_checkpointed: Whether activations are computed again.
        n_notes: A power of two; 0 where not even one note fits.
    """

    is_4bit: bool
    is_checkpointed: bool
    n_notes: int


def fitting_batches(shape: Architecture, load: TrainingLoad, free_bytes: int, *, can_4bit: bool) -> tuple[Fitting, ...]:
    """Return the largest batch that fits into free memory, with and without recomputation, and in 4 bits.

    Args:
        shape: The model's measures.
        load: What training asks for; its batch, recomputation and number format are varied.
        free_bytes: Bytes of memory that are free.
        can_4bit: Whether this machine can hold base weights in 4 bits.
    """
    found = []
    for is_4bit in (False, True) if can_4bit else (False,):
        for is_checkpointed in (False, True):
            settings = replace(load, is_4bit=is_4bit, is_checkpointed=is_checkpointed)
            n_notes = 0
            while n_notes < MOST_NOTES and _fits(shape, settings, n_notes * 2 or 1, free_bytes):
                n_notes = n_notes * 2 or 1
            found.append(Fitting(is_4bit, is_checkpointed, n_notes))
    return tuple(found)


def _fits(shape: Architecture, load: TrainingLoad, n_notes: int, free_bytes: int) -> bool:
    return training_memory(shape, replace(load, n_notes=n_notes)).total <= free_bytes


def kept_layer_bytes(shape: Architecture, load: TrainingLoad) -> float:
    """Return the bytes that one layer keeps for the backward pass of one packed row."""
    if load.lora_targets == "attention":
        coefficients = {"float32": (20, 8, 12), "bfloat16": (14, 4, 6), "4-bit": (28, 4, 6)}
    else:
        coefficients = {"float32": (24, 8, 16), "bfloat16": (16, 4, 8), "4-bit": (36, 4, 10)}
    per_hidden, per_kv, per_intermediate = coefficients["4-bit" if load.is_4bit else load.dtype]
    return load.tokens * (per_hidden * shape.hidden + per_kv * shape.kv_width + per_intermediate * shape.intermediate)


def operations_per_note(shape: Architecture, load: TrainingLoad) -> float:
    """Return the floating-point operations of training on one note.

    A multiply and an add for each projection weight and token forwards; through the adapted layers as many backwards
    (the frozen base needs gradients of its inputs only), and once more forwards where activations are recomputed.
    """
    backwards = (2 if load.is_checkpointed else 1) * shape.n_adapted_layers(load.lora_top_layers) / shape.n_layers
    return (1 + backwards) * 2.0 * shape.n_projection_parameters * load.tokens / load.n_notes


def known_architecture(name: str) -> Architecture | None:
    """Return the shape of a common model by its Hub name (copies by unsloth included), or None."""
    table = json.loads((files("nosology") / "data" / "models" / "architectures.json").read_text(encoding="utf-8"))
    key = name.partition("/")[2].lower().removesuffix("-bnb-4bit").removesuffix("-unsloth")
    for known, config in table.items():
        if known.partition("/")[2].lower() == key:
            return Architecture.from_config(config, place=known)
    return None


def architecture_in(folder: Path) -> Architecture:
    """Return the shape of the model in a folder.

    Raises:
        ModelError: The folder holds no readable ``config.json``.
    """
    file = folder / "config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError("this folder holds no config.json, so no model", place=str(folder)) from None
    except ValueError:
        raise ModelError("not valid JSON", place=str(file)) from None
    return Architecture.from_config(config, place=str(file))
