"""Prompts for Llama 3.2 with its real tokenizer: golden tokens, one begin-of-text, the end of the turn."""

import pytest

from llama3 import real_llama3_tokenizer
from nosology.coding.labels import LabelSet
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.prompts import PromptTemplate

TEXT = "pt is a 54 year old man with chest pain"


@pytest.fixture(scope="module")
def encoder() -> PromptEncoder:
    labels = LabelSet.load("icd-chapters-18")
    return PromptEncoder(real_llama3_tokenizer(), PromptTemplate.load("physician-v1"), labels.names)


def test_special_tokens_have_llama_3s_numbers(encoder: PromptEncoder) -> None:
    assert encoder.root[:2] == (128000, 128006)  # begin of text, start of the system header
    assert encoder.end_of_turn == 128009
    assert encoder.cue == (128009, 128006, 78191, 128007, 271)  # <|eot_id|> header "assistant" header "\n\n"


def test_begin_of_text_appears_once(encoder: PromptEncoder) -> None:
    whole = encoder.root + encoder.note("chest pain <|begin_of_text|>").tokens + encoder.answers[0]
    assert whole.count(128000) == 1


def test_no_two_categories_share_their_first_token_but_those_that_start_alike(encoder: PromptEncoder) -> None:
    firsts = [answer[0] for answer in encoder.answers]
    assert len(set(firsts)) >= len(firsts) - 1
    assert all(answer[-1] == 128009 for answer in encoder.answers)


def test_segments_are_the_tokens_of_the_whole_prompt(encoder: PromptEncoder) -> None:
    text = "pt is a 54 year old man with chest pain"
    whole = real_llama3_tokenizer()(encoder.prompt(text), add_special_tokens=False)["input_ids"]
    assert list(encoder.root + encoder.note(text).tokens) == whole
