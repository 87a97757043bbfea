"""How fast this machine trains a shape of model, measured on two of its layers with random weights.

A training step's time is nearly all in the layers, and the layers are alike, so one pass forwards and backwards through
one layer and through two tells what a layer costs and what is left over: weights of gigabytes need not be there. The
layers run uncompiled here, so a training on a GPU, which compiles them, is faster than this says.
"""

import time
from dataclasses import dataclass

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from nosology.modeling.adapters import attach_lora
from nosology.modeling.attention import TREE_ATTENTION, register
from nosology.modeling.loading import LoadedModel
from nosology.modeling.sizing import ANSWER_TOKENS, Architecture, TrainingLoad
from nosology.modeling.tree import Segment, pack
from nosology.training.trainer import answer_logits

REPEATS = 3


@dataclass(frozen=True, slots=True)
class MeasuredSpeed:
    """What was measured.

    Attributes:
        seconds_per_note: Of training, all layers.
        seconds_of_measuring: How long it took to find out.
    """

    seconds_per_note: float
    seconds_of_measuring: float


def measured_speed(shape: Architecture, load: TrainingLoad) -> MeasuredSpeed:
    """Return how long a note of one training step takes on this machine's GPU, or on its CPU where it has none.

    Args:
        shape: Of the model.
        load: What a step reads; recomputation is added as another pass forwards.
    """
    began = time.perf_counter()
    one, two = (_step_seconds(shape, load, n_layers) for n_layers in (1, 2))
    layer = max(two - one, 0.0)
    adapted = shape.n_adapted_layers(load.lora_top_layers) / shape.n_layers
    passes = (1 + (2 if load.is_checkpointed else 1) * adapted) / 2  # measured: forwards and backwards through all
    step = max(one - layer, 0.0) + shape.n_layers * layer * passes
    return MeasuredSpeed(step / load.n_notes, time.perf_counter() - began)


def _step_seconds(shape: Architecture, load: TrainingLoad, n_layers: int) -> float:
    """Return the seconds of one pass forwards and backwards over a packed row; the fastest of some."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = attach_lora(
        LoadedModel(_random_layers(shape, load, n_layers, device), None, "random", None, ""),
        r=load.lora_r,
        alpha=1.0,
        dropout=0.0,
        targets=load.lora_targets,
        seed=0,
    ).train()
    tokens = torch.randint(3, min(shape.vocabulary, 1000), (load.tokens,)).tolist()
    root, rest = tokens[: load.instruction_tokens], tokens[load.instruction_tokens :]
    notes = [rest[start : start + load.note_tokens] for start in range(0, len(rest), load.note_tokens)]
    tree = pack([Segment(root), *(Segment(note, 0) for note in notes)])
    ends = [start + length - 1 for start, length in zip(tree.starts[1:], tree.lengths[1:], strict=True)]
    predictors = torch.tensor([end - back for end in ends for back in range(min(ANSWER_TOKENS, load.note_tokens))])
    fastest = float("inf")
    for _ in range(REPEATS):
        before = time.perf_counter()
        loss = answer_logits(model, tree, predictors).float().logsumexp(dim=-1).sum()
        torch.autograd.backward(loss)
        if device.type == "cuda":
            torch.cuda.synchronize()
        fastest = min(fastest, time.perf_counter() - before)
        model.zero_grad(set_to_none=True)
    return fastest


def _random_layers(shape: Architecture, load: TrainingLoad, n_layers: int, device: torch.device) -> LlamaForCausalLM:
    """Return a model of the shape with few layers, random weights made on the device."""
    head = 128 if shape.heads_width % 128 == 0 and shape.kv_width % 128 == 0 else 64
    if shape.heads_width % head or shape.kv_width % head:
        head = shape.kv_width
    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=n_layers,
        num_attention_heads=shape.heads_width // head,
        num_key_value_heads=shape.kv_width // head,
        head_dim=head,
        tie_word_embeddings=True,
        max_position_embeddings=load.tokens,
        bos_token_id=None,
        eos_token_id=None,
    )
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16 if load.dtype == "bfloat16" else torch.float32)
    try:
        with device:
            model = LlamaForCausalLM(config)
    finally:
        torch.set_default_dtype(before)
    register()
    model.set_attn_implementation(TREE_ATTENTION)
    model.requires_grad_(False)
    return model
