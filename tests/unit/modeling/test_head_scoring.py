"""Scores by whichever head a model has: those of each prompt read alone, whatever the batch."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nosology.classifier.engine import Engine
from nosology.errors import ModelError
from nosology.modeling.attention import TREE_ATTENTION
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.head_scoring import HeadScorer, make_scorer
from nosology.modeling.heads import CategoryHead, category_head, put_category_head
from nosology.modeling.scoring import AnswerScorer
from tiny_models import CATEGORIES, TEMPLATE, chatml_tokenizer, tiny_llama

ENCODER = PromptEncoder(chatml_tokenizer(), TEMPLATE, CATEGORIES, max_note_tokens=60)
FIRST_TOKENS = [answer[0] for answer in ENCODER.answers]
TEXTS = ["fever and cough", "", "mass in the left breast, biopsy done " * 4, "burn", "fell from a ladder"]
NOTES = [ENCODER.note(text) for text in TEXTS]


def with_head(*, seed: int = 3, has_bias: bool = False) -> Any:
    """Return a tiny model with a classification head that starts from the names' first tokens."""
    made = tiny_llama(seed=seed, kv_heads=2)
    made.set_attn_implementation(TREE_ATTENTION)
    put_category_head(made, len(CATEGORIES), FIRST_TOKENS, has_bias=has_bias)
    if has_bias:
        torch.manual_seed(seed)
        torch.nn.init.normal_(made.lm_head.bias)
    return made


def alone(model: Any, tokens: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Return the log-probabilities of one prompt by transformers' own attention and plain matrix algebra."""
    plain = tiny_llama(seed=3, kv_heads=2)
    with torch.inference_mode():
        hidden = plain.model(input_ids=torch.tensor([tokens]), use_cache=False).last_hidden_state[0, -1]
        scores = model.lm_head.weight.double() @ hidden.double()
        if model.lm_head.bias is not None:
            scores += model.lm_head.bias.double()
    return (scores - scores.logsumexp(dim=0)).numpy()


@pytest.fixture(scope="module")
def model() -> Any:
    """A tiny model with a head."""
    return with_head()


# ---- putting a head on a model


def test_a_head_starts_from_the_vocabularys_rows_of_the_names_first_tokens() -> None:
    plain = tiny_llama(seed=3, kv_heads=2)
    expected = plain.get_output_embeddings().weight[FIRST_TOKENS].clone()
    made = with_head()
    assert torch.equal(made.lm_head.weight, expected)
    assert made.lm_head.bias is None
    assert made.lm_head.weight.dtype == torch.float32
    assert not made.lm_head.weight.requires_grad
    assert not made.config.tie_word_embeddings


def test_a_head_leaves_the_embedding_as_it_was_although_they_were_tied() -> None:
    plain = tiny_llama(seed=3, kv_heads=2)
    before = plain.get_input_embeddings().weight.clone()
    put_category_head(plain, 4, FIRST_TOKENS)
    assert torch.equal(plain.get_input_embeddings().weight, before)


def test_a_model_with_a_head_is_known_as_such(model: Any) -> None:
    assert isinstance(category_head(model), CategoryHead)
    assert category_head(tiny_llama()) is None


def test_a_model_without_a_linear_head_takes_none() -> None:
    with pytest.raises(ModelError, match="cannot be put on this model") as caught:
        put_category_head(tiny_llama().model, 4)
    assert "train.head" in caught.value.hint


def test_a_head_reads_hidden_states_of_any_number_format(model: Any) -> None:
    hidden = torch.randn(3, 32)
    scores = model.lm_head(hidden.bfloat16())
    assert scores.dtype == torch.float32
    torch.testing.assert_close(scores, model.lm_head(hidden.bfloat16().float()))


# ---- choosing the scorer


def test_the_scorer_is_the_one_that_the_head_needs(model: Any) -> None:
    assert isinstance(make_scorer(model, ENCODER), HeadScorer)
    plain = tiny_llama(kv_heads=2)
    plain.set_attn_implementation(TREE_ATTENTION)
    assert isinstance(make_scorer(plain, ENCODER), AnswerScorer)


def test_a_head_scores_each_category_in_one_step(model: Any) -> None:
    assert tuple(make_scorer(model, ENCODER).n_scored_steps) == (1, 1, 1, 1)


# ---- scores


def test_scores_are_those_of_the_last_position_of_each_prompt_alone(model: Any) -> None:
    found = HeadScorer(model, ENCODER).scores(NOTES)
    assert found.shape == (len(NOTES), len(CATEGORIES))
    for row, note in zip(found, NOTES, strict=True):
        np.testing.assert_allclose(row, alone(model, (*ENCODER.root, *note.tokens)), atol=1e-4)


@pytest.mark.parametrize("batch_tokens", [1, 30, 90, 4096])
def test_scores_do_not_depend_on_the_batch(model: Any, batch_tokens: int) -> None:
    whole = HeadScorer(model, ENCODER).scores(NOTES)
    np.testing.assert_allclose(HeadScorer(model, ENCODER, batch_tokens=batch_tokens).scores(NOTES), whole, atol=1e-5)


@settings(max_examples=10)
@given(st.permutations(range(len(NOTES))))
def test_scores_come_in_the_order_of_the_notes(order: list[int]) -> None:
    model = with_head()
    scorer = HeadScorer(model, ENCODER)
    found = scorer.scores([NOTES[index] for index in order])
    np.testing.assert_allclose(found, scorer.scores(NOTES)[order], atol=1e-5)


def test_each_row_of_probabilities_sums_to_one(model: Any) -> None:
    np.testing.assert_allclose(np.exp(HeadScorer(model, ENCODER).scores(NOTES)).sum(axis=1), 1)


def test_progress_counts_every_note_whatever_the_batches(model: Any) -> None:
    for batch_tokens in (1, 4096):
        counted: list[int] = []
        HeadScorer(model, ENCODER, batch_tokens=batch_tokens).scores(NOTES, progress=counted.append)
        assert sum(counted) == len(NOTES)


def test_a_note_read_by_a_head_shows_what_it_looks_like(model: Any) -> None:
    plain = tiny_llama(seed=3, kv_heads=2)
    for read in HeadScorer(model, ENCODER).read(NOTES):
        tokens = (*ENCODER.root, *read.note.tokens)
        with torch.inference_mode():
            hidden = plain.model(input_ids=torch.tensor([tokens]), use_cache=False).last_hidden_state[0]
        own = hidden[len(ENCODER.root) :]
        np.testing.assert_allclose(read.features, torch.cat([own.mean(dim=0), own[-1]]), atol=1e-4)
        assert read.note is NOTES[read.place]


def test_an_engine_with_a_head_gives_features_where_they_are_wanted(model: Any) -> None:
    scores, features = Engine(model, ENCODER).read(NOTES, with_features=True, progress=lambda _: None)
    assert features is not None
    assert features.shape == (len(NOTES), 64)
    np.testing.assert_allclose(scores, HeadScorer(model, ENCODER).scores(NOTES), atol=1e-6)
