"""A search: what it leaves behind, that it reads no test note, and that a killed one ends like one that was not."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("optuna", reason="the extra `tune` is not installed")

from evaluation_world import write_dataset
from forked import start_function, status_of
from nosology import training
from nosology.config import Config, load_config
from nosology.dataset.folder import Dataset
from nosology.errors import ConfigError, ModelError, RunError
from nosology.files import read_manifest
from nosology.runs.files import RunFiles
from nosology.tuning import workflow
from nosology.tuning.folder import SearchFiles
from nosology.tuning.trials import Trial, best_of
from nosology.tuning.workflow import Options, tune
from tiny_models import save_tiny_model

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning")

N_TRIALS = 7
N_KILLED = 3
"""Trials of a search that is killed: the first ones of any longer search."""
SPACE = """
learning_rate: {low: 1.0e-3}
lora_r: [4, 8]
lora_top_layers: null
epochs: [1, 2]
max_note_tokens: 256
"""
SET = ("model.dtype=float32", "train.batch_size=8", "train.eval_every_steps=2", "train.report_to=[]")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset, a tiny model and a narrow space."""
    folder = tmp_path_factory.mktemp("tuning")
    write_dataset(folder / "dataset", {"train": 40, "validation": 12, "test": 12}, in_turn=True)
    save_tiny_model(folder / "model")
    (folder / "space.yaml").write_text(SPACE, encoding="utf-8")
    return folder


def configured(world: Path, *more: str) -> tuple[Config, tuple[str, ...]]:
    """Return a configuration, and what the command line set of it."""
    overrides = (*SET, f"model.name={world / 'model'}", *more)
    return load_config(None, overrides), overrides


def searched(world: Path, out: Path, *more: str, n_trials: int = N_TRIALS, **options: Any) -> list[Trial]:
    config, overrides = configured(world, *more)
    resume = options.pop("resume", False)
    chosen: dict[str, Any] = {"space": world / "space.yaml", "max_notes": 24, "seed": 3} | options
    return tune(world / "dataset", out, config, Options(n_trials, overrides=overrides, **chosen), resume=resume)


@pytest.fixture(scope="module")
def finished(world: Path) -> tuple[Path, list[Trial], list[str]]:
    """A search in peace: its folder, its trials, and the splits that were read."""
    read: list[str] = []
    split = Dataset.split

    def watched(self: Dataset, name: str) -> Any:
        read.append(name)
        return split(self, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Dataset, "split", watched)
        patch.setattr(Dataset, "notes", lambda _: pytest.fail("every split was read at once"))
        trials = searched(world, world / "search")
    return world / "search", trials, read


def rows_of(out: Path) -> list[dict[str, str]]:
    """Return the table's rows without how long they took."""
    header, *lines = SearchFiles(out).table.read_text(encoding="utf-8").splitlines()
    rows = [dict(zip(header.split("\t"), line.split("\t"), strict=True)) for line in lines]
    return [{name: cell for name, cell in row.items() if name != "seconds"} for row in rows]


def test_every_trial_stands_in_the_table(finished: tuple[Path, list[Trial], list[str]]) -> None:
    out, trials, _ = finished
    rows = rows_of(out)
    assert [row["number"] for row in rows] == [str(number) for number in range(N_TRIALS)]
    assert [row["state"] for row in rows] == [trial.state for trial in trials]
    assert {"finished", "pruned"} == {row["state"] for row in rows}
    for row in rows:
        assert 1e-3 <= float(row["learning_rate"]) <= 4e-3
        assert row["lora_r"] in ("4", "8")
        assert (row["lora_top_layers"], row["max_note_tokens"]) == ("", "256")
        assert (row["validation_loss"] == "") == (row["state"] == "pruned") == (row["pruned_at_step"] != "")
    assert "course_share" not in rows[0], "the label set has no codes"
    assert "start_share" not in rows[0], "training starts from the base model"


def test_hopeless_trials_stop_at_an_evaluation_before_their_end(
    finished: tuple[Path, list[Trial], list[str]],
) -> None:
    _, trials, _ = finished
    for trial in trials:
        if trial.state == "pruned":
            assert trial.number >= 5
            assert trial.pruned_at == 2 * len(trial.losses)
        else:
            assert trial.pruned_at is None


def test_a_trial_is_scored_by_what_evaluate_says_of_its_run(finished: tuple[Path, list[Trial], list[str]]) -> None:
    from nosology.evaluation import evaluate

    out, trials, _ = finished
    best = best_of(trials)
    assert best is not None
    config = read_config(SearchFiles(out).trial(best.number)).evaluate
    config = config.model_copy(update={"systems": ("tuned",), "robustness_notes": 0, "bootstrap_samples": 100})
    results = evaluate(SearchFiles(out).trial(best.number), split="validation", config=config)
    assert results["n"] == 12
    assert results["systems"]["tuned"]["accuracy"] == pytest.approx(best.accuracy)
    assert best.accuracy


def read_config(run: Path) -> Config:
    return Config.model_validate(read_manifest(run, "run")["config"])


def test_no_test_note_is_read(finished: tuple[Path, list[Trial], list[str]]) -> None:
    _, _, read = finished
    assert set(read) == {"train", "validation"}


def test_only_the_best_keeps_its_adapter_and_none_its_checkpoints(
    finished: tuple[Path, list[Trial], list[str]],
) -> None:
    out, trials, _ = finished
    best = best_of(trials)
    runs = {trial.number: RunFiles(SearchFiles(out).trial(trial.number)) for trial in trials}
    assert [number for number, run in runs.items() if run.adapter.exists()] == [best.number if best else None]
    assert not [run for run in runs.values() if run.checkpoints.exists()]
    assert all(run.training_log.exists() for run in runs.values())


def test_the_best_is_a_configuration_that_says_where_each_value_came_from(
    finished: tuple[Path, list[Trial], list[str]],
) -> None:
    out, trials, _ = finished
    best = best_of(trials)
    assert best is not None
    file = SearchFiles(out).best
    config = load_config(file)
    trained = read_config(SearchFiles(out).trial(best.number))
    unlimited = {"max_train_notes": None, "max_validation_notes": None}
    assert trained.train.max_train_notes == trained.train.max_validation_notes == 24
    assert config.train == trained.train.model_copy(update=unlimited)
    assert config.model == trained.model
    lines = file.read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("#") or line == "" or line.endswith(":") or "  # " in line for line in lines)
    source = {line.split(":")[0].strip(): line.split("  # ")[1] for line in lines if "  # " in line}
    assert source["learning_rate"] == "searched: 0.001 to 0.004, on a logarithmic scale"
    assert source["max_note_tokens"] == "fixed by --space"
    assert source["batch_size"] == "from --set"
    assert source["lora_alpha"] == "in the ratio to lora_r that was given"
    assert config.train.lora_alpha == 2 * config.train.lora_r


def test_no_note_text_is_in_what_a_search_writes(finished: tuple[Path, list[Trial], list[str]]) -> None:
    out, _, _ = finished
    for file in out.rglob("*"):
        if file.is_file() and file.suffix != ".safetensors":
            text = file.read_text(encoding="utf-8")
            assert "chest pain" not in text
            assert "true0x" not in text


def _until_killed(world: Path, out: Path, resume: bool, trial: int, kill_at: int | str) -> None:
    """Search until a step of a trial, until it is scored, or until it has been written down; then die."""
    import torch

    torch.set_num_threads(1)

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def showing(number: int) -> Iterator[Any]:
        if number == trial and kill_at == "scoring":
            workflow.score = die  # type: ignore[assignment]
        yield lambda step: die() if (number, step.step) == (trial, kill_at) else None

    def say(told: str) -> None:
        if kill_at == "told" and told.startswith(f"trial {trial + 1} "):
            die()

    config, overrides = configured(world)
    options = Options(N_KILLED, space=world / "space.yaml", overrides=overrides, max_notes=24, seed=3)
    tune(world / "dataset", out, config, options, resume=resume, showing=showing, say=say)


def test_a_search_killed_and_resumed_ends_with_the_same_trials(
    world: Path, tmp_path: Path, finished: tuple[Path, list[Trial], list[str]]
) -> None:
    whole, trials, _ = finished
    out = tmp_path / "killed"
    kills: list[tuple[int, int | str]] = [(0, 3), (1, "scoring"), (1, "told")]
    for number, (trial, kill_at) in enumerate(kills):
        process = start_function(_until_killed, world, out, number > 0, trial, kill_at)
        assert status_of(process) == -signal.SIGKILL
    resumed = searched(world, out, resume=True, n_trials=N_KILLED)
    assert [replace(trial, seconds=0) for trial in resumed] == [
        replace(trial, seconds=0) for trial in trials[:N_KILLED]
    ]
    assert rows_of(out) == rows_of(whole)[:N_KILLED]
    for number in range(N_KILLED):
        found = [read_manifest(SearchFiles(folder).trial(number), "run") for folder in (out, whole)]
        assert found[0]["adapter_sha256"] == found[1]["adapter_sha256"]


def test_a_search_is_resumed_as_it_was_started_or_not_at_all(
    world: Path, finished: tuple[Path, list[Trial], list[str]], tmp_path: Path
) -> None:
    out, trials, _ = finished
    assert searched(world, out, resume=True, n_trials=3) == trials
    with pytest.raises(RunError, match="another seed"):
        searched(world, out, resume=True, seed=4)
    with pytest.raises(RunError, match="another configuration"):
        searched(world, out, "train.weight_decay=0.1", resume=True)
    with pytest.raises(RunError, match="another space and another number of notes"):
        searched(world, out, resume=True, space=None, max_notes=30)
    with pytest.raises(RunError, match="already holds something"):
        searched(world, out)
    with pytest.raises(RunError, match="no search to resume"):
        searched(world, tmp_path / "none", resume=True)


def test_a_starting_run_decides_the_adapter_and_adds_how_much_of_it_stays(
    world: Path, tmp_path: Path, finished: tuple[Path, list[Trial], list[str]]
) -> None:
    out, trials, _ = finished
    best = best_of(trials)
    assert best is not None
    start = SearchFiles(out).trial(best.number)
    (tmp_path / "space.yaml").write_text("epochs: 1\nmax_note_tokens: 256\n", encoding="utf-8")
    narrowed: dict[str, Any] = {"space": tmp_path / "space.yaml", "n_trials": 1, "keeps_adapters": True}
    (trial,) = searched(world, tmp_path / "search", f"train.start={start}", **narrowed)
    assert set(trial.values) == {"learning_rate", "start_share", "epochs", "max_note_tokens"}
    trained = read_config(SearchFiles(tmp_path / "search").trial(0)).train
    assert (trained.lora_r, trained.lora_targets) == (best.values["lora_r"], best.values["lora_targets"])
    written = SearchFiles(tmp_path / "search").best.read_text()
    assert f"lora_r: {trained.lora_r}  # the starting run's" in written
    with pytest.raises(ConfigError, match="another value"):
        searched(world, tmp_path / "other", f"train.start={start}", "train.lora_r=12", **narrowed)
    assert not (tmp_path / "other").exists()


def test_a_search_stops_where_its_first_trial_fails_and_goes_on_where_a_later_one_does(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, calls = training.train, []

    def failing_first(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) != 2:
            raise ModelError("the loss of step 1 is not a finite number")
        return train(*arguments, **options)

    monkeypatch.setattr(workflow, "train", failing_first)
    with pytest.raises(ModelError, match="not a finite number"):
        searched(world, tmp_path / "search", n_trials=3)
    trials = searched(world, tmp_path / "search", n_trials=3, resume=True)
    assert [trial.state for trial in trials] == ["failed", "finished", "failed"]
    assert best_of(trials) == trials[1]
