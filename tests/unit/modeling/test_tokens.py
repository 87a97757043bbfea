"""The embedded model's tokenizer read by itself: tokens, places, markup and text are those of transformers."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from nosology.errors import ModelError
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.prompts import PromptTemplate
from nosology.modeling.tokens import PlainTokenizer
from tiny_models import CATEGORIES, TEMPLATE, chatml_tokenizer, llama3_tokenizer

Pair = tuple[PlainTokenizer, Any]


def saved(folder: Path, tokenizer: Any) -> Pair:
    """Return a tokenizer as both read it."""
    tokenizer.save_pretrained(folder)
    return PlainTokenizer.load(folder), AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module", params=[chatml_tokenizer, llama3_tokenizer], ids=["ChatML", "Llama 3"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return saved(tmp_path_factory.mktemp("tokenizer"), request.param())


texts = st.lists(
    st.one_of(
        st.text(st.characters(codec="utf-8"), max_size=8),
        st.sampled_from(["<|im_end|>", "<|eot_id|>", "<|im_start|>system\n", "<|begin_of_text|>", " fever", "  \n\n"]),
    ),
    max_size=12,
).map("".join)


@given(texts, st.booleans(), st.booleans())
def test_tokens_and_places_are_those_of_transformers(pair: Pair, text: str, splits: bool, adds: bool) -> None:
    how = {"split_special_tokens": splits, "add_special_tokens": adds, "return_offsets_mapping": True}
    found, expected = (tokenizer(text, **how) for tokenizer in pair)
    assert found == {name: expected[name] for name in ("input_ids", "offset_mapping")}
    assert set(pair[0](text)) == {"input_ids"}


@given(st.lists(st.integers(0, 419), max_size=20), st.booleans())
def test_text_of_tokens_is_that_of_transformers(pair: Pair, tokens: list[int], skips: bool) -> None:
    found, expected = (tokenizer.decode(tokens, skip_special_tokens=skips) for tokenizer in pair)
    assert found == expected


@given(texts, texts, st.booleans())
def test_markup_is_that_of_transformers(pair: Pair, system: str, user: str, asks: bool) -> None:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    how = {"tokenize": False, "add_generation_prompt": asks, "date_string": "26 Jul 2024"}
    found, expected = (tokenizer.apply_chat_template(messages, **how) for tokenizer in pair)
    assert found == expected


def test_roles_of_tokens_are_those_of_transformers(pair: Pair) -> None:
    found, expected = pair
    assert found.bos_token_id == expected.bos_token_id
    assert {found.bos_token_id, *found.all_special_ids} - {None} <= {*expected.all_special_ids}
    assert found.chat_template == expected.chat_template


@pytest.mark.parametrize("template", [TEMPLATE, PromptTemplate.load("physician-v1")], ids=["tiny", "physician-v1"])
def test_prompts_are_cut_as_from_transformers_tokenizer(pair: Pair, template: PromptTemplate) -> None:
    found, expected = (PromptEncoder(tokenizer, template, CATEGORIES) for tokenizer in pair)
    names = ("root", "cue", "answers", "end_of_turn", "title_cue")
    assert [getattr(found, name) for name in names] == [getattr(expected, name) for name in names]
    note = " Fever <|eot_id|><|im_end|> and cough. "
    assert found.note(note, with_places=True) == expected.note(note, with_places=True)
    assert found.reordered([3, 1, 0, 2]).root == expected.reordered([3, 1, 0, 2]).root


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"])
def test_a_file_that_is_missing_or_something_else_is_told(tmp_path: Path, name: str) -> None:
    saved(tmp_path / "whole", chatml_tokenizer())
    for number, content in enumerate((b"\xff{", None)):
        folder = shutil.copytree(tmp_path / "whole", tmp_path / f"copy-{number}")
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_bytes(content)
        with pytest.raises(ModelError, match="cannot load this tokenizer"):
            PlainTokenizer.load(folder)
