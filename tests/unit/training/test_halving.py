"""``train.batch_size: auto``: memory that runs out changes how a step is read, never what it learns from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from evaluation_world import write_dataset
from nosology.config import Config
from nosology.errors import ModelError
from nosology.training import trainer as engine
from nosology.training.arguments import notes_at_once, smaller_batch
from nosology.training.callbacks import TrainingStep
from nosology.training.workflow import train
from tiny_models import save_tiny_model

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning")

N_NOTES = 44  # five steps of eight notes and one of four, at eight notes a step


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset and a tiny model."""
    folder = tmp_path_factory.mktemp("halving")
    write_dataset(folder / "dataset", {"train": N_NOTES, "validation": 4, "test": 4})
    save_tiny_model(folder / "model")
    return folder


def configured(world: Path, **fields: Any) -> Config:
    fields = {"learning_rate": 0.01, "lora_r": 4, "report_to": (), "eval_every_steps": 2} | fields
    return Config.model_validate(
        {"model": {"name": str(world / "model"), "max_note_tokens": 64, "dtype": "float32"}, "train": fields}
    )


class Memory:
    """Lets a training's passes run out of memory on demand, and keeps how many notes each of the others read."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.holds = 10**6  # notes that fit
        self.fails_backwards_at: int | None = None  # which pass, counted from 1, fails with half its gradients added
        self.read: list[int] = []
        self._n_passes = 0
        original = engine.answer_logits

        def answer_logits(model: Any, tree: Any, predictors: torch.Tensor) -> torch.Tensor:
            self._n_passes += 1
            n_notes = sum(parent == 0 for parent in tree.parents)
            if n_notes > self.holds:
                raise torch.OutOfMemoryError("CUDA out of memory (injected)")
            if self._n_passes == self.fails_backwards_at:
                hook = next(p for p in model.parameters() if p.requires_grad).register_hook(_run_out)
                self.holds, self._hook = n_notes // 2, hook
            elif hasattr(self, "_hook"):
                self._hook.remove()
            self.read.append(n_notes)
            return original(model, tree, predictors)

        patch.setattr(engine, "answer_logits", answer_logits)


def _run_out(_: torch.Tensor) -> None:
    raise torch.OutOfMemoryError("CUDA out of memory (injected)")


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    return Memory(monkeypatch)


def adapter_of(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "adapter" / "adapter_model.safetensors")


def test_memory_that_is_short_from_the_start_gives_the_adapter_of_smaller_batches_byte_for_byte(
    world: Path, tmp_path: Path, memory: Memory
) -> None:
    smaller = train(world / "dataset", tmp_path / "a", configured(world, batch_size=4, accumulation_steps=2))
    memory.holds = 5
    halved = train(world / "dataset", tmp_path / "b", configured(world, batch_size="auto"))
    assert halved.adapter_sha256 == smaller.adapter_sha256
    assert (halved.notes_at_once, halved.n_steps) == (4, smaller.n_steps)


@pytest.mark.parametrize("accumulation", [1, 2])
def test_memory_that_runs_out_in_a_backward_pass_leaves_the_adapter_as_it_would_have_been(
    world: Path, tmp_path: Path, memory: Memory, accumulation: int
) -> None:
    config = configured(world, batch_size="auto", accumulation_steps=accumulation, epochs=2)
    train(world / "dataset", tmp_path / "whole", config)
    expected = adapter_of(tmp_path / "whole")
    memory._n_passes, memory.read, memory.fails_backwards_at = 0, [], 4
    manifest = train(world / "dataset", tmp_path / "halved", config)
    assert manifest.notes_at_once == 4
    for name, value in adapter_of(tmp_path / "halved").items():
        torch.testing.assert_close(value, expected[name], rtol=1e-3, atol=1e-5)
    assert max(memory.read[4:]) == 4  # and never again more


def test_a_run_killed_after_it_halved_its_batches_ends_with_the_same_adapter(
    world: Path, tmp_path: Path, memory: Memory
) -> None:
    config = configured(world, batch_size="auto", epochs=2)

    def interrupt(step: TrainingStep) -> None:
        if step.step == 7:
            raise KeyboardInterrupt

    memory.fails_backwards_at = 2
    whole = train(world / "dataset", tmp_path / "whole", config)
    memory._n_passes, memory.holds = 0, 10**6
    with pytest.raises(KeyboardInterrupt):
        train(world / "dataset", tmp_path / "killed", config, progress=interrupt)
    memory.holds, memory.fails_backwards_at, memory.read = 10**6, None, []
    resumed = train(world / "dataset", tmp_path / "killed", config, resume=True)
    assert max(memory.read) == 4  # although there is memory for eight now
    assert resumed.adapter_sha256 == whole.adapter_sha256


def test_a_single_note_that_does_not_fit_stops_with_what_is_left_to_change(
    world: Path, tmp_path: Path, memory: Memory
) -> None:
    memory.holds = 0
    with pytest.raises(ModelError, match="out of memory") as caught:
        train(world / "dataset", tmp_path / "run", configured(world, batch_size="auto"))
    assert "train.gradient_checkpointing=true" in caught.value.hint


def test_a_batch_size_that_was_chosen_is_never_changed(world: Path, tmp_path: Path, memory: Memory) -> None:
    memory.holds = 5
    with pytest.raises(ModelError, match="out of memory") as caught:
        train(world / "dataset", tmp_path / "run", configured(world, batch_size=8))
    assert "train.batch_size=4 train.accumulation_steps=2" in caught.value.hint


def test_on_a_cpu_the_estimate_decides_because_nothing_there_can_be_tried_out(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nosology.modeling.loading import load_model
    from nosology.modeling.sizing import Architecture, training_memory
    from nosology.training import arguments

    loaded = load_model(str(world / "model"))
    note = type("Note", (), {"tokens": [0] * 300})
    examples: Any = [type("Example", (), {"note": note})]
    encoder: Any = type("Encoder", (), {"root": [0] * 50, "answers": [[0] * 4]})
    config = configured(world, batch_size="auto")
    shape = Architecture.from_config(loaded.model.config.to_dict(), place="here")

    def free_for(n_notes: int) -> Callable[[str], int]:
        need = training_memory(shape, arguments._load(config, loaded, encoder, examples, n_notes))
        return lambda _: need.total - need.weights

    for n_notes in (8, 4, 2, 1):
        monkeypatch.setattr(arguments, "free_memory", free_for(n_notes))
        assert notes_at_once(config, loaded, encoder, examples) == n_notes
    assert notes_at_once(configured(world, batch_size=3), loaded, encoder, examples) is None


def test_the_advice_for_auto_is_that_for_a_single_note() -> None:
    advice = smaller_batch(Config.model_validate({"train": {"batch_size": "auto"}}))
    assert "batch_size" not in advice
