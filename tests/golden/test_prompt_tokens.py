"""Golden tokens of one prompt under ChatML and under Llama 3's template, with the models' real tokenizers.

Recorded from the tokenizers and read against the templates. Never to change: an adapter answers only what it was
trained on.
"""

from typing import Any

import pytest
from transformers import AutoTokenizer

from llama3 import real_llama3_tokenizer
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.loading import model_folder
from nosology.modeling.prompts import PromptTemplate

TEMPLATE = PromptTemplate(
    "golden",
    "{% macro system() %}Be precise.{% endmacro %}{% macro user(categories, note) %}"
    "One of: {{ categories | join('; ') }}.\n\nNote:\n{{ note }}{% endmacro %}",
)
CHATML_ROOT = (
    *(1, 9690, 198, 6077, 8212, 30, 2, 198),  # <|im_start|>system⏎ Be precise. <|im_end|>⏎
    *(1, 4093, 198, 2705, 282, 42, 2993, 10191, 29312, 43),  # <|im_start|>user⏎ One of: Neoplasms;
    *(36032, 31, 23774, 2164, 616, 30, 198, 198, 8928, 42, 198),  # Injuries/Poisonings.⏎⏎ Note:⏎
)
LLAMA3_ROOT = (
    *(128000, 128006, 9125, 128007, 271),  # <|begin_of_text|>, a header "system", two line breaks
    *(15724, 2696, 25, 220, 1627, 10263, 220, 2366, 19, 271, 3513, 24473, 13, 128009),  # Today Date: 26 Jul 2024 ...
    *(128006, 882, 128007, 271, 4054, 315, 25, 4275, 454, 14833, 1026, 26),  # a header "user", One of: Neoplasms;
    *(763, 90927, 16744, 78, 3416, 826, 382, 9290, 512),  # Injuries/Poisonings.⏎⏎ Note:⏎
)


def encoder(tokenizer: Any) -> PromptEncoder:
    return PromptEncoder(tokenizer, TEMPLATE, ("Neoplasms", "Injuries/Poisonings"))


@pytest.fixture(scope="module")
def chatml() -> PromptEncoder:
    return encoder(AutoTokenizer.from_pretrained(model_folder("embedded:smollm2-135m-instruct")))


@pytest.fixture(scope="module")
def llama3() -> PromptEncoder:
    return encoder(real_llama3_tokenizer())


def test_a_chatml_prompt_has_its_golden_tokens(chatml: PromptEncoder) -> None:
    assert tuple(chatml.root) == CHATML_ROOT
    note = chatml.note("fever, cough").tokens
    assert tuple(note) == (86, 872, 28, 10449, 2, 198, 1, 520, 9531, 198)  # fever, cough <|im_end|>⏎ <|im_start|>...


def test_a_llama_3_prompt_has_its_golden_tokens(llama3: PromptEncoder) -> None:
    assert tuple(llama3.root) == LLAMA3_ROOT
    assert tuple(llama3.note("fever, cough").tokens) == (1897, 424, 11, 40700, 128009, 128006, 78191, 128007, 271)


def test_answers_end_with_the_golden_end_of_turn(chatml: PromptEncoder, llama3: PromptEncoder) -> None:
    assert [tuple(answer) for answer in chatml.answers] == [
        (9042, 10191, 29312, 2),
        (788, 90, 3262, 31, 23774, 2164, 616, 2),
    ]
    assert [tuple(answer) for answer in llama3.answers] == [
        (8989, 454, 14833, 1026, 128009),
        (644, 90927, 16744, 78, 3416, 826, 128009),
    ]
