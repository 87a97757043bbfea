"""A tree's paths as padded sequences: the same scores as the packed row and as transformers' own plain pass."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaForCausalLM

from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.padded import PaddedScorer, leaf_paths, padded_logits
from nosology.modeling.tree import Segment, pack
from tiny_models import CATEGORIES, TEMPLATE, chatml_tokenizer, tiny_llama


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    """A tiny random model with transformers' own attention."""
    return tiny_llama(seed=3)


@pytest.fixture(scope="module")
def encoder() -> PromptEncoder:
    """Prompts for it."""
    return PromptEncoder(chatml_tokenizer(), TEMPLATE, CATEGORIES, max_note_tokens=48)


def plain_logits(model: LlamaForCausalLM, tokens: Sequence[int]) -> torch.Tensor:
    """Return next-token scores of one unpadded sequence. Shape ``(tokens, vocabulary)``."""
    with torch.inference_mode():
        return model(input_ids=torch.tensor([list(tokens)]), use_cache=False).logits[0]


# ---- paths


def test_a_tree_of_one_segment_has_one_path() -> None:
    assert leaf_paths(pack([Segment((7, 8, 9))])) == [[0, 1, 2]]


def test_a_path_goes_from_the_root_through_its_ancestors_to_each_leaf() -> None:
    tree = pack([Segment((1, 2)), Segment((3,), 0), Segment((4, 5), 1), Segment((6,), 1), Segment((7,), 0)])
    sequences = [tree.input_ids[path].tolist() for path in leaf_paths(tree)]
    assert sequences == [[1, 2, 3, 4, 5], [1, 2, 3, 6], [1, 2, 7]]


@st.composite
def some_trees(draw: st.DrawFn) -> list[Segment]:
    """Draw segments of one to three tokens, each below an earlier one or a root of its own."""
    segments: list[Segment] = []
    for index in range(draw(st.integers(1, 6))):
        tokens = tuple(draw(st.lists(st.integers(3, 99), min_size=1, max_size=3)))
        parent = draw(st.sampled_from([None, *range(index)])) if index else None
        segments.append(Segment(tokens, parent))
    return segments


@given(some_trees())
def test_the_paths_are_those_that_walking_up_from_every_leaf_gives(segments: list[Segment]) -> None:
    tree = pack(segments)
    parents = {segment.parent for segment in segments}
    expected = []
    for index in range(len(segments)):
        if index in parents:
            continue
        tokens: tuple[int, ...] = ()
        place: int | None = index
        while place is not None:
            tokens = (*segments[place].tokens, *tokens)
            place = segments[place].parent
        expected.append(list(tokens))
    assert sorted(tree.input_ids[path].tolist() for path in leaf_paths(tree)) == sorted(expected)


# ---- scores


def test_scores_are_those_of_each_path_alone(model: LlamaForCausalLM) -> None:
    segments = [Segment((11, 12, 13)), Segment((20, 21), 0), Segment((30,), 1), Segment((31, 32, 33, 34), 1)]
    tree = pack(segments)
    found = padded_logits(model, tree, torch.tensor(range(10)))
    short = plain_logits(model, (11, 12, 13, 20, 21, 30))
    long = plain_logits(model, (11, 12, 13, 20, 21, 31, 32, 33, 34))
    torch.testing.assert_close(found[:6], short, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found[6:], long[5:], atol=1e-5, rtol=1e-5)


@settings(max_examples=15)
@given(some_trees(), st.data())
def test_any_positions_of_any_tree_are_scored_in_the_order_asked(segments: list[Segment], data: st.DataObject) -> None:
    model = tiny_llama(seed=3)
    tree = pack(segments)
    n_tokens = sum(len(segment.tokens) for segment in segments)
    wanted = data.draw(st.lists(st.integers(0, n_tokens - 1), min_size=1, max_size=5))
    found = padded_logits(model, tree, torch.tensor(wanted))
    assert found.shape == (len(wanted), model.config.vocab_size)
    paths = leaf_paths(tree)
    for place, row in enumerate(wanted):
        path = next(path for path in paths if row in path)
        upto = path[: path.index(row) + 1]
        expected = plain_logits(model, tree.input_ids[upto].tolist())[-1]
        torch.testing.assert_close(found[place].detach(), expected, atol=1e-4, rtol=1e-4)


def test_a_note_scores_the_same_alone_and_beside_a_longer_one(model: LlamaForCausalLM, encoder: PromptEncoder) -> None:
    short, long = encoder.note("warm red leg"), encoder.note("fever and cough with chest pain, " * 3)
    scorer = PaddedScorer(model, encoder)
    together = scorer.scores([short, long])
    np.testing.assert_allclose(together[0], scorer.scores([short])[0], atol=1e-4)
    assert together.shape == (2, len(CATEGORIES))


def test_an_answers_score_is_the_sum_over_its_tokens_behind_its_own_prompt(
    model: LlamaForCausalLM, encoder: PromptEncoder
) -> None:
    note = encoder.note("patient admitted with fever")
    found = PaddedScorer(model, encoder).scores([note])[0]
    prompt = (*encoder.root, *note.tokens)
    for score, answer in zip(found, encoder.answers, strict=True):
        log_probs = plain_logits(model, (*prompt, *answer)).log_softmax(dim=-1)
        expected = sum(float(log_probs[len(prompt) - 1 + i, token]) for i, token in enumerate(answer))
        assert score == pytest.approx(expected, abs=1e-3)


def test_progress_counts_every_note_once(model: LlamaForCausalLM, encoder: PromptEncoder) -> None:
    counted: list[int] = []
    PaddedScorer(model, encoder).scores([encoder.note(text) for text in ("a", "b", "c")], progress=counted.append)
    assert counted == [1, 1, 1]
