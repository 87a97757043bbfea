"""Sizes against two oracles: transformers' own parameter count, and the tensors that PyTorch really keeps."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from nosology.errors import ModelError
from nosology.modeling import sizing
from nosology.modeling.attention import TREE_ATTENTION, register
from nosology.modeling.lora import fuse_lora
from nosology.modeling.sizing import Architecture, TrainingLoad, known_architecture, training_memory
from nosology.modeling.tree import Segment, pack
from nosology.training.trainer import answer_logits

TABLE = json.loads((files("nosology") / "data" / "models" / "architectures.json").read_text())

SMALL = {
    "hidden_size": 128,
    "intermediate_size": 384,
    "num_hidden_layers": 3,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "vocab_size": 96,
    "tie_word_embeddings": True,
}


def load(**changes: Any) -> TrainingLoad:
    settings = {
        "n_notes": 4,
        "instruction_tokens": 100,
        "note_tokens": 60,
        "dtype": "float32",
        "is_4bit": False,
        "is_checkpointed": False,
        "lora_r": 4,
        "lora_targets": "attention",
    }
    return TrainingLoad(**(settings | changes))


@pytest.mark.parametrize("name", TABLE)
def test_parameters_are_counted_as_transformers_counts_them(name: str) -> None:
    kind = "qwen2" if name.startswith("Qwen/") else "llama"
    settings = {key: value for key, value in TABLE[name].items() if key != "attention_bias"}
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **settings))
    counted = sum(parameter.numel() for parameter in model.parameters())
    assert Architecture.from_config(TABLE[name], place=name).n_parameters == counted


def test_the_papers_model_has_its_published_number_of_parameters() -> None:
    shape = known_architecture("unsloth/Llama-3.2-3B-Instruct")
    assert shape is not None
    assert shape.n_parameters == 3_212_749_824


@pytest.mark.parametrize(
    "name", ["unsloth/Llama-3.2-3B-Instruct-bnb-4bit", "unsloth/llama-3.2-3b-instruct-unsloth-bnb-4bit"]
)
def test_quantized_copies_are_known_by_the_model_they_copy(name: str) -> None:
    assert known_architecture(name) == known_architecture("meta-llama/Llama-3.2-3B-Instruct")


def test_an_unknown_model_has_no_size() -> None:
    assert known_architecture("someone/some-model") is None


@pytest.mark.parametrize("targets", ["attention", "all-linear", ("q_proj", "v_proj"), ("down_proj",)])
def test_an_adapter_has_as_many_parameters_as_peft_makes(targets: str) -> None:
    shape = Architecture.from_config(SMALL, place="test")
    names = ["q_proj", "k_proj", "v_proj", "o_proj"] if targets == "attention" else targets
    names = names if isinstance(names, str) else list(names)
    model = get_peft_model(
        LlamaForCausalLM(LlamaConfig(**SMALL)), LoraConfig(task_type="CAUSAL_LM", r=6, target_modules=names)
    )
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    assert shape.n_lora_parameters(6, targets) == trained


def kept_bytes(dtype: str, targets: str, layers: list[int] | None = None) -> int:
    """Return what PyTorch keeps for the backward pass of one packed row of four notes, parameters apart."""
    model = LlamaForCausalLM(LlamaConfig(**SMALL)).to(getattr(torch, dtype))
    register()
    model.set_attn_implementation(TREE_ATTENTION)
    names = ["q_proj", "k_proj", "v_proj", "o_proj"] if targets == "attention" else targets
    settings = LoraConfig(task_type="CAUSAL_LM", r=4, target_modules=names, layers_to_transform=layers)
    model = get_peft_model(model, settings)
    fuse_lora(model)
    segments = [Segment(tuple(range(96)) + (1,) * 4)]
    for _ in range(4):
        segments.append(Segment((5,) * 58, parent=0))
        segments.append(Segment((7, 8), parent=len(segments) - 1))
    tree = pack(segments)
    fixed = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        answer_logits(model, tree, torch.tensor(tree.predictors(2))).sum()
    return sum(storage.nbytes() for address, storage in kept.items() if address not in fixed)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("targets", ["attention", "all-linear"])
def test_activations_are_estimated_within_a_quarter_of_what_pytorch_keeps(dtype: str, targets: str) -> None:
    shape = Architecture.from_config(SMALL, place="test")
    estimate = shape.n_layers * sizing.kept_layer_bytes(shape, load(dtype=dtype, lora_targets=targets))
    counted = kept_bytes(dtype, targets)
    assert 0.75 * counted < estimate < 1.25 * counted


def test_nothing_is_kept_of_the_layers_below_the_adapted_ones() -> None:
    shape = Architecture.from_config(SMALL, place="test")
    one_layer = training_memory(shape, load(lora_top_layers=1))
    all_layers = training_memory(shape, load())
    counted = kept_bytes("float32", "attention", layers=[2]) / kept_bytes("float32", "attention")
    assert one_layer.activations / all_layers.activations == pytest.approx(counted, rel=0.15)
    assert one_layer.adapter == all_layers.adapter / 3


def test_backwards_goes_through_the_adapted_layers_only() -> None:
    shape = Architecture.from_config(SMALL, place="test")
    forwards_and_all_back = sizing.operations_per_note(shape, load())
    forwards_and_a_third_back = sizing.operations_per_note(shape, load(lora_top_layers=1))
    assert forwards_and_a_third_back / forwards_and_all_back == pytest.approx((1 + 1 / 3) / 2)


def test_more_adapted_layers_than_there_are_means_all() -> None:
    shape = Architecture.from_config(SMALL, place="test")
    assert training_memory(shape, load(lora_top_layers=99)) == training_memory(shape, load())


def test_weights_take_four_bytes_in_float32_two_in_bfloat16_and_little_more_than_half_a_byte_in_4_bit() -> None:
    shape = known_architecture("meta-llama/Llama-3.1-8B-Instruct")
    n_parameters, embeddings = 8_030_261_248, 2 * 128_256 * 4096
    assert training_memory(shape, load()).weights == 4 * n_parameters
    assert training_memory(shape, load(dtype="bfloat16")).weights == 2 * n_parameters
    in_4bit = training_memory(shape, load(dtype="bfloat16", is_4bit=True)).weights
    assert in_4bit == pytest.approx(2 * embeddings + 0.516 * (n_parameters - embeddings), rel=0.001)


def test_recomputing_activations_keeps_less_of_them_and_computes_half_as_much_again() -> None:
    shape = known_architecture("unsloth/Llama-3.2-3B-Instruct")
    kept, recomputed = load(), load(is_checkpointed=True)
    assert training_memory(shape, recomputed).activations < 0.25 * training_memory(shape, kept).activations
    assert sizing.operations_per_note(shape, recomputed) == 1.5 * sizing.operations_per_note(shape, kept)


def test_the_instruction_is_computed_once_for_all_notes_of_a_batch() -> None:
    shape = Architecture.from_config(SMALL, place="test")
    alone = sizing.operations_per_note(shape, load(n_notes=1))  # 100 + 60 tokens
    shared = sizing.operations_per_note(shape, load(n_notes=4))  # 25 + 60 tokens
    assert shared / alone == pytest.approx(85 / 160)


def test_a_folder_tells_its_models_shape(tmp_path: Path) -> None:
    LlamaConfig(**SMALL).save_pretrained(tmp_path)
    assert sizing.architecture_in(tmp_path) == Architecture.from_config(SMALL, place="test")


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        sizing.architecture_in(tmp_path)


def test_a_broken_model_configuration_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json: not valid JSON"):
        sizing.architecture_in(tmp_path)


def test_a_model_of_another_kind_names_the_field_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2", "num_attention_heads": 12, "n_embd": 768}')
    with pytest.raises(ModelError, match="hidden_size"):
        sizing.architecture_in(tmp_path)


@pytest.mark.parametrize("content", ["[]", '"llama"', '{"num_attention_heads": 0}', '{"num_attention_heads": null}'])
def test_a_configuration_that_states_no_sizes_is_refused_with_its_file(tmp_path: Path, content: str) -> None:
    settings = json.loads(content)
    (tmp_path / "config.json").write_text(json.dumps(SMALL | settings if isinstance(settings, dict) else settings))
    with pytest.raises(ModelError, match="does not state the sizes of a decoder") as caught:
        sizing.architecture_in(tmp_path)
    assert caught.value.place == str(tmp_path / "config.json")


def test_heads_may_have_a_width_of_their_own_and_keys_as_many_as_queries() -> None:
    shape = Architecture.from_config(SMALL | {"head_dim": 32, "num_key_value_heads": None}, place="test")
    assert (shape.heads_width, shape.kv_width) == (8 * 32, 8 * 32)


@pytest.mark.parametrize(
    ("settings", "has_bias"),
    [({"model_type": "qwen2"}, True), ({"attention_bias": True}, True), ({"model_type": "llama"}, False)],
)
def test_models_with_biases_are_known_by_their_settings_or_their_kind(
    settings: dict[str, object], has_bias: bool
) -> None:
    assert Architecture.from_config(SMALL | settings, place="test").has_qkv_bias == has_bias


def test_an_unknown_projection_adds_nothing_to_an_adapter() -> None:
    shape = Architecture.from_config(SMALL, place="test")
    assert shape.n_lora_parameters(6, ("q_proj", "no_such_proj")) == shape.n_lora_parameters(6, ("q_proj",))


@pytest.mark.parametrize(("more", "n_notes"), [(-1, 2), (0, 4), (1, 4)])
def test_the_largest_batch_is_a_power_of_two_that_fits_to_the_byte(more: int, n_notes: int) -> None:
    shape = Architecture.from_config(SMALL, place="test")
    free = training_memory(shape, load(n_notes=4)).total + more
    fitting = sizing.fitting_batches(shape, load(), free, can_4bit=False)
    assert fitting[0] == sizing.Fitting(is_4bit=False, is_checkpointed=False, n_notes=n_notes)


def test_no_batch_is_larger_than_the_largest() -> None:
    shape = Architecture.from_config(SMALL, place="test")
    assert {fitting.n_notes for fitting in sizing.fitting_batches(shape, load(), 10**15, can_4bit=True)} == {256}


def test_recomputation_begins_one_byte_below_what_it_takes_without() -> None:
    shape = Architecture.from_config(SMALL, place="test")
    need = training_memory(shape, load()).total
    found = [sizing.with_recomputation_where_needed(shape, load(), free).is_checkpointed for free in (need, need - 1)]
    assert found == [False, True]
