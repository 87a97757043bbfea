"""Greedy answers: token for token what transformers' own greedy search says, for any batch of notes."""

from collections.abc import Sequence

import pytest
import torch
from transformers import LlamaForCausalLM

from nosology.modeling.attention import TREE_ATTENTION, KeysValues
from nosology.modeling.forward import forward_tree, read_keys_values
from nosology.modeling.generation import continue_greedily
from nosology.modeling.tree import Segment, pack
from tiny_models import tiny_llama

INSTRUCTION = (5, 6, 7, 8)
NOTES = ((20, 21, 22), (30,), (40, 41, 42, 43, 44), (50, 51))
NEVER = 10_000  # no token of the vocabulary, so no answer ends by itself


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    """A tiny model that attends along trees."""
    made = tiny_llama(seed=11, kv_heads=2)
    made.set_attn_implementation(TREE_ATTENTION)
    return made


def spoken(
    model: LlamaForCausalLM, notes: Sequence[Sequence[int]], n_tokens: int, end_of_turn: int = NEVER
) -> list[list[int]]:
    """Return the greedy answers behind some notes that are read in one row."""
    prefix = read_keys_values(model, INSTRUCTION)
    keep: dict[int, KeysValues] = {}
    tree = pack([Segment(note) for note in notes], cached_prefix=len(INSTRUCTION))
    with torch.inference_mode():
        hidden = forward_tree(model, tree, keep=keep, prefix=prefix)
        spans = list(zip(tree.starts, tree.lengths, strict=True))
        return continue_greedily(model, end_of_turn, hidden, keep, spans, prefix, n_tokens)


def greedy_alone(note: Sequence[int], n_tokens: int) -> list[int]:
    """Return what an unpacked model with transformers' attention says, one token at a time, nothing cached."""
    plain = tiny_llama(seed=11, kv_heads=2)
    tokens = [*INSTRUCTION, *note]
    with torch.inference_mode():
        for _ in range(n_tokens):
            logits = plain(input_ids=torch.tensor([tokens]), use_cache=False).logits[0, -1]
            tokens.append(int(logits.argmax()))
    return tokens[-n_tokens:] if n_tokens else []


@pytest.mark.parametrize("n_tokens", [1, 2, 6])
def test_every_note_is_answered_as_if_it_were_alone(model: LlamaForCausalLM, n_tokens: int) -> None:
    assert spoken(model, NOTES, n_tokens) == [greedy_alone(note, n_tokens) for note in NOTES]


def test_an_answer_does_not_depend_on_its_neighbours(model: LlamaForCausalLM) -> None:
    together = spoken(model, NOTES, 5)
    assert [spoken(model, [note], 5)[0] for note in NOTES] == together
    assert spoken(model, NOTES[::-1], 5) == together[::-1]


def test_the_end_of_a_turn_ends_an_answer_and_is_no_part_of_it(model: LlamaForCausalLM) -> None:
    whole = spoken(model, NOTES, 6)
    end = whole[2][3]
    cut = spoken(model, NOTES, 6, end_of_turn=end)
    for full, short in zip(whole, cut, strict=True):
        expected = full[: full.index(end)] if end in full else full
        assert short == expected
    assert len(cut[2]) <= 3


def test_an_answer_that_ends_at_once_is_empty_and_the_others_go_on(model: LlamaForCausalLM) -> None:
    whole = spoken(model, NOTES, 4)
    end = whole[0][0]
    cut = spoken(model, NOTES, 4, end_of_turn=end)
    assert cut[0] == []
    assert any(cut)


def test_no_more_tokens_are_spoken_than_allowed(model: LlamaForCausalLM) -> None:
    assert [len(answer) for answer in spoken(model, NOTES, 3)] == [3] * len(NOTES)
    assert spoken(model, NOTES, 0) == [[] for _ in NOTES]
