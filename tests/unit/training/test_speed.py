"""Measured speed: that layers are counted, from passes whose seconds are made up."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation_world import write_dataset
from nosology.config import Config
from nosology.modeling.sizing import Architecture, TrainingLoad
from nosology.training import speed
from nosology.training.duration import TrainingNotes, notes_read, notes_to_train_on

SHAPE = Architecture(hidden=64, intermediate=96, n_layers=10, heads_width=64, kv_width=64, vocabulary=500, is_tied=True)
LOAD = TrainingLoad(
    n_notes=4,
    instruction_tokens=20,
    note_tokens=15,
    dtype="float32",
    is_4bit=False,
    is_checkpointed=False,
    lora_r=4,
    lora_targets="all-linear",
)


def test_a_step_costs_what_all_layers_cost_and_what_is_left_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "_step_seconds", lambda _shape, _load, n_layers: 3.0 + 2.0 * n_layers)
    assert speed.measured_speed(SHAPE, LOAD).seconds_per_note == (3.0 + 10 * 2.0) / 4
    recomputed = replace(LOAD, is_checkpointed=True)  # a third pass through the layers
    assert speed.measured_speed(SHAPE, recomputed).seconds_per_note == (3.0 + 10 * 2.0 * 1.5) / 4
    topmost = replace(LOAD, lora_top_layers=5)  # forwards through ten, backwards through five
    assert speed.measured_speed(SHAPE, topmost).seconds_per_note == (3.0 + 10 * 2.0 * 0.75) / 4


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_layers_of_any_shape_are_timed_for_real(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    original = speed.answer_logits

    def answer_logits(model: Any, tree: Any, predictors: Any) -> Any:
        read.append((len(tree.input_ids), len(tree.blocks), model.config.num_hidden_layers, len(predictors)))
        return original(model, tree, predictors)

    monkeypatch.setattr(speed, "answer_logits", answer_logits)
    found = speed.measured_speed(SHAPE, LOAD)
    assert found.seconds_per_note > 0
    assert set(read) == {(80, 5, 1, 32), (80, 5, 2, 32)}  # instruction and four notes, eight answer tokens each


def test_a_dataset_is_counted_and_a_training_reads_its_notes_once_a_pass(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 6, "validation": 2, "test": 2})
    config = Config.model_validate({"train": {"epochs": 2.5, "max_train_notes": 4}})
    found = notes_to_train_on(dataset, config)
    texts = notes_to_train_on(dataset, Config())
    assert (found.n_notes, texts.n_notes) == (4, 6)
    assert 12 < texts.mean_words < 20  # eight to thirteen words, three that hint, and a marker
    assert notes_read(config, found) == 10
    assert notes_read(Config.model_validate({"train": {"max_steps": 3}}), TrainingNotes(100, 1.0)) == 24
