"""Random token trees, and what transformers itself computes for each of their paths as a sequence of its own."""

import random
from collections.abc import Callable
from typing import Any, Literal

import torch
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from nosology.modeling.attention import TREE_ATTENTION, TreePass
from nosology.modeling.tree import PackedTree, Segment, pack
from tiny_models import tiny_llama

# instruction (3 tokens) -- A (2) -- a1 (1), a2 (2);  B (1) -- b1 (2)
EXAMPLE = [
    Segment((10, 11, 12)),
    Segment((20, 21), parent=0),
    Segment((30,), parent=0),
    Segment((40,), parent=1),
    Segment((50, 51), parent=1),
    Segment((60, 61), parent=2),
]


@st.composite
def trees(draw: st.DrawFn, *, max_segments: int = 9, vocabulary: int = 400) -> list[Segment]:
    """Draw random trees, several roots allowed."""
    tokens = st.lists(st.integers(3, vocabulary), min_size=1, max_size=4).map(tuple)
    segments = [Segment(draw(tokens))]
    for index in range(1, draw(st.integers(1, max_segments))):
        parent = draw(st.one_of(st.integers(0, index - 1), st.just(0)))
        segments.append(Segment(draw(tokens), parent))
    return segments


def path_of(segments: list[Segment], index: int) -> list[int]:
    """Return the segments from the root down to one, it included."""
    path = [index]
    while (parent := segments[path[0]].parent) is not None:
        path.insert(0, parent)
    return path


def packed_logits(
    model: Any, tree: PackedTree, path: Literal["blocks", "flex"] = "blocks", **cached: Any
) -> torch.Tensor:
    """Return next-token scores of every token of a packed row. Shape ``(tokens, vocabulary)``."""
    model.set_attn_implementation(TREE_ATTENTION)
    weight = next(model.parameters())
    guide = TreePass(tree, path=path, **cached).prepare(weight.device, weight.dtype)
    ids, positions = tree.input_ids[None].to(weight.device), tree.position_ids[None].to(weight.device)
    return model(input_ids=ids, position_ids=positions, use_cache=False, tree=guide).logits[0]


def separate_logits(model: Any, tokens: list[int]) -> torch.Tensor:
    """Return next-token scores of one sequence alone, by transformers' own eager attention."""
    model.set_attn_implementation("eager")
    return model(input_ids=torch.tensor([tokens], device=model.device), use_cache=False).logits[0]


def relative_error(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found - expected).norm() / expected.norm())


def answers_gradients(model: Any, segments: list[Segment], packed: Callable[..., torch.Tensor] | None) -> torch.Tensor:
    """Return the gradient of the summed loss of all leaves, packed by a function, or None: each alone. One flat row."""
    model.requires_grad_(True)
    leaves = [index for index, segment in enumerate(segments) if segment.parent is not None]
    tree = pack(segments)
    together = packed(model, tree) if packed else None
    loss = torch.zeros(())
    for leaf in leaves:
        tokens = [token for step in path_of(segments, leaf) for token in segments[step].tokens]
        n_answer = len(segments[leaf].tokens)
        alone = separate_logits(model, tokens)[-n_answer - 1 : -1] if together is None else None
        logits = together[tree.predictors(leaf)] if together is not None else alone
        loss = loss + cross_entropy(logits.float(), torch.tensor(tokens[-n_answer:]), reduction="sum")
    return torch.cat([part.float().flatten() for part in torch.autograd.grad(loss, list(model.parameters()))])


def check_bfloat16_gradients(seed: int, packed: Callable[..., torch.Tensor]) -> None:
    """A packed row's bfloat16 gradients must be as near the exact ones as those of separate sequences are.

    Segments have tokens enough (40 and more a sequence) for the rounding of one product not to decide.
    """
    draw = random.Random(seed)
    parents = [None, *(draw.randrange(index) for index in range(1, 6))]
    segments = [Segment([draw.randrange(3, 430) for _ in range(draw.randint(20, 60))], parent) for parent in parents]
    model = tiny_llama(kv_heads=2)
    exact = answers_gradients(model, segments, None)
    model.to(torch.bfloat16)
    rounding = relative_error(answers_gradients(model, segments, None), exact)
    assert relative_error(answers_gradients(model, segments, packed), exact) < 1.25 * rounding
