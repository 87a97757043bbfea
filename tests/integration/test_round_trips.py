"""Round trips of the embedded model, trained for hours: every target answers as the run, and ten damages are named."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from exports import EXPORTS, exported
from nosology.config import Config
from nosology.export.models.workflow import export_run, verify_export
from nosology.files import read_json, write_json
from nosology.preparation.pipeline import prepare_table
from nosology.sources.table import TableColumns
from nosology.training import train

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

Q_PROJ = "base_model.model.model.layers.{}.self_attn.q_proj.lora_{}.weight"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("round-trips")


ONE_CHANGES = pytest.mark.xfail(strict=True, reason="in 8 bits one of 36 notes changes its category")


@pytest.mark.parametrize(
    ("to", "number_format"),
    [pytest.param(*one, marks=[ONE_CHANGES] if one[1] == "q8_0" else []) for one in EXPORTS],
)
def test_the_starter_answers_as_itself_in_every_target(scratch: Path, to: Any, number_format: Any) -> None:
    found = exported("starter", to, number_format, scratch)
    assert found["largest"] <= found["tolerated"]
    assert found["changed"] == 0


# ---- ten damages


def in_tensors(change: Callable[[dict[str, torch.Tensor]], None]) -> Callable[[Path], None]:
    """Return a damage to the adapter's matrices."""

    def damage(folder: Path) -> None:
        file = folder / "adapter_model.safetensors"
        tensors = load_file(file)
        change(tensors)
        save_file(tensors, file, metadata={"format": "pt"})

    return damage


def in_settings(**values: Any) -> Callable[[Path], None]:
    """Return a damage to the adapter's settings."""

    def damage(folder: Path) -> None:
        file = folder / "adapter_config.json"
        write_json(file, read_json(file) | values)

    return damage


def in_file(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Return a damage to a text in a file."""

    def damage(folder: Path) -> None:
        file = folder / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    return damage


def swap(tensors: dict[str, torch.Tensor]) -> None:
    """Give two layers each other's LoRA."""
    one, other = Q_PROJ.format(3, "A"), Q_PROJ.format(4, "A")
    tensors[one], tensors[other] = tensors[other].clone(), tensors[one].clone()


def halve(tensors: dict[str, torch.Tensor]) -> None:
    """Store matrices in another number format than was said."""
    for name in list(tensors):
        tensors[name] = tensors[name].to(torch.float16)


def turn(tensors: dict[str, torch.Tensor]) -> None:
    """Let the inputs of one layer's LoRA change places."""
    tensors[Q_PROJ.format(29, "A")].copy_(tensors[Q_PROJ.format(29, "A")].flip(1).clone())


DAMAGES: dict[str, Callable[[Path], None]] = {
    "the template: the chat": in_file("chat_template.jinja", "<|im_start|>", "<|im_start|> "),
    "special tokens": in_file("tokenizer_config.json", '"eos_token": "<|im_end|>"', '"eos_token": "<|endoftext|>"'),
    "alpha / r of layers.0": in_settings(lora_alpha=1),
    "alpha / r": in_settings(use_rslora=True),
    "the LoRA of layers.2.self_attn.q_proj": in_tensors(lambda found: found[Q_PROJ.format(2, "B")].zero_()),
    "the LoRA of layers.3.self_attn.q_proj": in_tensors(swap),
    "the LoRA of layers.5.self_attn.q_proj": in_tensors(lambda found: found[Q_PROJ.format(5, "B")].neg_()),
    "the LoRA of layers.0.self_attn.q_proj": in_tensors(lambda found: found[Q_PROJ.format(0, "A")].mul_(1.3)),
    "the number format: float16": in_tensors(halve),
    "the LoRA of layers.29.self_attn.q_proj": in_tensors(turn),
}


@pytest.mark.parametrize("reason", DAMAGES)
def test_a_damage_to_the_starters_adapter_is_named(scratch: Path, tmp_path: Path, reason: str) -> None:
    if not (scratch / "adapter-auto").exists():
        exported("starter", "adapter", "auto", scratch)
    shutil.copytree(scratch / "adapter-auto", tmp_path / "out")
    DAMAGES[reason](tmp_path / "out")
    assert verify_export(tmp_path / "out").reason.startswith(reason)


def test_a_run_that_went_on_from_the_starter_is_exported(tmp_path: Path) -> None:
    rows = [f"{i},Fever and cough for {i} days.,Respiratory,p{i}" for i in range(12)]
    rows += [f"{i + 12},Itching plaques of the elbows since {i} weeks.,Skin Disorders,q{i}" for i in range(12)]
    (tmp_path / "notes.csv").write_text("\n".join(["id,text,category,patient", *rows]) + "\n", encoding="utf-8")
    config = Config.model_validate(
        {"prepare": {"min_words": 0}, "train": {"start": "starter", "max_steps": 1, "report_to": ()}}
    )
    columns = TableColumns("text", category="category", patient="patient", note_id="id")
    prepare_table(tmp_path / "notes.csv", tmp_path / "dataset", config.prepare, columns, n_workers=1)
    train(tmp_path / "dataset", tmp_path / "run", config)
    done = export_run(tmp_path / "run", "adapter", tmp_path / "out")
    assert done.comparison.n_changed == 0
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "course" in card, "what the starter learned from"
    assert "table" in card
