"""One tiny Llama 3 with the real tokenizer, and a run of each kind on it."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import transformers

from export_world import write_adapted_run
from llama3 import real_llama3_tokenizer
from nosology.export.models import outside, workflow
from tiny_models import save_tiny_model

KINDS = ("answer attention", "answer all-linear", "classification attention", "classification all-linear")
_NO_PART_OF_A_TOKENIZER = ("manifest.json", "README.md", "adapter_config.json")
_READ: dict[tuple[str, str], Any] = {}
_READING: list[str] = []
"""Whose tokenizer is being read: what is read for it is kept as its own alone."""


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the base model and a run of each kind, by the kind's name."""
    folder = tmp_path_factory.mktemp("exports")
    save_tiny_model(folder / "model", tokenizer=real_llama3_tokenizer())
    with tokenizers_read_once():
        for kind in KINDS:
            head, targets = kind.split()
            settings = {"train": {"head": head, "lora_targets": targets}}
            write_adapted_run(folder / kind, folder / "model", config=settings)
    return folder


@pytest.fixture(autouse=True)
def _tokenizers_read_once() -> Iterator[None]:
    with tokenizers_read_once():
        yield


@contextmanager
def tokenizers_read_once() -> Iterator[None]:
    """Let the same files of a tokenizer be read once in this process: those of the real one take two seconds.

    The run, the export and the export's target each keep a tokenizer of their own, so that none sees what another does
    to it; and whatever differs in a file is another tokenizer.
    """
    from_pretrained = _once("the run", transformers.AutoTokenizer.from_pretrained)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outside, "_tokenizer", _once("the target", outside._tokenizer))
        patch.setattr(workflow, "_tokenizer", _once("the export", workflow._tokenizer))
        patch.setattr(transformers.AutoTokenizer, "from_pretrained", from_pretrained)
        yield


def _once(owner: str, read: Callable[..., Any]) -> Callable[..., Any]:
    def read_once(folder: Path, *arguments: Any, **named: Any) -> Any:
        key = (owner, _digest(Path(folder)))
        if _READING:
            return read(folder, *arguments, **named)
        if key not in _READ:
            _READING.append(owner)
            try:
                _READ[key] = read(folder, *arguments, **named)
            finally:
                _READING.pop()
        return _READ[key]

    return read_once


def _digest(folder: Path) -> str:
    """Return a hash of all files of a folder that may be a part of its tokenizer, with their names."""
    found = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.suffix != ".safetensors" and file.name not in _NO_PART_OF_A_TOKENIZER:
            found.update(f"{file.name} {file.stat().st_size}\n".encode())
            found.update(file.read_bytes())
    return found.hexdigest()
