"""GGUF files: transformers reads them back as the run, in 16 and 8 bits, and a wrong part is named."""

import shutil
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from export_world import write_adapted_run
from nosology.errors import ModelError, RunError
from nosology.export.models import gate, outside
from nosology.export.models.gguf_file import interleaved, rope_factors, way_of_cutting, write_gguf
from nosology.export.models.workflow import export_run
from nosology.files import read_json
from tiny_models import llama3_tokenizer, save_tiny_model, tiny_llama


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run whose tokenizer is small: gguf reads token by token."""
    folder = tmp_path_factory.mktemp("gguf")
    save_tiny_model(folder / "model", tokenizer=llama3_tokenizer())
    write_adapted_run(folder / "run", folder / "model", config={"train": {"lora_targets": "all-linear"}})
    return folder


@pytest.mark.parametrize(("number_format", "stored"), [("f16", "f16"), ("q8_0", "f16+q8_0")])
def test_a_file_answers_as_its_run(small: Path, number_format: Any, stored: str) -> None:
    done = export_run(
        small / "run", "gguf", small / number_format, number_format=number_format, observe=outside.observe
    )
    assert done.comparison.n_changed == 0
    assert read_json(small / number_format / "manifest.json")["number_format"] == stored, "rows of 48 make no blocks"
    assert not list((small / number_format).glob("*.safetensors"))


def test_in_8_bits_values_and_outputs_of_attention_stay_in_16(tmp_path: Path) -> None:
    write_gguf(tmp_path / "x.gguf", tiny_llama(), llama3_tokenizer(), "q8_0")
    kinds = {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(tmp_path / "x.gguf").tensors}
    first = {name.split(".")[2]: kind for name, kind in kinds.items() if name.startswith("blk.0.")}
    assert first == {
        "attn_q": "Q8_0", "attn_k": "Q8_0", "attn_v": "F16", "attn_output": "F16", "attn_norm": "F32",
        "ffn_gate": "Q8_0", "ffn_up": "Q8_0", "ffn_down": "F16", "ffn_norm": "F32",
    }  # fmt: skip
    assert kinds["token_embd.weight"] == "Q8_0", "and rows of 48 make no blocks"


def test_a_file_without_its_lora_is_named_by_the_first_layer(small: Path, tmp_path: Path) -> None:
    export_run(small / "run", "gguf", tmp_path / "made", observe=outside.observe)
    shutil.copytree(tmp_path / "made", tmp_path / "other")
    (file,) = (tmp_path / "other").glob("*.gguf")
    tokenizer = llama3_tokenizer()
    base = LlamaForCausalLM.from_pretrained(small / "model")
    write_gguf(file, base, tokenizer, "f16")
    found = gate.check(tmp_path / "other", None, observe=outside.observe)
    assert found.reason == "the LoRA of layers.0.self_attn.q_proj"


def test_a_classification_head_is_refused_with_its_reason(small: Path, tmp_path: Path) -> None:
    write_adapted_run(tmp_path / "run", small / "model", config={"train": {"head": "classification"}})
    with pytest.raises(RunError, match="no place for a classification head"):
        export_run(tmp_path / "run", "gguf", tmp_path / "out")


def test_rows_of_a_head_take_turns() -> None:
    weight = np.arange(8, dtype=np.float32)[:, None]
    assert interleaved(weight, 2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_frequencies_of_llama_3_2_are_told_and_plain_ones_are_not() -> None:
    sizes: dict[str, Any] = {
        "vocab_size": 8, "hidden_size": 64, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
        "head_dim": 64,
    }  # fmt: skip
    assert rope_factors(LlamaForCausalLM(LlamaConfig(**sizes))) is None
    scaled = {
        "rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }  # fmt: skip
    factors = rope_factors(LlamaForCausalLM(LlamaConfig(**sizes, rope_parameters=scaled)))
    assert factors is not None
    assert factors[0] == pytest.approx(1)
    assert factors[-1] == pytest.approx(32, rel=1e-3)


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ({"type": "ByteLevel", "use_regex": True}, "gpt-2"),
        (
            {
                "type": "Sequence",
                "pretokenizers": [{"type": "Digits", "individual_digits": True}, {"type": "ByteLevel"}],
            },
            "smollm",
        ),
    ],
)
def test_ways_of_cutting_are_told_apart(step: dict[str, Any], name: str) -> None:
    assert way_of_cutting(step) == name


def test_an_unknown_way_of_cutting_is_refused() -> None:
    with pytest.raises(ModelError, match="no name for how this tokenizer cuts"):
        way_of_cutting({"type": "Whitespace"})


def test_another_family_is_refused_with_what_to_do(tmp_path: Path) -> None:
    class Other(torch.nn.Module):
        config = LlamaConfig()

    Other.config.model_type = "mistral"
    with pytest.raises(ModelError, match="mistral") as caught:
        write_gguf(tmp_path / "x.gguf", Other(), llama3_tokenizer(), "f16")
    assert "convert_hf_to_gguf" in caught.value.hint
