"""Layers compiled for rows of few lengths: what makes training on CUDA fast.

A compiled layer is a program for one length of row, and `nosology.modeling.tree.row_length` lets a training meet a
handful of lengths. The layers of a model run the same code on different weights, so they share what is compiled. Layers
are compiled for the training step alone; scoring compiles attention only.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from nosology.modeling.attention import allow_compiled_shapes
from nosology.modeling.loading import decoder


class CompiledLayers:
    """The layers of one model, compiled on first use."""

    def __init__(self, model: Any, *, backend: str | Callable[..., Any] = "inductor") -> None:
        """Take the layers below a model's head; nothing is compiled yet.

        Args:
            model: A causal language model, bare or with an adapter.
            backend: The compiler, by the name that `torch.compile` knows.
        """
        allow_compiled_shapes()
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
