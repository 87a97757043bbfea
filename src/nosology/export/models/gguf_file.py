"""A merged model of the Llama family as one GGUF file: what llama.cpp and its kin read.

Weights are stored in 16 bits, or in blocks of 8 (``q8_0``). There values and outputs of attention stay in 16 bits: a
tenth of a small model's bytes, a third of what rounding costs. So do matrices whose rows do not divide into blocks.
Coarser types are made from such a file by llama.cpp's own tool. Other families have layouts of their own: for them
there is llama.cpp's converter, on a merged export. The name of how a tokenizer cuts words (``tokenizer.ggml.pre``) is
told from the tokenizer itself, since a wrong one is never noticed: the model merely reads other tokens.
"""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from nosology.errors import ModelError

GgufFormat = Literal["f16", "q8_0"]

_FAMILY = "llama"
_BLOCK = 32  # weights that share a scale in q8_0
IN_16_BITS = ("v_proj.weight", "o_proj.weight")
"""Matrices that are stored in 16 bits, whatever the others are."""
_NORMAL, _CONTROL, _USER_DEFINED, _UNUSED = 1, 3, 4, 5
_LLAMA3_CUT = r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_QWEN2_CUT = r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def write_gguf(file: Path, model: Any, tokenizer: Any, number_format: GgufFormat) -> str:
    """Write a merged model with its tokenizer; return the number formats of its matrices.

    Args:
        file: Where to.
        model: Without adapter, in float32.
        tokenizer: A fast byte-level tokenizer.
        number_format: In which matrices are stored.

    Raises:
        ModelError: The package gguf is not installed, or the model or its tokenizer is of another family.
    """
    if importlib.util.find_spec("gguf") is None:
        raise ModelError("writing GGUF needs the package gguf", hint="pip install 'nosology[embedded]'")
    if model.config.model_type != _FAMILY:
        raise ModelError(
            f"GGUF files are written of the Llama family alone, and this model is {model.config.model_type}",
            place="--to gguf",
            hint="export it merged, and run llama.cpp's convert_hf_to_gguf.py on that folder",
        )
    import gguf

    writer = gguf.GGUFWriter(file, _FAMILY)
    _add_architecture(writer, model, number_format)
    _add_tokenizer(writer, tokenizer, model.config.vocab_size)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, model.config.num_hidden_layers)
    stored = set()
    for name, weight in _weights(model):
        data, kind = _stored(name, weight, number_format)
        stored |= {kind} if weight.ndim > 1 else set()
        known = names.get_name(name, try_suffixes=(".weight",)) or name
        writer.add_tensor(known, data, raw_dtype=gguf.GGMLQuantizationType[kind.upper()])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return "+".join(sorted(stored))


def _add_architecture(writer: Any, model: Any, number_format: GgufFormat) -> None:
    import gguf

    config = model.config
    writer.add_name("nosology")  # llama.cpp shows it; the folder's card has the name that counts
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_vocab_size(config.vocab_size)
    types = {"f16": gguf.LlamaFileType.MOSTLY_F16, "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}
    writer.add_file_type(types[number_format])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def _weights(model: Any) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Yield tensors under transformers' names, queries and keys with their rows in llama.cpp's order."""
    config = model.config
    heads = {"q_proj.weight": config.num_attention_heads, "k_proj.weight": config.num_key_value_heads}
    for name, tensor in model.state_dict().items():
        if config.tie_word_embeddings and name == "lm_head.weight":
            continue
        weight = tensor.float().cpu().numpy()
        n_heads = heads.get(".".join(name.split(".")[-2:]))
        yield name, weight if n_heads is None else interleaved(weight, n_heads)
    factors = rope_factors(model)
    if factors is not None:
        yield "rope_freqs.weight", factors


def interleaved(weight: np.ndarray[Any, Any], n_heads: int) -> np.ndarray[Any, Any]:
    """Return rows of queries or keys with the two halves of each head in turns, as llama.cpp turns positions.

    Args:
        weight: Shape ``(heads * size of a head, inputs)``.
        n_heads: Number of heads.
    """
    halves = weight.reshape(n_heads, 2, weight.shape[0] // n_heads // 2, weight.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(weight.shape))


def rope_factors(model: Any) -> np.ndarray[Any, Any] | None:
    """Return by what llama.cpp has to divide the plain frequencies of positions; None where they are the model's."""
    frequencies = model.get_decoder().rotary_emb.inv_freq.float().cpu()
    theta = float(model.config.rope_parameters["rope_theta"])
    plain = theta ** (-torch.arange(len(frequencies), dtype=torch.float32) / len(frequencies))
    factors = (plain / frequencies).numpy()
    return None if np.allclose(factors, 1, rtol=1e-5) else factors.astype(np.float32)


def _stored(name: str, weight: np.ndarray[Any, Any], number_format: GgufFormat) -> tuple[np.ndarray[Any, Any], str]:
    """Return a tensor as it is stored, and the name of its number format; vectors are never rounded.

    Args:
        name: Transformers' of the tensor.
        weight: Its numbers.
        number_format: What was asked for.
    """
    if weight.ndim == 1:
        return weight.astype(np.float32), "f32"
    if number_format == "f16" or weight.shape[1] % _BLOCK or name.endswith(IN_16_BITS):
        return weight.astype(np.float16), "f16"
    import gguf

    return gguf.quantize(weight, gguf.GGMLQuantizationType.Q8_0), "q8_0"


def _add_tokenizer(writer: Any, tokenizer: Any, n_tokens: int) -> None:
    saved = json.loads(tokenizer.backend_tokenizer.to_str())
    model = saved["model"]
    if model["type"] != "BPE" or not saved.get("pre_tokenizer"):
        raise ModelError("GGUF files are written of byte-level tokenizers alone", place="--to gguf")
    added = {token["id"]: token for token in saved["added_tokens"]}
    names = {number: name for name, number in model["vocab"].items()} | {i: t["content"] for i, t in added.items()}
    types = [
        _UNUSED if i not in names else _NORMAL if i not in added else _CONTROL if added[i]["special"] else _USER_DEFINED
        for i in range(n_tokens)
    ]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(way_of_cutting(saved["pre_tokenizer"]))
    writer.add_token_list([names.get(i, f"[PAD{i}]") for i in range(n_tokens)])
    writer.add_token_types(types)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]])
    for role, add in (
        ("bos", writer.add_bos_token_id),
        ("eos", writer.add_eos_token_id),
        ("pad", writer.add_pad_token_id),
    ):
        number = getattr(tokenizer, f"{role}_token_id")
        if number is not None:
            add(number)
    writer.add_add_bos_token(tokenizer("")["input_ids"][:1] == [tokenizer.bos_token_id])
    writer.add_chat_template(tokenizer.chat_template)


def way_of_cutting(pre_tokenizer: dict[str, Any]) -> str:
    """Return GGUF's name for how a tokenizer cuts text before it merges bytes.

    Args:
        pre_tokenizer: As ``tokenizer.json`` has it.

    Raises:
        ModelError: It is none of those that are known.
    """
    steps = pre_tokenizer.get("pretokenizers", [pre_tokenizer])
    regexes = [step["pattern"].get("Regex", "") for step in steps if step["type"] == "Split"]
    uses_own = any(step["type"] == "ByteLevel" and step.get("use_regex", True) for step in steps)
    digits = [step for step in steps if step["type"] == "Digits" and step["individual_digits"]]
    if not regexes and uses_own and not digits:
        return "gpt-2"
    if not regexes and uses_own:
        return "smollm"
    if len(regexes) == 1 and not uses_own and not digits:
        for end, name in ((_LLAMA3_CUT, "llama-bpe"), (_QWEN2_CUT, "qwen2")):
            if regexes[0].endswith(end):
                return name
    raise ModelError(
        "GGUF has no name for how this tokenizer cuts words",
        place="--to gguf",
        hint="export it merged, and run llama.cpp's convert_hf_to_gguf.py on that folder",
    )
