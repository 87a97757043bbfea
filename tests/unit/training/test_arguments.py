"""What training is started with: the Trainer's settings, what memory decides, and the folder a run is written to."""

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from transformers import EarlyStoppingCallback, LlamaConfig

from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import RubricTable
from nosology.config import Config, TrainConfig
from nosology.errors import RunError
from nosology.modeling.prompts import PromptTemplate
from nosology.modeling.sizing import Architecture, TrainingLoad, training_memory
from nosology.training import arguments, folder
from nosology.training.callbacks import CheckpointSeal, LogFile

SHAPE = LlamaConfig(
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=4,
    num_attention_heads=4,
    num_key_value_heads=2,
    vocab_size=500,
    max_position_embeddings=512,
)
LABELS = LabelSet.load("icd-chapters-18")
TEMPLATE = PromptTemplate.load("physician-v1")
ROWS = pl.DataFrame({"note_id": ["n3", "n1", "n2"]})


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def with_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


def configured(*, model: dict[str, Any] | None = None, **train: Any) -> Config:
    return Config.model_validate({"model": model or {}, "train": {"report_to": ()} | train})


def translated(out: Path, n_examples: int = 100, *, has_recomputation: bool = False, **train: Any) -> Any:
    return arguments.training_arguments(out, configured(**train).train, n_examples, has_recomputation=has_recomputation)


# The Trainer's settings.


def test_every_setting_reaches_the_trainer_under_its_own_name(tmp_path: Path) -> None:
    made = translated(
        tmp_path,
        epochs=2.5,
        batch_size=3,
        accumulation_steps=7,
        learning_rate=0.0123,
        schedule="linear",
        weight_decay=0.25,
        adam_beta2=0.95,
        max_grad_norm=0.5,
        seed=11,
    )
    assert Path(made.output_dir) == tmp_path / "checkpoints"
    assert made.num_train_epochs == 2.5
    assert (made.per_device_train_batch_size, made.gradient_accumulation_steps) == (3, 7)
    assert (made.learning_rate, made.lr_scheduler_type, made.weight_decay) == (0.0123, "linear", 0.25)
    assert (made.adam_beta2, made.max_grad_norm) == (0.95, 0.5)
    assert (made.seed, made.data_seed) == (11, 11)


@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant_with_warmup"])
def test_every_schedule_that_can_be_configured_is_one_the_trainer_knows(tmp_path: Path, schedule: str) -> None:
    assert translated(tmp_path, schedule=schedule).lr_scheduler_type == schedule


@pytest.mark.parametrize(
    ("n_examples", "train", "expected"),
    [
        (100, {"batch_size": 10, "epochs": 10, "warmup_share": 0.1}, 10),  # 100 steps
        (100, {"batch_size": 10, "accumulation_steps": 2, "epochs": 10, "warmup_share": 0.1}, 5),
        (100, {"batch_size": 10, "epochs": 0.5, "warmup_share": 0.4}, 2),  # 5 steps
        (101, {"batch_size": 10, "epochs": 1, "warmup_share": 0.5}, 6),  # 11 steps, 5.5 rounded to the even one
        (100, {"batch_size": 10, "epochs": 10, "max_steps": 20, "warmup_share": 0.25}, 5),  # not 25
        (100, {"batch_size": 10, "epochs": 10, "warmup_share": 0.0}, 0),
        (1, {"batch_size": 64, "epochs": 1, "warmup_share": 0.05}, 0),
    ],
)
def test_warming_up_takes_its_share_of_the_steps(
    tmp_path: Path, n_examples: int, train: dict[str, Any], expected: int
) -> None:
    assert translated(tmp_path, n_examples, **train).warmup_steps == expected


def test_a_limit_on_steps_reaches_the_trainer_and_none_is_its_minus_one(tmp_path: Path) -> None:
    assert translated(tmp_path, max_steps=9).max_steps == 9
    assert translated(tmp_path).max_steps == -1


@pytest.mark.parametrize(("every", "cadence"), [(None, "epoch"), (1, "steps"), (40, "steps")])
def test_each_validation_is_followed_by_a_checkpoint(tmp_path: Path, every: int | None, cadence: str) -> None:
    made = translated(tmp_path, eval_every_steps=every)
    assert (made.eval_strategy, made.save_strategy) == (cadence, cadence)
    if every is not None:
        assert (made.eval_steps, made.save_steps) == (every, every)


def test_the_checkpoint_kept_is_that_of_the_lowest_validation_loss(tmp_path: Path) -> None:
    made = translated(tmp_path)
    assert (made.load_best_model_at_end, made.metric_for_best_model, made.greater_is_better) == (
        True,
        "eval_loss",
        False,
    )
    assert made.save_total_limit == 2


def test_every_step_is_logged(tmp_path: Path) -> None:
    made = translated(tmp_path)
    assert (made.logging_strategy, made.logging_steps) == ("steps", 1)


@pytest.mark.parametrize("has_recomputation", [True, False])
def test_recomputation_is_asked_of_the_trainer_by_the_name_this_release_has(
    tmp_path: Path, has_recomputation: bool
) -> None:
    made = translated(tmp_path, has_recomputation=has_recomputation)
    assert getattr(made, arguments._checkpointing_argument()) is has_recomputation


@pytest.mark.parametrize(
    ("report_to", "has_tensorboard", "expected"),
    [
        (("auto",), True, ["tensorboard"]),
        (("auto",), False, []),
        ((), True, []),
        (("wandb", "tensorboard"), False, ["wandb", "tensorboard"]),
    ],
)
def test_trackers_are_those_named_or_tensorboard_where_installed(
    monkeypatch: pytest.MonkeyPatch, report_to: tuple[str, ...], has_tensorboard: bool, expected: list[str]
) -> None:
    monkeypatch.setattr("transformers.integrations.is_tensorboard_available", lambda: has_tensorboard)
    assert arguments._trackers(report_to) == expected


def test_a_run_is_logged_and_sealed_and_stops_early_only_on_request(tmp_path: Path) -> None:
    always = arguments.callbacks(tmp_path, TrainConfig(), None)
    assert [type(callback) for callback in always] == [LogFile, CheckpointSeal]
    *_, stopping = arguments.callbacks(tmp_path, TrainConfig(early_stopping_patience=3), None)
    assert isinstance(stopping, EarlyStoppingCallback)
    assert stopping.early_stopping_patience == 3


# What memory decides.


def needing(n_tokens: list[int]) -> tuple[Any, Any, list[Any]]:
    """Return stand-ins for a model, an encoder with an instruction of 30 tokens, and notes of the lengths given."""
    weight = torch.zeros(1, dtype=torch.float32)
    model = SimpleNamespace(get_input_embeddings=lambda: SimpleNamespace(weight=weight), config=SHAPE)
    encoder = SimpleNamespace(root=[0] * 30, answers=[[0] * 2, [0] * 5, [0]])
    examples = [SimpleNamespace(note=SimpleNamespace(tokens=[0] * n)) for n in n_tokens]
    return SimpleNamespace(model=model), encoder, examples


@pytest.mark.parametrize("is_asked_for", [True, False])
@pytest.mark.parametrize("free", [0, 10**15])
def test_a_configured_recomputation_is_not_overruled_by_memory(
    monkeypatch: pytest.MonkeyPatch, is_asked_for: bool, free: int
) -> None:
    monkeypatch.setattr(arguments, "free_memory", lambda _: free)
    config = configured(gradient_checkpointing=is_asked_for)
    assert arguments.recomputes(config, *needing([10])) is is_asked_for


@pytest.mark.parametrize("short_of", [0, 1])
def test_activations_are_recomputed_from_the_first_byte_that_does_not_fit(
    monkeypatch: pytest.MonkeyPatch, short_of: int
) -> None:
    load = TrainingLoad(
        n_notes=4,
        instruction_tokens=30,
        note_tokens=200 + 5,  # the longest note behind which the longest answer stands
        dtype="float32",
        is_4bit=False,
        is_checkpointed=False,
        lora_r=8,
        lora_targets="attention",
        lora_top_layers=2,
    )
    need = training_memory(Architecture.from_config(SHAPE.to_dict(), place="here"), load)
    monkeypatch.setattr(arguments, "free_memory", lambda _: need.total - need.weights - short_of)
    config = configured(batch_size=4, lora_r=8, lora_targets="attention", lora_top_layers=2)
    assert arguments.recomputes(config, *needing([20, 200, 7])) is (short_of == 1)


@pytest.mark.parametrize(
    ("model", "expected"),
    [({}, True), ({"load_in_4bit": True}, False), ({"engine": "unsloth"}, False)],
)
def test_only_plain_weights_of_transformers_are_compiled(with_gpu: None, model: dict[str, Any], expected: bool) -> None:  # noqa: ARG001
    assert arguments.can_compile(configured(model=model)) is expected


def test_nothing_is_compiled_without_a_gpu(without_gpu: None) -> None:  # noqa: ARG001
    assert not arguments.can_compile(configured())


@given(st.integers(2, 300), st.integers(1, 64))
def test_the_advice_halves_the_batch_and_never_shrinks_the_step(batch: int, accumulation: int) -> None:
    advice = arguments.smaller_batch(configured(batch_size=batch, accumulation_steps=accumulation))
    settings = dict(word.rstrip(":").split("=") for word in advice.split() if word.startswith("train."))
    half, steps = int(settings["train.batch_size"]), int(settings["train.accumulation_steps"])
    assert 1 <= half <= batch / 2
    assert batch * accumulation <= half * steps <= 1.5 * batch * accumulation
    if batch % 2 == 0:
        assert half * steps == batch * accumulation


@pytest.mark.parametrize(
    ("model", "train", "ways"),
    [
        ({}, {}, ["gradient_checkpointing", "load_in_4bit", "max_note_tokens=500"]),
        ({}, {"gradient_checkpointing": True}, ["load_in_4bit", "max_note_tokens=500"]),
        ({"load_in_4bit": True}, {}, ["gradient_checkpointing", "max_note_tokens=500"]),
        ({"load_in_4bit": True}, {"gradient_checkpointing": True}, ["max_note_tokens=500"]),
    ],
)
def test_a_batch_of_one_note_is_advised_what_is_not_done_yet(
    with_gpu: None,  # noqa: ARG001
    model: dict[str, Any],
    train: dict[str, Any],
    ways: list[str],
) -> None:
    advice = arguments.smaller_batch(configured(model={"max_note_tokens": 1000} | model, batch_size=1, **train))
    known = ["gradient_checkpointing", "load_in_4bit", "max_note_tokens=500"]
    assert [way for way in known if way in advice] == ways


def test_four_bits_are_not_advised_without_a_gpu(without_gpu: None) -> None:  # noqa: ARG001
    assert "4bit" not in arguments.smaller_batch(configured(batch_size=1))


# The folder.


def written(out: Path, config: Config | None = None) -> Config:
    config = config or configured()
    folder.claim(out, config, resume=False)
    folder.write_inputs(out, SimpleNamespace(labels=LABELS), TEMPLATE, config, ROWS, RubricTable(()))
    return config


@pytest.mark.parametrize(("rank", "expected"), [(None, True), ("0", True), ("1", False), ("10", False)])
def test_the_first_process_writes(monkeypatch: pytest.MonkeyPatch, rank: str | None, expected: bool) -> None:
    if rank is not None:
        monkeypatch.setenv("RANK", rank)
    assert folder.is_first_process() is expected


def test_a_new_folder_is_made_with_its_parents_and_an_empty_one_is_taken(tmp_path: Path) -> None:
    for _ in range(2):
        folder.claim(tmp_path / "runs" / "first", configured(), resume=False)
    assert (tmp_path / "runs" / "first").is_dir()


def test_what_a_run_was_made_of_is_read_back_from_its_folder(tmp_path: Path) -> None:
    config = written(tmp_path, configured(learning_rate=1e-5, lora_targets=("q_proj", "v_proj")))
    assert LabelSet.load(tmp_path / "labels.tsv").sha256 == LABELS.sha256
    assert PromptTemplate.load(str(tmp_path / "prompt.jinja")).sha256 == TEMPLATE.sha256
    settings = yaml.safe_load((tmp_path / "config.yaml").read_text(encoding="utf-8"))
    assert Config.model_validate(settings) == config
    assert json.loads((tmp_path / "train_notes.json").read_text(encoding="utf-8"))["note_ids"] == ["n3", "n1", "n2"]


@given(
    learning_rate=st.floats(1e-12, 10, exclude_min=True),
    epochs=st.floats(1e-3, 1e6),
    seed=st.integers(-(2**40), 2**40),
    name=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30),
)
def test_any_configuration_that_was_written_can_be_resumed_with(
    tmp_path_factory: pytest.TempPathFactory, learning_rate: float, epochs: float, seed: int, name: str
) -> None:
    out = tmp_path_factory.mktemp("run")
    config = configured(model={"name": name}, learning_rate=learning_rate, epochs=epochs, seed=seed)
    written(out, config)
    before = (out / "config.yaml").read_bytes()
    folder.claim(out, config, resume=True)
    assert (out / "config.yaml").read_bytes() == before


@pytest.mark.parametrize(
    "changed",
    [
        configured(seed=1),
        configured(epochs=math.nextafter(1.0, 2.0)),
        configured(model={"max_note_tokens": 512}),
    ],
)
def test_another_model_or_training_is_not_resumed_with(tmp_path: Path, changed: Config) -> None:
    written(tmp_path)
    with pytest.raises(RunError, match="another configuration"):
        folder.claim(tmp_path, changed, resume=True)


def test_settings_of_other_commands_may_change_before_resuming(tmp_path: Path) -> None:
    config = written(tmp_path)
    other = Config.model_validate(config.model_dump() | {"evaluate": {"systems": ["majority"]}})
    assert other != config
    folder.claim(tmp_path, other, resume=True)


def test_equal_inputs_are_accepted(tmp_path: Path) -> None:
    written(tmp_path)
    folder.expect_same_inputs(tmp_path, SimpleNamespace(labels=LABELS), TEMPLATE, ROWS)


def test_a_run_killed_before_its_first_step_has_nothing_to_compare(tmp_path: Path) -> None:
    folder.expect_same_inputs(tmp_path, SimpleNamespace(labels=LABELS), TEMPLATE, ROWS)


OTHER_LABELS = LabelSet("other", LABELS.categories[::-1])
OTHER_TEMPLATE = PromptTemplate("other", TEMPLATE.source + " ")


@pytest.mark.parametrize(
    ("labels", "template", "note_ids", "named"),
    [
        (OTHER_LABELS, TEMPLATE, ["n3", "n1", "n2"], "another label set"),
        (LABELS, OTHER_TEMPLATE, ["n3", "n1", "n2"], "another prompt"),
        (LABELS, TEMPLATE, ["n1", "n2", "n3"], "another training notes"),  # the order is part of a run
        (LABELS, TEMPLATE, ["n3", "n1"], "another training notes"),
        (OTHER_LABELS, OTHER_TEMPLATE, [], "another label set and another prompt and another training notes"),
    ],
)
def test_all_inputs_that_differ_are_named(
    tmp_path: Path, labels: LabelSet, template: PromptTemplate, note_ids: list[str], named: str
) -> None:
    written(tmp_path)
    rows = pl.DataFrame({"note_id": note_ids}, schema={"note_id": pl.String})
    with pytest.raises(RunError) as refused:
        folder.expect_same_inputs(tmp_path, SimpleNamespace(labels=labels), template, rows)
    assert refused.value.message == f"the unfinished run was started with {named}"
    assert refused.value.place == str(tmp_path)
