"""Token trees: many prompts that share their beginnings, packed into one row.

A tree is a list of token segments, each with a parent that comes before it::

        instruction ──┬── note A ──┬── "Neoplasms<eot>"
         (root)       │            └── "Respiratory<eot>"
                      └── note B ──┬── "Neoplasms<eot>"
                                   └── "Respiratory<eot>"

Packed in depth-first order, the row is ``instruction A a1 a2 B b1 b2``. A token attends to the tokens before it in its
own segment and to all tokens of its segment's ancestors, and its position is its distance from the root's first token
along that path, so that every path reads exactly as it would alone (``.`` is hidden)::

                  keys →   instruction   A   a1   a2   B   b1   b2
        queries   instruction   ◣        .   .    .    .   .    .
           ↓      A             ■        ◣   .    .    .   .    .
                  a1            ■        ■   ◣    .    .   .    .
                  a2            ■        ■   .    ◣    .   .    .
                  B             ■        .   .    .    ◣   .    .
                  b1            ■        .   .    .    ■   ◣    .

Because a subtree is a stretch of the row, the picture needs one number a token: the row index behind the subtree of its
segment. A query sees a key if the key does not come after it, and the key's subtree has not ended before it.

This module is pure bookkeeping over integers and booleans; attention itself is in `nosology.modeling.attention`. What
would surprise you: a segment's first token is predicted at its *parent's* last position, so siblings share that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import repeat

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of tokens below a parent.

    Attributes:
        tokens: Token ids; at least one. Never shown in a `repr`, because they spell a note.
        parent: Index of the parent in the tree's list, below this segment's own; None for a root.
    """

    tokens: Sequence[int]
    parent: int | None = None

    def __repr__(self) -> str:
        return f"Segment({len(self.tokens)} tokens, parent={self.parent})"


@dataclass(frozen=True, slots=True)
class Block:
    """Queries that share their keys: one subtree below a root, a root itself, or a subtree below a cached prefix.

    Attributes:
        start: First row index of the queries (and of the subtree).
        stop: Row index after the last.
        prefix: Row range of the root that the subtree hangs under; empty for a root's own block and for a cached
        prefix.
    """

    start: int
    stop: int
    prefix: tuple[int, int]


@dataclass(frozen=True, slots=True)
class PackedTree:
    """A tree laid out as one row.

    Attributes:
        input_ids: Shape ``(tokens,)``.
        position_ids: Distance of each token from its root's first token, plus the cached prefix. Shape ``(tokens,)``.
        visible_until: Row index behind the subtree of each token's segment: from there on, no query sees the token.
            Shape ``(tokens,)``.
        starts: Row index where each segment of the *given* list begins, in its order.
        lengths: Token count of each segment of the given list, in its order.
        parents: Parents as given.
        blocks: The row cut into blocks, in row order; together they cover it.
    """

    input_ids: Tensor
    position_ids: Tensor
    visible_until: Tensor
    starts: tuple[int, ...]
    lengths: tuple[int, ...]
    parents: tuple[int | None, ...]
    blocks: tuple[Block, ...]

    def __repr__(self) -> str:
        return f"PackedTree({len(self.input_ids)} tokens, {len(self.starts)} segments, {len(self.blocks)} blocks)"

    def predictors(self, segment: int) -> list[int]:
        """Return the row indices whose outputs predict the segment's tokens, one per token.

        The first is the parent's last token. A root's first token is predicted by nothing, so a root has none for it.

        Raises:
            ValueError: The segment is a root.
        """
        parent = self.parents[segment]
        if parent is None:
            raise ValueError("nothing predicts a root's first token")
        start = self.starts[segment]
        return [self.starts[parent] + self.lengths[parent] - 1, *range(start, start + self.lengths[segment] - 1)]

    def mask(self, queries: slice = slice(None), keys: slice = slice(None)) -> Tensor:
        """Return which keys each query sees, for a part of the row. Boolean, shape ``(queries, keys)``."""
        rows = torch.arange(len(self.input_ids))
        asking, asked = rows[queries][:, None], rows[keys][None, :]
        return (asked <= asking) & (asking < self.visible_until[keys][None, :])

    def padded(self, length: int) -> "PackedTree":
        """Return the row filled up with tokens that see only each other, and that nothing else sees.

        Args:
            length: Tokens of the new row; at least those of this one.
        """
        n_padding = length - len(self.input_ids)
        return replace(
            self,
            input_ids=torch.cat([self.input_ids, self.input_ids[:1].expand(n_padding)]),
            position_ids=torch.cat([self.position_ids, torch.arange(n_padding)]),
            visible_until=torch.cat([self.visible_until, torch.full((n_padding,), length)]),
        )


LEAST_STEP = 128
"""Tokens; one block of FlexAttention's mask."""


def row_length(n_tokens: int) -> int:
    """Return the length to which a row is filled up on CUDA: the next multiple of an eighth of its power of two.

    A compiled program serves one length of row, so there should be few lengths. There are eight an octave, which costs
    an eighth of the tokens at worst (more below 1,024).
    """
    step = max(LEAST_STEP, 1 << max(n_tokens.bit_length() - 4, 0))
    return -(-n_tokens // step) * step


def pack(segments: Sequence[Segment], *, cached_prefix: int | Sequence[int] = 0) -> PackedTree:
    """Lay a tree out as one row, depth first.

    Args:
        segments: The tree; every parent before its children. Several roots are allowed.
        cached_prefix: Length in tokens of what is above the roots and has its keys and values held elsewhere; positions
            continue where it ends. One number for all roots, or one a root.

    Raises:
        ValueError: A segment is empty, or its parent does not come before it.
    """
    children: dict[int | None, list[int]] = {}
    for index, segment in enumerate(segments):
        if not segment.tokens:
            raise ValueError(f"segment {index} has no tokens")
        if segment.parent is not None and not 0 <= segment.parent < index:
            raise ValueError(f"segment {index} comes before its parent {segment.parent}")
        children.setdefault(segment.parent, []).append(index)
    order = _depth_first(children)
    starts, depths = [0] * len(segments), [0] * len(segments)
    above = iter(cached_prefix) if not isinstance(cached_prefix, int) else repeat(cached_prefix)
    ids: list[int] = []
    positions: list[int] = []
    for index in order:
        segment = segments[index]
        if segment.parent is None:
            depths[index] = next(above)
        else:
            depths[index] = depths[segment.parent] + len(segments[segment.parent].tokens)
        starts[index] = len(ids)
        ids.extend(segment.tokens)
        positions.extend(range(depths[index], depths[index] + len(segment.tokens)))
    lengths = [len(segment.tokens) for segment in segments]
    stops = [_subtree_stop(index, children, starts, lengths) for index in order]
    return PackedTree(
        input_ids=torch.tensor(ids, dtype=torch.long),
        position_ids=torch.tensor(positions, dtype=torch.long),
        visible_until=torch.tensor(stops, dtype=torch.long).repeat_interleave(
            torch.tensor([lengths[index] for index in order], dtype=torch.long)
        ),
        starts=tuple(starts),
        lengths=tuple(lengths),
        parents=tuple(segment.parent for segment in segments),
        blocks=_blocks(children, starts, lengths, whole_subtrees=cached_prefix != 0),
    )


def _depth_first(children: dict[int | None, list[int]]) -> list[int]:
    """Return all segments, each parent followed by its subtrees, siblings in their given order."""
    order: list[int] = []
    waiting = list(reversed(children.get(None, [])))
    while waiting:
        index = waiting.pop()
        order.append(index)
        waiting.extend(reversed(children.get(index, [])))
    return order


def _subtree_stop(
    index: int, children: dict[int | None, list[int]], starts: Sequence[int], lengths: Sequence[int]
) -> int:
    """Return the row index behind the last token of a segment and all that is below it."""
    while index in children:
        index = children[index][-1]
    return starts[index] + lengths[index]


def _blocks(
    children: dict[int | None, list[int]], starts: list[int], lengths: list[int], *, whole_subtrees: bool
) -> tuple[Block, ...]:
    """Cut the row at every root, and at every child of a root unless subtrees are to stay whole."""

    def subtree_stop(index: int) -> int:
        return _subtree_stop(index, children, starts, lengths)

    blocks = []
    for root in children.get(None, []):
        if whole_subtrees:
            blocks.append(Block(starts[root], subtree_stop(root), prefix=(0, 0)))
            continue
        root_range = (starts[root], starts[root] + lengths[root])
        blocks.append(Block(*root_range, prefix=(0, 0)))
        blocks.extend(Block(starts[child], subtree_stop(child), prefix=root_range) for child in children.get(root, []))
    return tuple(blocks)
