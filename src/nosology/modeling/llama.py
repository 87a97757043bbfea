"""The embedded model read by itself: Llama's forward pass over packed rows, for scoring without transformers.

transformers and peft take four seconds to import, and who asks about one note waits for them. Here is what scoring
needs of them: the weights as they lie in the file, mapped into memory; RMS norms, rotary positions, attention along the
tree, gated layers, and a plain LoRA adapter. Every operation is the one of transformers' Llama (peft's adapted layers
being `nosology.modeling.lora_product`), in the same order and number format, so that every score is the same to its
last digit; a test compares them. It has no dropout, no cache of its own and no training: those stay with transformers,
and so do GPUs, models of other kinds, classification heads, and adapters that are more than pairs of matrices. What is
read here is decided by what the files say, before anything is read.
"""

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from nosology.files import read_json
from nosology.modeling.adapters import expect_numbers, expect_tensors
from nosology.modeling.attention import TreePass, tree_attention
from nosology.modeling.embedded import PREFIX, unpacked
from nosology.modeling.loading import LoadedModel, NumberFormat, choose_dtype
from nosology.modeling.lora_product import LoraProduct
from nosology.modeling.tokens import PlainTokenizer
from nosology.runs.files import ADAPTER_SETTINGS, ADAPTER_WEIGHTS

WEIGHTS = "model.safetensors"
_ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
_GATED = ("gate_proj", "up_proj", "down_proj")
_PLACES = (*(("self_attn", name) for name in _ATTENTION), *(("mlp", name) for name in _GATED))

_FREE = frozenset({
    "auto_mapping", "base_model_name_or_path", "inference_mode", "layers_to_transform", "lora_alpha", "lora_dropout",
    "megatron_core", "peft_version", "qalora_group_size", "r", "revision", "target_modules", "task_type",
})  # fmt: skip
"""Settings of an adapter that are taken into account here, or say nothing about what it computes."""
_PLAIN = {"peft_type": "LORA", "bias": "none", "init_lora_weights": True}
"""Settings that have to be these; all others have to be off."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a model's configuration its forward pass depends on.

    Attributes:
        n_layers: Layers.
        head_width: Width of one attention head.
        epsilon: Added to the mean square in norms.
        theta: Base of the rotary positions.
    """

    n_layers: int
    head_width: int
    epsilon: float
    theta: float

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Shape | None":
        """Return the shape of a plain Llama; None for anything else."""
        rope = config.get("rope_parameters") or {}
        is_plain = (
            config.get("model_type") == "llama"
            and config.get("hidden_act") == "silu"
            and not config.get("attention_bias")
            and not config.get("mlp_bias")
            and config.get("tie_word_embeddings")
            and not config.get("quantization_config")
            and rope.get("rope_type") == "default"
        )
        if not is_plain:
            return None
        width = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        return cls(config["num_hidden_layers"], width, config["rms_norm_eps"], rope["rope_theta"])


@dataclass(frozen=True, slots=True)
class Lora:
    """A plain adapter's settings.

    Attributes:
        rank: Of its matrices.
        scaling: Factor on its updates.
        targets: Names of the layers that it adapts.
        layers: Numbers of the transformer's layers that it adapts; None for all.
    """

    rank: int
    scaling: float
    targets: frozenset[str]
    layers: frozenset[int] | None

    @classmethod
    def of(cls, settings: Any) -> "Lora | None":
        """Return the settings of an adapter that is nothing but pairs of matrices; None for any other."""
        if not isinstance(settings, dict):
            return None
        rank, alpha = settings.get("r"), settings.get("lora_alpha")
        targets, layers = settings.get("target_modules"), settings.get("layers_to_transform")
        others = {name: value for name, value in settings.items() if name not in _FREE}
        if (
            {name: value for name, value in others.items() if value} == _PLAIN
            and isinstance(rank, int)
            and rank > 0
            and isinstance(alpha, int | float)
            and isinstance(targets, list)
            and all(target in (*_ATTENTION, *_GATED) for target in targets)
            and (layers is None or isinstance(layers, list))
        ):
            return cls(rank, alpha / rank, frozenset(targets), None if layers is None else frozenset(layers))
        return None

    def adapts(self, layer: int, target: str) -> bool:
        """Return whether it adapts a layer of one of the transformer's layers."""
        return target in self.targets and (self.layers is None or layer in self.layers)


class Weight(nn.Module):
    """A frozen matrix: a linear layer without bias, with or without an adapter's update; also a table of embeddings."""

    def __init__(self, weight: Tensor) -> None:
        """Hold a matrix. Shape ``(outputs, inputs)``."""
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.lora_A: nn.Parameter | None = None
        self.lora_B: nn.Parameter | None = None
        self._scaling = 1.0

    def adapt(self, down: Tensor, up: Tensor, scaling: float) -> None:
        """Add an adapter's update, its matrices kept in float32 as peft keeps them.

        Args:
            down: LoRA's A. Shape ``(r, inputs)``.
            up: LoRA's B. Shape ``(outputs, r)``.
            scaling: Factor on the update.
        """
        self.lora_A = nn.Parameter(down.float(), requires_grad=False)
        self.lora_B = nn.Parameter(up.float(), requires_grad=False)
        self._scaling = scaling

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's output. Shapes ``(..., inputs)`` in and ``(..., outputs)`` out."""
        if self.lora_A is None:
            return functional.linear(x, self.weight)
        return LoraProduct.apply(x, self.weight, None, self.lora_A, self.lora_B, self._scaling)  # type: ignore


class Embeddings(Weight):
    """The table of embeddings, which is the output's too."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Return embeddings. Shapes ``(row, tokens)`` in and ``(row, tokens, hidden)`` out."""
        return functional.embedding(tokens, self.weight)


class Norm(nn.Module):
    """Division by the root mean square, in float32."""

    def __init__(self, weight: Tensor, epsilon: float) -> None:
        """Hold a factor for each feature. Shape ``(hidden,)``."""
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self._epsilon = epsilon

    def forward(self, hidden: Tensor) -> Tensor:
        """Return normed features, in the number format that they came in."""
        wide = hidden.to(torch.float32)
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self._epsilon)
        return self.weight * wide.to(hidden.dtype)


class Layer(nn.Module):
    """One layer of the transformer."""

    def __init__(self, number: int, tensors: Mapping[str, Tensor], shape: Shape) -> None:
        """Take a layer's weights.

        Args:
            number: Of the layer, from 0.
            tensors: All of the model's, by name.
            shape: The model's.
        """
        super().__init__()
        own = f"model.layers.{number}"
        self.layer_idx = number
        self._width = shape.head_width
        self.input_layernorm = Norm(tensors[f"{own}.input_layernorm.weight"], shape.epsilon)
        self.post_attention_layernorm = Norm(tensors[f"{own}.post_attention_layernorm.weight"], shape.epsilon)
        self.self_attn = nn.ModuleDict({n: Weight(tensors[f"{own}.self_attn.{n}.weight"]) for n in _ATTENTION})
        self.mlp = nn.ModuleDict({n: Weight(tensors[f"{own}.mlp.{n}.weight"]) for n in _GATED})

    def forward(self, hidden: Tensor, turns: tuple[Tensor, Tensor], tree: TreePass) -> Tensor:
        """Return hidden states after the layer.

        Args:
            hidden: Shape ``(1, tokens, hidden)``.
            turns: Cosines and sines of the positions. Shape ``(1, 1, tokens, head width)`` each.
            tree: The pass at hand.
        """
        hidden = hidden + self._attended(self.input_layernorm(hidden), turns, tree)
        normed = self.post_attention_layernorm(hidden)
        gated = functional.silu(self.mlp["gate_proj"](normed)) * self.mlp["up_proj"](normed)
        changed: Tensor = self.mlp["down_proj"](gated)
        return hidden + changed

    def _attended(self, hidden: Tensor, turns: tuple[Tensor, Tensor], tree: TreePass) -> Tensor:
        size = hidden.shape[:-1]
        heads = (*size, -1, self._width)
        query, key, value = (self.self_attn[name](hidden).view(heads).transpose(1, 2) for name in _ATTENTION[:3])
        query, key = _turned(query, *turns), _turned(key, *turns)
        output, _ = tree_attention(self, query, key, value, None, scaling=self._width**-0.5, tree=tree)
        projected: Tensor = self.self_attn["o_proj"](output.reshape(*size, -1).contiguous())
        return projected


def _turned(heads: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Return queries or keys turned by their positions. Shape ``(1, heads, tokens, head width)``."""
    half = heads.shape[-1] // 2
    rotated = torch.cat((-heads[..., half:], heads[..., :half]), dim=-1)
    return (heads * cosines) + (rotated * sines)


class DecoderOutput(NamedTuple):
    """What `nosology.modeling.forward` takes of a pass."""

    last_hidden_state: Tensor


class Decoder(nn.Module):
    """The transformer below the output embedding."""

    def __init__(self, tensors: Mapping[str, Tensor], shape: Shape) -> None:
        """Take the model's weights, by name."""
        super().__init__()
        self.embed_tokens = Embeddings(tensors["model.embed_tokens.weight"])
        self.layers = nn.ModuleList(Layer(number, tensors, shape) for number in range(shape.n_layers))
        self.norm = Norm(tensors["model.norm.weight"], shape.epsilon)
        steps = torch.arange(0, shape.head_width, 2, dtype=torch.float) / shape.head_width
        self._frequencies = 1.0 / (shape.theta**steps)

    def get_input_embeddings(self) -> Embeddings:
        """Return the table of embeddings."""
        return self.embed_tokens

    def forward(
        self, input_ids: Tensor, position_ids: Tensor, tree: TreePass, use_cache: bool = False
    ) -> DecoderOutput:
        """Return the last hidden states of a row. Shapes ``(1, tokens)`` in and ``(1, tokens, hidden)`` out.

        Args:
            input_ids: Tokens.
            position_ids: The position of each.
            tree: The pass at hand, prepared.
            use_cache: Never; whoever wants keys and values takes them of the pass.
        """
        assert not use_cache
        hidden = self.embed_tokens(input_ids)
        angles = position_ids[..., None].float() * self._frequencies
        angles = torch.cat((angles, angles), dim=-1)
        turns = tuple(part.to(hidden.dtype).unsqueeze(1) for part in (angles.cos(), angles.sin()))
        for layer in self.layers:
            hidden = layer(hidden, turns, tree)
        return DecoderOutput(self.norm(hidden))


class Llama(nn.Module):
    """A causal language model with the names by which scoring asks transformers' models for their parts."""

    base_model_prefix = "model"

    def __init__(self, tensors: Mapping[str, Tensor], shape: Shape) -> None:
        """Take the weights, by name."""
        super().__init__()
        self.model = Decoder(tensors, shape)

    def get_output_embeddings(self) -> Embeddings:
        """Return the output embedding, which is the table of embeddings."""
        return self.model.embed_tokens

    def adapt(self, settings: Lora, tensors: Mapping[str, Tensor], weights: Path) -> None:
        """Add an adapter.

        Args:
            settings: The adapter's.
            tensors: Its matrices, by peft's names.
            weights: The file that they are from, for the message.

        Raises:
            ModelError: A tensor is missing, is surplus, or has another shape.
        """
        layers: dict[str, Weight] = {}
        shapes: dict[str, Collection[int]] = {}
        for number, layer in enumerate(self.model.layers):
            for part, target in _PLACES:
                if settings.adapts(number, target):
                    name = f"base_model.model.model.layers.{number}.{part}.{target}"
                    layers[name] = getattr(layer, part)[target]
                    n_outputs, n_inputs = layers[name].weight.shape
                    shapes[f"{name}.lora_A.weight"] = (settings.rank, n_inputs)
                    shapes[f"{name}.lora_B.weight"] = (n_outputs, settings.rank)
        expect_tensors(tensors, shapes, weights)
        for name, adapted in layers.items():
            adapted.adapt(tensors[f"{name}.lora_A.weight"], tensors[f"{name}.lora_B.weight"], settings.scaling)


def load_plainly(
    name: str, adapter: Path | None, *, dtype: NumberFormat = "auto", load_in_4bit: bool = False
) -> LoadedModel | None:
    """Return an embedded model, with an adapter where one is given; None where that takes transformers and peft.

    The files are hashed in a thread of its own while they are read, and nothing is returned before they are.

    Args:
        name: As a run has it.
        adapter: The adapter's folder; None for the base model.
        dtype: Number format of the weights.
        load_in_4bit: Whether the weights are to be quantized, which they are not here.

    Raises:
        ModelError: The model's files are not the ones that were unpacked, or the adapter's tensors do not fit.
    """
    if not name.startswith(PREFIX) or load_in_4bit or torch.cuda.is_available():
        return None
    lora = None if adapter is None else Lora.of(read_json(adapter / ADAPTER_SETTINGS))
    if adapter is not None and lora is None:
        return None
    files = unpacked(name)
    with ThreadPoolExecutor(1) as pool:
        checking = pool.submit(files.check)
        try:
            number_format = choose_dtype(dtype, "cpu", for_training=False)
            model = read_llama(files.folder, number_format)
            tokenizer = PlainTokenizer.load(files.folder)
            if adapter is not None and lora is not None and model is not None:
                put_adapter(model, lora, adapter)
        finally:
            checking.result()  # what is wrong with a file goes before what came of reading it
    return None if model is None else LoadedModel(model, tokenizer, name, None, files.package_sha256)


def read_llama(folder: Path, dtype: torch.dtype) -> Llama | None:
    """Return the plain Llama in a folder, ready to score; None where it holds another kind of model."""
    shape = Shape.of(read_json(folder / "config.json"))
    if shape is None or not (folder / WEIGHTS).is_file():
        return None
    tensors = {name: tensor.to(dtype) for name, tensor in load_file(folder / WEIGHTS).items()}
    return Llama(tensors, shape).eval()


def put_adapter(model: Llama, lora: Lora, folder: Path) -> None:
    """Give a model a saved adapter.

    Args:
        model: Without one.
        lora: The adapter's settings.
        folder: What training saved.

    Raises:
        ModelError: A tensor is missing, is surplus, has another shape, or holds what is no number.
    """
    weights = folder / ADAPTER_WEIGHTS
    expect_numbers(weights)
    model.adapt(lora, load_file(weights), weights)
