"""Class imbalance and the order of notes."""

import math
from collections import Counter
from typing import Any

import pytest
import torch

from nosology.training.balance import NoteOrder, balancing_weights, log_priors
from nosology.training.losses import adjustments_along, answer_losses, choices_along

LENGTHS = [(7 * index) % 50 + 5 for index in range(200)]


def order(**fields: Any) -> NoteOrder:
    return NoteOrder(LENGTHS, **({"batch_size": 4, "weights": None, "by_length": False, "seed": 3} | fields))


def test_weights_are_inverse_to_frequency_and_one_on_average() -> None:
    weights = balancing_weights([0] * 6 + [1] * 2)
    assert weights == [8 / 12] * 6 + [2.0] * 2
    assert sum(weights) / len(weights) == pytest.approx(1)


def test_priors_are_shares_and_a_category_without_notes_has_some() -> None:
    priors = [math.exp(value) for value in log_priors([0, 0, 0, 1], 3)]
    assert priors == pytest.approx([3 / 4.5, 1 / 4.5, 0.5 / 4.5])


def test_an_epoch_reads_every_note_once_and_each_epoch_in_another_order() -> None:
    notes = order()
    first = list(notes)
    notes.set_epoch(1)
    assert sorted(first) == list(range(200))
    assert list(notes) != first
    notes.set_epoch(0)
    assert list(notes) == first


def test_batches_by_length_hold_similar_lengths_and_still_every_note_once() -> None:
    def spread(rows: list[int]) -> float:
        batches = [[LENGTHS[row] for row in rows[start : start + 4]] for start in range(0, len(rows), 4)]
        return sum(max(batch) - min(batch) for batch in batches) / len(batches)

    found = list(order(by_length=True))
    assert sorted(found) == list(range(200))
    assert spread(found) < 0.15 * spread(list(order()))
    lengths = [LENGTHS[row] for row in found]
    assert lengths != sorted(lengths), "long notes would all come last"


def test_balanced_sampling_draws_all_categories_equally_often() -> None:
    categories = [0] * 160 + [1] * 30 + [2] * 10
    notes = order(weights=balancing_weights(categories))
    drawn: Counter[int] = Counter()
    for epoch in range(20):
        notes.set_epoch(epoch)
        drawn.update(categories[row] for row in notes)
    assert all(count / 4000 == pytest.approx(1 / 3, abs=0.03) for count in drawn.values())


def test_adjustment_adds_the_log_share_of_a_choice_and_the_mean_share_where_categories_begin_alike() -> None:
    answers = [(1, 2, 9), (1, 3, 9), (4, 9)]
    adjusted = adjustments_along(answers, [math.log(0.6), math.log(0.2), math.log(0.2)])
    assert adjusted[0].exp().tolist()[0] == pytest.approx([0.4, 0.2])  # choices 1 and 4
    assert adjusted[1].exp().tolist()[1] == pytest.approx([0.6, 0.2])  # choices 2 and 3
    assert adjusted[2].tolist()[1][1] == 0.0  # no second choice
    assert all(not row.any() for row in adjustments_along(answers, None))


def test_an_adjusted_loss_is_that_of_scores_with_the_log_share_added() -> None:
    """Menon et al. 2021, equation 10: cross-entropy of f_y(x) + log pi_y."""
    answers = [(0,), (1,), (2,)]
    shares = torch.tensor([0.7, 0.2, 0.1])
    logits = torch.tensor([[0.3, -0.2, 0.9], [1.0, 0.5, 0.0]])
    targets = torch.tensor([2, 0])
    choices = torch.cat([choices_along(answers)[target] for target in targets])
    adjustments = torch.cat([adjustments_along(answers, shares.log().tolist())[target] for target in targets])
    expected = -(logits + shares.log()).log_softmax(dim=1)[[0, 1], targets]
    for choice_weight in (0.0, 1.0):
        found = answer_losses(logits, targets, choices, adjustments, choice_weight=choice_weight)
        assert found.tolist() == pytest.approx(expected.tolist(), rel=1e-5)
