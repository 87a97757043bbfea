"""Tiny random Llamas with tokenizers trained on the spot: real architecture, real chat templates, no download."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from nosology.modeling.attention import register
from nosology.modeling.prompts import PromptTemplate

CATEGORIES = ("Infectious Disease", "Neoplasms", "Injuries/Poisonings", "Skin Disorders")

TEMPLATE = PromptTemplate(
    "tiny",
    "{% macro system() %}Be precise.{% endmacro %}{% macro user(categories, note) %}"
    "One of: {{ categories | join('; ') }}.\n\nNote:\n{{ note }}{% endmacro %}",
)

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] }}"
    "{{ '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

LLAMA3 = (
    "{{ bos_token }}{% if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}"
    "{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}"
    "{% if message['role'] == 'system' %}{{ 'Today Date: ' + date_string + '\n\n' }}{% endif %}"
    "{{ message['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)

_TEXT = [
    "Which diagnostic category does the main diagnosis of the patient in the clinical note belong to?",
    "patient admitted with fever cough and chest pain, treated with antibiotics and discharged home",
    "Infectious Disease; Neoplasms; Injuries/Poisonings; Skin Disorders. Answer with one category of this list.",
    "You are an experienced, board-certified physician. You read clinical notes with care.",
]


def chatml_tokenizer() -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer with ChatML markup and no begin-of-text token of its own."""
    return _tokenizer(["<|endoftext|>", "<|im_start|>", "<|im_end|>"], CHATML, bos=None, eos="<|im_end|>")


def llama3_tokenizer() -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer with Llama 3's markup, which puts begin-of-text before every text by itself."""
    special = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    return _tokenizer(special, LLAMA3, bos="<|begin_of_text|>", eos="<|eot_id|>")


def _tokenizer(special: list[str], template: str, *, bos: str | None, eos: str) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(_TEXT, trainer)
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, tokenizer.token_to_id(bos))]
        )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=bos, eos_token=eos, pad_token=special[1])
    fast.add_special_tokens({"additional_special_tokens": [token for token in special if token not in (bos, eos)]})
    fast.chat_template = template
    return fast


def tiny_llama(
    *,
    seed: int = 0,
    kv_heads: int = 1,
    tied: bool = True,
    vocabulary: int = 440,
    layers: int = 2,
    head_dim: int = 8,
) -> LlamaForCausalLM:
    """Return a random Llama of some thousand parameters with grouped queries, in float32, attending along trees.

    FlexAttention's kernels on CUDA refuse heads narrower than 16.
    """
    register()
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=kv_heads,
        head_dim=head_dim,
        max_position_embeddings=2048,
        tie_word_embeddings=tied,
        initializer_range=0.2,
        bos_token_id=None,
        eos_token_id=None,
    )
    model = LlamaForCausalLM(config)
    model.requires_grad_(False)
    return model.eval()


def save_tiny_model(folder: Path, *, tokenizer: Any = None, seed: int = 0) -> Path:
    """Write a tiny model with its tokenizer as a folder that `load_model` takes; return the folder."""
    tokenizer = tokenizer or chatml_tokenizer()
    tiny_llama(seed=seed, vocabulary=len(tokenizer) + 3).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
