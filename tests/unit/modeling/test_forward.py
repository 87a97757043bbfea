"""One pass over a packed row: hidden states and cached keys are those of reading each sequence alone."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from nosology.modeling.attention import TREE_ATTENTION, KeysValues
from nosology.modeling.forward import forward_tree, read_keys_values
from nosology.modeling.tree import Segment, pack
from tiny_models import tiny_llama

INSTRUCTION = (5, 6, 7, 8)
NOTES = ((20, 21, 22), (30,), (40, 41, 42, 43, 44))


@pytest.fixture(scope="module")
def plain() -> LlamaForCausalLM:
    """A tiny model with transformers' own attention."""
    return tiny_llama(seed=5, kv_heads=2)


@pytest.fixture(scope="module")
def along_trees() -> LlamaForCausalLM:
    """The same weights, attending along trees."""
    made = tiny_llama(seed=5, kv_heads=2)
    made.set_attn_implementation(TREE_ATTENTION)
    return made


def hidden_alone(model: LlamaForCausalLM, tokens: Sequence[int]) -> Tensor:
    """Return the last hidden states of one sequence, read alone. Shape ``(tokens, hidden)``."""
    with torch.inference_mode():
        return model.model(input_ids=torch.tensor([list(tokens)]), use_cache=False).last_hidden_state[0]


def close(one: Tensor, other: Tensor) -> None:
    """Fail unless two tensors agree but for rounding."""
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_a_row_has_a_state_for_every_token(along_trees: LlamaForCausalLM) -> None:
    with torch.inference_mode():
        hidden = forward_tree(along_trees, pack([Segment(INSTRUCTION), Segment(NOTES[0], 0)]))
    assert hidden.shape == (1, 7, 32)


def test_notes_below_one_instruction_are_read_as_if_each_were_alone(
    plain: LlamaForCausalLM, along_trees: LlamaForCausalLM
) -> None:
    tree = pack([Segment(INSTRUCTION), *(Segment(note, 0) for note in NOTES)])
    with torch.inference_mode():
        hidden = forward_tree(along_trees, tree)[0]
    place = len(INSTRUCTION)
    close(hidden[:place], hidden_alone(plain, INSTRUCTION))
    for note in NOTES:
        close(hidden[place : place + len(note)], hidden_alone(plain, (*INSTRUCTION, *note))[len(INSTRUCTION) :])
        place += len(note)


def test_an_answer_sees_its_note_and_no_other(plain: LlamaForCausalLM, along_trees: LlamaForCausalLM) -> None:
    tree = pack(
        [Segment(INSTRUCTION), Segment(NOTES[0], 0), Segment((9, 9), 1), Segment(NOTES[1], 0), Segment((9,), 3)]
    )
    with torch.inference_mode():
        hidden = forward_tree(along_trees, tree)[0]
    close(hidden[7:9], hidden_alone(plain, (*INSTRUCTION, *NOTES[0], 9, 9))[-2:])
    close(hidden[10:11], hidden_alone(plain, (*INSTRUCTION, *NOTES[1], 9))[-1:])


def test_a_cached_instruction_gives_what_reading_it_again_gives(
    plain: LlamaForCausalLM, along_trees: LlamaForCausalLM
) -> None:
    prefix = read_keys_values(along_trees, INSTRUCTION)
    tree = pack([Segment(note) for note in NOTES], cached_prefix=len(INSTRUCTION))
    with torch.inference_mode():
        hidden = forward_tree(along_trees, tree, prefix=prefix)[0]
    place = 0
    for note in NOTES:
        close(hidden[place : place + len(note)], hidden_alone(plain, (*INSTRUCTION, *note))[len(INSTRUCTION) :])
        place += len(note)


def test_each_block_may_go_on_from_a_prefix_of_its_own(plain: LlamaForCausalLM, along_trees: LlamaForCausalLM) -> None:
    prefixes = [read_keys_values(along_trees, (*INSTRUCTION, *note)) for note in NOTES]
    lengths = [len(INSTRUCTION) + len(note) for note in NOTES]
    tree = pack([Segment((9,)) for _ in NOTES], cached_prefix=lengths)
    with torch.inference_mode():
        hidden = forward_tree(along_trees, tree, block_prefixes=prefixes)[0]
    for place, note in enumerate(NOTES):
        close(hidden[place : place + 1], hidden_alone(plain, (*INSTRUCTION, *note, 9))[-1:])


# ---- keys and values


def same(one: list[KeysValues], other: list[KeysValues]) -> None:
    """Fail unless the keys and values of all layers agree but for rounding."""
    assert len(one) == len(other)
    for (keys, values), (other_keys, other_values) in zip(one, other, strict=True):
        close(keys, other_keys)
        close(values, other_values)


def test_there_is_a_pair_for_each_layer_with_a_place_for_each_token(along_trees: LlamaForCausalLM) -> None:
    pairs = read_keys_values(along_trees, INSTRUCTION)
    assert len(pairs) == 2
    for keys, values in pairs:
        assert keys.shape == values.shape == (1, 2, 4, 8), "batch, key heads, tokens, width of a head"


def test_keys_and_values_are_those_that_transformers_caches(
    plain: LlamaForCausalLM, along_trees: LlamaForCausalLM
) -> None:
    with torch.inference_mode():
        cache = plain.model(input_ids=torch.tensor([INSTRUCTION]), use_cache=True).past_key_values
    same(read_keys_values(along_trees, INSTRUCTION), [(layer.keys, layer.values) for layer in cache.layers])


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_reading_in_two_goes_gives_what_reading_at_once_gives(along_trees: LlamaForCausalLM, cut: int) -> None:
    before = read_keys_values(along_trees, INSTRUCTION[:cut])
    same(read_keys_values(along_trees, INSTRUCTION[cut:], before), read_keys_values(along_trees, INSTRUCTION))


def test_going_on_leaves_the_first_reading_as_it_was(along_trees: LlamaForCausalLM) -> None:
    before = read_keys_values(along_trees, INSTRUCTION)
    copies = [(keys.clone(), values.clone()) for keys, values in before]
    read_keys_values(along_trees, NOTES[0], before)
    for (keys, values), (old_keys, old_values) in zip(before, copies, strict=True):
        assert torch.equal(keys, old_keys)
        assert torch.equal(values, old_values)


def test_a_row_keeps_its_own_keys_alone_without_those_of_the_prefix(along_trees: LlamaForCausalLM) -> None:
    prefix = read_keys_values(along_trees, INSTRUCTION)
    keep: dict[int, KeysValues] = {}
    tree = pack([Segment(NOTES[0])], cached_prefix=len(INSTRUCTION))
    with torch.inference_mode():
        forward_tree(along_trees, tree, keep=keep, prefix=prefix)
    assert sorted(keep) == [0, 1]
    assert keep[0][0].shape[2] == len(NOTES[0])
