"""Exports are the run they came from, and ten damages are each named by what they are."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import pipeline

from nosology.errors import ModelError
from nosology.export.models import gate, outside
from nosology.export.models.comparing import compare_answers
from nosology.export.models.layout import Target
from nosology.export.models.workflow import export_run
from nosology.files import read_json, write_json
from nosology.modeling.embedded import silenced_transformers

from .conftest import KINDS

ADAPTER = "adapter_model.safetensors"
MERGED = "model.safetensors"


@pytest.fixture(scope="session")
def exports(world: Path) -> Callable[[str, Target], Path]:
    """Return what makes an export of a run once, in this process, and gives its folder."""

    def made(kind: str, to: Target) -> Path:
        out = world / "out" / f"{kind} {to}"
        if not out.exists():
            export_run(world / kind, to, out, number_format="float32", observe=outside.observe)
        return out

    return made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("to", ["adapter", "merged"])
def test_an_export_answers_as_its_run(exports: Any, kind: str, to: Target) -> None:
    figures = read_json(exports(kind, to) / "manifest.json")["gate"]
    assert figures["notes"] == 12
    assert figures["largest_difference"] < 1e-4
    assert figures["changed_answers"] == 0


def test_the_target_loads_it_in_a_process_that_never_heard_of_nosology(exports: Any, world: Path) -> None:
    found = gate.check(exports("answer attention", "adapter"), world / "model")
    assert found.is_same
    assert found.largest < 1e-4


def test_transformers_pipeline_classifies_a_note_by_itself(exports: Any) -> None:
    folder = exports("classification attention", "merged")
    expected, questions = (read_json(folder / "nosology" / f"{name}.json") for name in ("expected", "questions"))
    with silenced_transformers():
        classify = pipeline("text-classification", str(folder))
    for note, scores in zip(questions["notes"][:3], expected["scores"], strict=False):
        found = {item["label"]: item["score"] for item in classify(note, top_k=None)}
        probabilities = torch.tensor(scores).softmax(dim=0).tolist()
        assert found == pytest.approx(dict(zip(questions["categories"], probabilities, strict=True)), abs=1e-4)


def test_the_example_of_a_pipeline_on_the_page_runs(exports: Any) -> None:
    page = (Path(__file__).parents[4] / "docs" / "how-to" / "export.md").read_text(encoding="utf-8")
    (example,) = (block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "pipeline(" in block)
    names: dict[str, Any] = {}
    with silenced_transformers():
        exec(example.replace('"exports/first"', repr(str(exports("classification attention", "merged")))), names)
    assert len(names["classify"]("Crushing chest pain.", top_k=3)) == 3


# ---- ten damages


def in_tensors(file: str, change: Callable[[dict[str, torch.Tensor]], None]) -> Callable[[Path], None]:
    """Return a damage to a file of tensors."""

    def damage(folder: Path) -> None:
        tensors = load_file(folder / file)
        change(tensors)
        save_file(tensors, folder / file, metadata={"format": "pt"})

    return damage


def in_json(file: str, **values: Any) -> Callable[[Path], None]:
    """Return a damage to a file of settings."""
    return lambda folder: write_json(folder / file, read_json(folder / file) | values)


def reworded_template(folder: Path) -> None:
    """Take one line break out of the chat template."""
    file = folder / "chat_template.jinja"
    file.write_text(file.read_text(encoding="utf-8").replace("<|end_header_id|>\n\n", "<|end_header_id|>\n"), "utf-8")


def plain_end_of_turn(folder: Path) -> None:
    """Make the end-of-turn token an ordinary one."""
    file = folder / "tokenizer.json"
    tokenizer = read_json(file)
    for token in tokenizer["added_tokens"]:
        if token["content"] == "<|eot_id|>":
            token["special"] = False
    file.write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    settings = read_json(folder / "tokenizer_config.json")
    settings = {name: value for name, value in settings.items() if value != "<|eot_id|>"}
    for name in ("extra_special_tokens", "additional_special_tokens"):
        if name in settings:
            settings[name] = [token for token in settings[name] if token != "<|eot_id|>"]
    write_json(folder / "tokenizer_config.json", settings)


def second_begin(folder: Path) -> None:
    """Let the tokenizer put begin-of-text before whatever it is given, though the template writes it already."""
    file = folder / "tokenizer.json"
    tokenizer = read_json(file)
    begin = {"id": "<|begin_of_text|>", "ids": [128000], "tokens": ["<|begin_of_text|>"]}
    pieces = [{"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    tokenizer["post_processor"] = {
        "type": "TemplateProcessing",
        "single": pieces,
        "pair": [*pieces, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<|begin_of_text|>": begin},
    }
    file.write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")


def lost_layer(tensors: dict[str, torch.Tensor]) -> None:
    """Set one layer's LoRA to nothing."""
    tensors["base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight"].zero_()


def swapped_layers(tensors: dict[str, torch.Tensor]) -> None:
    """Give two layers each other's LoRA."""
    first, second = (f"base_model.model.model.layers.{i}.self_attn.q_proj.lora_A.weight" for i in (0, 1))
    tensors[first], tensors[second] = tensors[second].clone(), tensors[first].clone()


def unmerged_layer(tensors: dict[str, torch.Tensor]) -> None:
    """Take a little from one merged layer, as a merge that skipped it would."""
    weight = tensors["model.layers.0.self_attn.o_proj.weight"]
    weight.sub_(0.1 * weight)


def other_norm(tensors: dict[str, torch.Tensor]) -> None:
    """Change a part that no LoRA touches."""
    tensors["model.norm.weight"].mul_(1.01)


def turned_head(tensors: dict[str, torch.Tensor]) -> None:
    """Let the head's categories change places."""
    tensors["score.weight"].copy_(tensors["score.weight"].flip(0).clone())


def halved_precision(tensors: dict[str, torch.Tensor]) -> None:
    """Store weights in another number format than was said."""
    for name in list(tensors):
        tensors[name] = tensors[name].bfloat16()


DAMAGES = {
    "the template": ("answer attention", "merged", reworded_template),
    "special tokens: <|eot_id|>": ("answer attention", "merged", plain_end_of_turn),
    "begin-of-text: 2 times": ("answer attention", "merged", second_begin),
    "alpha / r of layers.0.self_attn.q_proj: 1 ": (
        "answer attention", "adapter", in_json("adapter_config.json", lora_alpha=4),
    ),
    "alpha / r of layers.0.self_attn.q_proj: 4 ": (
        "answer all-linear", "adapter", in_json("adapter_config.json", use_rslora=True),
    ),
    "the LoRA of layers.1.self_attn.v_proj": ("answer attention", "adapter", in_tensors(ADAPTER, lost_layer)),
    "the LoRA of layers.0.self_attn.q_proj": ("answer all-linear", "adapter", in_tensors(ADAPTER, swapped_layers)),
    "the LoRA of layers.0.self_attn.o_proj": ("classification attention", "merged", in_tensors(MERGED, unmerged_layer)),
    "the base model's weights: norm": ("answer attention", "merged", in_tensors(MERGED, other_norm)),
    "the head: row 0": ("classification all-linear", "merged", in_tensors(MERGED, turned_head)),
    "the number format: bfloat16, not float32": ("answer attention", "merged", in_tensors(MERGED, halved_precision)),
}  # fmt: skip


@pytest.mark.parametrize("reason", DAMAGES)
def test_a_damage_is_named_by_what_it_is(exports: Any, world: Path, tmp_path: Path, reason: str) -> None:
    kind, to, damage = DAMAGES[reason]
    shutil.copytree(exports(kind, to), tmp_path / "export")
    damage(tmp_path / "export")
    found = gate.check(tmp_path / "export", world / "model", observe=outside.observe)
    assert found.reason.startswith(reason)


def test_what_the_targets_loader_refuses_is_told_in_its_words(exports: Any, world: Path, tmp_path: Path) -> None:
    shutil.copytree(exports("answer attention", "adapter"), tmp_path / "export")
    (tmp_path / "export" / ADAPTER).unlink()
    with pytest.raises(ModelError, match="own loader does not load"):
        gate.check(tmp_path / "export", world / "model")


def test_a_loader_that_does_not_come_to_an_end_is_stopped_and_said_so(exports: Any, world: Path) -> None:
    with pytest.raises(ModelError, match=r"not done after 0\.2 seconds") as caught:
        gate.in_a_fresh_process(exports("answer attention", "adapter"), world / "model", most_seconds=0.2)
    assert caught.value.hint


def test_many_small_differences_are_told_by_their_mean() -> None:
    """Each moves a probability by a fiftieth, well within what one may move by where weights have 8 bits."""
    sure, less = [0.0, -0.04], [0.0, 0.04]
    expected = {"scores": [sure] * 8, "steps": [1, 1], "number_format": "f32+q8_0"}
    assert compare_answers(expected, [sure] * 7 + [less]).is_same
    assert "in the mean, and 0.004 is tolerated" in compare_answers(expected, [less] * 8).reason
