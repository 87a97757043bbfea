"""A random model's linear layers in NF4, made from the weights on the device: `from_pretrained` would want a folder."""

from typing import Any

import torch
from torch import nn


def quantize(model: Any) -> Any:
    """Return the model with every linear layer of its blocks as bitsandbytes loads it for QLoRA, in place."""
    import bitsandbytes as bnb

    for parent in list(model.model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is not nn.Linear:
                continue
            layer = bnb.nn.Linear4bit(
                child.in_features,
                child.out_features,
                bias=child.bias is not None,
                compute_dtype=torch.bfloat16,
                compress_statistics=True,
                quant_type="nf4",
                device="meta",
            )
            layer.weight = bnb.nn.Params4bit(
                child.weight.data, requires_grad=False, compress_statistics=True, quant_type="nf4"
            ).to(child.weight.device)
            setattr(parent, name, layer)
    model.is_loaded_in_4bit = True
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    return model
