"""Training: from a prepared dataset to a run folder with a LoRA adapter."""

from nosology.training.workflow import train

__all__ = ["train"]
