"""Attention block by block: its output and gradients against plain masked attention in float64."""

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from nosology.modeling import blockwise
from nosology.modeling.attention import TreePass
from nosology.modeling.blockwise import attend_blocks
from nosology.modeling.tree import Block, PackedTree, Segment, pack
from separate_sequences import EXAMPLE, trees

# a root of 5 tokens, two subtrees below it, and a second root with one subtree
ROW = [Block(0, 5, (0, 0)), Block(5, 12, (0, 5)), Block(12, 13, (0, 5)), Block(13, 16, (0, 0)), Block(16, 20, (13, 16))]
CAUSAL: list[Tensor | None] = [None] * len(ROW)
HEADS = [(1, 1), (4, 4), (4, 2), (6, 1)]
NAMES = ("output", "query", "key", "value")


def visible(blocks: Sequence[Block], masks: Sequence[Tensor | None]) -> Tensor:
    """Return which key each query sees, pair by pair. Shape ``(tokens, tokens)``."""
    seen = torch.zeros(blocks[-1].stop, blocks[-1].stop, dtype=torch.bool)
    for block, mask in zip(blocks, masks, strict=True):
        for query in range(block.start, block.stop):
            for key in range(*block.prefix):
                seen[query, key] = True
            for key in range(block.start, block.stop):
                is_open = key <= query if mask is None else mask[query - block.start, key - block.start] == 0
                seen[query, key] = bool(is_open)
    return seen


def plain(query: Tensor, key: Tensor, value: Tensor, seen: Tensor, scaling: float) -> Tensor:
    """Return softmax attention over the whole row, each key head repeated for the queries that share it."""
    shared = query.shape[1] // key.shape[1]
    keys, values = (part.repeat_interleave(shared, dim=1) for part in (key, value))
    scores = (query @ keys.transpose(2, 3) * scaling).masked_fill(~seen, -torch.inf)
    return (scores.softmax(dim=-1) @ values).transpose(1, 2)


def row(
    heads: int, kv_heads: int, *, tokens: int = 20, width: int = 3, dtype: torch.dtype = torch.float64, seed: int = 0
) -> list[Tensor]:
    """Return random queries, keys and values."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(1, count, tokens, width) for count in (heads, kv_heads, kv_heads)]
    return [torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for shape in shapes]


def with_gradients(attend: object, parts: Sequence[Tensor]) -> dict[str, Tensor]:
    """Return the output and the gradients of a sum that weighs each of its numbers differently."""
    leaves = [part.detach().clone().requires_grad_() for part in parts]
    output = attend(*leaves)  # type: ignore[operator]
    weights = torch.linspace(-1, 2, output.numel(), dtype=torch.float64).view(output.shape)
    gradients = torch.autograd.grad((output * weights.to(output.dtype)).sum(), leaves)
    return dict(zip(NAMES, (output.detach(), *gradients), strict=True))


def both(
    parts: Sequence[Tensor], blocks: Sequence[Block], masks: Sequence[Tensor | None], scaling: float = 0.6
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return what the blocks give and what the oracle gives, which computes in float64."""
    seen = visible(blocks, masks)
    ours = with_gradients(lambda q, k, v: attend_blocks(q, k, v, blocks, masks, scaling), parts)
    oracle = with_gradients(lambda q, k, v: plain(q, k, v, seen, scaling), [part.double() for part in parts])
    return ours, oracle


def assert_equal(ours: dict[str, Tensor], oracle: dict[str, Tensor], *, tolerance: float) -> None:
    for name in NAMES:
        actual, expected = ours[name].double(), oracle[name]
        torch.testing.assert_close(actual, expected, rtol=tolerance, atol=tolerance, msg=lambda m, n=name: f"{n}: {m}")


def masked(tree: PackedTree, dtype: torch.dtype = torch.float64) -> list[Tensor | None]:
    return TreePass(tree).prepare(torch.device("cpu"), dtype).masks


def many_chunks(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Let no chunk have more than some queries."""
    monkeypatch.setattr(blockwise, "SCORES", 1)
    monkeypatch.setattr(blockwise, "LEAST_CHUNK", size)


@pytest.mark.parametrize(("heads", "kv_heads"), HEADS)
def test_output_and_gradients_are_those_of_plain_attention(heads: int, kv_heads: int) -> None:
    # the gradients of keys and values are summed in float32, whatever the row's type
    assert_equal(*both(row(heads, kv_heads), ROW, CAUSAL), tolerance=1e-5)


@pytest.mark.parametrize(("heads", "kv_heads"), HEADS)
def test_in_float32_they_stay_within_rounding(heads: int, kv_heads: int) -> None:
    assert_equal(*both(row(heads, kv_heads, dtype=torch.float32), ROW, CAUSAL), tolerance=1e-5)


def test_in_bfloat16_they_stay_within_rounding_and_keep_their_type() -> None:
    ours, oracle = both(row(4, 2, dtype=torch.bfloat16), ROW, CAUSAL)
    assert {part.dtype for part in ours.values()} == {torch.bfloat16}
    for name in NAMES:
        assert (ours[name].double() - oracle[name]).norm() < 0.02 * oracle[name].norm(), name


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
@pytest.mark.parametrize(("heads", "kv_heads"), HEADS)
def test_chunks_of_any_size_give_the_same(
    heads: int, kv_heads: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_chunks(monkeypatch, size)
    assert_equal(*both(row(heads, kv_heads, dtype=torch.float32), ROW, CAUSAL), tolerance=1e-5)


@pytest.mark.parametrize("size", [1, 2, 64])
def test_branches_of_a_subtree_do_not_see_each_other(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    many_chunks(monkeypatch, size)
    tree = pack(EXAMPLE)
    masks = masked(tree)
    assert any(mask is not None for mask in masks)
    assert torch.equal(visible(tree.blocks, masks), tree.mask())
    assert_equal(*both(row(4, 2, tokens=11), tree.blocks, masks), tolerance=1e-5)


def test_a_mask_that_is_plainly_causal_gives_what_no_mask_gives() -> None:
    masks: list[Tensor | None] = []
    for block in ROW:
        length = block.stop - block.start
        masks.append(torch.full((length, length), -torch.inf, dtype=torch.float64).triu(1))
    parts = row(4, 2)
    with_mask, _ = both(parts, ROW, masks)
    without, _ = both(parts, ROW, CAUSAL)
    for name in NAMES:
        assert torch.equal(with_mask[name], without[name])


@settings(max_examples=30, deadline=None)
@given(segments=trees(), size=st.integers(1, 5), seed=st.integers(0, 99))
def test_any_tree_in_any_chunks_gives_what_its_mask_gives(segments: list[Segment], size: int, seed: int) -> None:
    tree = pack(segments)
    with pytest.MonkeyPatch.context() as patch:
        many_chunks(patch, size)
        parts = row(2, 1, tokens=len(tree.input_ids), seed=seed)
        ours = with_gradients(lambda q, k, v: attend_blocks(q, k, v, tree.blocks, masked(tree), 0.5), parts)
    oracle = with_gradients(lambda q, k, v: plain(q, k, v, tree.mask(), 0.5), parts)
    assert_equal(ours, oracle, tolerance=1e-5)


@pytest.mark.parametrize("scaling", [0.0, 0.25, 1.0, 3.0])
def test_scores_are_scaled(scaling: float) -> None:
    assert_equal(*both(row(2, 1), ROW, CAUSAL, scaling), tolerance=1e-5)


def test_without_scores_each_token_gets_the_mean_of_what_it_sees() -> None:
    query, key, _ = row(1, 1, tokens=5, width=1)
    value = torch.tensor([1.0, 3.0, 8.0, 0.0, 6.0], dtype=torch.float64).view(1, 1, 5, 1)
    blocks = [Block(0, 2, (0, 0)), Block(2, 3, (0, 2)), Block(3, 5, (0, 2))]
    output = attend_blocks(query, key, value, blocks, [None] * 3, 0.0)
    assert output.flatten().tolist() == pytest.approx([1, 2, 4, 4 / 3, 2.5])


def test_a_token_that_sees_itself_alone_gets_its_own_value() -> None:
    query, key, value = row(4, 2)
    output = attend_blocks(query, key, value, ROW, CAUSAL, 0.6)
    for root in (0, 13):
        expected = value[0, :, root].repeat_interleave(2, dim=0)
        torch.testing.assert_close(output[0, root], expected)


def test_query_heads_share_their_key_head_with_their_neighbours() -> None:
    query, key, value = row(4, 2)
    output = attend_blocks(query, key, value, ROW, CAUSAL, 0.6)
    for head in range(4):
        shared = slice(head // 2, head // 2 + 1)
        alone = attend_blocks(query[:, head : head + 1], key[:, shared], value[:, shared], ROW, CAUSAL, 0.6)
        torch.testing.assert_close(output[:, :, head : head + 1], alone)


def test_the_output_is_laid_out_token_by_token() -> None:
    output = attend_blocks(*row(4, 2, width=5), ROW, CAUSAL, 1.0)
    assert output.shape == (1, 20, 4, 5)
    assert output.is_contiguous()


def test_queries_that_are_no_whole_memory_blocks_give_the_same() -> None:
    parts = row(4, 2)
    scattered = [part.transpose(1, 2).contiguous().transpose(1, 2) for part in parts]
    assert not scattered[0].is_contiguous()
    ours = attend_blocks(*scattered, ROW, CAUSAL, 0.6)
    torch.testing.assert_close(ours, attend_blocks(*parts, ROW, CAUSAL, 0.6))
    _, oracle = both(parts, ROW, CAUSAL)
    assert_equal(
        with_gradients(
            lambda *leaves: attend_blocks(
                *(leaf.transpose(1, 2).contiguous().transpose(1, 2) for leaf in leaves), ROW, CAUSAL, 0.6
            ),
            parts,
        ),
        oracle,
        tolerance=1e-5,
    )


def test_huge_scores_overflow_nothing() -> None:
    query, key, value = row(2, 1, dtype=torch.float32)
    ours, oracle = both([query * 100, key * 100, value], ROW, CAUSAL, 1.0)
    assert all(bool(part.isfinite().all()) for part in ours.values())
    torch.testing.assert_close(ours["output"].double(), oracle["output"], rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("changed", range(20))
def test_a_token_changes_only_those_that_see_it(changed: int) -> None:
    query, key, value = row(2, 1)
    before = attend_blocks(query, key, value, ROW, CAUSAL, 0.6)
    for part in (key, value):
        part[:, :, changed] += 1
    after = attend_blocks(query, key, value, ROW, CAUSAL, 0.6)
    moved = (before != after).any(dim=-1).any(dim=-1)[0]
    assert torch.equal(moved, visible(ROW, CAUSAL)[:, changed])


def test_the_inputs_stay_as_they_are() -> None:
    parts, tree = row(2, 1, tokens=11), pack(EXAMPLE)
    masks = masked(tree)
    before = [part.clone() for part in [*parts, *(mask for mask in masks if mask is not None)]]
    both(parts, tree.blocks, masks)
    after = [*parts, *(mask for mask in masks if mask is not None)]
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("scores", "least", "expected"),
    [
        # 2 heads; the blocks see 5, 12, 6, 3 and 7 keys
        (48, 1, [(0, 4), (4, 5), (5, 7), (7, 9), (9, 11), (11, 12), (12, 13), (13, 16), (16, 19), (19, 20)]),
        (48, 3, [(0, 4), (4, 5), (5, 8), (8, 11), (11, 12), (12, 13), (13, 16), (16, 19), (19, 20)]),
        (2**19, 64, [(0, 5), (5, 12), (12, 13), (13, 16), (16, 20)]),
    ],
)
def test_a_chunk_has_as_many_queries_as_its_scores_allow(
    scores: int, least: int, expected: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blockwise, "SCORES", scores)
    monkeypatch.setattr(blockwise, "LEAST_CHUNK", least)
    assert [(chunk.start, chunk.stop) for chunk in blockwise._chunks(ROW, CAUSAL, 2)] == expected


def test_every_block_needs_its_mask() -> None:
    with pytest.raises(ValueError, match="zip"):
        attend_blocks(*row(2, 1), ROW, CAUSAL[:-1], 1.0)
