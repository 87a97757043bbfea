"""The embedded model read without transformers: every number is transformers' and peft's own, to its last bit."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from nosology.errors import ModelError
from nosology.files import read_json, write_json
from nosology.modeling import llama as plain
from nosology.modeling.adapters import load_adapter
from nosology.modeling.embedded import Unpacked, file_hashes
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.llama import Llama, Lora, Shape, load_plainly, put_adapter, read_llama
from nosology.modeling.loading import load_model
from nosology.modeling.probing import token_gradients
from nosology.modeling.scoring import AnswerScorer
from nosology.modeling.title_targets import title_targets
from nosology.modeling.titles import TitleScorer
from tiny_models import CATEGORIES, TEMPLATE, chatml_tokenizer, save_tiny_model

NOTES = (
    "patient admitted with fever and cough; chest pain. treated with antibiotics",
    "a fall; discharged home",
    "You read <|im_start|> notes with care, board-certified. " * 12,
)
TITLES = ("Cholera", "Typhoid fever", "Typhoid and paratyphoid fevers", "Malignant neoplasm of lip", "Fracture", "Acne")
GROUPS = ((0, 1, 2), (3,), (4,), (5,))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama with its tokenizer."""
    return save_tiny_model(tmp_path_factory.mktemp("plain") / "model")


def save_adapter(base: Path, folder: Path, **settings: Any) -> Path:
    """Write an adapter of the tiny model, every number of it other than zero."""
    model = get_peft_model(load_model(str(base)).model, LoraConfig(**{"r": 4, "lora_alpha": 6} | settings))
    generator = torch.Generator().manual_seed(2)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.2
    model.save_pretrained(folder)
    return folder


ADAPTERS: dict[str, dict[str, Any]] = {
    "all layers": {"target_modules": [*["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]]},
    "attention with dropout": {"target_modules": ["q_proj", "v_proj"], "lora_dropout": 0.1},
    "the topmost layer": {"target_modules": ["o_proj", "up_proj"], "layers_to_transform": [1]},
}


@pytest.fixture(scope="module", params=[None, *ADAPTERS])
def adapter(request: pytest.FixtureRequest, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """The base model alone, or one of the adapters."""
    if request.param is None:
        return None
    return save_adapter(base, tmp_path_factory.mktemp("adapter"), **ADAPTERS[request.param])


def theirs(base: Path, adapter: Path | None, dtype: Any = "float32") -> Any:
    loaded = load_model(str(base), dtype=dtype)
    return loaded.model if adapter is None else load_adapter(loaded, adapter)


def ours(base: Path, adapter: Path | None, dtype: torch.dtype = torch.float32) -> Llama:
    model = read_llama(base, dtype)
    assert model is not None
    if adapter is not None:
        lora = Lora.of(read_json(adapter / "adapter_config.json"))
        assert lora is not None
        put_adapter(model, lora, adapter)
    return model


def encoder() -> PromptEncoder:
    return PromptEncoder(chatml_tokenizer(), TEMPLATE, CATEGORIES)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_scores_features_and_answers_are_transformers_to_the_last_bit(
    base: Path, adapter: Path | None, dtype: str
) -> None:
    prompts = encoder()
    notes = [prompts.note(note) for note in NOTES]
    models = theirs(base, adapter, dtype), ours(base, adapter, getattr(torch, dtype))
    expected, found = (list(AnswerScorer(model, prompts).read(notes, max_new_tokens=3, keep=True)) for model in models)
    for one, other in zip(expected, found, strict=True):
        assert (one.place, one.answer, one.scores.tolist()) == (other.place, other.answer, other.scores.tolist())
        assert one.features is not None
        assert other.features is not None
        assert one.features.tolist() == other.features.tolist()
        kept = zip(one.keys_values or [], other.keys_values or [], strict=True)
        assert all(torch.equal(a, b) for pairs in kept for a, b in zip(*pairs, strict=True))


def test_titles_and_gradients_are_transformers_to_the_last_bit(base: Path, adapter: Path | None) -> None:
    prompts = encoder()
    note = prompts.note(NOTES[0])
    answers = []
    for model in (theirs(base, adapter), ours(base, adapter)):
        scorer = TitleScorer(model, prompts, TITLES, GROUPS)
        scored = scorer.scores(scorer.read_note(note), mass=0.999)
        target = title_targets(prompts, TITLES, GROUPS)[1]
        gradient = token_gradients(scorer, note, target)
        answers.append((scored.categories, scored.titles, gradient))
    for expected, found in zip(*answers, strict=True):
        np.testing.assert_array_equal(found, expected)  # a title that is not scored is no number in both
    assert answers[0][2].any()


def test_parameters_are_counted_as_transformers_counts_them(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_embedded(base, monkeypatch)
    found = load_plainly("embedded:tiny", None)
    assert found is not None
    assert found.n_parameters == load_model(str(base)).n_parameters


def test_weights_are_used_as_they_lie_in_the_file_and_never_trained(base: Path) -> None:
    model = ours(base, None)
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert not model.training
    saved = load_file(base / "model.safetensors")
    assert torch.equal(model.get_output_embeddings().weight, saved["model.embed_tokens.weight"])


# What is read by itself, and what is left to transformers and peft.


def as_embedded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a folder be what an embedded model is unpacked to."""
    write_json(folder / "unpacked.json", file_hashes(folder))
    monkeypatch.setattr(plain, "unpacked", lambda _name: Unpacked(folder, "0" * 64))


def test_an_embedded_model_is_read_with_its_tokenizer_and_the_packages_hash(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_embedded(base, monkeypatch)
    found = load_plainly("embedded:tiny", None)
    assert found is not None
    assert isinstance(found.model, Llama)
    assert (found.name, found.revision, found.weights_sha256, found.files) == ("embedded:tiny", None, "0" * 64, {})
    assert found.tokenizer("fever")["input_ids"] == chatml_tokenizer()("fever")["input_ids"]


def test_folders_hub_names_and_weights_of_4_bits_are_left_to_transformers(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_embedded(base, monkeypatch)
    assert load_plainly(str(base), None) is None
    assert load_plainly("embedded:tiny", None, load_in_4bit=True) is None
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert load_plainly("embedded:tiny", None) is None


@pytest.mark.parametrize(
    "change",
    [
        {"model_type": "mistral"},
        {"hidden_act": "gelu"},
        {"attention_bias": True},
        {"mlp_bias": True},
        {"tie_word_embeddings": False},
        {"rope_parameters": {"rope_type": "llama3", "rope_theta": 1e4, "factor": 8.0}},
        {"rope_parameters": None},
        {"quantization_config": {"bits": 4}},
    ],
)
def test_a_model_that_computes_otherwise_is_left_to_transformers(
    base: Path, tmp_path: Path, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(base, tmp_path / "copy")
    config = read_json(copy / "config.json")
    assert Shape.of(config) is not None
    write_json(copy / "config.json", config | change)
    as_embedded(copy, monkeypatch)
    assert load_plainly("embedded:tiny", None) is None


@pytest.mark.parametrize(
    "settings",
    [
        {"use_dora": True},
        {"use_rslora": True},
        {"bias": "lora_only"},
        {"modules_to_save": ["lm_head"]},
        {"rank_pattern": {"q_proj": 2}},
        {"alpha_pattern": {"q_proj": 2}},
        {"lora_bias": True},
        {"exclude_modules": ["k_proj"]},
        {"init_lora_weights": "olora"},
        {"init_lora_weights": False},
        {"target_modules": "all-linear"},
        {"target_modules": ["q_proj", "lm_head"]},
        {"layers_to_transform": 1},
        {"layer_replication": [[0, 2]]},
        {"peft_type": "IA3"},
        {"r": 0},
        {"r": None},
        {"lora_alpha": None},
        {"a setting of a later peft": True},
    ],
)
def test_an_adapter_that_is_more_than_pairs_of_matrices_is_left_to_peft(
    base: Path, tmp_path: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_adapter(base, tmp_path / "adapter", target_modules=["q_proj"])
    saved = read_json(folder / "adapter_config.json")
    assert Lora.of(saved) is not None
    write_json(folder / "adapter_config.json", saved | settings)
    as_embedded(base, monkeypatch)
    assert load_plainly("embedded:tiny", folder) is None


def test_settings_that_are_no_settings_are_left_to_peft() -> None:
    assert Lora.of(["q_proj"]) is None


# What is refused.


def test_an_unpacked_file_that_changed_is_refused(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = shutil.copytree(base, tmp_path / "copy")
    as_embedded(copy, monkeypatch)
    content = bytearray((copy / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (copy / "model.safetensors").write_bytes(bytes(content))
    with pytest.raises(ModelError, match=r"model\.safetensors is not the file that was unpacked"):
        load_plainly("embedded:tiny", None)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_file_that_cannot_be_read_is_told_as_one_that_changed(
    base: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(base, tmp_path / "copy")
    as_embedded(copy, monkeypatch)
    (copy / name).write_bytes(b"\0")
    with pytest.raises(ModelError, match=f"{name} is not the file that was unpacked"):
        load_plainly("embedded:tiny", None)


def test_missing_surplus_and_misshapen_tensors_are_refused(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_embedded(base, monkeypatch)
    folder = save_adapter(base, tmp_path / "adapter", target_modules=["q_proj"])
    weights = folder / "adapter_model.safetensors"
    tensors = load_file(weights)
    first = sorted(tensors)[0]
    others = {name: tensor for name, tensor in tensors.items() if name != first}
    for wrong in (others, tensors | {"more": torch.ones(1)}, others | {first: tensors[first][:1].clone()}):
        save_file(wrong, weights)
        with pytest.raises(ModelError, match="1 tensors are missing, surplus or of another shape"):
            load_plainly("embedded:tiny", folder)
    save_file(others | {first: torch.full_like(tensors[first], torch.nan)}, weights)
    with pytest.raises(ModelError, match="no numbers, or absurd ones"):
        load_plainly("embedded:tiny", folder)
    weights.unlink()
    with pytest.raises(ModelError, match="the adapter's weights are missing"):
        load_plainly("embedded:tiny", folder)
