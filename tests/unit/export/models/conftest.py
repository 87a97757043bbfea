"""Tiny Llama 3 and a run of each kind on them: the first with the real tokenizer, which takes seconds to load.

The others' is small; all of them on the real one are exported by ``tests/integration/test_round_trips.py``.
"""

from pathlib import Path

import pytest

from export_world import write_adapted_run
from llama3 import real_llama3_tokenizer
from tiny_models import llama3_tokenizer, save_tiny_model

KINDS = ("answer attention", "answer all-linear", "classification attention", "classification all-linear")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the base models and a run of each kind, by the kind's name."""
    folder = tmp_path_factory.mktemp("exports")
    save_tiny_model(base_of(folder, KINDS[0]), tokenizer=real_llama3_tokenizer())
    save_tiny_model(base_of(folder, KINDS[1]), tokenizer=llama3_tokenizer())
    for kind in KINDS:
        head, targets = kind.split()
        config = {"train": {"head": head, "lora_targets": targets}}
        write_adapted_run(folder / kind, base_of(folder, kind), config=config)
    return folder


def base_of(world: Path, kind: str) -> Path:
    """Return the folder of the base model that a kind of run was trained on."""
    return world / ("real" if kind == KINDS[0] else "small")
