"""LoRA on a frozen linear layer as one autograd function.

peft computes an adapted layer as base layer, cast, two products, scaling and sum, most of them operations with a result
as wide as the layer's output and a gradient as wide again; with bfloat16 weights the two products are in float32. Here
the update is added into the base layer's own result, the input's gradient into the base layer's own gradient, and the
adapter's matrices (kept in float32, as peft keeps them) take part in the number format of the input, as they would
under autocast.
"""

from typing import Any

import torch
from torch import Tensor


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
        return output.view(*x.shape[:-1], weight.shape[0])

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
            d_x = (
                (gradient @ weight)
                .addmm_(d_inner, down.to(gradient.dtype))
                .view(*gradients[0].shape[:-1], weight.shape[1])
            )
        return d_x, None, None, d_down, d_up, None
