"""Packed trees compute what separate, unpadded sequences compute: scores, losses and gradients, on both paths."""

from typing import Any, Literal

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from nosology.modeling.attention import TREE_ATTENTION
from nosology.modeling.loading import decoder
from nosology.modeling.tree import Segment, pack
from separate_sequences import check_bfloat16_gradients, packed_logits, path_of, relative_error, separate_logits, trees
from tiny_models import tiny_llama

pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile:UserWarning")

ON_A_GPU = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="FlexAttention has gradients on CUDA only"),
]

MODELS = [{"kv_heads": 1, "tied": True}, {"kv_heads": 2, "tied": False}, {"kv_heads": 4, "tied": True}]


@pytest.mark.parametrize("path", ["blocks", "flex"])
@pytest.mark.parametrize("shape", range(len(MODELS)))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(segments=trees())
def test_scores_of_a_packed_tree_equal_those_of_separate_sequences(
    segments: list[Segment], shape: int, path: Literal["blocks", "flex"]
) -> None:
    model = tiny_llama(**MODELS[shape])
    tree = pack(segments)
    with torch.no_grad():
        packed = packed_logits(model, tree, path)
        for index, segment in enumerate(segments):
            tokens = [token for step in path_of(segments, index) for token in segments[step].tokens]
            alone = separate_logits(model, tokens)[-len(segment.tokens) :]
            start = tree.starts[index]
            assert relative_error(packed[start : start + len(segment.tokens)], alone) < 1e-5


@pytest.mark.parametrize("path", ["blocks", pytest.param("flex", marks=ON_A_GPU)])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(segments=trees(max_segments=6), tied=st.booleans())
def test_losses_and_gradients_of_a_packed_tree_equal_those_of_separate_sequences(
    segments: list[Segment], tied: bool, path: Literal["blocks", "flex"]
) -> None:
    device = "cuda" if path == "flex" else "cpu"
    model = tiny_llama(kv_heads=2, tied=tied, head_dim=16 if path == "flex" else 8).to(device)
    leaves = [index for index, segment in enumerate(segments) if segment.parent is not None]
    if not leaves:
        return
    model.requires_grad_(True)
    tree = pack(segments)
    logits = packed_logits(model, tree, path)
    loss = sum(
        cross_entropy(
            logits[tree.predictors(leaf)], torch.tensor(segments[leaf].tokens, device=device), reduction="sum"
        )
        for leaf in leaves
    )
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    expected_loss = torch.zeros((), device=device)
    for leaf in leaves:
        tokens = [token for step in path_of(segments, leaf) for token in segments[step].tokens]
        n_answer = len(segments[leaf].tokens)
        alone = separate_logits(model, tokens)[-n_answer - 1 : -1]
        answer = torch.tensor(tokens[-n_answer:], device=device)
        expected_loss = expected_loss + cross_entropy(alone, answer, reduction="sum")
    expected_gradients = torch.autograd.grad(expected_loss, list(model.parameters()))
    assert loss.detach().item() == pytest.approx(expected_loss.detach().item(), rel=1e-5)
    found, expected = (torch.cat([part.flatten() for part in parts]) for parts in (gradients, expected_gradients))
    assert relative_error(found, expected) < 1e-5


@pytest.mark.parametrize("path", ["blocks", "flex"])
def test_a_cached_instruction_gives_the_scores_of_a_row_that_holds_it(path: Literal["blocks", "flex"]) -> None:
    model = tiny_llama(kv_heads=2)
    notes = [Segment((20, 21, 22)), Segment((30,), 0), Segment((31, 32), 0), Segment((40,)), Segment((41, 42), 3)]
    below = [Segment((5, 6, 7, 8)), *(Segment(s.tokens, 0 if s.parent is None else s.parent + 1) for s in notes)]
    keep: dict[int, Any] = {}
    with torch.no_grad():
        packed_logits(model, pack(below[:1]), keep=keep)
        prefix = [keep[layer] for layer in sorted(keep)]
        cached = packed_logits(model, pack(notes, cached_prefix=4), path, prefix=prefix)
        whole = packed_logits(model, pack(below), path)
    assert relative_error(cached, whole[4:]) < 1e-5


def test_in_bfloat16_a_packed_tree_stays_within_rounding() -> None:
    model = tiny_llama(kv_heads=2).to(torch.bfloat16)
    segments = [Segment(tuple(range(3, 23))), Segment(tuple(range(30, 50)), 0), Segment(tuple(range(60, 70)), 0)]
    tree = pack(segments)
    with torch.no_grad():
        packed = packed_logits(model, tree).float()
        alone = separate_logits(model, [*segments[0].tokens, *segments[2].tokens])[20:].float()
        exact = separate_logits(model.float(), [*segments[0].tokens, *segments[2].tokens])[20:]
    rounding = relative_error(alone, exact)  # what bfloat16 costs the separate sequence
    assert relative_error(packed[40:50], exact) < 2 * rounding


@pytest.mark.parametrize("seed", range(5))
def test_in_bfloat16_gradients_stay_within_rounding(seed: int) -> None:
    check_bfloat16_gradients(seed, packed_logits)


def test_without_a_tree_the_model_attends_as_usual() -> None:
    model = tiny_llama()
    with torch.no_grad():
        usual = separate_logits(model, [5, 6, 7, 8])
        model.set_attn_implementation(TREE_ATTENTION)
        ours = model(input_ids=torch.tensor([[5, 6, 7, 8]]), use_cache=False).logits[0]
    assert relative_error(ours, usual) < 1e-5


def test_the_transformer_below_the_head_is_found_with_and_without_an_adapter() -> None:
    from peft import LoraConfig, get_peft_model

    model = tiny_llama()
    inner = decoder(model)
    assert decoder(get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj"]))) is inner
