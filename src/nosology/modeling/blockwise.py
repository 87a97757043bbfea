"""Attention of a packed row for training on a CPU: block by block, its scores computed again in the backward pass.

PyTorch's own fused attention has a slow backward pass on CPUs in bfloat16, and cutting a row into blocks outside of it
costs a zero-filled copy of the whole row's keys a block. Here one autograd function walks the row: each block's queries
meet the keys they can see in plain matrix products, query heads that share a key head side by side in one product, a
chunk of queries at a time, so that no row of scores outlives its chunk. In bfloat16 scores are rounded before the
softmax, as in transformers' eager attention; softmax and the sums over blocks are in float32.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from nosology.modeling.tree import Block

SCORES = 2**19
"""Attention scores that exist at one time, over all heads: 2 MB in float32, which a core's caches still hold. Measured:
chunks of four times as many queries take 1.1 to 1.5 times as long."""

LEAST_CHUNK = 64
"""Queries below which a matrix product is too narrow to be fast."""


def attend_blocks(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    blocks: Sequence[Block],
    masks: Sequence[Tensor | None],
    scaling: float,
) -> Tensor:
    """Return attention's output for a row cut into blocks; see `BlockAttention`.

    Args:
        query: Shape ``(1, heads, tokens, head width)``.
        key: Likewise.
        value: Likewise.
        blocks: The row's blocks.
        masks: Each block's mask; None where it is causal.
        scaling: Of the scores before softmax.
    """
    output: Tensor = BlockAttention.apply(query, key, value, blocks, masks, scaling)  # type: ignore[no-untyped-call]
    return output


class BlockAttention(torch.autograd.Function):
    """Scaled-dot-product attention of every block's queries to the keys that they can see."""

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        blocks: Sequence[Block],
        masks: Sequence[Tensor | None],
        scaling: float,
    ) -> Tensor:
        """Return the output, shape ``(1, tokens, heads, head_dim)``.

        Args:
            ctx: Where PyTorch keeps what the backward pass needs.
            query: Shape ``(1, heads, tokens, head_dim)``.
            key: Shape ``(1, kv_heads, tokens, head_dim)``; `value` likewise.
            value: See `key`.
            blocks: The row, cut.
            masks: For each block what is added to the scores of its own keys; None where it is plainly causal.
            scaling: Factor on the scores.
        """
        ctx.save_for_backward(query, key, value)
        ctx.blocks, ctx.masks, ctx.scaling = blocks, masks, scaling
        _, heads, n_tokens, width = query.shape
        output = query.new_empty(1, n_tokens, heads, width)
        for chunk in _chunks(blocks, masks, heads):
            keys, values = chunk.seen(key), chunk.seen(value)
            weights = chunk.weights(query, keys, scaling)
            chunk.put(output, torch.bmm(weights, values))
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of query, key and value."""
        query, key, value = ctx.saved_tensors
        gradient = gradients[0].transpose(1, 2)
        d_query = torch.empty_like(query.transpose(1, 2), memory_format=torch.contiguous_format)
        d_key, d_value = (torch.zeros(part.shape, device=part.device) for part in (key, value))
        for chunk in _chunks(ctx.blocks, ctx.masks, query.shape[1]):
            keys, values = chunk.seen(key), chunk.seen(value)
            weights = chunk.weights(query, keys, ctx.scaling)
            d_output = chunk.queries(gradient, key.shape[1])
            chunk.add_seen(d_value, torch.bmm(weights.transpose(1, 2), d_output))
            d_weights = torch.bmm(d_output, values.transpose(1, 2))
            d_scores = torch._softmax_backward_data(d_weights, weights, -1, weights.dtype)
            queries = chunk.queries(query, key.shape[1])
            chunk.put(d_query, _scaled_product(d_scores, keys, ctx.scaling))
            chunk.add_seen(d_key, _scaled_product(d_scores.transpose(1, 2), queries, ctx.scaling))
        return d_query.transpose(1, 2), d_key.to(key.dtype), d_value.to(value.dtype), None, None, None


class _Chunk:
    """Some queries of one block and the two ranges of keys that they see: the root above the block, and its own."""

    def __init__(self, block: Block, mask: Tensor | None, start: int, stop: int) -> None:
        self.start, self.stop = start, stop
        self._prefix, self._own = slice(*block.prefix), slice(block.start, stop)
        self._n_prefix = block.prefix[1] - block.prefix[0]
        self._mask = None if mask is None else mask[start - block.start : stop - block.start, : stop - block.start]

    def queries(self, row: Tensor, kv_heads: int) -> Tensor:
        """Return the chunk of a row of heads, those of one key head below each other.

        Args:
            row: Shape ``(1, heads, tokens, head_dim)``.
            kv_heads: Number of key heads.

        Returns:
            Shape ``(kv_heads, heads / kv_heads * queries, head_dim)``.
        """
        return row[0, :, self.start : self.stop].reshape(kv_heads, -1, row.shape[-1])

    def seen(self, row: Tensor) -> Tensor:
        """Return the keys or values that the chunk sees. Shape ``(kv_heads, keys, head_dim)``."""
        if not self._n_prefix:
            return row[0, :, self._own]
        return torch.cat([row[0, :, self._prefix], row[0, :, self._own]], dim=1)

    def add_seen(self, row: Tensor, part: Tensor) -> None:
        """Add gradients of the keys that the chunk sees to those of the row."""
        if self._n_prefix:
            row[0, :, self._prefix] += part[:, : self._n_prefix]
        row[0, :, self._own] += part[:, self._n_prefix :]

    def put(self, row: Tensor, part: Tensor) -> None:
        """Write the chunk's queries into a row of shape ``(1, tokens, heads, head_dim)``."""
        n_queries = self.stop - self.start
        row[0, self.start : self.stop] = part.view(-1, n_queries, part.shape[-1]).transpose(0, 1)

    def weights(self, query: Tensor, keys: Tensor, scaling: float) -> Tensor:
        """Return attention weights. Shape ``(kv_heads, heads / kv_heads * queries, keys)``."""
        queries = self.queries(query, len(keys))
        scores = _scaled_product(queries, keys.transpose(1, 2), scaling)
        own = scores.view(len(keys), -1, self.stop - self.start, scores.shape[-1])[..., self._n_prefix :]
        if self._mask is None:  # the last keys are the queries' own, the earlier ones are seen by all
            n_queries = self.stop - self.start
            own[..., -n_queries:] += torch.full((n_queries, n_queries), -torch.inf, dtype=own.dtype).triu(1)
        else:
            own += self._mask
        return scores.softmax(dim=-1)


def _chunks(blocks: Sequence[Block], masks: Sequence[Tensor | None], heads: int) -> Iterator[_Chunk]:
    for block, mask in zip(blocks, masks, strict=True):
        n_keys = block.prefix[1] - block.prefix[0] + block.stop - block.start
        size = max(LEAST_CHUNK, SCORES // (heads * n_keys))
        for start in range(block.start, block.stop, size):
            yield _Chunk(block, mask, start, min(start + size, block.stop))


def _scaled_product(left: Tensor, right: Tensor, scaling: float) -> Tensor:
    """Return ``scaling * left @ right`` for a batch of matrices, in one pass."""
    unused = left.new_empty(left.shape[0], left.shape[1], right.shape[2])
    return torch.baddbmm(unused, left, right, beta=0, alpha=scaling)
