"""Scores of all answers in one pass: equal to scoring each alone, whatever the batch."""

import itertools
from typing import Any, Literal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nosology.modeling import scoring as scoring_module
from nosology.modeling.attention import TREE_ATTENTION
from nosology.modeling.encoding import EncodedNote, PromptEncoder
from nosology.modeling.scoring import AnswerScorer, answer_log_probs
from tiny_models import CATEGORIES, TEMPLATE, chatml_tokenizer, tiny_llama

ENCODER = PromptEncoder(chatml_tokenizer(), TEMPLATE, CATEGORIES, max_note_tokens=60)
TEXTS = [
    "fever and cough",
    "",
    "mass in the left breast, biopsy done " * 4,
    "burn",
    "fell from a ladder and broke the hip",
]
NOTES = [ENCODER.note(text) for text in TEXTS]


def model(**options: Any) -> Any:
    made = tiny_llama(kv_heads=2, seed=3, **options)
    made.set_attn_implementation(TREE_ATTENTION)
    return made


def scored_alone(llama: Any, note: EncodedNote, answer: tuple[int, ...]) -> list[torch.Tensor]:
    """Return the log-probabilities over the vocabulary at each answer token, by transformers' eager attention."""
    llama.set_attn_implementation("eager")
    with torch.no_grad():
        ids = torch.tensor([[*ENCODER.root, *note.tokens, *answer]])
        rows = llama(input_ids=ids).logits[0].log_softmax(dim=-1)[-len(answer) - 1 : -1]
    llama.set_attn_implementation(TREE_ATTENTION)
    return list(rows)


def test_joint_scores_equal_those_of_each_answer_behind_its_own_prompt() -> None:
    llama = model()
    found = AnswerScorer(llama, ENCODER).scores(NOTES)
    for row, note in enumerate(NOTES):
        for column, answer in enumerate(ENCODER.answers):
            steps = zip(scored_alone(llama, note, answer), answer, strict=True)
            assert found[row, column] == pytest.approx(sum(float(step[token]) for step, token in steps), rel=1e-5)


def test_constrained_scores_are_those_of_choosing_only_among_tokens_that_continue_an_answer() -> None:
    llama = model()
    found = AnswerScorer(llama, ENCODER, scoring="constrained").scores(NOTES)
    for row, note in enumerate(NOTES):
        for column, answer in enumerate(ENCODER.answers):
            total = 0.0
            for depth, step in enumerate(scored_alone(llama, note, answer)):
                allowed = {other[depth] for other in ENCODER.answers if other[:depth] == answer[:depth]}
                total += float(step[answer[depth]] - step[sorted(allowed)].logsumexp(dim=0))
            assert found[row, column] == pytest.approx(total, rel=1e-4, abs=1e-5)
    assert np.exp(found).sum(axis=1) == pytest.approx(np.ones(len(NOTES)), abs=1e-6)


@pytest.mark.parametrize("scoring", ["joint", "constrained"])
def test_scores_do_not_depend_on_order_batch_or_neighbours(scoring: Literal["joint", "constrained"]) -> None:
    llama = model()
    together = AnswerScorer(llama, ENCODER, scoring=scoring).scores(NOTES)
    for batch_tokens in (1, 100):
        alone = AnswerScorer(llama, ENCODER, scoring=scoring, batch_tokens=batch_tokens)
        for order in itertools.islice(itertools.permutations(range(len(NOTES))), 0, 120, 37):
            shuffled = alone.scores([NOTES[index] for index in order])
            assert np.abs(shuffled - together[list(order)]).max() < 1e-4


def test_progress_counts_every_note_once() -> None:
    seen: list[int] = []
    AnswerScorer(model(), ENCODER, batch_tokens=80).scores(NOTES, progress=seen.append)
    assert sum(seen) == len(NOTES)
    assert len(seen) > 1


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(1, 40), st.integers(0, 2**31))
def test_sliced_log_probabilities_equal_a_full_softmax(positions: int, vocabulary: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    hidden, weight = torch.randn(positions, 8, generator=generator), torch.randn(vocabulary, 8, generator=generator)
    targets = torch.randint(-1, vocabulary, (positions, 3), generator=generator)
    before = scoring_module.VOCABULARY_SLICE
    scoring_module.VOCABULARY_SLICE = 7
    try:
        found = answer_log_probs(hidden, weight, targets)
    finally:
        scoring_module.VOCABULARY_SLICE = before
    expected = (hidden @ weight.T).log_softmax(dim=-1).gather(1, targets.clamp(min=0))
    assert torch.allclose(found, torch.where(targets >= 0, expected, 0.0), atol=1e-5)


def test_no_tensor_of_positions_times_a_large_vocabulary_is_ever_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 128k words, the largest result of a matrix product stays that of one slice."""
    largest = 0
    product = torch.Tensor.__matmul__

    def watched(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        nonlocal largest
        result = product(left, right)
        largest = max(largest, result.shape[-1])
        return result

    monkeypatch.setattr(torch.Tensor, "__matmul__", watched)
    scores = AnswerScorer(model(vocabulary=128_256), ENCODER).scores(NOTES[:2])
    assert np.isfinite(scores).all()
    assert largest == scoring_module.VOCABULARY_SLICE


def test_generated_answers_equal_transformers_own_greedy_ones() -> None:
    llama = model()
    scorer = AnswerScorer(llama, ENCODER, batch_tokens=100)
    scores, found = scorer.scores_and_answers(NOTES, max_new_tokens=6)
    assert np.array_equal(scores, scorer.scores(NOTES))
    llama.set_attn_implementation("sdpa")
    for note, answer in zip(NOTES, found, strict=True):
        ids = torch.tensor([[*ENCODER.root, *note.tokens]])
        tokens = llama.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=6,
            do_sample=False,
            eos_token_id=ENCODER.end_of_turn,
            pad_token_id=0,
        )[0, ids.shape[1] :].tolist()
        tokens = tokens[: tokens.index(ENCODER.end_of_turn)] if ENCODER.end_of_turn in tokens else tokens
        assert answer == ENCODER.decode(tokens)
