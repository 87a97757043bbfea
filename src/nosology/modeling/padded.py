"""A tree's paths as separate padded sequences, for models that cannot attend along trees (those of Unsloth).

It computes what a packed row computes and wastes what a packed row saves.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nosology.modeling.encoding import EncodedNote, PromptEncoder
from nosology.modeling.tree import PackedTree, Segment, pack
from nosology.records import Count, FloatArray


def padded_logits(model: Any, tree: PackedTree, predictors: Tensor) -> Tensor:
    """Return next-token scores at chosen positions of a packed row, each path of its tree read as a sequence.

    Args:
        model: A causal language model, with or without adapter, wrapped for several processes or not.
        tree: The row.
        predictors: Row indices. Shape ``(positions,)``.

    Returns:
        Scores in nats, not normalized. Shape ``(positions, vocabulary)``.
    """
    paths = leaf_paths(tree)
    place = {
        row: (path, position) for path, rows in reversed(list(enumerate(paths))) for position, row in enumerate(rows)
    }
    wanted = [place[row] for row in predictors.tolist()]
    width = max(map(len, paths))
    first = min(position for _, position in wanted)
    ids = torch.zeros(len(paths), width, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, path in enumerate(paths):
        ids[row, : len(path)] = tree.input_ids[path]
        mask[row, : len(path)] = 1
    device = next(model.parameters()).device
    logits = model(
        input_ids=ids.to(device), attention_mask=mask.to(device), logits_to_keep=width - first, use_cache=False
    ).logits
    rows, positions = torch.tensor(wanted).T
    found: Tensor = logits[rows, positions - first]
    return found


def leaf_paths(tree: PackedTree) -> list[list[int]]:
    """Return the row indices of every path from a root to a leaf, in order."""
    inner = set(tree.parents)
    paths = []
    for leaf in range(len(tree.starts)):
        if leaf in inner:
            continue
        path: list[int] = []
        segment: int | None = leaf
        while segment is not None:
            start = tree.starts[segment]
            path[:0] = range(start, start + tree.lengths[segment])
            segment = tree.parents[segment]
        paths.append(path)
    return paths


class PaddedScorer:
    """Joint scores as `nosology.modeling.scoring` defines them, each answer read after a prompt of its own."""

    def __init__(self, model: Any, encoder: PromptEncoder) -> None:
        """Take the model and the encoder that cuts prompts for it."""
        self._model, self._encoder = model, encoder

    @torch.inference_mode()
    def scores(self, notes: Sequence[EncodedNote], *, progress: Count | None = None) -> FloatArray:
        """Return every answer's score under every note, in nats. Shape ``(notes, answers)``."""
        answers = self._encoder.answers
        rows = []
        for note in notes:
            segments = [Segment(self._encoder.root), Segment(note.tokens, 0), *(Segment(a, 1) for a in answers)]
            tree = pack(segments)
            predictors = [row for index in range(len(answers)) for row in tree.predictors(index + 2)]
            # The first token of every answer is predicted at one place, which any of the paths may give.
            logits = padded_logits(self._model, tree, torch.tensor(predictors)).float()
            targets = torch.tensor([token for answer in answers for token in answer], device=logits.device)
            log_probs = logits.log_softmax(dim=-1).gather(1, targets[:, None])[:, 0]
            parts = torch.split(log_probs, [len(answer) for answer in answers])
            rows.append([float(part.sum()) for part in parts])
            if progress:
                progress(1)
        return np.array(rows)
