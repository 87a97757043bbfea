"""What a training step minimizes: the cost of each answer token, and of each choice between categories.

The two parts of an answer's cost differ in what they compare a token with: all of the vocabulary (the model learns to
spell categories) or only the tokens that go on to some category (it learns to tell them apart). With logit adjustment
(Menon et al. 2021) the logarithm of how common a choice is in the training notes is added to its score while training,
so that what is learned, used without it, favors no category for being common. A head that chooses between categories
directly is the same thing with answers of one token.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

Head = Literal["answer", "classification"]


def answer_losses(
    logits: Tensor,
    targets: Tensor,
    choices: Tensor,
    adjustments: Tensor,
    *,
    label_smoothing: float = 0.0,
    choice_weight: float = 0.0,
    mean_answer: float = 1.0,
) -> Tensor:
    """Return the cost of each target token.

    Args:
        logits: Next-token scores in nats. Shape ``(positions, vocabulary)``.
        targets: The tokens that follow. Shape ``(positions,)``.
        choices: Tokens that go on to some category, filled up with -1. Shape ``(positions, most choices)``.
        adjustments: What is added to the score of each choice, in nats. Shape as `choices`.
        label_smoothing: Share of probability spread over the whole vocabulary.
        choice_weight: Share of the cost that compares a token with the other choices only.
        mean_answer: Tokens of an average answer. Nearly every one is no choice, so the cost of choosing is multiplied
            by it: a note, not a token, then has weight 1.

    Returns:
        Shape ``(positions,)``.
    """
    if adjustments.any():
        logits = logits.scatter_add(1, choices.clamp(min=0), adjustments)
    losses = cross_entropy(logits, targets, reduction="none", label_smoothing=label_smoothing)
    if choice_weight:
        choosing = choice_losses(logits, targets, choices) * mean_answer
        losses = (1 - choice_weight) * losses + choice_weight * choosing
    return losses


def choice_losses(logits: Tensor, targets: Tensor, choices: Tensor) -> Tensor:
    """Return the cost of each target when only tokens that go on to some answer may be chosen.

    Args:
        logits: Next-token scores in nats. Shape ``(positions, vocabulary)``.
        targets: The tokens that follow. Shape ``(positions,)``.
        choices: Allowed tokens, filled up with -1. Shape ``(positions, most choices)``.

    Returns:
        Negative log-probabilities, 0 where there is no choice. Shape ``(positions,)``.
    """
    allowed = logits.gather(1, choices.clamp(min=0)).masked_fill(choices < 0, -torch.inf)
    return allowed.logsumexp(dim=1) - logits.gather(1, targets[:, None])[:, 0]


def choices_along(answers: Sequence[Sequence[int]]) -> tuple[Tensor, ...]:
    """Return for each answer the tokens that go on to some answer at each of its steps.

    Returns:
        One tensor an answer, filled up with -1. Shape ``(answer tokens, most choices)``.
    """
    return _by_steps([[list(here) for here in path] for path in _groups(answers)], fill=-1)


def adjustments_along(answers: Sequence[Sequence[int]], log_priors: Sequence[float] | None) -> tuple[Tensor, ...]:
    """Return what logit adjustment adds to each of the choices that `choices_along` returns.

    A choice that several categories share gets the logarithm of their *mean* share, so that without adjustment it is
    as likely as those categories together when all are equally common.

    Args:
        answers: Token ids of each category.
        log_priors: Logarithm of each category's share of the training notes; None for no adjustment.

    Returns:
        One tensor an answer, in nats, 0 where there is no choice. Shape ``(answer tokens, most choices)``.
    """
    shares = None if log_priors is None else torch.tensor(log_priors, dtype=torch.float64).exp()
    steps = [
        [[0.0 if shares is None else float(shares[members].mean().log()) for members in here.values()] for here in path]
        for path in _groups(answers)
    ]
    return tuple(row.float() for row in _by_steps(steps, fill=0.0))


def _groups(answers: Sequence[Sequence[int]]) -> list[list[dict[int, list[int]]]]:
    """Return for each step of each answer the tokens that go on to some answer, with those answers' indices."""
    groups = []
    for answer in answers:
        path = []
        for depth in range(len(answer)):
            here: dict[int, list[int]] = {}
            for index, other in enumerate(answers):
                if other[:depth] == answer[:depth]:
                    here.setdefault(other[depth], []).append(index)
            path.append(dict(sorted(here.items())))
        groups.append(path)
    return groups


def _by_steps(steps: list[list[list[int]]] | list[list[list[float]]], fill: float) -> tuple[Tensor, ...]:
    """Return the lists of each answer's steps as one tensor an answer, filled up to the longest list of all."""
    width = max(len(step) for path in steps for step in path)
    return tuple(torch.tensor([[*step, *[fill] * (width - len(step))] for step in path]) for path in steps)
