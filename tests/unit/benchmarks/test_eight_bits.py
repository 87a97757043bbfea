"""The benchmark of 8 bits rounds as the package gguf does, and puts models back as they were."""

from pathlib import Path

import gguf
import numpy as np
import pytest
import torch

import eight_bits
from nosology.export.models.gguf_file import IN_16_BITS
from nosology.modeling.loading import load_model
from tiny_models import save_tiny_model, tiny_llama


def test_numbers_are_rounded_as_the_package_gguf_rounds_them() -> None:
    values = torch.randn(7, 96, generator=torch.Generator().manual_seed(3))
    values[2, 32:64] = 0
    kind = gguf.GGMLQuantizationType.Q8_0
    wanted = gguf.dequantize(gguf.quantize(values.numpy(), kind), kind)
    assert eight_bits.in_eight_bits(values).numpy() == pytest.approx(wanted, abs=1e-7)


def test_inputs_are_rounded_as_long_as_the_context_lasts_and_weights_for_good(tmp_path: Path) -> None:
    model = load_model(str(save_tiny_model(tmp_path / "model"))).model
    tokens = torch.arange(12)[None]

    def logits() -> torch.Tensor:
        found: torch.Tensor = model.forward(tokens).logits
        return found

    with torch.inference_mode():
        before = logits()
        with eight_bits.rounded_inputs(model):
            inside = logits()
        after = logits()
        vectors = [weight.clone() for weight in model.parameters() if weight.ndim == 1]
        eight_bits.round_weights(model)
        rounded = logits()
    assert torch.equal(before, after)
    assert not torch.equal(before, inside)
    assert not torch.equal(before, rounded)
    assert torch.allclose(before, inside, atol=0.2)
    assert torch.allclose(before, rounded, atol=0.2)
    assert all(map(torch.equal, vectors, [weight for weight in model.parameters() if weight.ndim == 1]))


def test_matrices_that_exports_keep_are_not_rounded() -> None:
    model = tiny_llama()
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    eight_bits.round_weights(model, but=IN_16_BITS)
    changed = {
        name.removeprefix("model.") for name, weight in model.named_parameters() if (weight != before[name]).any()
    }
    of_a_layer = {"self_attn.q_proj", "self_attn.k_proj", "mlp.gate_proj", "mlp.up_proj"}
    assert changed == {f"layers.{n}.{name}.weight" for n in (0, 1) for name in of_a_layer} | {"embed_tokens.weight"}


def test_a_note_whose_first_category_changes_is_counted() -> None:
    exact = np.array([[0.0, 1.0], [2.0, 0.0]])
    found = eight_bits.apart(np.array([[1.0, 0.0], [2.0, 0.0]]), exact)
    assert found["same_category"] == 1
    assert found["largest"] == pytest.approx(0.4621, abs=1e-4)  # tanh(1/2)
    assert found["mean"] == pytest.approx(0.2311, abs=1e-4)
    assert found["nats"] == pytest.approx(np.sqrt(0.5))
