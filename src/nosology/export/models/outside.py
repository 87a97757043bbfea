"""Load an export as anybody would who has never heard of nosology, and write down what it is and what it answers.

Nothing of nosology is imported here, on purpose: a comparison that loaded both sides by the same code would prove
nothing. The file runs as a script in a fresh process (``python -I outside.py FOLDER``) with torch, transformers, peft
(for adapters) and gguf (for GGUF files) alone. `nosology.export.models.comparing` sets what it writes beside what the
run is.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging as transformers_logging

OWN = "nosology"
HEADS = {"answer": AutoModelForCausalLM, "classification": AutoModelForSequenceClassification}


def main() -> int:
    """Write what an export is as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--base", type=Path, help="folder of the base model, for an adapter")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    found = observe(options.folder, options.base)
    found["is_alone"] = "nosology" not in sys.modules
    options.out.write_text(json.dumps(found), encoding="utf-8")
    return 0


def observe(folder: Path, base: Path | None = None) -> dict[str, Any]:
    """Return what an export is: template, tokens, LoRA, layers, head, number format, and its answers.

    Args:
        folder: The export.
        base: Folder of the base model, for an adapter.
    """
    questions = json.loads((folder / OWN / "questions.json").read_text(encoding="utf-8"))
    tokenizer = _tokenizer(folder, questions)
    model = _model(folder, base, questions).eval()
    prompts = [_prompt(tokenizer, questions, note) for note in questions["notes"]]
    directions = load_file(folder / OWN / "directions.safetensors")
    return {
        **words(tokenizer, questions, prompts),
        **parts(model, directions),
        "head": _head(model, tokenizer, questions),
        **(
            of_gguf(folder, questions, model) if questions["to"] == "gguf" else {"number_format": number_format(folder)}
        ),
        "scores": scores(model, tokenizer, questions, prompts),
    }


def _tokenizer(folder: Path, questions: dict[str, Any]) -> Any:
    return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, gguf_file=questions["gguf_file"])


def _model(folder: Path, base: Path | None, questions: dict[str, Any]) -> Any:
    """Return the model by the loader of its kind, in float32: then only what is stored can differ."""
    kind, n_labels = HEADS[questions["head"]], len(questions["categories"])
    extra: dict[str, Any] = {"dtype": torch.float32, "trust_remote_code": False, "attn_implementation": "eager"}
    if questions["to"] == "gguf":
        # transformers reads no scaling of positions from a GGUF file; llama.cpp takes it from a tensor of its own.
        config = AutoConfig.from_pretrained(folder / OWN)
        return kind.from_pretrained(folder, gguf_file=questions["gguf_file"], config=config, **extra)
    extra["use_safetensors"] = True
    if questions["to"] == "merged":
        return kind.from_pretrained(folder, **extra)
    from peft import PeftModel

    if questions["head"] == "classification":
        extra["num_labels"] = n_labels
    return PeftModel.from_pretrained(kind.from_pretrained(base, **extra), folder)


# ---- words


def words(tokenizer: Any, questions: dict[str, Any], prompts: list[list[int]]) -> dict[str, Any]:
    """Return what became of template and tokenizer.

    Args:
        tokenizer: The export's.
        questions: What is asked.
        prompts: Token ids of each prompt.
    """
    rendered = "".join(_around(tokenizer, questions))
    begin = tokenizer.bos_token_id
    special = {token: tokenizer.convert_tokens_to_ids(token) for token in questions["special_tokens"]}
    roles = {name: getattr(tokenizer, f"{name}_token") for name in ("bos", "eos", "pad")}
    known = set(tokenizer.all_special_ids) | {i for i, t in tokenizer.added_tokens_decoder.items() if t.special}
    whole = prompts[0] if questions["head"] == "classification" else tokenizer(rendered)["input_ids"]
    return {
        "chat_template": _hash(tokenizer.chat_template or ""),
        "instruction": _hash(rendered),
        "special_tokens": {token: number if number in known else None for token, number in special.items()},
        "roles": roles,
        "begin_of_text": {
            "in a prompt": sum(token == begin for token in prompts[0]),
            "in a prompt that the tokenizer is given as text": sum(token == begin for token in whole),
        },
        "prompts": [_hash(json.dumps(list(map(int, ids)))) for ids in prompts],
    }


def _around(tokenizer: Any, questions: dict[str, Any]) -> tuple[str, str]:
    """Return the prompt's text before and after a note."""
    rendered = tokenizer.apply_chat_template(
        questions["messages"],
        tokenize=False,
        add_generation_prompt=True,
        date_string=questions["date"],
        strftime_now=lambda _format: questions["date"],
    )
    before, _, after = rendered.partition(questions["marker"])
    return before, after


def _prompt(tokenizer: Any, questions: dict[str, Any], note: str) -> list[int]:
    """Return the tokens of a note's prompt: instruction, note and what follows it are cut into tokens apart."""
    if questions["head"] == "classification":
        return list(tokenizer(note)["input_ids"])
    before, after = _around(tokenizer, questions)
    root = tokenizer(before, add_special_tokens=False)["input_ids"]
    begin, by_itself = tokenizer.bos_token_id, tokenizer("")["input_ids"]
    if by_itself[:1] == [begin] and root[:1] != [begin]:
        root = [begin, *root]
    return [*root, *_plain(tokenizer, note), *tokenizer(after, add_special_tokens=False)["input_ids"]]


def _plain(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


# ---- parts


@torch.no_grad()
def parts(model: Any, directions: dict[str, Tensor]) -> dict[str, Any]:
    """Return what each part of a model does to a direction: a number a layer, which any change of it moves.

    Args:
        model: A causal language model or a sequence classifier, with or without a peft adapter.
        directions: For each adapted layer, by name, the directions of its LoRA's largest effect.
    """
    rest, lora, scales = {}, {}, {}
    for name, module in _plain_model(model).get_decoder().named_modules():
        adapted = f"{name}.in" in directions
        if hasattr(module, "lora_A"):
            (adapter,) = module.active_adapters
            scales[name] = [module.lora_A[adapter].weight.shape[0], float(module.scaling[adapter])]
        if adapted:
            into, out = directions[f"{name}.in"].float(), directions[f"{name}.out"].float()
            lora[name] = float(out @ _effect(module, into))
        elif _is_plain(name, module):
            rest[name] = _size(module)
    return {"rest": rest, "lora": lora, "scales": scales}


def _plain_model(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "peft_config") else model


def _is_plain(name: str, module: Any) -> bool:
    """Return whether a module has weights of its own and is no part of an adapter."""
    is_part = any(part in name for part in ("lora_", "base_layer"))
    return isinstance(getattr(module, "weight", None), Tensor) and not is_part and not hasattr(module, "lora_A")


def _effect(module: Any, into: Tensor) -> Tensor:
    into = into[None].to(next(module.parameters()).device)
    moved: Tensor = module(into) - module(torch.zeros_like(into))
    return moved[0].float().cpu()


def _size(module: nn.Module) -> float:
    """Return one number of a module's weights, to which each of them counts."""
    stored: Any = module.weight
    weight: Tensor = stored.detach().float().cpu()
    rows = weight @ wave(weight.shape[-1]) if weight.dim() > 1 else weight
    return float(rows @ wave(len(rows)) / weight.numel() ** 0.5)


def wave(n: int) -> Tensor:
    """Return a fixed direction. Shape ``(n,)``."""
    return torch.cos(torch.arange(1, n + 1, dtype=torch.float32))


@torch.no_grad()
def _head(model: Any, tokenizer: Any, questions: dict[str, Any]) -> list[float]:
    """Return the score of each category's row, or of the rows of its name's tokens, for a fixed hidden state."""
    model = _plain_model(model)
    if questions["head"] == "classification":
        weight = model.score
        weight = getattr(weight, "modules_to_save", {"default": weight})["default"].weight
        return [float(score) for score in weight.float() @ wave(weight.shape[1])]
    weight = model.get_output_embeddings().weight
    rows = weight[torch.tensor([token for answer in _answers(tokenizer, questions) for token in answer])]
    return [float(score) for score in rows.float() @ wave(weight.shape[1])]


def _answers(tokenizer: Any, questions: dict[str, Any]) -> list[list[int]]:
    end = tokenizer.convert_tokens_to_ids(questions["end_of_turn"])
    return [[*_plain(tokenizer, name), end] for name in questions["categories"]]


def number_format(folder: Path) -> str:
    """Return the number formats of all safetensors in a folder, joined by ``+``."""
    names = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
    found = set()
    for file in folder.glob("*.safetensors"):
        with safe_open(file, framework="pt") as opened:
            kinds = {opened.get_slice(key).get_dtype() for key in opened.keys()}  # noqa: SIM118 (not a mapping)
        found |= {names.get(kind, kind) for kind in kinds}
    return "+".join(sorted(found))


def of_gguf(folder: Path, questions: dict[str, Any], model: Any) -> dict[str, Any]:
    """Return the number formats in a GGUF file, and by what share its frequencies are not the model's.

    Args:
        folder: The export.
        questions: What is asked.
        model: The model as transformers loads it.
    """
    from gguf import GGUFReader

    reader = GGUFReader(folder / questions["gguf_file"])
    tensors = {item.name: item for item in reader.tensors}
    found = model.get_decoder().rotary_emb.inv_freq.float()
    theta = float(reader.fields["llama.rope.freq_base"].parts[-1][0])
    plain = theta ** (-torch.arange(len(found), dtype=torch.float32) / len(found))
    if "rope_freqs.weight" in tensors:
        plain = plain / torch.tensor(tensors["rope_freqs.weight"].data.copy())
    kinds = {item.tensor_type.name.lower() for item in tensors.values() if len(item.shape) > 1}
    return {"number_format": "+".join(sorted(kinds)), "rope": float(((plain - found).abs() / found).max())}


# ---- answers


@torch.inference_mode()
def scores(model: Any, tokenizer: Any, questions: dict[str, Any], prompts: list[list[int]]) -> list[list[float]]:
    """Return the score of each category under each prompt, in nats, not normalized over categories.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        questions: What is asked.
        prompts: Token ids of each prompt.
    """
    if questions["head"] == "classification":
        rows = [model(input_ids=torch.tensor([ids])).logits[0].double() for ids in prompts]
    else:
        answers = _answers(tokenizer, questions)
        rows = [_joint(model, ids, answers) for ids in prompts]
    return [row.tolist() for row in rows]


def _joint(model: Any, prompt: list[int], answers: list[list[int]]) -> Tensor:
    """Return the log-probability of each whole answer; the prompt is read once, its keys and values repeated."""
    read = model(input_ids=torch.tensor([prompt]), use_cache=True, logits_to_keep=1)
    cache = read.past_key_values
    cache.batch_repeat_interleave(len(answers))
    width = max(map(len, answers))
    ids = torch.tensor([[*answer, *[0] * (width - len(answer))] for answer in answers])
    mask = torch.ones(len(answers), len(prompt) + width, dtype=torch.long)
    logits = model(input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True).logits
    logits = torch.cat([read.logits[:, -1:].expand(len(answers), 1, -1), logits[:, :-1]], dim=1)
    chosen = logits.double().log_softmax(dim=-1).gather(2, ids[..., None])[..., 0]
    is_answer = torch.tensor([[i < len(answer) for i in range(width)] for answer in answers])
    return (chosen * is_answer).sum(dim=1)


if __name__ == "__main__":
    sys.exit(main())
