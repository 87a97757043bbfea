"""One forward pass over a packed row, without the vocabulary: what scoring and generation have in common."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nosology.modeling.attention import KeysValues, TreePass, best_path, concatenated
from nosology.modeling.loading import decoder
from nosology.modeling.tree import PackedTree, Segment, pack, row_length


def forward_tree(
    model: Any,
    tree: PackedTree,
    *,
    keep: dict[int, KeysValues] | None = None,
    prefix: list[KeysValues] | None = None,
    block_prefixes: list[list[KeysValues]] | None = None,
) -> Tensor:
    """Return the last hidden states of one packed row. Shape ``(1, tokens, hidden)``.

    On CUDA the row is filled up to one of few lengths, for which attention is compiled once each; what was filled in is
    cut off again, from the kept keys and values too.

    Args:
        model: A causal language model whose attention is the tree's.
        tree: The row.
        keep: Filled with each layer's keys and values of the row, where given.
        prefix: Keys and values of a cached prefix.
        block_prefixes: One cached prefix a block, instead.
    """
    embeddings = decoder(model).get_input_embeddings().weight
    device, dtype = embeddings.device, embeddings.dtype
    path = best_path(device) if block_prefixes is None else "blocks"
    n_tokens = len(tree.input_ids)
    if path == "flex":
        tree = tree.padded(row_length(n_tokens))
    guide = TreePass(tree, path=path, prefix=prefix, block_prefixes=block_prefixes, keep=keep).prepare(device, dtype)
    output = decoder(model)(
        input_ids=tree.input_ids[None].to(device),
        position_ids=tree.position_ids[None].to(device),
        use_cache=False,
        tree=guide,
    )
    hidden: Tensor = output.last_hidden_state[:, :n_tokens]
    if keep is not None:
        keep.update({layer: (keys[:, :, :n_tokens], values[:, :, :n_tokens]) for layer, (keys, values) in keep.items()})
    return hidden


@torch.inference_mode()
def read_keys_values(model: Any, tokens: Sequence[int], after: list[KeysValues] | None = None) -> list[KeysValues]:
    """Return the keys and values of some tokens, with those that they come after before them; a pair for each layer.

    Args:
        model: A causal language model whose attention is the tree's.
        tokens: Token ids, e.g. of the instruction that all notes share.
        after: Keys and values of the tokens before; None where there are none.
    """
    keep: dict[int, KeysValues] = {}
    before = after[0][0].shape[2] if after else 0
    forward_tree(model, pack([Segment(tokens)], cached_prefix=before), keep=keep, prefix=after)
    own = [keep[layer] for layer in sorted(keep)]
    return own if after is None else [concatenated(*pair) for pair in zip(after, own, strict=True)]


def followed_by(before: Sequence[KeysValues], row: dict[int, KeysValues], start: int, length: int) -> list[KeysValues]:
    """Return cached keys and values with a stretch of a row after them, a pair for each layer.

    Args:
        before: The cached ones.
        row: What each layer kept of the row.
        start: Row index where the stretch begins.
        length: Its tokens.
    """
    own = slice(start, start + length)
    return [
        concatenated(cached, (row[layer][0][:, :, own], row[layer][1][:, :, own]))
        for layer, cached in enumerate(before)
    ]
