"""LoRA on a frozen linear layer as one autograd function.

peft computes an adapted layer as base layer, cast, two products, scaling and sum, most of them operations with a result
as wide as the layer's output and a gradient as wide again; with bfloat16 weights the two products are in float32. Here
the update is added into the base layer's own result, the input's gradient into the base layer's own gradient, and the
adapter's matrices (kept in float32, as peft keeps them) take part in the number format of the input, as they would
under autocast. Names, saved files and everything else stay peft's: only ``forward`` of its linear layer is replaced,
and only where it does the plain thing; dropout, merged or disabled adapters and quantized bases go the usual way.
"""

from typing import Any

import torch
from peft.tuners.lora.layer import Linear as PeftLinear
from torch import Tensor, nn


class LoraProduct(torch.autograd.Function):
    """``x W' + bias + scaling (x A') B'`` with gradients for ``x``, ``A`` and ``B`` alone."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, down: Tensor, up: Tensor, scaling: float
    ) -> Tensor:
        """Return the adapted layer's output.

        Args:
            ctx: Where PyTorch keeps what the backward pass needs.
            x: Shape ``(..., inputs)``.
            weight: The frozen layer's. Shape ``(outputs, inputs)``.
            bias: Shape ``(outputs,)``, or None.
            down: LoRA's A. Shape ``(r, inputs)``.
            up: LoRA's B. Shape ``(outputs, r)``.
            scaling: Factor on the update.
        """
        rows = x.reshape(-1, x.shape[-1])
        scaled_up = (up * scaling).to(x.dtype)
        inner = rows @ down.to(x.dtype).T
        output = rows @ weight.T if bias is None else torch.addmm(bias, rows, weight.T)
        output.addmm_(inner, scaled_up.T)
        ctx.save_for_backward(rows, weight, down, up, inner)
        ctx.scaling = scaling
        return output.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of ``x``, ``A`` and ``B``."""
        rows, weight, down, up, inner = ctx.saved_tensors
        gradient = gradients[0].reshape(-1, weight.shape[0])
        d_inner = gradient @ (up * ctx.scaling).to(gradient.dtype)
        d_down = (d_inner.T @ rows).to(down.dtype) if ctx.needs_input_grad[3] else None
        d_up = (gradient.T @ inner).to(up.dtype).mul_(ctx.scaling) if ctx.needs_input_grad[4] else None
        d_x = None
        if ctx.needs_input_grad[0]:
            d_x = (gradient @ weight).addmm_(d_inner, down.to(gradient.dtype)).view(*gradients[0].shape[:-1], -1)
        return d_x, None, None, d_down, d_up, None


class FusedLinear(PeftLinear):  # type: ignore[misc]
    """peft's adapted linear layer with the plain case computed by `LoraProduct`."""

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Any:
        """Return the adapted output; peft's own way where there is more to it than one adapter without dropout."""
        base, (name, *others) = self.base_layer, self.active_adapters
        is_plain = (
            not (args or kwargs or others or self.merged or self.disable_adapters)
            and x.dtype == base.weight.dtype
            and not torch.is_autocast_enabled(x.device.type)
            and (not self.training or isinstance(self.lora_dropout[name], nn.Identity))
        )
        if not is_plain:
            return super().forward(x, *args, **kwargs)
        down, up = self.lora_A[name].weight, self.lora_B[name].weight
        return LoraProduct.apply(x, base.weight, base.bias, down, up, self.scaling[name])  # type: ignore


def fuse_lora(model: nn.Module) -> None:
    """Let every plainly adapted linear layer of a peft model compute its update in one go, in place."""
    for module in model.modules():
        if type(module) is PeftLinear and _is_fusible(module):
            module.__class__ = FusedLinear


def _is_fusible(module: Any) -> bool:
    """Return whether the base is a frozen plain linear layer and the adapter nothing but two matrices."""
    base = module.base_layer
    return (
        type(base) is nn.Linear
        and not any(parameter.requires_grad for parameter in base.parameters())
        and not module.lora_variant
        and not any(module.lora_bias.values())
        and not module.fan_in_fan_out
    )
