"""Rows of few lengths, and layers compiled for them: what makes training on CUDA fast.

A compiled layer is a program for one length of row. Rows are therefore filled up to one of eight lengths an octave,
which costs an eighth of the tokens at worst (more below 1,024), and a training meets a handful of lengths. The layers
of a model run the same code on different weights, so they share what is compiled. What would surprise you: layers are
compiled for the training step alone; scoring meets too many shapes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from nosology.modeling.loading import decoder

LEAST_STEP = 128
"""Tokens; one block of FlexAttention's mask."""

COMPILED_SHAPES = 64
"""Programs that PyTorch keeps of one layer before it gives up compiling: lengths, times number formats and modes."""


def row_length(n_tokens: int) -> int:
    """Return the length to which a row is filled up: the next multiple of an eighth of its power of two."""
    step = max(LEAST_STEP, 1 << max(n_tokens.bit_length() - 4, 0))
    return -(-n_tokens // step) * step


class CompiledLayers:
    """The layers of one model, compiled on first use."""

    def __init__(self, model: Any, *, backend: str | Callable[..., Any] = "inductor") -> None:
        """Take the layers below a model's head; nothing is compiled yet.

        Args:
            model: A causal language model, bare or with an adapter.
            backend: The compiler, by the name that `torch.compile` knows.
        """
        torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, COMPILED_SHAPES)
        self._layers = list(decoder(model).layers)
        self._compiled = [torch.compile(layer.forward, dynamic=False, backend=backend) for layer in self._layers]

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Run the compiled layers in place of the plain ones."""
        for layer, compiled in zip(self._layers, self._compiled, strict=True):
            layer.forward = compiled
        try:
            yield
        finally:
            for layer in self._layers:
                del layer.forward
