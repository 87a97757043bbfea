"""Stand-ins made on the spot: random models of known shapes, a tokenizer, and notes of chosen lengths.

Speed and correctness depend on shapes and not on what the weights or the words say, so nothing has to be carried to a
machine without a network. What would surprise you: a random model's scores mean nothing, but they must still be the
same however they are computed.
"""

import random
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from nosology.coding.labels import LabelSet
from nosology.modeling.adapters import attach_lora
from nosology.modeling.attention import TREE_ATTENTION, register
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.loading import LoadedModel
from nosology.modeling.prompts import PromptTemplate
from nosology.modeling.tree import Segment, row_length

SHAPES: dict[str, dict[str, Any]] = {
    # Heads of 16 and more: FlexAttention's kernels refuse narrower ones.
    "tiny": {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "head_dim": 16}
    | {"num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 1024},
    "1b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "head_dim": 64}
    | {"num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128_256},
    "3b": {"hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 28, "head_dim": 128}
    | {"num_attention_heads": 24, "num_key_value_heads": 8, "vocab_size": 128_256},
}
"""Llama 3.2's 1B and 3B, and one that a CPU reads in milliseconds."""

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] }}"
    "{{ '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def device() -> torch.device:
    """Return the device that is measured."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def random_model(shape: str, size: str, *, dtype: torch.dtype = torch.float32, **changes: Any) -> LlamaForCausalLM:
    """Return a frozen random Llama on the device, attending along trees.

    Args:
        shape: One of `SHAPES`; at a tiny size every shape is ``tiny``.
        size: Of the stage; ``stuck`` gives a tiny model that never answers.
        dtype: Number format of the weights.
        changes: Fields of the configuration to change.
    """
    torch.manual_seed(0)
    fields = SHAPES[shape if size == "full" else "tiny"]
    settings = {"max_position_embeddings": 16_384, "tie_word_embeddings": True, "initializer_range": 0.05}
    config = LlamaConfig(**(settings | fields | changes), bos_token_id=None, eos_token_id=None, pad_token_id=None)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with device():
            model = LlamaForCausalLM(config)
    finally:
        torch.set_default_dtype(before)
    register()
    model.set_attn_implementation(TREE_ATTENTION)
    model.requires_grad_(False)
    if device().type == "cpu":
        _rehearse_flex()
    if size == "stuck":
        model.model.register_forward_pre_hook(lambda *_: time.sleep(3600))
    return model.eval()


def _rehearse_flex() -> None:
    """Let a CPU take CUDA's path through FlexAttention, so that the rehearsal runs what the GPU will run.

    PyTorch refuses gradients there because its compiled kernels have none on a CPU; its plain implementation has them.
    """
    from torch.nn.attention import flex_attention

    from nosology.modeling import forward
    from nosology.training import trainer

    flex_attention._validate_device = lambda *_: None
    forward.best_path = trainer.best_path = lambda _: "flex"


def loaded(model: Any) -> LoadedModel:
    """Return a model with the stand-in tokenizer, as `load_model` would give it."""
    return LoadedModel(model, tokenizer(), "random", None, "random")


def adapted(model: Any, *, r: int = 16) -> Any:
    """Return the model with LoRA on all linear layers whose second matrix is not zero, so that all gradients count."""
    with_lora = attach_lora(loaded(model), r=r, alpha=2.0 * r, dropout=0.0, targets="all-linear", seed=0)
    torch.manual_seed(1)
    for name, parameter in with_lora.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    return with_lora


@lru_cache(maxsize=1)
def tokenizer() -> PreTrainedTokenizerFast:
    """Return a byte-level tokenizer with ChatML markup, trained on the shipped prompt and rubric titles."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1000,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    labels = LabelSet.load("icd-chapters-18")
    prompt = PromptTemplate.load("physician-v1")
    inner.train_from_iterator([prompt.system(), prompt.user(labels.names), *words()], trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=SPECIAL[2], pad_token=SPECIAL[0])
    fast.add_special_tokens({"additional_special_tokens": [SPECIAL[1]]})
    fast.chat_template = CHATML
    return fast


def encoder(*, max_note_tokens: int = 8192) -> PromptEncoder:
    """Return what cuts prompts into tokens, with the shipped instruction and the eighteen categories."""
    labels = LabelSet.load("icd-chapters-18")
    return PromptEncoder(
        tokenizer(), PromptTemplate.load("physician-v1"), labels.names, max_note_tokens=max_note_tokens
    )


@lru_cache(maxsize=1)
def words() -> tuple[str, ...]:
    """Return the lower-case words of the shipped rubric titles, each once, in alphabetical order."""
    from importlib.resources import files

    text = (files("nosology") / "data" / "icd" / "rubrics-icd9.tsv").read_text(encoding="utf-8")
    return tuple(sorted({word for word in text.lower().split() if word.isalpha()}))


def notes(lengths: Sequence[int], seed: int = 0) -> list[dict[str, str]]:
    """Return notes of random words with about the given numbers of tokens, each with a random category."""
    draw = random.Random(seed)
    names = LabelSet.load("icd-chapters-18").names
    known = list(words())
    sizes = dict(zip(known, map(len, tokenizer()([f" {word}" for word in known])["input_ids"]), strict=True))
    made = []
    for number, length in enumerate(lengths):
        chosen: list[str] = []
        n_tokens = 0
        while n_tokens < length:
            chosen.append(draw.choice(known))
            n_tokens += sizes[chosen[-1]]
        made.append({"id": f"note-{number}", "text": " ".join(chosen), "category": draw.choice(names)})
    return made


def even_batches(n_batches: int, batch: int, mean: int, seed: int = 0) -> list[int]:
    """Return note lengths between 0.9 and 1.1 of a mean, which every batch keeps: all rows then have one length."""
    draw = random.Random(seed)
    lengths = []
    for _ in range(n_batches):
        halves = [draw.randint(round(0.9 * mean), round(1.1 * mean)) for _ in range(batch // 2)]
        lengths += [*halves, *(2 * mean - length for length in halves), *[mean] * (batch % 2)]
    return lengths


def row_of(cut: PromptEncoder, labels: LabelSet, given: Sequence[dict[str, str]]) -> str:
    """Return the tokens of one packed row and to how many it is filled up on CUDA, as ``16342 of 16384``."""
    own = [len(cut.note(n["text"]).tokens) + len(cut.answers[labels.index(n["category"])]) for n in given]
    n_tokens = len(cut.root) + sum(own)
    return f"{n_tokens} of {row_length(n_tokens)}"


def random_trees(n_trees: int, seed: int, *, total: int, vocabulary: int = 900) -> Iterator[list[Segment]]:
    """Yield random token trees of one number of tokens, six segments each."""
    draw = random.Random(seed)
    for _ in range(n_trees):
        lengths = [total // 9 + draw.randrange(total // 9) for _ in range(5)]
        lengths.append(total - sum(lengths))
        parents = [None, *(draw.randrange(index) for index in range(1, 6))]
        yield [
            Segment([draw.randrange(3, vocabulary) for _ in range(length)], parent)
            for length, parent in zip(lengths, parents, strict=True)
        ]
