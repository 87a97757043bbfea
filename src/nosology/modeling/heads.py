"""What turns a note's last hidden state into scores of categories: the two heads behind one interface.

``answer`` is the language model's own vocabulary: a category is as likely as its name. ``classification`` puts a linear
layer of one row per category in the vocabulary's place; it reads the position after the answer cue, starts from the
vocabulary's rows of the names' first tokens, is trained in float32 along with the adapter, and is saved in the
adapter's own file, so whoever has the adapter has the head. With a classification head the model can neither write an
answer nor score anything but its categories. It has no bias: the last position is the cue's under every note, so the
rows can learn what a bias would, and heads of other libraries (transformers' sequence classification) have none either.
Runs of before, whose heads have one, are read as they are.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nosology.errors import ModelError

HEAD_MODULE = "lm_head"
"""Where Llama-like models keep their head, and thus its name in an adapter's file."""


class CategoryHead(nn.Linear):
    """A linear layer in float32 from hidden states of any number format to one score per category."""

    def forward(self, hidden: Tensor) -> Tensor:
        """Return scores in nats, not normalized. Shape ``(..., categories)``."""
        return super().forward(hidden.to(self.weight.dtype))


def put_category_head(
    model: Any, n_categories: int, first_tokens: Sequence[int] | None = None, *, has_bias: bool = False
) -> None:
    """Replace a base model's vocabulary by a classification head, in place.

    Args:
        model: A causal language model without adapter.
        n_categories: Number of categories.
        first_tokens: First token of each category's name; None where a saved head will be loaded.
        has_bias: Whether that saved head has a bias.

    Raises:
        ModelError: The model has no linear head of the usual name.
    """
    vocabulary = getattr(model, HEAD_MODULE, None)
    if not isinstance(vocabulary, nn.Linear):
        raise ModelError("a classification head cannot be put on this model", hint="set train.head to answer")
    head = CategoryHead(vocabulary.in_features, n_categories, bias=has_bias, device=vocabulary.weight.device)
    if first_tokens is not None:
        head.weight.data.copy_(vocabulary.weight[torch.as_tensor(first_tokens)])
    head.requires_grad_(False)
    setattr(model, HEAD_MODULE, head)
    model.config.tie_word_embeddings = False


def category_head(model: Any) -> nn.Module | None:
    """Return a model's classification head, or None where it answers with its vocabulary."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    head = getattr(base, HEAD_MODULE, None)
    inner = getattr(head, "original_module", head)
    return head if isinstance(inner, CategoryHead) else None
