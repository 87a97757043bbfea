"""The real Llama 3 tokenizer, where the PyPI package llama-models is installed (its licence: Llama 3 community).

Converting its file takes many seconds, so the result is kept in the tests' shared cache folder.
"""

import importlib.util
import os
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import TikTokenConverter

from tiny_models import LLAMA3

RESERVED = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|reserved_special_token_0|>",
    "<|reserved_special_token_1|>",
    "<|finetune_right_pad_id|>",
    "<|step_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eom_id|>",
    "<|eot_id|>",
    "<|python_tag|>",
)
"""Llama 3's special tokens; the first stands at 128000, behind the 128,000 of the tokenizer's file."""


def real_llama3_tokenizer() -> PreTrainedTokenizerFast:
    """Return Llama 3's tokenizer with a Llama-3 chat template; skip the test where its file is not installed."""
    spec = importlib.util.find_spec("llama_models")
    folders = list(spec.submodule_search_locations or []) if spec else []
    file = next((path for folder in folders if (path := Path(folder) / "llama3" / "tokenizer.model").exists()), None)
    if file is None or importlib.util.find_spec("tiktoken") is None:
        pytest.skip("the packages llama-models and tiktoken are not installed")
    kept = Path(os.environ["NOSOLOGY_CACHE"]) / "llama3-tokenizer.json"
    if not kept.exists():
        partial = kept.with_name(f"{kept.name}.{os.getpid()}.partial")
        TikTokenConverter(vocab_file=str(file), extra_special_tokens=list(RESERVED)).converted().save(str(partial))
        os.replace(partial, kept)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(kept),
        bos_token="<|begin_of_text|>",
        eos_token="<|eot_id|>",
        pad_token="<|finetune_right_pad_id|>",
    )
    tokenizer.add_special_tokens({"additional_special_tokens": list(RESERVED)})
    tokenizer.chat_template = LLAMA3
    return tokenizer
