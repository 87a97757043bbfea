"""Greedy answers, for the record: what a model says when it is left to speak.

The original project generated text and searched it for a category. This does the same (greedy, a few tokens), going
on from notes that were read already: each step extends every note of the batch by one token in one packed row. Scores
come from `nosology.modeling.scoring`, never from here.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from nosology.modeling.attention import KeysValues
from nosology.modeling.forward import followed_by, forward_tree
from nosology.modeling.loading import output_weight
from nosology.modeling.tree import Segment, pack


def continue_greedily(
    model: Any,
    end_of_turn: int,
    hidden: Tensor,
    row: dict[int, KeysValues],
    spans: Sequence[tuple[int, int]],
    prefix: list[KeysValues],
    max_new_tokens: int,
) -> list[list[int]]:
    """Return the most probable tokens after each note of a row that was read, one after another.

    Args:
        model: A causal language model whose attention is the tree's.
        end_of_turn: The token that ends an answer; it is left out.
        hidden: Last hidden states of the row. Shape ``(1, tokens, hidden)``.
        row: Each layer's keys and values of the row.
        spans: Start and length of each note in the row, its answer cue included.
        prefix: Keys and values of the instruction, a pair per layer.
        max_new_tokens: Tokens after which an answer is cut.
    """
    current = _best_tokens(model, hidden[0, [start + length - 1 for start, length in spans]])
    caches = [followed_by(prefix, row, start, length) for start, length in spans]
    generated: list[list[int]] = [[] for _ in spans]
    alive = list(range(len(spans)))
    for step in range(max_new_tokens):
        alive = [note for note in alive if current[note] != end_of_turn]
        for note in alive:
            generated[note].append(current[note])
        if not alive or step + 1 == max_new_tokens:
            break
        keep: dict[int, KeysValues] = {}
        lengths = [caches[note][0][0].shape[2] for note in alive]
        tree = pack([Segment((current[note],)) for note in alive], cached_prefix=lengths)
        hidden = forward_tree(model, tree, keep=keep, block_prefixes=[caches[note] for note in alive])
        for place, (note, token) in enumerate(zip(alive, _best_tokens(model, hidden[0]), strict=True)):
            caches[note] = followed_by(caches[note], keep, place, 1)
            current[note] = token
    return generated


def _best_tokens(model: Any, hidden: Tensor) -> list[int]:
    return [int(token) for token in (hidden @ output_weight(model).T).argmax(dim=-1)]
