"""The classification head, saved with the adapter and refused where it is lost; and what else training refuses."""

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file, save_file

from evaluation_world import CATEGORIES, write_dataset
from nosology.classifier.classifier import Classifier
from nosology.config import Config
from nosology.dataset.folder import open_dataset
from nosology.errors import ModelError, RunError
from nosology.files import read_json, write_json
from nosology.modeling.adapters import load_adapter
from nosology.modeling.attention import TREE_ATTENTION
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.loading import load_model
from nosology.modeling.padded import PaddedScorer, padded_logits
from nosology.modeling.prompts import PromptTemplate
from nosology.modeling.scoring import AnswerScorer
from nosology.training import train
from nosology.training.trainer import Example, TreeCollator, TreeTrainer, answer_logits
from tiny_models import chatml_tokenizer, save_tiny_model, tiny_llama

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("heads")
    write_dataset(folder / "dataset", {"train": 32, "validation": 8, "test": 8})
    save_tiny_model(folder / "model")
    return folder


def configured(world: Path, model: dict[str, Any] | None = None, **fields: Any) -> Config:
    base = {"name": str(world / "model"), "max_note_tokens": 64, "dtype": "float32"}
    fields = {"batch_size": 8, "learning_rate": 0.01, "lora_r": 4, "report_to": ()} | fields
    return Config.model_validate({"model": base | (model or {}), "train": fields})


@pytest.fixture(scope="module")
def run(world: Path) -> Path:
    """A finished run with a classification head."""
    train(world / "dataset", world / "run", configured(world, head="classification", epochs=2))
    return world / "run"


def test_a_classification_head_is_saved_in_the_adapters_file_and_was_trained(run: Path) -> None:
    tensors = load_file(run / "adapter" / "adapter_model.safetensors")
    head = tensors["base_model.model.lm_head.weight"]
    assert head.shape == (len(CATEGORIES), 32)
    loaded = load_model(str(run.parent / "model"))
    encoder = PromptEncoder(loaded.tokenizer, PromptTemplate.load("physician-v1"), CATEGORIES)
    start = loaded.model.lm_head.weight[[answer[0] for answer in encoder.answers]]
    assert 0 < float((head - start).norm()) < float(start.norm())


def test_its_scores_are_those_of_the_last_hidden_state_of_each_prompt(run: Path, world: Path) -> None:
    texts = open_dataset(world / "dataset").split("test")["clean_text"].to_list()
    found = Classifier.load(run).log_probs(texts)
    loaded = load_model(str(world / "model"))
    model = load_adapter(loaded, run / "adapter", n_head_categories=len(CATEGORIES))
    model.get_base_model().set_attn_implementation("eager")
    encoder = PromptEncoder(loaded.tokenizer, PromptTemplate.load("physician-v1"), CATEGORIES, max_note_tokens=64)
    for row, text in zip(found, texts, strict=True):
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([[*encoder.root, *encoder.note(text).tokens]])).logits[0, -1]
        assert row == pytest.approx(logits.log_softmax(-1).numpy(), abs=1e-4)


def test_a_lost_head_is_refused(run: Path, world: Path, tmp_path: Path) -> None:
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (tmp_path / name).write_bytes((run / "adapter" / name).read_bytes())
    tensors = load_file(tmp_path / "adapter_model.safetensors")
    kept = {name: tensor for name, tensor in tensors.items() if "lm_head" not in name}
    save_file(kept, tmp_path / "adapter_model.safetensors")
    with pytest.raises(ModelError, match="lm_head"):
        load_adapter(load_model(str(world / "model")), tmp_path, n_head_categories=len(CATEGORIES))
    settings = read_json(tmp_path / "adapter_config.json")
    write_json(tmp_path / "adapter_config.json", settings | {"modules_to_save": None})
    with pytest.raises(ModelError, match="no classification head"):
        load_adapter(load_model(str(world / "model")), tmp_path, n_head_categories=len(CATEGORIES))


def test_a_head_with_a_bias_as_earlier_runs_have_it_is_read_with_it(run: Path, world: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_bytes((run / "adapter" / "adapter_config.json").read_bytes())
    bias = torch.arange(len(CATEGORIES), dtype=torch.float32)
    tensors = load_file(run / "adapter" / "adapter_model.safetensors") | {"base_model.model.lm_head.bias": bias}
    save_file(tensors, tmp_path / "adapter_model.safetensors")
    model = load_adapter(load_model(str(world / "model")), tmp_path, n_head_categories=len(CATEGORIES))
    hidden = torch.zeros(1, model.config.hidden_size)
    assert torch.equal(model.get_base_model().lm_head(hidden)[0], bias)


def test_a_head_of_another_number_of_categories_is_refused(run: Path, world: Path) -> None:
    with pytest.raises(ModelError, match="another shape"):
        load_adapter(load_model(str(world / "model")), run / "adapter", n_head_categories=len(CATEGORIES) + 1)


def test_a_changed_head_is_refused_by_its_hash(run: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(run, tmp_path / "run")
    file = tmp_path / "run" / "adapter" / "adapter_model.safetensors"
    tensors = load_file(file)
    tensors["base_model.model.lm_head.weight"] += 1
    save_file(tensors, file)
    with pytest.raises(RunError, match="changed since it was recorded"):
        Classifier.load(tmp_path / "run")


def test_a_classification_head_learns_no_titles() -> None:
    with pytest.raises(ValidationError, match="title_weight"):
        Config.model_validate({"train": {"head": "classification", "title_weight": 0.5}})


@pytest.mark.parametrize("balance", ["weights", "sampling", "logit_adjustment"])
def test_each_answer_to_class_imbalance_trains(world: Path, tmp_path: Path, balance: str) -> None:
    config = configured(world, class_balance=balance, group_by_length=True, max_steps=2, head="classification")
    assert train(world / "dataset", tmp_path / "run", config).n_steps == 2


def test_recomputing_activations_gives_the_same_adapter(world: Path, tmp_path: Path) -> None:
    hashes = [
        train(
            world / "dataset", tmp_path / str(is_on), configured(world, gradient_checkpointing=is_on, max_steps=2)
        ).adapter_sha256
        for is_on in (True, False)
    ]
    assert hashes[0] == hashes[1]


def test_activations_are_recomputed_where_memory_is_short(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nosology.training import arguments
    from nosology.training.trainer import Example as TrainingExample

    loaded = load_model(str(world / "model"))
    encoder = PromptEncoder(loaded.tokenizer, PromptTemplate.load("physician-v1"), CATEGORIES)
    examples = [TrainingExample("a", encoder.note("fever " * 50), 0)]
    for free, expected in ((10**9, False), (10**5, True)):
        monkeypatch.setattr(arguments, "free_memory", lambda _, free=free: free)
        assert arguments.recomputes(configured(world), loaded, encoder, examples) is expected
        assert arguments.recomputes(configured(world, gradient_checkpointing=False), loaded, encoder, examples) is False


def test_lack_of_memory_names_the_setting_and_its_new_value(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(TreeTrainer, "compute_loss", fail)
    with pytest.raises(ModelError, match="out of memory") as caught:
        train(world / "dataset", tmp_path / "run", configured(world))
    assert "train.batch_size=4 train.accumulation_steps=2" in caught.value.hint
    with pytest.raises(ModelError) as caught:
        train(world / "dataset", tmp_path / "one", configured(world, batch_size=1))
    assert "train.gradient_checkpointing=true" in caught.value.hint
    assert "model.max_note_tokens=32" in caught.value.hint


def test_a_gradient_that_is_not_finite_never_reaches_the_adapter(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss itself is finite; without the check the next checkpoint would hold nothing but NaN."""
    plain = TreeTrainer.training_step

    def poisoned(self: TreeTrainer, *arguments: Any, **options: Any) -> torch.Tensor:
        loss = plain(self, *arguments, **options)
        if self.state.global_step == 2:
            next(p for p in self.model.parameters() if p.grad is not None).grad[0] = torch.nan
        return loss

    monkeypatch.setattr(TreeTrainer, "training_step", poisoned)
    with pytest.raises(ModelError, match=r"a gradient of step 3 .* checkpoints/checkpoint-2") as caught:
        train(world / "dataset", tmp_path / "run", configured(world, eval_every_steps=1))
    assert caught.value.place.startswith("notes n-train-")
    assert caught.value.place.count("n-train-") == 8
    weights = load_file(tmp_path / "run" / "checkpoints" / "checkpoint-2" / "adapter_model.safetensors")
    assert all(torch.isfinite(tensor).all() for tensor in weights.values())


def test_an_unfinished_run_of_other_notes_is_not_continued(world: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TreeTrainer, "train", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train(world / "dataset", tmp_path / "run", configured(world))
    write_dataset(tmp_path / "other", {"train": 24, "validation": 8, "test": 8})
    with pytest.raises(RunError, match="another training notes"):
        train(tmp_path / "other", tmp_path / "run", configured(world), resume=True)


def test_padded_sequences_give_the_scores_of_the_packed_row() -> None:
    model = tiny_llama(kv_heads=2)
    encoder = PromptEncoder(chatml_tokenizer(), PromptTemplate.load("physician-v1"), CATEGORIES)
    notes = [encoder.note("fever and cough"), encoder.note("chest pain, treated and discharged home")]
    batch = TreeCollator(encoder)([Example("a", notes[0], 0), Example("b", notes[1], 3)])
    model.set_attn_implementation(TREE_ATTENTION)
    with torch.no_grad():
        packed = answer_logits(model, batch["tree"], batch["predictors"])
        scores = AnswerScorer(model, encoder).scores(notes)
        model.set_attn_implementation("sdpa")
        padded = padded_logits(model, batch["tree"], batch["predictors"])
    assert float((packed - padded).norm() / padded.norm()) < 1e-5
    assert np.allclose(PaddedScorer(model, encoder).scores(notes), scores, rtol=1e-5)


def test_the_engine_unsloth_trains_padded_sequences_to_an_adapter_that_any_engine_loads(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unsloth itself needs a GPU; in its place stands a module of its interface that leaves the model alone."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    class FastLanguageModel:
        @staticmethod
        def from_pretrained(folder: str, dtype: torch.dtype, load_in_4bit: bool) -> tuple[Any, None]:
            assert not load_in_4bit
            return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype), None

        @staticmethod
        def get_peft_model(model: Any, **settings: Any) -> Any:
            settings.pop("use_gradient_checkpointing"), settings.pop("random_state")
            return get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings))

    module = types.ModuleType("unsloth")
    module.FastLanguageModel = FastLanguageModel  # type: ignore[attr-defined]
    module.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
    with pytest.raises(ModelError, match="unsloth is not installed"):
        train(world / "dataset", tmp_path / "absent", configured(world, {"engine": "unsloth"}))
    monkeypatch.setitem(sys.modules, "unsloth", module)
    train(world / "dataset", tmp_path / "run", configured(world, {"engine": "unsloth"}, max_steps=2))
    assert Classifier.load(tmp_path / "run").log_probs(["fever"]).shape == (1, len(CATEGORIES))
    with pytest.raises(ModelError, match="trains no classification head"):
        train(world / "dataset", tmp_path / "b", configured(world, {"engine": "unsloth"}, head="classification"))


def test_4_bit_weights_without_a_gpu_say_what_they_need(world: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine may have what they need")
    with pytest.raises(ModelError, match="4-bit base weights need a CUDA GPU") as caught:
        train(world / "dataset", tmp_path / "run", configured(world, {"load_in_4bit": True}))
    assert "nosology[gpu]" in caught.value.hint
