"""Attention over token trees, plugged into transformers' models under the name ``nosology_tree``.

`register` makes the name known to transformers, which is not imported before: `nosology.modeling.llama` attends the
same way without it. A model whose attention implementation is `TREE_ATTENTION` is called with ``tree=TreePass(...)``
beside its usual arguments; without it, it attends as transformers' ``sdpa`` does. Two paths compute the same numbers:

* ``blocks`` (CPU): each subtree's queries meet only the keys they can see, instruction first; nothing is padded, and
  nothing is computed between two notes. A row that holds its own root goes through `nosology.modeling.blockwise`, which
  has the faster backward pass; a row after a cached prefix takes one of PyTorch's fused calls per block.
* ``flex`` (CUDA): FlexAttention over the whole row with a block mask, so that one compiled kernel serves rows of one
  length.

Cached keys and values are those *after* rotary embedding, so a cache is only valid at the positions it was computed
for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.attention.flex_attention import BlockMask, flex_attention
from torch.nn.functional import scaled_dot_product_attention

from nosology.modeling.blockwise import attend_blocks
from nosology.modeling.tree import PackedTree

TREE_ATTENTION = "nosology_tree"

FLEX_BLOCK = 128
"""Queries and keys of one block of FlexAttention's mask; its own default."""

KeysValues = tuple[Tensor, Tensor]
"""Keys and values of one layer, each of shape ``(1, kv_heads, tokens, head_dim)``."""


def best_path(device: torch.device) -> Literal["blocks", "flex"]:
    """Return which of the two paths computes on a device."""
    return "flex" if device.type == "cuda" else "blocks"


@dataclass(slots=True)
class TreePass:
    """What attention needs to know during one forward pass over one packed row.

    Attributes:
        tree: The row.
        path: Which of the two implementations computes.
        prefix: Keys and values of the cached prefix, a pair per layer; None where the row holds its own root.
        block_prefixes: A cached prefix of its own for each block (only on the path ``blocks``), instead of `prefix`.
        keep: Where a dictionary is given, each layer leaves its keys and values of the row in it.
        masks: One additive mask a block, made by `prepare`; None where the block is plainly causal. With a cached
            prefix it spans the prefix too, else the block's own keys alone.
        block_mask: FlexAttention's mask, made by `prepare`.
    """

    tree: PackedTree
    path: Literal["blocks", "flex"] = "blocks"
    prefix: list[KeysValues] | None = None
    block_prefixes: list[list[KeysValues]] | None = None
    keep: dict[int, KeysValues] | None = None
    masks: list[Tensor | None] = field(default_factory=list)
    block_mask: BlockMask | None = None

    def prepare(self, device: torch.device, dtype: torch.dtype) -> "TreePass":
        """Build the masks once, for all layers of one pass; return itself."""
        if self.path == "flex":
            self.block_mask = _flex_mask(self.tree, _length(self.prefix), device)
        else:
            self.masks = [self._block_mask(index, device, dtype) for index in range(len(self.tree.blocks))]
        return self

    def cached(self, block: int) -> list[KeysValues] | None:
        """Return the cached prefix that a block's queries see first, a pair per layer."""
        return self.prefix if self.block_prefixes is None else self.block_prefixes[block]

    def _block_mask(self, index: int, device: torch.device, dtype: torch.dtype) -> Tensor | None:
        block = self.tree.blocks[index]
        seen_before = _length(self.cached(index))
        inner = self.tree.mask(slice(block.start, block.stop), slice(block.start, block.stop))
        if seen_before == 0 and bool((inner == torch.ones_like(inner).tril()).all()):
            return None
        mask = torch.zeros(inner.shape[0], seen_before + inner.shape[1], dtype=dtype)
        mask[:, seen_before:].masked_fill_(~inner, -torch.inf)
        return mask.to(device)


def tree_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    tree: TreePass | None = None,
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    """Attend along the tree; the signature is transformers' attention interface.

    Args:
        query: Shape ``(1, heads, tokens, head_dim)``.
        key: Shape ``(1, kv_heads, tokens, head_dim)``; `value` likewise.
        tree: The pass at hand; None for ordinary attention.

    Returns:
        Output of shape ``(1, tokens, heads, head_dim)``, and None in place of attention weights.
    """
    if tree is None:
        from transformers.integrations.sdpa_attention import sdpa_attention_forward

        return sdpa_attention_forward(  # type: ignore[no-any-return]
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
    if tree.keep is not None:
        tree.keep[_layer(module)] = (key, value)
    if tree.path == "flex":
        if tree.prefix is not None:
            key, value = concatenated(tree.prefix[_layer(module)], (key, value))
        attend = cast(Callable[..., Tensor], flex_attention)
        if query.is_cuda and not torch.compiler.is_compiling():
            attend = _compiled_flex()
        output = attend(query, key, value, block_mask=tree.block_mask, scale=scaling, enable_gqa=True)
        return output.transpose(1, 2), None
    if tree.cached(0) is None:
        factor = query.shape[-1] ** -0.5 if scaling is None else scaling
        return attend_blocks(query, key, value, tree.tree.blocks, tree.masks, factor), None
    return _after_prefixes(query, (key, value), tree, _layer(module), scaling), None


def _after_prefixes(query: Tensor, row: KeysValues, tree: TreePass, layer: int, scaling: float | None) -> Tensor:
    """Return attention's output for a row of which each block comes after a cached prefix."""
    parts = []
    for index, (block, mask) in enumerate(zip(tree.tree.blocks, tree.masks, strict=True)):
        own = slice(block.start, block.stop)
        cached = cast(list[KeysValues], tree.cached(index))[layer]
        keys, values = concatenated(cached, (row[0][:, :, own], row[1][:, :, own]))
        parts.append(
            scaled_dot_product_attention(
                query[:, :, own], keys, values, attn_mask=mask, is_causal=mask is None, scale=scaling, enable_gqa=True
            )
        )
    return torch.cat(parts, dim=2).transpose(1, 2)


def _layer(module: nn.Module) -> int:
    """Return which layer asks; not read in plain training, so that one compiled graph serves all layers."""
    return int(module.layer_idx)  # type: ignore[arg-type]


def concatenated(first: KeysValues, second: KeysValues) -> KeysValues:
    """Join keys and values along the row, `first` first."""
    return torch.cat([first[0], second[0]], dim=2), torch.cat([first[1], second[1]], dim=2)


def _length(prefix: list[KeysValues] | None) -> int:
    """Return the tokens of a cached prefix."""
    return prefix[0][0].shape[2] if prefix else 0


def _flex_mask(tree: PackedTree, prefix_length: int, device: torch.device) -> BlockMask:
    """Return FlexAttention's mask of a row; keys of a cached prefix come first and are seen by all.

    Which blocks of the mask are empty, full or mixed follows from the first and last row index of their queries and
    keys and from how long their keys are visible, so no matrix of all pairs of tokens is ever made.
    """
    n_tokens = len(tree.input_ids)
    n_keys = prefix_length + n_tokens
    until = torch.cat([torch.full((prefix_length,), n_tokens), tree.visible_until])
    first_query, last_query = _block_ends(torch.arange(n_tokens))
    first_key, last_key = _block_ends(torch.arange(-prefix_length, n_tokens))  # a prefix stands before the row
    latest, earliest = _by_blocks(until, 0).amax(dim=1), _by_blocks(until, n_tokens).amin(dim=1)
    is_seen = (first_key <= last_query[:, None]) & (latest > first_query[:, None])
    is_full = (last_key <= first_query[:, None]) & (earliest > last_query[:, None])
    is_full[-1] &= n_tokens % FLEX_BLOCK == 0
    is_full[:, -1] &= n_keys % FLEX_BLOCK == 0
    is_mixed = is_seen & ~is_full
    until = until.to(device)

    def sees(_batch: Tensor, _head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (key - prefix_length <= query) & (query < until[key])

    return BlockMask.from_kv_blocks(
        *_counts_and_indices(is_mixed, device),
        *_counts_and_indices(is_full, device),
        BLOCK_SIZE=FLEX_BLOCK,
        mask_mod=sees,
        seq_lengths=(n_tokens, n_keys),
    )


def _by_blocks(values: Tensor, fill: int) -> Tensor:
    """Return a row cut into FlexAttention's blocks, the last one filled up. Shape ``(blocks, FLEX_BLOCK)``."""
    n_missing = -len(values) % FLEX_BLOCK
    return torch.cat([values, torch.full((n_missing,), fill)]).view(-1, FLEX_BLOCK)


def _block_ends(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first and the last row index of each block. Shape ``(blocks,)`` each."""
    blocks = _by_blocks(rows, int(rows[-1]))
    return blocks[:, 0], blocks[:, -1]


def _counts_and_indices(chosen: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return for each row of blocks how many are chosen, and all blocks with the chosen ones first, as BlockMask wants.

    Args:
        chosen: Shape ``(query blocks, key blocks)``.
        device: Where the result lies.
    """
    counts = chosen.sum(dim=1, dtype=torch.int32)
    order = chosen.to(torch.int32).argsort(dim=1, descending=True, stable=True).to(torch.int32)
    return counts[None, None].to(device), order[None, None].to(device)


_compiled: list[Callable[..., Tensor]] = []


def _compiled_flex() -> Callable[..., Tensor]:
    """Return FlexAttention compiled, once a process: uncompiled it would materialize every score."""
    if not _compiled:
        allow_compiled_shapes()
        _compiled.append(torch.compile(flex_attention, dynamic=False))
    return _compiled[0]


COMPILED_SHAPES = 64
"""Programs that PyTorch keeps of one function before it gives up compiling: lengths, times number formats and modes."""


def allow_compiled_shapes() -> None:
    """Let PyTorch compile for every length of row; by itself it gives up after eight, and then fills the memory."""
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, COMPILED_SHAPES)


def register() -> None:
    """Make `TREE_ATTENTION` known to transformers, before a model of theirs is told to attend so."""
    from transformers import AttentionInterface

    AttentionInterface.register(TREE_ATTENTION, tree_attention)
