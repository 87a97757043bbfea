"""What a training step minimizes: costs of tokens and of choices, against sums that anybody can do by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from nosology.training.losses import adjustments_along, answer_losses, choice_losses, choices_along

# Three categories over a vocabulary of six tokens, the last of which ends a turn.
ANSWERS = ((0, 5), (1, 2, 5), (1, 3, 5))


def row(*probabilities: float) -> Tensor:
    """Return one position's scores whose softmax has these shares."""
    return torch.tensor([[math.log(share) for share in probabilities]])


def costs(logits: Tensor, target: int, choices: list[int], **settings: float) -> float:
    """Return the cost of one token without adjustment."""
    listed = torch.tensor([choices])
    return float(answer_losses(logits, torch.tensor([target]), listed, torch.zeros(listed.shape), **settings))


# ---- choices along the answers


def test_the_choices_at_each_step_are_the_tokens_that_go_on_to_some_answer() -> None:
    first, second, third = choices_along(ANSWERS)
    assert first.tolist() == [[0, 1], [5, -1]]
    assert second.tolist() == [[0, 1], [2, 3], [5, -1]]
    assert third.tolist() == [[0, 1], [2, 3], [5, -1]]


def test_answers_of_one_token_choose_once_among_all() -> None:
    assert [path.tolist() for path in choices_along([(4,), (2,), (3,)])] == [[[2, 3, 4]]] * 3


def test_an_answer_that_begins_another_chooses_between_its_end_and_going_on() -> None:
    short, long = choices_along([(1, 5), (1, 2, 5)])
    assert short.tolist() == [[1, -1], [2, 5]]
    assert long.tolist() == [[1, -1], [2, 5], [5, -1]]


# Answers end with the token 9, which stands nowhere else, so that none is the beginning of another.
some_answers = st.lists(
    st.lists(st.integers(0, 4), max_size=4).map(lambda tokens: (*tokens, 9)), min_size=1, max_size=6, unique=True
)


@given(some_answers)
def test_every_token_of_an_answer_is_among_its_choices(answers: list[tuple[int, ...]]) -> None:
    for answer, path in zip(answers, choices_along(answers), strict=True):
        assert len(path) == len(answer)
        for depth, (token, choices) in enumerate(zip(answer, path.tolist(), strict=True)):
            allowed = [choice for choice in choices if choice >= 0]
            assert token in allowed
            assert set(allowed) == {other[depth] for other in answers if other[:depth] == answer[:depth]}


@given(some_answers)
def test_all_answers_share_one_width_so_that_they_can_be_stacked(answers: list[tuple[int, ...]]) -> None:
    widths = {path.shape[1] for path in choices_along(answers)} | {
        path.shape[1] for path in adjustments_along(answers, None)
    }
    assert len(widths) == 1


# ---- the cost of a token


def test_the_cost_of_a_token_is_its_negative_log_probability() -> None:
    assert costs(row(0.5, 0.25, 0.125, 0.125), 1, [0, 1]) == pytest.approx(math.log(4))
    assert costs(row(0.5, 0.25, 0.125, 0.125), 0, [0, 1]) == pytest.approx(math.log(2))


def test_smoothing_spreads_its_share_over_the_whole_vocabulary() -> None:
    # .9 of the token's own cost and .1 of the mean cost of all four tokens.
    mean = (math.log(2) + math.log(4) + 2 * math.log(8)) / 4
    found = costs(row(0.5, 0.25, 0.125, 0.125), 0, [0, 1], label_smoothing=0.1)
    assert found == pytest.approx(0.9 * math.log(2) + 0.1 * mean, abs=1e-6)


def test_a_choice_is_compared_with_the_other_choices_alone() -> None:
    # Between tokens 0 and 1 of shares .5 and .25, token 1 has a third.
    found = costs(row(0.5, 0.25, 0.125, 0.125), 1, [0, 1], choice_weight=1.0)
    assert found == pytest.approx(math.log(3), abs=1e-6)


def test_both_costs_are_mixed_by_their_weight_and_the_choice_counts_for_a_whole_answer() -> None:
    found = costs(row(0.5, 0.25, 0.125, 0.125), 1, [0, 1], choice_weight=0.25, mean_answer=4.0)
    assert found == pytest.approx(0.75 * math.log(4) + 0.25 * 4 * math.log(3), abs=1e-6)


def test_where_there_is_no_choice_choosing_costs_nothing() -> None:
    assert float(choice_losses(row(0.5, 0.5), torch.tensor([1]), torch.tensor([[1, -1, -1]]))) == pytest.approx(0)


@settings(max_examples=50)
@given(st.lists(st.floats(-8, 8), min_size=6, max_size=6), st.sampled_from([0, 1, 3]))
def test_a_choice_never_costs_more_than_the_token(scores: list[float], target: int) -> None:
    logits = torch.tensor([scores], dtype=torch.float64)
    chosen = float(choice_losses(logits, torch.tensor([target]), torch.tensor([[0, 1, 3, -1]])))
    whole = float(torch.nn.functional.cross_entropy(logits, torch.tensor([target])))
    assert -1e-9 <= chosen <= whole + 1e-9


@settings(max_examples=50)
@given(st.lists(st.floats(-5, 5), min_size=6, max_size=6))
def test_the_chances_of_all_choices_sum_to_one(scores: list[float]) -> None:
    logits = torch.tensor([scores] * 3, dtype=torch.float64)
    choices = torch.tensor([[0, 2, 5, -1]] * 3)
    total = (-choice_losses(logits, torch.tensor([0, 2, 5]), choices)).exp().sum()
    assert float(total) == pytest.approx(1)


@settings(max_examples=30)
@given(st.lists(st.lists(st.floats(-4, 4), min_size=6, max_size=6), min_size=3, max_size=3))
def test_the_constrained_chances_of_all_answers_sum_to_one(scores: list[list[float]]) -> None:
    """Walked through step by step, every way through the choices ends in an answer, and in one only."""
    by_prefix = {(): scores[0], (0,): scores[1], (1,): scores[2], (1, 2): scores[0], (1, 3): scores[1]}
    total = 0.0
    for answer, choices in zip(ANSWERS, choices_along(ANSWERS), strict=True):
        logits = torch.tensor([by_prefix[answer[:depth]] for depth in range(len(answer))], dtype=torch.float64)
        total += math.exp(-float(choice_losses(logits, torch.tensor(answer), choices).sum()))
    assert total == pytest.approx(1)


# ---- logit adjustment


def test_without_priors_nothing_is_added() -> None:
    assert all(not path.any() for path in adjustments_along(ANSWERS, None))


def test_a_choice_of_one_category_gets_the_log_of_its_share() -> None:
    priors = [math.log(share) for share in (0.5, 0.3, 0.2)]
    first, second, third = adjustments_along(ANSWERS, priors)
    # Token 1 begins two categories: the mean of .3 and .2.
    assert first[0].tolist() == pytest.approx([math.log(0.5), math.log(0.25)])
    assert second[1].tolist() == pytest.approx([math.log(0.3), math.log(0.2)])
    assert third[2].tolist() == pytest.approx([math.log(0.2), 0.0]), "the end of a turn goes on to its own answer"
    assert second.dtype == torch.float32


def test_an_adjusted_score_is_the_score_with_the_log_share_added() -> None:
    logits = row(0.5, 0.25, 0.125, 0.125)
    adjustments = torch.tensor([[math.log(0.9), math.log(0.1)]])
    found = answer_losses(logits, torch.tensor([1]), torch.tensor([[0, 1]]), adjustments)
    # .25 * .1 against .5 * .9 + .25 * .1 + .25
    assert float(found) == pytest.approx(-math.log(0.025 / (0.45 + 0.025 + 0.25)), abs=1e-6)


def test_a_rare_category_costs_more_while_training() -> None:
    logits = row(0.4, 0.4, 0.1, 0.1)
    priors = [math.log(0.9), math.log(0.1)]
    adjustments = torch.stack([path[0] for path in adjustments_along([(0,), (1,)], priors)])
    common, rare = answer_losses(logits.repeat(2, 1), torch.tensor([0, 1]), torch.tensor([[0, 1]] * 2), adjustments)
    plain = -math.log(0.4)
    assert float(common) < plain < float(rare)


def test_the_scores_given_are_not_changed_in_place() -> None:
    logits = row(0.5, 0.5)
    before = logits.clone()
    answer_losses(logits, torch.tensor([0]), torch.tensor([[0, 1]]), torch.tensor([[0.5, -0.5]]), choice_weight=0.5)
    assert torch.equal(logits, before)


def test_every_row_has_its_own_choices_and_gradients_reach_the_scores() -> None:
    logits = torch.zeros(2, 4, requires_grad=True)
    choices = torch.tensor([[0, 1, -1], [1, 2, 3]])
    losses = choice_losses(logits, torch.tensor([0, 2]), choices)
    assert losses.tolist() == pytest.approx([math.log(2), math.log(3)])
    losses.sum().backward()
    assert logits.grad is not None
    assert logits.grad[0].tolist() == pytest.approx([-0.5, 0.5, 0.0, 0.0])
    assert logits.grad[1].tolist() == pytest.approx([0.0, 1 / 3, -2 / 3, 1 / 3])
