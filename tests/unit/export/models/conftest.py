"""One tiny Llama 3 with the real tokenizer, and a run of each kind on it."""

from pathlib import Path

import pytest

from export_world import write_adapted_run
from llama3 import real_llama3_tokenizer
from tiny_models import save_tiny_model

KINDS = ("answer attention", "answer all-linear", "classification attention", "classification all-linear")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the base model and a run of each kind, by the kind's name."""
    folder = tmp_path_factory.mktemp("exports")
    save_tiny_model(folder / "model", tokenizer=real_llama3_tokenizer())
    for kind in KINDS:
        head, targets = kind.split()
        write_adapted_run(folder / kind, folder / "model", config={"train": {"head": head, "lora_targets": targets}})
    return folder
