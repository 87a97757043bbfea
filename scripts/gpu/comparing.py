"""What stage 1 compares with: every path of a tree read as a sequence of its own, by transformers' own attention."""

from collections.abc import Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from nosology.modeling.attention import TREE_ATTENTION
from nosology.modeling.tree import Segment, pack
from nosology.training.rows import CompiledLayers
from nosology.training.trainer import answer_logits


def path_of(segments: Sequence[Segment], index: int) -> list[int]:
    """Return the tokens from the root down to a segment, it included."""
    tokens = list(segments[index].tokens)
    parent = segments[index].parent
    while parent is not None:
        tokens[:0] = segments[parent].tokens
        parent = segments[parent].parent
    return tokens


def packed_loss(model: Any, segments: Sequence[Segment], *, leaves: Sequence[int]) -> Tensor:
    """Return the summed loss of some segments' tokens, all read in one row, as a training step reads them."""
    model_attends(model, TREE_ATTENTION)
    tree = pack(segments)
    rows = torch.tensor([row for leaf in leaves for row in tree.predictors(leaf)])
    targets = torch.tensor([token for leaf in leaves for token in segments[leaf].tokens])
    logits = answer_logits(model, tree, rows).float()
    return cross_entropy(logits, targets.to(logits.device), reduction="sum")


def separate_loss(
    model: Any, segments: Sequence[Segment], *, leaves: Sequence[int], attention: str = "eager"
) -> Tensor:
    """Return the same with each segment behind its own path, a sequence of its own."""
    model_attends(model, attention)
    place = next(model.parameters()).device
    total = torch.zeros((), device=place)
    for leaf in leaves:
        tokens = path_of(segments, leaf)
        n_own = len(segments[leaf].tokens)
        ids = torch.tensor([tokens], device=place)
        logits = model(input_ids=ids, use_cache=False, logits_to_keep=n_own + 1).logits[0, :-1].float()
        total = total + cross_entropy(logits, ids[0, -n_own:], reduction="sum")
    return total


def separate_gradients(
    model: Any, segments: Sequence[Segment], *, leaves: Sequence[int], attention: str
) -> tuple[float, Tensor]:
    """Return loss and flat gradient of separate sequences, one after the other, so that one graph exists at a time."""
    total, gradient = 0.0, None
    for leaf in leaves:
        loss, part = with_gradients(model, separate_loss(model, segments, leaves=[leaf], attention=attention))
        total += loss
        gradient = part if gradient is None else gradient.add_(part)
    assert gradient is not None
    return total, gradient


def with_gradients(model: Any, loss: Tensor) -> tuple[float, Tensor]:
    """Return a loss and its gradient with respect to all that is trained, in one flat row of float32."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    gradients = torch.autograd.grad(loss, trained)
    return float(loss.detach()), torch.cat([part.float().flatten() for part in gradients])


def backward_gradients(model: Any, loss: Tensor) -> tuple[float, Tensor]:
    """Return the same by a backward pass: reentrant recomputation knows no other way."""
    model.zero_grad(set_to_none=True)
    loss.backward()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    flat = torch.cat([parameter.grad.float().flatten() for parameter in trained])
    model.zero_grad(set_to_none=True)
    return float(loss.detach()), flat


def model_attends(model: Any, attention: str) -> None:
    """Set how a model attends, below its adapter where it has one."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    base.set_attn_implementation(attention)


def relative_error(found: Tensor, expected: Tensor) -> float:
    """Return the norm of the difference over the norm of what was expected."""
    return float((found - expected).norm() / expected.norm())


@contextmanager
def compiled(model: Any) -> Any:
    """Run a model's compiled layers, by inductor on CUDA; on a CPU by a compiler that has gradients there."""
    backend = "inductor" if torch.cuda.is_available() else "aot_eager"
    with CompiledLayers(model, backend=backend).in_use():
        yield
