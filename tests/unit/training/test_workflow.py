"""Training: what a run folder holds, that the base stays frozen, and that a killed run ends like one that was not."""

import json
import math
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from evaluation_world import CATEGORIES, write_dataset
from forked import start_function, status_of
from nosology.config import Config
from nosology.errors import ConfigError, DataError, ModelError, RunError
from nosology.files import read_json, read_manifest, sha256_file
from nosology.runs.run import Run
from nosology.training import train
from nosology.training.callbacks import TrainingStep, last_whole_checkpoint
from nosology.training.losses import choice_losses, choices_along
from tiny_models import save_tiny_model

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset and a tiny model."""
    folder = tmp_path_factory.mktemp("training")
    write_dataset(folder / "dataset", {"train": 48, "validation": 12, "test": 12})
    save_tiny_model(folder / "model")
    return folder


def configured(world: Path, **train_fields: Any) -> Config:
    fields = {"epochs": 1, "batch_size": 8, "learning_rate": 0.01, "lora_r": 4, "report_to": ()} | train_fields
    return Config.model_validate(
        {"model": {"name": str(world / "model"), "max_note_tokens": 64, "dtype": "float32"}, "train": fields}
    )


@pytest.fixture(scope="module")
def finished(world: Path) -> tuple[Path, list[TrainingStep]]:
    """A finished run, and the steps that were told while it was trained."""
    seen: list[TrainingStep] = []
    train(world / "dataset", world / "run", configured(world), progress=seen.append)
    return world / "run", seen


def log_of(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "training_log.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_run_folder_holds_what_the_contract_says(finished: tuple[Path, list[TrainingStep]]) -> None:
    run, seen = finished
    assert {path.name for path in run.iterdir()} == {
        "adapter",
        "prompt.jinja",
        "labels.tsv",
        "config.yaml",
        "training_log.jsonl",
        "train_notes.json",
        "manifest.json",
        "hashes.json",
    }
    manifest = read_manifest(run, "run")
    assert manifest["n_train_notes"] == 48
    assert manifest["n_steps"] == 6
    assert manifest["adapter_sha256"] == sha256_file(run / "adapter" / "adapter_model.safetensors")
    assert len(read_json(run / "train_notes.json")["note_ids"]) == 48
    assert (run / "train_notes.json").stat().st_mode & 0o777 == 0o600
    steps = [entry for entry in log_of(run) if "train/loss" in entry]
    assert [entry["step"] for entry in steps] == [1, 2, 3, 4, 5, 6]
    assert set(steps[0]) >= {"train/epoch", "train/learning_rate", "train/tokens_per_second"}
    validation = [entry for entry in log_of(run) if "eval/loss" in entry]
    assert set(validation[0]) >= {"eval/accuracy", "eval/runtime", "eval/samples_per_second", "eval/steps_per_second"}
    assert seen[-1].n_steps == 6


def test_only_the_adapter_learns(world: Path, tmp_path: Path) -> None:
    before = sha256_file(world / "model" / "model.safetensors")
    manifest = train(world / "dataset", tmp_path / "run", configured(world, epochs=4))
    losses = [entry["train/loss"] for entry in log_of(tmp_path / "run") if "train/loss" in entry]
    assert sum(losses[-3:]) < 0.7 * sum(losses[:3])
    assert sha256_file(world / "model" / "model.safetensors") == before
    assert 0 < manifest.model.n_trainable < manifest.model.n_parameters


def test_the_first_loss_is_that_of_the_base_model_on_the_answers(world: Path, tmp_path: Path) -> None:
    """An untrained adapter changes nothing, so step 1 must cost what the answers cost alone, token by token."""
    from nosology.dataset.folder import open_dataset
    from nosology.modeling.encoding import PromptEncoder
    from nosology.modeling.loading import load_model
    from nosology.modeling.prompts import PromptTemplate

    train(world / "dataset", tmp_path / "run", configured(world, batch_size=48))
    loaded = load_model(str(world / "model"))
    encoder = PromptEncoder(loaded.tokenizer, PromptTemplate.load("physician-v1"), CATEGORIES, max_note_tokens=64)
    loaded.model.set_attn_implementation("eager")
    total, n_tokens = 0.0, 0
    for text, category in open_dataset(world / "dataset").split("train").select("clean_text", "category").iter_rows():
        answer = encoder.answers[CATEGORIES.index(category)]
        ids = torch.tensor([[*encoder.root, *encoder.note(text).tokens, *answer]])
        with torch.no_grad():
            rows = loaded.model(input_ids=ids).logits[0].log_softmax(-1)[-len(answer) - 1 : -1]
        total -= float(rows.gather(1, torch.tensor(answer)[:, None]).sum())
        n_tokens += len(answer)
    assert log_of(tmp_path / "run")[0]["train/loss"] == pytest.approx(total / n_tokens, rel=1e-4)


def test_accumulating_batches_gives_the_loss_of_one_large_batch(world: Path, tmp_path: Path) -> None:
    train(world / "dataset", tmp_path / "large", configured(world, batch_size=16))
    train(world / "dataset", tmp_path / "parts", configured(world, batch_size=4, accumulation_steps=4))
    large, parts = (
        [entry["train/loss"] for entry in log_of(tmp_path / name) if "train/loss" in entry]
        for name in ("large", "parts")
    )
    assert parts == pytest.approx(large, rel=1e-4)


def test_the_same_seed_gives_the_same_adapter(world: Path, tmp_path: Path) -> None:
    manifests = [train(world / "dataset", tmp_path / name, configured(world, lora_dropout=0.1)) for name in "ab"]
    assert manifests[0].adapter_sha256 == manifests[1].adapter_sha256


def test_a_subset_is_drawn_with_the_seed_and_recorded(world: Path, tmp_path: Path) -> None:
    train(world / "dataset", tmp_path / "a", configured(world, max_train_notes=20, seed=1))
    train(world / "dataset", tmp_path / "b", configured(world, max_train_notes=20, seed=2))
    first, second = (read_json(tmp_path / name / "train_notes.json")["note_ids"] for name in "ab")
    assert len(first) == len(set(first)) == 20
    assert first != second


def test_demands_change_what_is_read_and_not_which_notes_are_recorded(
    world: Path, finished: tuple[Path, list[TrainingStep]], tmp_path: Path
) -> None:
    plain = Run.open(finished[0]).manifest
    tested = train(world / "dataset", tmp_path / "b", configured(world, demands=0.5))
    again = train(world / "dataset", tmp_path / "c", configured(world, demands=0.5))
    assert plain.train_note_ids_sha256 == tested.train_note_ids_sha256
    assert plain.adapter_sha256 != tested.adapter_sha256 == again.adapter_sha256


def test_only_the_topmost_layers_are_adapted_on_request(world: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    train(world / "dataset", tmp_path / "run", configured(world, lora_top_layers=1))
    names = load_file(tmp_path / "run" / "adapter" / "adapter_model.safetensors").keys()
    assert names
    assert all(".layers.1." in name for name in names)


def test_a_note_whose_answer_would_be_cut_is_refused_before_the_first_step(world: Path, tmp_path: Path) -> None:
    from transformers import AutoConfig

    narrow = save_tiny_model(tmp_path / "narrow")
    settings = AutoConfig.from_pretrained(narrow)
    settings.max_position_embeddings = 200
    settings.save_pretrained(narrow)
    config = Config.model_validate({"model": {"name": str(narrow)}, "train": {"report_to": ()}})
    with pytest.raises(DataError, match="the answer would be cut") as caught:
        train(world / "dataset", tmp_path / "run", config)
    assert caught.value.place.startswith("note n-train-")


def test_a_loss_that_is_not_finite_stops_with_the_notes_and_keeps_the_checkpoint(world: Path, tmp_path: Path) -> None:
    config = configured(world, learning_rate=1e30, max_grad_norm=1e30, epochs=3, eval_every_steps=1, schedule="linear")
    with pytest.raises(ModelError, match="not a finite number") as caught:
        train(world / "dataset", tmp_path / "run", config)
    assert caught.value.place.startswith("notes n-train-")
    assert not (tmp_path / "run" / "manifest.json").exists()


@pytest.mark.parametrize("resume", [False, True])
def test_a_finished_run_is_never_overwritten(
    world: Path, finished: tuple[Path, list[TrainingStep]], resume: bool
) -> None:
    with pytest.raises(RunError, match="finished already"):
        train(world / "dataset", finished[0], configured(world), resume=resume)


def test_a_folder_that_holds_something_is_not_written_into(world: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match="already holds something"):
        train(world / "dataset", tmp_path, configured(world))
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_there_must_be_something_to_resume(world: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no unfinished run"):
        train(world / "dataset", tmp_path / "run", configured(world), resume=True)


def test_an_unknown_model_or_prompt_is_refused_with_the_remedy(world: Path, tmp_path: Path) -> None:
    unknown = Config.model_validate({"model": {"name": "embedded:nothing"}})
    with pytest.raises(ModelError, match="no embedded model"):
        train(world / "dataset", tmp_path / "a", unknown)
    with pytest.raises(ConfigError, match="no prompt template"):
        train(world / "dataset", tmp_path / "b", Config.model_validate({"model": {"prompt": "nothing"}}))
    with pytest.raises(ModelError, match="no such folder"):
        train(world / "dataset", tmp_path / "c", Config.model_validate({"model": {"name": "nobody/nothing"}}))


def test_a_checkpoint_without_its_seal_is_not_resumed_from(tmp_path: Path) -> None:
    for step, sealed in ((1, True), (2, False)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "weights").write_text(str(step), encoding="utf-8")
        if sealed:
            seal = {"weights": sha256_file(folder / "weights")}
            (folder / "complete.json").write_text(json.dumps(seal), encoding="utf-8")
    assert last_whole_checkpoint(tmp_path) == tmp_path / "checkpoint-1"
    assert not (tmp_path / "checkpoint-2").exists()
    (tmp_path / "checkpoint-1" / "weights").write_text("damaged", encoding="utf-8")
    assert last_whole_checkpoint(tmp_path) is None


def _train_until_killed(dataset: Path, run: Path, config: Config, kill_at: int | None, resume: bool) -> None:
    """Train in a process of its own; die at a step without any chance to tidy up."""

    def watch(step: TrainingStep) -> None:
        if kill_at is not None and step.step >= kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    torch.set_num_threads(1)
    train(dataset, run, config, resume=resume, progress=watch)


def _in_a_process(*arguments: Any) -> int:
    return status_of(start_function(_train_until_killed, *arguments))


def check_that_killing_changes_nothing(
    dataset: Path, folder: Path, config: Config, *, n_steps: int, n_kills: int, seed: int
) -> None:
    """Train once in peace and once killed at random steps; both must end with the same adapter, byte for byte."""
    assert _in_a_process(dataset, folder / "whole", config, None, False) == 0
    expected = read_manifest(folder / "whole", "run")
    for number, kill_at in enumerate(sorted(random.Random(seed).sample(range(1, n_steps), n_kills))):
        status = _in_a_process(dataset, folder / "killed", config, kill_at, number > 0)
        assert status == -signal.SIGKILL
        assert not (folder / "killed" / "manifest.json").exists()
    assert _in_a_process(dataset, folder / "killed", config, None, True) == 0
    found = read_manifest(folder / "killed", "run")
    assert found["adapter_sha256"] == expected["adapter_sha256"]
    steps = [
        [entry["step"] for entry in log_of(folder / name) if "train/loss" in entry] for name in ("whole", "killed")
    ]
    assert steps[0] == steps[1] == list(range(1, n_steps + 1))


@pytest.mark.parametrize("n_kills", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_a_run_killed_at_random_steps_and_resumed_ends_with_the_same_adapter(
    world: Path, tmp_path: Path, n_kills: int
) -> None:
    config = configured(world, epochs=2, eval_every_steps=2, lora_dropout=0.1, batch_size=4)
    n_steps = 2 * 48 // 4
    check_that_killing_changes_nothing(world / "dataset", tmp_path, config, n_steps=n_steps, n_kills=n_kills, seed=0)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_embedded_model_too_ends_with_the_same_adapter(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 48, "validation": 4, "test": 4})
    train_fields = {"epochs": 1, "batch_size": 2, "eval_every_steps": 2, "lora_dropout": 0.1, "report_to": ()}
    config = Config.model_validate({"model": {"max_note_tokens": 64}, "train": train_fields})
    check_that_killing_changes_nothing(dataset, tmp_path, config, n_steps=48 // 2, n_kills=20, seed=1)


def test_a_resumed_run_must_have_the_configuration_it_started_with(world: Path, tmp_path: Path) -> None:
    config = configured(world, epochs=2, eval_every_steps=2)
    assert _in_a_process(world / "dataset", tmp_path / "run", config, 4, False) == -signal.SIGKILL
    with pytest.raises(RunError, match="another configuration"):
        train(world / "dataset", tmp_path / "run", configured(world, epochs=3), resume=True)


def test_a_resumed_run_must_have_the_labels_the_prompt_and_the_notes_it_started_with(
    world: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    config = configured(world, epochs=2, eval_every_steps=2)
    assert _in_a_process(world / "dataset", run, config, 4, False) == -signal.SIGKILL
    n_notes = {"train": 48, "validation": 12, "test": 12}
    relabelled = write_dataset(tmp_path / "relabelled", n_notes, names=(*CATEGORIES[:-1], "Other"))
    with pytest.raises(RunError, match=r"with another label set\n"):
        train(relabelled, run, config, resume=True)
    fewer = write_dataset(tmp_path / "fewer", n_notes | {"train": 47})
    with pytest.raises(RunError, match=r"with another training notes\n"):
        train(fewer, run, config, resume=True)
    prompt = run / "prompt.jinja"
    source = prompt.read_text(encoding="utf-8")
    prompt.write_text(source.replace("physician", "doctor"), encoding="utf-8")
    with pytest.raises(RunError, match=r"with another prompt\n"):
        train(world / "dataset", run, config, resume=True)
    prompt.write_text(source, encoding="utf-8")
    assert train(world / "dataset", run, config, resume=True).n_steps == 12


def test_choices_are_the_tokens_that_go_on_to_some_answer() -> None:
    first, second, third = choices_along([(1, 2, 9), (1, 3, 9), (4, 9)])
    assert first.tolist() == [[1, 4], [2, 3], [9, -1]]
    assert second.tolist() == [[1, 4], [2, 3], [9, -1]]
    assert third.tolist() == [[1, 4], [9, -1]]


def test_a_choice_costs_its_share_of_the_allowed_tokens_alone() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.1, 0.1], [0.25, 0.25, 0.25, 0.25]]))
    found = choice_losses(logits, torch.tensor([1, 2]), torch.tensor([[1, 2], [2, -1]]))
    assert found.tolist() == pytest.approx([-math.log(0.3 / 0.4), 0.0], abs=1e-6)


def test_with_full_choice_weight_the_first_loss_is_the_mean_constrained_cost(world: Path, tmp_path: Path) -> None:
    from nosology.dataset.folder import open_dataset
    from nosology.modeling.encoding import PromptEncoder
    from nosology.modeling.loading import load_model
    from nosology.modeling.prompts import PromptTemplate
    from nosology.modeling.scoring import AnswerScorer

    train(world / "dataset", tmp_path / "run", configured(world, batch_size=48, choice_weight=1.0))
    loaded = load_model(str(world / "model"))
    encoder = PromptEncoder(loaded.tokenizer, PromptTemplate.load("physician-v1"), CATEGORIES, max_note_tokens=64)
    rows = open_dataset(world / "dataset").split("train")
    scores = AnswerScorer(loaded.model, encoder, scoring="constrained").scores(
        [encoder.note(t) for t in rows["clean_text"]]
    )
    chosen = [CATEGORIES.index(category) for category in rows["category"]]
    lengths = [len(encoder.answers[category]) for category in chosen]
    scale = sum(map(len, encoder.answers)) / len(encoder.answers) / sum(lengths)
    expected = -sum(row[category] for row, category in zip(scores, chosen, strict=True)) * scale
    assert log_of(tmp_path / "run")[0]["train/loss"] == pytest.approx(expected, rel=1e-4)
