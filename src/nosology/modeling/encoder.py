"""Encoders (BERT and its kin) with a new classification head, for the baseline beside the tuned model.

An encoder is named by a folder or a Hub name, as base models are: safetensors only, and code that comes with it is
never run. What would surprise you: transformers makes do with whatever is there. A folder without a tokenizer gives one
that knows no word, weights that lack a layer give a random one, and a decoder reads a note as well. All three would
look like a weak encoder in a table, so they are refused here.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForSequenceClassification
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_MASKED_LM_MAPPING,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
)

from nosology.errors import ModelError
from nosology.modeling.embedded import file_hashes, silenced_transformers
from nosology.modeling.loading import first_line, load_tokenizer, locate, weights_sha256

_TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model")
_USUAL_LIMIT = 512  # tokens, where neither tokenizer nor model states a limit: that of BERT and most of its kin
_NO_LIMIT = 1_000_000  # from here on a tokenizer's limit stands for none
_HINT = "name an encoder as evaluate.encoder, a folder or a Hub name, or leave it out"


@dataclass(frozen=True, slots=True)
class FoundEncoder:
    """An encoder that can be loaded; its weights were not read yet.

    Attributes:
        name: As asked for.
        folder: Where its files are.
        revision: Hub commit, where it came from the Hub.
        tokenizer: Its fast tokenizer.
    """

    name: str
    folder: Path = field(repr=False)
    revision: str | None
    tokenizer: Any = field(repr=False)

    @property
    def weights_sha256(self) -> str:
        """One hash over all weight files."""
        return weights_sha256(self.name, file_hashes(self.folder))


def find_encoder(name: str) -> FoundEncoder:
    """Return an encoder by its name, fetched if need be, without reading its weights.

    Args:
        name: A folder or a Hub name.

    Raises:
        ModelError: There is no such model, no network to fetch it, it is no encoder, its weights are no safetensors,
            or it has no usable tokenizer.
    """
    folder, revision = locate(name)
    with silenced_transformers():
        try:
            config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"cannot load this encoder: {first_line(error)}", place=name, hint=_HINT) from None
    if not _is_encoder(config):
        raise ModelError(f"this is no encoder but a model of type {config.model_type}", place=name, hint=_HINT)
    if not any(folder.glob("*.safetensors")):
        hint = "pickled weights can run code and are never read; save the model as safetensors"
        raise ModelError("this encoder has no weights as safetensors", place=name, hint=hint)
    if not any((folder / file).is_file() for file in _TOKENIZER_FILES):
        hint = f"put its tokenizer beside the weights: {' or '.join(_TOKENIZER_FILES)}"
        raise ModelError("this encoder has no tokenizer", place=name, hint=hint)
    tokenizer = load_tokenizer(name)
    if tokenizer.pad_token_id is None:
        raise ModelError("this encoder's tokenizer has no token to fill up with", place=name, hint=_HINT)
    return FoundEncoder(name, folder, revision, tokenizer)


def _is_encoder(config: Any) -> bool:
    """Return whether a model reads a text in both directions, without a decoder, and can take a head over all of it."""
    kind = type(config)
    reads_both_ways = kind in MODEL_FOR_MASKED_LM_MAPPING and kind in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING
    has_decoder = getattr(config, "is_decoder", False) or getattr(config, "is_encoder_decoder", False)
    return reads_both_ways and not has_decoder


def load_encoder(found: FoundEncoder, n_categories: int) -> Any:
    """Return the model with a new, random head, in float32 on the CPU.

    Args:
        found: Which encoder.
        n_categories: Size of the label set.

    Raises:
        ModelError: The weights cannot be read, lack a part of the encoder, or do not fit its tokenizer.
    """
    with silenced_transformers():
        try:
            model, report = AutoModelForSequenceClassification.from_pretrained(
                found.folder,
                num_labels=n_categories,
                problem_type="single_label_classification",
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                ignore_mismatched_sizes=True,  # of an earlier head; the encoder's own are looked at below
                output_loading_info=True,
            )
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ModelError(f"cannot load this encoder: {first_line(error)}", place=found.name, hint=_HINT) from None
    wrong = [*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])]
    start = f"{model.base_model_prefix}."
    # The pooler is what pretraining on masked words does not have; it belongs to the head then.
    lost = sorted(key for key in wrong if key.startswith(start) and not key.startswith(f"{start}pooler."))
    if lost:
        raise ModelError(
            f"its weights lack {len(lost)} of the encoder's tensors, {lost[0]} for one", place=found.name, hint=_HINT
        )
    if len(found.tokenizer) > model.get_input_embeddings().num_embeddings:
        raise ModelError("its tokenizer knows more tokens than the encoder", place=found.name, hint=_HINT)
    return model


def max_tokens(model: Any, tokenizer: Any) -> int:
    """Return how many tokens an encoder reads at once, by its own word and its tokenizer's."""
    limits = [tokenizer.model_max_length] if tokenizer.model_max_length < _NO_LIMIT else []
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions and positions > 0:
        limits.append(positions - _first_position(model))
    return min(limits, default=_USUAL_LIMIT)


def _first_position(model: Any) -> int:
    """Return the number of a text's first position: behind that of padding in RoBERTa and its kin, else 0."""
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            return int(module.padding_idx) + 1
    return 0
