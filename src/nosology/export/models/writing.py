"""The files of each target, a peft folder or merged safetensors, each with the tokenizer that goes with it."""

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import load_file, save_file
from tokenizers import normalizers, processors
from transformers import AutoModelForSequenceClassification

from nosology.errors import ModelError
from nosology.export.models.asking import Asked, head_weight
from nosology.files import write_json
from nosology.modeling.embedded import silenced_transformers
from nosology.modeling.heads import HEAD_MODULE, category_head
from nosology.modeling.loading import decoder
from nosology.runs.files import ADAPTER_WEIGHTS, RunFiles

StoredFormat = Literal["float32", "float16", "bfloat16"]
ADAPTER_CONFIG = "adapter_config.json"
SCORE = "score"
"""What transformers' sequence classifiers call their head."""


def write_adapter(folder: Path, files: RunFiles, *, base: str, revision: str | None, is_head: bool) -> str:
    """Write what peft loads: the run's adapter with a base model that others can find; return its number format.

    A classification head moves to where transformers' sequence classifiers have theirs.

    Args:
        folder: Where to.
        files: The run's.
        base: The base model, by a name that says nothing of this machine.
        revision: Its commit.
        is_head: Whether the run has a classification head.
    """
    settings = json.loads((files.adapter / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    settings |= {"base_model_name_or_path": base, "revision": revision, "inference_mode": True}
    settings["target_modules"] = sorted(settings["target_modules"])
    tensors = load_file(files.adapter_weights)
    if is_head:
        settings |= {"task_type": "SEQ_CLS", "modules_to_save": [SCORE]}
        tensors = {name.replace(f".{HEAD_MODULE}.", f".{SCORE}."): tensor for name, tensor in tensors.items()}
    save_file(tensors, folder / ADAPTER_WEIGHTS, metadata={"format": "pt"})
    write_json(folder / ADAPTER_CONFIG, settings)
    return "+".join(sorted({str(tensor.dtype).removeprefix("torch.") for tensor in tensors.values()}))


def merged_model(asked: Asked, categories: Sequence[str], tokenizer: Any) -> Any:
    """Return a run's model without peft, in float32: each layer's LoRA added to its weights. The run's is used up.

    Args:
        asked: The run.
        categories: Names of the categories, in order.
        tokenizer: That of the export.
    """
    trained = asked.parts.engine.model
    head = None if category_head(trained) is None else head_weight(trained).clone()
    model = trained.merge_and_unload()
    model.set_attn_implementation("eager")
    if head is None:
        return model
    config = copy.deepcopy(model.config)
    config.id2label = dict(enumerate(categories))
    config.label2id = {name: number for number, name in enumerate(categories)}
    config.pad_token_id = tokenizer.pad_token_id
    with silenced_transformers(), torch.device("meta"):
        classifier: Any = AutoModelForSequenceClassification.from_config(config)
    body = {f"{classifier.base_model_prefix}.{name}": tensor for name, tensor in decoder(model).state_dict().items()}
    classifier.load_state_dict(body | {f"{SCORE}.weight": head}, assign=True)
    return classifier


def write_merged(folder: Path, model: Any, number_format: StoredFormat) -> str:
    """Write a merged model as the Hub has models; return its number format.

    Args:
        folder: Where to.
        model: As `merged_model` returns it.
        number_format: In which the weights are stored.
    """
    model = model.to(getattr(torch, number_format))
    with silenced_transformers():
        model.save_pretrained(folder)
    return number_format


def write_tokenizer(folder: Path, tokenizer: Any, asked: Asked) -> None:
    """Write the tokenizer; one of a classification head makes a whole prompt of a note by itself.

    Args:
        folder: Where to.
        tokenizer: Of the base model.
        asked: The run.
    """
    if asked.questions["head"] == "classification":
        tokenizer = _prompting(tokenizer, asked)
    tokenizer.save_pretrained(folder)


def _prompting(tokenizer: Any, asked: Asked) -> Any:
    """Return a tokenizer that puts instruction and answer cue around a note, each cut into tokens as in training.

    Raises:
        ModelError: The tokenizer is of a kind that cannot.
    """
    encoder = asked.parts.engine.encoder
    tokenizer = copy.deepcopy(tokenizer)
    backend = tokenizer.backend_tokenizer
    parts = {"instruction": encoder.root, "cue": encoder.cue}
    try:
        special = [
            {"id": name, "ids": list(ids), "tokens": tokenizer.convert_ids_to_tokens(list(ids))}
            for name, ids in parts.items()
        ]
        backend.post_processor = processors.TemplateProcessing(single="instruction $A cue", special_tokens=special)
        strip = normalizers.Strip()
        backend.normalizer = normalizers.Sequence([strip, backend.normalizer]) if backend.normalizer else strip
    except (TypeError, ValueError) as error:
        raise ModelError(f"this tokenizer takes no words around a note: {error}", hint="export the adapter") from None
    tokenizer.init_kwargs["split_special_tokens"] = True
    tokenizer.split_special_tokens = True
    return tokenizer
