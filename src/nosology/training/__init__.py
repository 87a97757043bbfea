"""Training: from a prepared dataset to a run folder with a LoRA adapter.

The workflow is imported on first use, so that the engine (`nosology.training.trainer`) can be used and measured without
what only the workflow needs: configuration and datasets.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nosology.training.workflow import train

__all__ = ["train"]


def __getattr__(name: str) -> Any:
    if name != "train":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("nosology.training.workflow").train
