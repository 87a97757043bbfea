"""Rows of few lengths and compiled layers: the CUDA path, run on a CPU as far as it goes there.

FlexAttention refuses gradients on a CPU because its compiled kernels have none there; its plain implementation has
them, so these tests lift the refusal and check the mask, the padding and the compiled graphs with it.
"""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._dynamo.testing import CompileCounterWithBackend
from torch.nn.attention import flex_attention
from torch.nn.functional import cross_entropy

from nosology.modeling import forward
from nosology.modeling.adapters import attach_lora
from nosology.modeling.attention import TREE_ATTENTION, TreePass
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.loading import LoadedModel
from nosology.modeling.scoring import AnswerScorer
from nosology.modeling.tree import PackedTree, Segment, pack, row_length
from nosology.training.rows import CompiledLayers
from separate_sequences import check_bfloat16_gradients, path_of, relative_error, separate_logits, trees
from tiny_models import CATEGORIES, TEMPLATE, chatml_tokenizer, tiny_llama

pytestmark = pytest.mark.filterwarnings(
    "ignore:flex_attention called without torch.compile:UserWarning",
    # What dynamo does inside, while it reads FlexAttention and an autograd function.
    "ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning",
    "ignore:.*should not be instantiated:DeprecationWarning",
)


@pytest.fixture(autouse=True, scope="module")
def gradients_on_a_cpu() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flex_attention, "_validate_device", lambda *_: None)
        yield


def padded_logits(model: Any, tree: PackedTree) -> torch.Tensor:
    """Return next-token scores of a row's own tokens, read in a padded row. Shape ``(tokens, vocabulary)``."""
    model.set_attn_implementation(TREE_ATTENTION)
    row = tree.padded(row_length(len(tree.input_ids)))
    guide = TreePass(row, path="flex").prepare(torch.device("cpu"), next(model.parameters()).dtype)
    output = model(input_ids=row.input_ids[None], position_ids=row.position_ids[None], use_cache=False, tree=guide)
    return output.logits[0, : len(tree.input_ids)]


@settings(max_examples=8, deadline=None)
@given(segments=trees(max_segments=6), tied=st.booleans(), kv_heads=st.sampled_from([1, 2, 4]))
def test_losses_and_gradients_of_a_padded_row_equal_those_of_separate_sequences(
    segments: list[Segment], tied: bool, kv_heads: int
) -> None:
    leaves = [index for index, segment in enumerate(segments) if segment.parent is not None]
    if not leaves:
        return
    model = tiny_llama(kv_heads=kv_heads, tied=tied).requires_grad_(True)
    tree = pack(segments)
    logits, found, expected = padded_logits(model, tree), torch.zeros(()), torch.zeros(())
    for leaf in leaves:
        targets = torch.tensor(segments[leaf].tokens)
        found = found + cross_entropy(logits[tree.predictors(leaf)], targets, reduction="sum")
    gradients = torch.autograd.grad(found, list(model.parameters()))
    for leaf in leaves:
        tokens = [token for step in path_of(segments, leaf) for token in segments[step].tokens]
        n_answer = len(segments[leaf].tokens)
        alone = separate_logits(model, tokens)[-n_answer - 1 : -1]
        expected = expected + cross_entropy(alone, torch.tensor(tokens[-n_answer:]), reduction="sum")
    expected_gradients = torch.autograd.grad(expected, list(model.parameters()))
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    flat = [torch.cat([part.flatten() for part in parts]) for parts in (gradients, expected_gradients)]
    assert relative_error(*flat) < 1e-5


@pytest.mark.parametrize("seed", range(5))
def test_in_bfloat16_gradients_stay_within_rounding(seed: int) -> None:
    check_bfloat16_gradients(seed, padded_logits)


@pytest.mark.parametrize("seed", range(12))
def test_the_block_mask_is_the_one_that_comparing_all_pairs_of_tokens_gives(seed: int) -> None:
    draw = random.Random(seed)
    segments = [Segment(range(draw.randint(1, 300)))]
    segments += [
        Segment(range(draw.randint(1, 200)), draw.choice([None, 0, draw.randrange(index)]))
        for index in range(1, draw.randint(2, 9))
    ]
    n_prefix = draw.choice([0, 0, 5, 128, 200])
    tree = pack(segments, cached_prefix=n_prefix)
    prefix = [(torch.zeros(1, 1, n_prefix, 1), torch.zeros(1, 1, n_prefix, 1))] if n_prefix else None
    mask = TreePass(tree, path="flex", prefix=prefix).prepare(torch.device("cpu"), torch.float32).block_mask
    n_tokens = len(tree.input_ids)
    pairs = flex_attention.create_mask(mask.mask_mod, 1, 1, n_tokens, n_prefix + n_tokens, device="cpu")[0, 0]
    assert torch.equal(pairs, torch.cat([torch.ones(n_tokens, n_prefix, dtype=torch.bool), tree.mask()], dim=1))
    expected = flex_attention.create_block_mask(mask.mask_mod, None, None, n_tokens, n_prefix + n_tokens, device="cpu")
    assert torch.equal(mask.to_dense(), expected.to_dense())
    for counts in ("kv_num_blocks", "full_kv_num_blocks"):
        assert torch.equal(getattr(mask, counts), getattr(expected, counts))


def test_scores_of_filled_up_rows_are_those_of_rows_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = chatml_tokenizer()
    encoder = PromptEncoder(tokenizer, TEMPLATE, CATEGORIES, max_note_tokens=600)
    model = tiny_llama(kv_heads=2, vocabulary=len(tokenizer))
    model.set_attn_implementation(TREE_ATTENTION)
    notes = [encoder.note("fever cough and chest pain " * n) for n in (1, 30, 7, 18)]
    lengths: list[int] = []
    model.model.register_forward_pre_hook(
        lambda _module, _inputs, given: lengths.append(given["input_ids"].shape[1]), with_kwargs=True
    )
    plain = AnswerScorer(model, encoder, batch_tokens=300).scores_and_answers(notes, max_new_tokens=3)
    monkeypatch.setattr(forward, "best_path", lambda _: "flex")
    lengths.clear()
    filled = AnswerScorer(model, encoder, batch_tokens=300).scores_and_answers(notes, max_new_tokens=3)
    assert np.abs(filled[0] - plain[0]).max() < 1e-3
    assert filled[1] == plain[1]
    rows = [length for length in lengths if length > len(notes)]  # without the steps of generating
    assert len(rows) > 2
    assert all(length % 128 == 0 for length in rows)


def test_row_lengths_are_few_and_waste_little() -> None:
    lengths = {row_length(n_tokens) for n_tokens in range(2048, 4097)}
    assert len(lengths) <= 9
    for n_tokens in range(1024, 20_000, 7):
        assert n_tokens <= row_length(n_tokens) <= 1.125 * n_tokens + 1
        assert row_length(n_tokens) % 128 == 0


def test_one_compiled_graph_serves_all_layers_and_all_rows_of_one_length() -> None:
    model = tiny_llama(kv_heads=2, layers=4)
    loaded = LoadedModel(model, None, "tiny", None, "")
    adapted = attach_lora(loaded, r=4, alpha=8, dropout=0.0, targets="all-linear", seed=0).train()
    counter = CompileCounterWithBackend("aot_eager")
    layers = CompiledLayers(adapted, backend=counter)

    def row(n_tokens: int) -> PackedTree:
        return pack([Segment(range(3, 33)), Segment(range(3, 3 + n_tokens), 0), Segment((7, 8), 1), Segment((9,), 0)])

    for n_tokens in (10, 33, 80):
        plain = padded_logits(adapted, row(n_tokens))
        plain.sum().backward()
        expected = torch.cat([p.grad.flatten() for p in adapted.parameters() if p.requires_grad])
        adapted.zero_grad()
        with layers.in_use():
            compiled = padded_logits(adapted, row(n_tokens))
            compiled.sum().backward()
        found = torch.cat([p.grad.flatten() for p in adapted.parameters() if p.requires_grad])
        adapted.zero_grad()
        assert relative_error(compiled.detach(), plain.detach()) < 1e-5
        assert relative_error(found, expected) < 1e-5
    assert counter.frame_count == 2  # the first layer, whose input needs no gradient, and all others
    assert "forward" not in vars(model.model.layers[0])
