"""What a few rubrics would score if a part of the note were not there: the model's side of evidence.

A variant of a note is what is left of it. Everything before the missing part is read already, so its keys and values
are reused and only what stands after is read again (*leaving out*); or nothing of the note is read again and the part
is merely hidden from the answers (*hiding*), which costs a tenth and misses what later words took from it. All variants
of a note, with the answers of all its suggestions below each, go through the model together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from nosology.modeling.attention import KeysValues
from nosology.modeling.encoding import EncodedNote
from nosology.modeling.forward import forward_tree
from nosology.modeling.loading import decoder, output_weight
from nosology.modeling.title_targets import TitleTarget
from nosology.modeling.titles import TitleScorer
from nosology.modeling.tree import Segment, pack
from nosology.records import BoolArray, FloatArray, IntArray

Occlusion = Literal["leave out", "hide"]


@dataclass(frozen=True, slots=True)
class Variant:
    """A note without a part.

    Attributes:
        root: Tokens that are read again; at least one.
        kept: Which tokens of instruction and note stand before them. Shape ``(tokens,)``.
        position: Position of the root's first token.
    """

    root: tuple[int, ...] = field(repr=False)
    kept: IntArray = field(repr=False)
    position: int


def without(note: EncodedNote, n_instruction: int, n_cue: int, part: BoolArray, how: Occlusion) -> Variant:
    """Return the note without some of its tokens.

    Args:
        note: The note.
        n_instruction: Tokens of the instruction before it.
        n_cue: Tokens of the cue, its last ones, which always stay.
        part: True for the tokens that are missing. Shape ``(note tokens,)``.
        how: Whether what stands behind the part is read again.
    """
    tokens = np.array(note.tokens)
    before = np.arange(n_instruction)
    if how == "hide" or not part.any():
        body = np.flatnonzero(~part[: len(tokens) - n_cue])
        root = note.tokens[len(tokens) - n_cue :]
        return Variant(root, np.concatenate([before, n_instruction + body]), n_instruction + len(tokens) - n_cue)
    first = int(np.flatnonzero(part)[0])
    rest = tokens[first:][~part[first:]]
    kept = np.concatenate([before, n_instruction + np.arange(first)])
    return Variant(tuple(int(token) for token in rest), kept, n_instruction + first)


@torch.inference_mode()
def probe(
    scorer: TitleScorer, prefix: list[KeysValues], variants: Sequence[Variant], titles: Sequence[TitleTarget]
) -> tuple[FloatArray, FloatArray]:
    """Return every category's and some rubrics' log-probabilities under each variant.

    Args:
        scorer: Holds the model, the categories and the encoder.
        prefix: Keys and values of instruction and whole note, a pair per layer.
        variants: What is left of the note.
        titles: The rubrics.

    Returns:
        Log P(category), shape ``(variants, categories)``, and log P(rubric | category), shape ``(variants, rubrics)``.
    """
    categories, rubrics = [], []
    extra = scorer.answers.plan.n_tokens + sum(len(title.tokens) + 10 for title in titles)
    batch: list[Variant] = []
    for number, variant in enumerate(variants):
        batch.append(variant)
        following = len(variants[number + 1].root) if number + 1 < len(variants) else 0
        size = sum(len(item.root) + extra for item in batch)
        if number + 1 == len(variants) or size + following + extra > scorer.batch_tokens:
            for of_categories, of_titles in _probe_batch(scorer, prefix, batch, titles):
                categories.append(of_categories)
                rubrics.append(of_titles)
            batch = []
    return np.array(categories).reshape(len(variants), -1), np.array(rubrics).reshape(len(variants), len(titles))


def token_gradients(scorer: TitleScorer, note: EncodedNote, title: TitleTarget) -> FloatArray:
    """Return gradient times input of log P(category) + log P(rubric | category) for each token of a note.

    Args:
        scorer: Its model is run, with gradients, and its encoder supplies instruction and cue.
        note: A note as the encoder gives it; its tokens are what the result is about.
        title: The rubric's category with the tokens of its title.

    Returns:
        Shape ``(note tokens,)``.
    """
    encoder = scorer.encoder
    answer = encoder.answers[title.category]
    segments = [Segment(encoder.root), Segment(note.tokens, 0), Segment((*answer, *encoder.title_cue), 1)]
    if title.tokens:
        segments.append(Segment(title.tokens, 2))
    tree = pack(segments)
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        kept.append(output.detach().requires_grad_())
        return kept[-1]

    hook = decoder(scorer.model).get_input_embeddings().register_forward_hook(keep)
    try:
        with torch.enable_grad():
            hidden = forward_tree(scorer.model, tree)[0]
            weight = output_weight(scorer.model).detach()
            score = _step_scores(hidden[tree.predictors(2)[: len(answer)]], weight, answer)
            cue = tree.starts[2] + tree.lengths[2] - 1
            for depth, target, choices in title.steps:
                row = cue if depth == 0 else tree.starts[3] + depth - 1
                logits = weight[list(choices)].float() @ hidden[row].float()
                score = score + logits.log_softmax(dim=0)[choices.index(target)]
            (gradient,) = torch.autograd.grad(score, kept[0])
    finally:
        hook.remove()
    rows = slice(tree.starts[1], tree.starts[1] + tree.lengths[1])
    return (gradient * kept[0].detach())[0, rows].float().sum(dim=-1).double().cpu().numpy()


def _step_scores(hidden: Tensor, weight: Tensor, tokens: Sequence[int]) -> Tensor:
    """Return the sum of log-probabilities of tokens. Shape of ``hidden``: ``(tokens, hidden)``."""
    log_probs = (hidden @ weight.T).float().log_softmax(dim=-1)
    return log_probs[torch.arange(len(tokens)), torch.tensor(tokens, device=hidden.device)].sum()


def _probe_batch(
    scorer: TitleScorer, prefix: list[KeysValues], variants: Sequence[Variant], titles: Sequence[TitleTarget]
) -> list[tuple[FloatArray, FloatArray]]:
    encoder = scorer.encoder
    segments: list[Segment] = []
    roots, cues, own = [], [], []
    for variant in variants:
        root = len(segments)
        roots.append(root)
        segments.append(Segment(variant.root))
        segments += scorer.answers.plan.below(root)
        place: dict[int, int] = {}
        for title in titles:
            if title.category not in place:
                place[title.category] = len(segments)
                segments.append(Segment((*encoder.answers[title.category], *encoder.title_cue), root))
        cues.append(place)
        below = {}
        for number, title in enumerate(titles):
            if title.tokens:
                below[number] = len(segments)
                segments.append(Segment(title.tokens, place[title.category]))
        own.append(below)
    tree = pack(segments, cached_prefix=[variant.position for variant in variants])
    kept = [torch.from_numpy(variant.kept).to(prefix[0][0].device) for variant in variants]
    prefixes = [[(keys[:, :, rows], values[:, :, rows]) for keys, values in prefix] for rows in kept]
    hidden = forward_tree(scorer.model, tree, block_prefixes=prefixes)[0]
    weight = output_weight(scorer.model)

    def last(segment: int) -> int:
        return tree.starts[segment] + tree.lengths[segment] - 1

    results = []
    of_categories = scorer.answers.scores_below(hidden, tree, roots)
    for scores, place, below in zip(of_categories, cues, own, strict=True):
        of_titles = []
        for number, title in enumerate(titles):
            total = 0.0
            for depth, target, choices in title.steps:
                row = last(place[title.category]) if depth == 0 else tree.starts[below[number]] + depth - 1
                logits = weight[list(choices)].float() @ hidden[row].float()
                total += float(logits.log_softmax(dim=0)[choices.index(target)])
            of_titles.append(total)
        results.append((scores - np.logaddexp.reduce(scores), np.array(of_titles)))
    return results
