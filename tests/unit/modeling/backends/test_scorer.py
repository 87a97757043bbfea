"""Scores by a model in another program are those of the scorer that has the model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from nosology.modeling.attention import TREE_ATTENTION
from nosology.modeling.backends.scorer import OutsideScorer
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.scoring import AnswerScorer
from nosology.modeling.trie import Scoring
from tiny_models import CATEGORIES, TEMPLATE, chatml_tokenizer, tiny_llama

ENCODER = PromptEncoder(chatml_tokenizer(), TEMPLATE, CATEGORIES, max_note_tokens=60)
NOTES = [ENCODER.note(text) for text in ("fever and cough", "", "mass in the left breast")]


class Plain:
    """A model that reads each prompt with each answer alone."""

    advice = ""

    def log_probs(self, prompt: Sequence[int], answers: Sequence[Sequence[int]]) -> list[list[float]]:
        model = tiny_llama(seed=3)
        found = []
        for answer in answers:
            with torch.inference_mode():
                rows = model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0].double().log_softmax(dim=-1)
            found.append([float(rows[len(prompt) - 1 + i, token]) for i, token in enumerate(answer)])
        return found


@pytest.mark.parametrize("scoring", ["joint", "constrained"])
def test_scores_are_the_scorers_that_has_the_model(scoring: Scoring) -> None:
    model: Any = tiny_llama(seed=3)
    model.set_attn_implementation(TREE_ATTENTION)
    inside, outside = AnswerScorer(model, ENCODER, scoring=scoring), OutsideScorer(Plain(), ENCODER, scoring=scoring)
    counted: list[int] = []
    np.testing.assert_allclose(outside.scores(NOTES, progress=counted.append), inside.scores(NOTES), atol=1e-4)
    assert counted == [1, 1, 1]
    assert outside.n_scored_steps == inside.n_scored_steps
