"""The adapted layer as one function, against the same sum written out and differentiated by PyTorch itself."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nosology.modeling.lora_product import LoraProduct

SCALING = 1.5


def made(
    *, bias: bool = True, shape: tuple[int, ...] = (2, 3), dtype: torch.dtype = torch.float64
) -> dict[str, Tensor]:
    """Return an input of five, a frozen layer of four outputs, and an adapter of rank two."""
    torch.manual_seed(0)
    tensors = {
        "x": torch.randn(*shape, 5, dtype=dtype),
        "weight": torch.randn(4, 5, dtype=dtype),
        "bias": torch.randn(4, dtype=dtype) if bias else torch.zeros(4, dtype=dtype),
        "down": torch.randn(2, 5, dtype=dtype),
        "up": torch.randn(4, 2, dtype=dtype),
    }
    return {
        name: tensor.requires_grad_() if name in ("x", "down", "up") else tensor for name, tensor in tensors.items()
    }


def fused(x: Tensor, weight: Tensor, bias: Tensor | None, down: Tensor, up: Tensor) -> Tensor:
    output: Tensor = LoraProduct.apply(x, weight, bias, down, up, SCALING)  # type: ignore[no-untyped-call]
    return output


def written_out(x: Tensor, weight: Tensor, bias: Tensor, down: Tensor, up: Tensor) -> Tensor:
    return x @ weight.T + bias + SCALING * (x @ down.T) @ up.T


def gradients(product: Callable[..., Tensor], tensors: dict[str, Tensor]) -> list[Tensor]:
    """Return the gradients of input and adapter where every output counts differently."""
    output = product(**tensors)
    weights = torch.arange(1.0, 1 + output.numel(), dtype=output.dtype).reshape(output.shape)
    return list(torch.autograd.grad((output * weights).sum(), [tensors[name] for name in ("x", "down", "up")]))


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 2, 3), (1, 0)])
def test_the_output_is_the_sum_written_out(shape: tuple[int, ...]) -> None:
    tensors = made(shape=shape)
    torch.testing.assert_close(fused(**tensors), written_out(**tensors))


def test_a_layer_without_a_bias_adds_none() -> None:
    tensors = made(bias=False)
    expected = written_out(**tensors)
    torch.testing.assert_close(fused(**(tensors | {"bias": None})), expected)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_gradients_are_those_of_the_sum_written_out(shape: tuple[int, ...]) -> None:
    for found, expected in zip(
        gradients(fused, made(shape=shape)), gradients(written_out, made(shape=shape)), strict=True
    ):
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("wanted", ["x", "down", "up"])
def test_each_gradient_can_be_asked_for_alone(wanted: str) -> None:
    """The first layer's input needs none, and an adapter that stays as it is needs none either."""
    tensors = {name: tensor.detach() for name, tensor in made().items()}
    tensors[wanted].requires_grad_()
    everything = dict(zip(("x", "down", "up"), gradients(fused, made()), strict=True))
    output = fused(**tensors)
    weights = torch.arange(1.0, 1 + output.numel(), dtype=output.dtype).reshape(output.shape)
    (output * weights).sum().backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(tensors[wanted].grad, everything[wanted])
    assert all(tensor.grad is None for name, tensor in tensors.items() if name != wanted)


def test_the_adapter_stays_in_its_own_number_format_beside_bfloat16_weights() -> None:
    tensors = made(dtype=torch.float32)
    x, weight, bias = (tensors[name].detach().bfloat16() for name in ("x", "weight", "bias"))
    output = fused(x.requires_grad_(), weight, bias, tensors["down"], tensors["up"])
    output.float().sum().backward()  # type: ignore[no-untyped-call]
    assert output.dtype == torch.bfloat16
    assert x.grad is not None
    assert x.grad.dtype == torch.bfloat16
    assert {grad.dtype for name in ("down", "up") if (grad := tensors[name].grad) is not None} == {torch.float32}


def test_nothing_that_went_in_is_changed() -> None:
    tensors = made()
    before = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    gradients(fused, tensors)
    for name, tensor in tensors.items():
        torch.testing.assert_close(tensor.detach(), before[name])
