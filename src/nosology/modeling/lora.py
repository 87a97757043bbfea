"""peft's adapted linear layers, computing by `nosology.modeling.lora_product`.

Names, saved files and everything else stay peft's: only ``forward`` of its linear layer is replaced, and only where it
does the plain thing; dropout, merged or disabled adapters and quantized bases go the usual way.
"""

from typing import Any

import torch
from peft.tuners.lora.layer import Linear as PeftLinear
from torch import Tensor, nn

from nosology.modeling.lora_product import LoraProduct


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
