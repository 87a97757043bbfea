"""Fused LoRA computes what peft computes; and what is no plain adapter goes peft's own way."""

from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora.layer import Linear as PeftLinear

from nosology.modeling.lora import FusedLinear, fuse_lora
from tiny_models import tiny_llama

IDS = torch.tensor([[5, 6, 7, 8, 9, 10]])


def adapted(*, fused: bool, dtype: torch.dtype = torch.float32, dropout: float = 0.0, **settings: Any) -> Any:
    """Return a tiny adapted Llama whose LoRA matrices are all other than zero."""
    base = tiny_llama(kv_heads=2).to(dtype)
    config = LoraConfig(r=4, lora_alpha=8, lora_dropout=dropout, target_modules="all-linear", **settings)
    model = get_peft_model(base, config)
    generator = torch.Generator().manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.1
    if fused:
        fuse_lora(model)
    return model.train()


def logits_and_gradients(model: Any) -> tuple[torch.Tensor, torch.Tensor]:
    logits = model(input_ids=IDS).logits
    logits.float().logsumexp(-1).sum().backward()
    gradients = [p.grad.flatten().float() for p in model.parameters() if p.requires_grad]
    return logits.detach(), torch.cat(gradients)


def relative_error(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found.float() - expected.float()).norm() / expected.float().norm())


def test_scores_and_gradients_equal_pefts_own() -> None:
    found, expected = (logits_and_gradients(adapted(fused=fused)) for fused in (True, False))
    assert relative_error(found[0], expected[0]) < 1e-5
    assert relative_error(found[1], expected[1]) < 1e-5


def test_in_bfloat16_they_are_as_close_to_the_exact_ones_as_pefts_are() -> None:
    exact = logits_and_gradients(adapted(fused=False, dtype=torch.bfloat16).float())
    found, pefts = (logits_and_gradients(adapted(fused=fused, dtype=torch.bfloat16)) for fused in (True, False))
    for part in (0, 1):
        assert relative_error(found[part], exact[part]) < 2 * relative_error(pefts[part], exact[part])


def test_under_autocast_pefts_own_way_is_taken() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        found, expected = (logits_and_gradients(adapted(fused=fused)) for fused in (True, False))
    assert torch.equal(found[0], expected[0])
    assert torch.equal(found[1], expected[1])


def test_every_adapted_layer_is_fused_and_keeps_its_name() -> None:
    plain, fused = adapted(fused=False), adapted(fused=True)
    assert fused.state_dict().keys() == plain.state_dict().keys()
    layers = [module for module in fused.modules() if isinstance(module, PeftLinear)]
    assert layers
    assert all(type(module) is FusedLinear for module in layers)


def test_a_disabled_adapter_leaves_the_base_model() -> None:
    model = adapted(fused=True).eval()
    with model.disable_adapter(), torch.no_grad():
        found = model(input_ids=IDS).logits
    assert relative_error(found, tiny_llama(kv_heads=2)(input_ids=IDS).logits) < 1e-6


def test_dropout_still_drops_while_training_alone() -> None:
    model = adapted(fused=True, dropout=0.5)
    with torch.no_grad():
        torch.manual_seed(0)
        first = model(input_ids=IDS).logits
        second = model(input_ids=IDS).logits
        assert relative_error(first, second) > 1e-4
        model.eval()
        without = adapted(fused=True).eval()(input_ids=IDS).logits
        assert relative_error(model(input_ids=IDS).logits, without) < 1e-6


@pytest.mark.parametrize("settings", [{"use_dora": True}])
def test_an_adapter_that_is_more_than_two_matrices_is_left_to_peft(settings: dict[str, Any]) -> None:
    model = adapted(fused=True, **settings)
    assert not any(isinstance(module, FusedLinear) for module in model.modules())
