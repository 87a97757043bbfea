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

This module is pure bookkeeping over integers and booleans; attention itself is in `nosology.modeling.attention`. What
would surprise you: a segment's first token is predicted at its *parent's* last position, so siblings share that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
        segment_ids: Row order index of each token's segment. Shape ``(tokens,)``.
        ancestors: ``[i, j]`` is true where segment ``j`` (in row order) is ``i`` or one of its ancestors.
            Shape ``(segments, segments)``.
        starts: Row index where each segment of the *given* list begins, in its order.
        lengths: Token count of each segment of the given list, in its order.
        parents: Parents as given.
        blocks: The row cut into blocks, in row order; together they cover it.
    """

    input_ids: Tensor
    position_ids: Tensor
    segment_ids: Tensor
    ancestors: Tensor
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
        related = self.ancestors[self.segment_ids[queries]][:, self.segment_ids[keys]]
        return related & (rows[keys][None, :] <= rows[queries][:, None])


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
    rank = {index: place for place, index in enumerate(order)}
    starts, depths = [0] * len(segments), [0] * len(segments)
    ancestors = torch.zeros(len(segments), len(segments), dtype=torch.bool)
    above = iter(cached_prefix) if not isinstance(cached_prefix, int) else repeat(cached_prefix)
    ids: list[int] = []
    positions: list[int] = []
    owners: list[int] = []
    for place, index in enumerate(order):
        segment = segments[index]
        if segment.parent is None:
            depths[index] = next(above)
        else:
            depths[index] = depths[segment.parent] + len(segments[segment.parent].tokens)
            ancestors[place] = ancestors[rank[segment.parent]]
        ancestors[place, place] = True
        starts[index] = len(ids)
        ids.extend(segment.tokens)
        positions.extend(range(depths[index], depths[index] + len(segment.tokens)))
        owners.extend([place] * len(segment.tokens))
    lengths = [len(segment.tokens) for segment in segments]
    return PackedTree(
        input_ids=torch.tensor(ids, dtype=torch.long),
        position_ids=torch.tensor(positions, dtype=torch.long),
        segment_ids=torch.tensor(owners, dtype=torch.long),
        ancestors=ancestors,
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


def _blocks(
    children: dict[int | None, list[int]], starts: list[int], lengths: list[int], *, whole_subtrees: bool
) -> tuple[Block, ...]:
    """Cut the row at every root, and at every child of a root unless subtrees are to stay whole."""

    def subtree_stop(index: int) -> int:
        last = index
        while last in children:
            last = children[last][-1]
        return starts[last] + lengths[last]

    blocks = []
    for root in children.get(None, []):
        if whole_subtrees:
            blocks.append(Block(starts[root], subtree_stop(root), prefix=(0, 0)))
            continue
        root_range = (starts[root], starts[root] + lengths[root])
        blocks.append(Block(*root_range, prefix=(0, 0)))
        blocks.extend(Block(starts[child], subtree_stop(child), prefix=root_range) for child in children.get(root, []))
    return tuple(blocks)
