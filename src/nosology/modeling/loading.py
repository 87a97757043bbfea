"""Loading language models and adapters.

A model is named ``embedded:smollm2-135m-instruct`` (see `nosology.modeling.embedded`), by a Hub name, or by a folder.
Weights are safetensors or GGUF only, and code that comes with a model is never run. transformers is imported when a
model is loaded: it takes four seconds, and what `nosology.modeling.llama` reads by itself needs none of it.
"""

import importlib
import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch

from nosology.errors import ModelError
from nosology.files import sha256_file, sha256_text
from nosology.machine import multiplies_bfloat16
from nosology.modeling.attention import TREE_ATTENTION, register
from nosology.modeling.embedded import (
    PATTERNS,
    PREFIX,
    embedded_file,
    file_hashes,
    silenced_transformers,
    unpacked,
)

PAPERS = ("LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*", "COPYING*")
"""Licences and notices: fetched with a model, and never read while it is loaded."""

NumberFormat = Literal["auto", "native", "float32", "bfloat16"]


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A causal language model with its tokenizer.

    Attributes:
        model: The model, in evaluation mode, attending along token trees.
        tokenizer: Its fast tokenizer, with a chat template.
        name: As asked for.
        revision: Hub commit, where it came from the Hub.
        weights_sha256: One hash over all weight files.
        files: Hashes of all files that were loaded, by name; empty for an embedded model, of whose package
            `weights_sha256` is the hash and whose unpacked files are checked against the list made beside them.
    """

    model: Any = field(repr=False)
    tokenizer: Any = field(repr=False)
    name: str
    revision: str | None
    weights_sha256: str
    files: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def n_parameters(self) -> int:
        """Parameters of the base model, tied ones counted once."""
        adapter = ("lora_", "modules_to_save", "original_module")
        named = self.model.named_parameters()
        return sum(parameter.numel() for name, parameter in named if not any(part in name for part in adapter))


def load_model(
    name: str,
    *,
    revision: str | None = None,
    dtype: NumberFormat = "auto",
    load_in_4bit: bool = False,
    engine: Literal["transformers", "unsloth"] = "transformers",
    for_training: bool = False,
    accept: Callable[[Mapping[str, str]], None] | None = None,
) -> LoadedModel:
    """Return a model ready for token trees, on the GPU where there is one.

    Args:
        name: See the module's page.
        revision: Hub commit, for models from there.
        dtype: Number format of the weights; ``auto`` is bfloat16 on a GPU. On a CPU it is bfloat16 for training where
            the processor multiplies it natively, else float32, so that scores do not depend on the processor.
            ``native`` is bfloat16 there whatever the model is loaded for.
        load_in_4bit: Quantize the linear layers (QLoRA).
        engine: Which library loads it.
        for_training: What the model is loaded for.
        accept: Given the hashes of the model's files before anything reads them; raises where they are not wanted.

    Raises:
        ModelError: No such model, no network to fetch it, weights in an unsafe format, or an engine that is missing.
    """
    folder, commit = locate(name, revision)
    files = _hashes(name, folder)
    if accept:
        accept(files)
    model, tokenizer = _read(name, folder, engine, dtype, load_in_4bit=load_in_4bit, for_training=for_training)
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError("this model has no fast tokenizer", place=name)
    if engine == "transformers":
        model.set_attn_implementation(TREE_ATTENTION)
    model.requires_grad_(False)
    model.eval()
    return LoadedModel(model, tokenizer, name, commit, weights_sha256(name, files), files)


def load_tokenizer(name: str, revision: str | None = None) -> Any:
    """Return a model's fast tokenizer without the model.

    Raises:
        ModelError: There is no such model, or it has none.
    """
    from transformers import AutoTokenizer

    with silenced_transformers():
        try:
            tokenizer = AutoTokenizer.from_pretrained(model_folder(name, revision), trust_remote_code=False)
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"cannot load this tokenizer: {first_line(error)}", place=name) from None
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError("this model has no fast tokenizer", place=name)
    return tokenizer


def _read(
    name: str,
    folder: Path,
    engine: str,
    dtype: NumberFormat,
    *,
    load_in_4bit: bool,
    for_training: bool,
) -> tuple[Any, Any]:
    """Return a folder's model and tokenizer, on the GPU where there is one."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    register()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    number_format = choose_dtype(dtype, device, for_training=for_training)
    quantization = _four_bit(number_format) if load_in_4bit else None
    with silenced_transformers():
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
            if engine == "unsloth":
                return _load_with_unsloth(folder, number_format, load_in_4bit), tokenizer
            model = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=number_format,
                use_safetensors=True,
                trust_remote_code=False,
                quantization_config=quantization,
                device_map={"": 0} if device == "cuda" else None,
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"cannot load this model: {first_line(error)}", place=name) from None
    return model, tokenizer


def decoder(model: Any) -> Any:
    """Return the transformer below the language-model head, with adapters where the model has them."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    return getattr(base, base.base_model_prefix)


def output_weight(model: Any) -> torch.Tensor:
    """Return the output embedding. Shape ``(vocabulary, hidden)``."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    weight: torch.Tensor = base.get_output_embeddings().weight
    return weight


def model_folder(name: str, revision: str | None = None) -> Path:
    """Return the folder that holds a model's weights and tokenizer, fetched or unpacked if need be."""
    return locate(name, revision)[0]


def locate(name: str, revision: str | None = None) -> tuple[Path, str | None]:
    """Return the folder that holds a model, and its Hub commit if it came from there."""
    if name.startswith(PREFIX):
        found = unpacked(name)
        found.check()
        return found.folder, None
    if Path(name).is_dir():
        return Path(name), None
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=[*PATTERNS, *PAPERS]))
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        raise ModelError(
            f"no such folder, and the Hub gave no such model: {first_line(error)}",
            place=name,
            hint="check the name and the network, or give a folder; `embedded:smollm2-135m-instruct` needs neither",
        ) from None
    return folder, folder.name


def recorded_files(name: str, revision: str | None) -> dict[str, str]:
    """Return the hashes of a base model's files as a run records them; none for an embedded model, which is checked.

    Raises:
        ModelError: There is no such model, or a file of an embedded one is not the one that was unpacked.
    """
    return _hashes(name, locate(name, revision)[0])


def _hashes(name: str, folder: Path) -> dict[str, str]:
    return {} if name.startswith(PREFIX) else file_hashes(folder)


def weights_sha256(name: str, files: Mapping[str, str]) -> str:
    """Return one hash over all weight files of a model, of whose files the hashes are given by name."""
    if name.startswith(PREFIX):
        return sha256_file(embedded_file(name.removeprefix(PREFIX)))
    return sha256_text("".join(files[file] for file in sorted(files) if file.endswith(".safetensors")))


def choose_dtype(dtype: NumberFormat, device: str, *, for_training: bool) -> torch.dtype:
    """Return the number format that a model is loaded in, see `load_model`.

    Args:
        dtype: As configured.
        device: ``cpu`` or ``cuda``.
        for_training: What the model is loaded for.
    """
    if dtype == "native" or (dtype == "auto" and for_training):
        return torch.bfloat16 if device == "cuda" or multiplies_bfloat16() else torch.float32
    if dtype == "auto":
        return torch.bfloat16 if device == "cuda" else torch.float32
    return torch.bfloat16 if dtype == "bfloat16" else torch.float32


def expect_four_bit() -> None:
    """Make sure that weights of 4 bits can be used here.

    Raises:
        ModelError: There is no GPU for them, or no package.
    """
    if not torch.cuda.is_available() or importlib.util.find_spec("bitsandbytes") is None:
        raise ModelError(
            "4-bit base weights need a CUDA GPU and the package bitsandbytes",
            place="model.load_in_4bit",
            hint="pip install 'nosology[gpu]' on a machine with a GPU, or set it to false",
        )


def expect_unsloth() -> None:
    """Make sure that the engine unsloth is installed.

    Raises:
        ModelError: It is not.
    """
    if importlib.util.find_spec("unsloth") is None:
        raise ModelError(
            "the engine unsloth is not installed",
            place="model.engine",
            hint="pip install unsloth on a machine with a GPU, or set model.engine to transformers",
        )


def _four_bit(number_format: torch.dtype) -> Any:
    expect_four_bit()
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=number_format,
    )


def _load_with_unsloth(folder: Path, number_format: torch.dtype, load_in_4bit: bool) -> Any:
    expect_unsloth()
    os.environ.setdefault("UNSLOTH_RETURN_LOGITS", "1")  # without it no scores come back, only a loss
    unsloth = importlib.import_module("unsloth")
    model, _ = unsloth.FastLanguageModel.from_pretrained(str(folder), dtype=number_format, load_in_4bit=load_in_4bit)
    return model


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its kind where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
