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

from evaluation_world import write_dataset, write_run
from forked import start_function, status_of
from nosology import training
from nosology.config import Config, load_config
from nosology.dataset.folder import Dataset
from nosology.errors import ConfigError, DataError, ModelError, RunError
from nosology.files import read_manifest, sha256_file, write_json
from nosology.runs.files import RunFiles
from nosology.training.callbacks import COMPLETE, TrainingStep
from nosology.tuning import workflow
from nosology.tuning.folder import SearchFiles
from nosology.tuning.trials import Journal, Proposal, Trial, best_of
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


# ---- with a training that takes no time

SCRIPTED_SPACE = "lora_r: 8\nlora_targets: attention\nlora_top_layers: null\nepochs: 1\nmax_note_tokens: 256\n"


class Scripted:
    """Trainings and scores as they are written down: a loss for each trial, or what it raises."""

    def __init__(self, world: Path, *outcomes: float | BaseException) -> None:
        self.outcomes = outcomes
        self.world = world
        self.trained: list[int] = []

    def train(self, _: Path, folder: Path, *_how: Any, progress: Any, **_more: Any) -> None:
        """Leave a run with an adapter and a checkpoint, after one evaluation."""
        number = int(folder.name)
        self.trained.append(number)
        outcome = self.outcomes[number]
        if isinstance(outcome, BaseException):
            folder.mkdir(parents=True)
            raise outcome
        progress(TrainingStep(step=1, n_steps=2, figures={"train/loss": 9.0}))
        progress(TrainingStep(step=2, n_steps=2, figures={"eval/loss": outcome}))
        run = RunFiles(write_run(folder, self.world / "dataset", n_train=4))
        for part in (run.adapter, run.checkpoints):
            part.mkdir()
            (part / "weights").touch()

    def score(self, folder: Path) -> tuple[float, float]:
        """Return what `train` was told, and an accuracy."""
        outcome = self.outcomes[int(folder.name)]
        assert isinstance(outcome, float)
        return outcome, 0.5


def scripted(monkeypatch: pytest.MonkeyPatch, world: Path, *outcomes: float | BaseException) -> Scripted:
    found = Scripted(world, *outcomes)
    monkeypatch.setattr(workflow, "train", found.train)
    monkeypatch.setattr(workflow, "score", found.score)
    return found


@pytest.fixture
def quick(world: Path, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "space.yaml").write_text(SCRIPTED_SPACE, encoding="utf-8")
    return {"world": world, "out": tmp_path / "search", "space": tmp_path / "space.yaml"}


def kept(out: Path, n_trials: int, part: str) -> list[int]:
    """Return which trials' runs still hold a part."""
    return [number for number in range(n_trials) if getattr(RunFiles(SearchFiles(out).trial(number)), part).exists()]


def test_the_best_so_far_alone_keeps_its_adapter_and_no_trial_its_checkpoints(
    quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, quick["world"], 0.9, 0.5, 0.7)
    trials = searched(**quick, n_trials=3)
    best = best_of(trials)
    assert best is not None
    assert best.number == 1
    assert kept(quick["out"], 3, "adapter") == [1]
    assert kept(quick["out"], 3, "checkpoints") == []
    assert kept(quick["out"], 3, "manifest") == [0, 1, 2]
    assert "number 1, validation loss 0.5000" in SearchFiles(quick["out"]).best.read_text(encoding="utf-8")


def test_every_finished_trial_keeps_its_adapter_where_that_was_asked_for(
    quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, quick["world"], 0.9, 0.5, ModelError("no memory"))
    searched(**quick, n_trials=3, keeps_adapters=True)
    assert kept(quick["out"], 3, "adapter") == [0, 1]


def test_a_finished_search_that_gets_more_trials_trains_those_alone(
    quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    training_ = scripted(monkeypatch, quick["world"], 0.9, 0.5, 0.7, 0.4)
    first = searched(**quick, n_trials=2)
    more = searched(**quick, n_trials=4, resume=True)
    assert training_.trained == [0, 1, 2, 3]
    assert more[:2] == first
    assert [trial.validation_loss for trial in more] == [0.9, 0.5, 0.7, 0.4]


def test_a_trial_worse_than_the_median_is_given_up_at_its_evaluation_and_not_scored(
    quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, quick["world"], 0.5, 0.6, 0.7, 0.8, 0.9, 5.0)
    *_, last = searched(**quick, n_trials=6)
    assert (last.state, last.pruned_at, last.losses, last.validation_loss) == ("pruned", 2, (5.0,), None)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), DataError("the split is empty"), ZeroDivisionError()])
def test_what_is_no_fault_of_a_trials_settings_ends_the_search_and_is_no_trial(
    error: BaseException, quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, quick["world"], 0.9, error)
    with pytest.raises(type(error)):
        searched(**quick, n_trials=3)
    assert [row["state"] for row in rows_of(quick["out"])] == ["finished"]
    scripted(monkeypatch, quick["world"], 0.9, 0.4, 0.3)
    assert [trial.state for trial in searched(**quick, n_trials=3, resume=True)] == ["finished"] * 3


def test_each_trial_is_told_in_a_sentence_when_it_has_ended(
    quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, quick["world"], 0.5, ModelError("no memory", hint="a smaller batch"))
    told: list[str] = []
    config, overrides = configured(quick["world"])
    options = Options(2, space=quick["space"], overrides=overrides)
    tune(quick["world"] / "dataset", quick["out"], config, options, say=told.append)
    assert told[0].startswith("trial 1 of 2: validation loss 0.5000, accuracy 0.500, ")
    assert told[1].startswith("trial 2 of 2: failed, no memory")
    assert workflow._told(Trial(2, "pruned", {}, (), 1.5, pruned_at=40), 3, None) == (
        "trial 3 of 3: given up at step 40, worse than the median, 1.5 s"
    )


# ---- a trial that was begun before


@pytest.fixture
def proposal(tmp_path: Path) -> Proposal:
    """The first trial of a search."""
    return Journal(tmp_path / "journal.log", 0).propose([])


def test_a_run_that_was_killed_while_it_was_scored_is_not_trained_again(
    world: Path, tmp_path: Path, proposal: Proposal, monkeypatch: pytest.MonkeyPatch
) -> None:
    training_ = scripted(monkeypatch, world)
    run = write_run(tmp_path / "run", world / "dataset", n_train=4)
    workflow._train(world / "dataset", run, Config(), proposal, lambda _: None)
    assert training_.trained == []
    assert proposal.losses == pytest.approx([2 * 0.92**10, 2 * 0.92**20]), "from the run's own log"


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_training_goes_on_from_its_last_whole_checkpoint_with_the_losses_before_it(
    is_whole: bool, world: Path, tmp_path: Path, proposal: Proposal, monkeypatch: pytest.MonkeyPatch
) -> None:
    resumed: list[bool] = []
    monkeypatch.setattr(workflow, "train", lambda *_, resume, progress: resumed.append(resume))  # noqa: ARG005
    checkpoint = RunFiles(tmp_path / "run").checkpoints / "checkpoint-4"
    history = [{"loss": 3.0, "step": 2}, {"eval_loss": 2.5, "step": 2}, {"eval_loss": 2.0, "step": 4}]
    write_json(checkpoint / "trainer_state.json", {"log_history": history})
    state = checkpoint / "trainer_state.json"
    write_json(checkpoint / COMPLETE, {state.name: sha256_file(state) if is_whole else "0" * 64})
    workflow._train(world / "dataset", tmp_path / "run", Config(), proposal, lambda _: None)
    assert resumed == [is_whole]
    assert proposal.losses == ([2.5, 2.0] if is_whole else [])
    assert (tmp_path / "run").exists() == is_whole, "what holds no whole checkpoint is begun anew"
