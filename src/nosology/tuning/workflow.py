"""A search from its first trial to its last: each is an ordinary training, watched and scored.

A trial is given up where the trainer's validation loss is worse than the median of earlier ones; a finished one is
scored by the evaluation's own code, since `train.start_share` changes the adapter after the last step. What is killed
goes on from its last checkpoint. The test split is never read.
"""

import gc
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nosology.config import Config
from nosology.dataset.folder import Dataset, open_dataset
from nosology.errors import ModelError
from nosology.evaluation.inputs import read_inputs
from nosology.evaluation.systems import load_classifier, run_tuned
from nosology.files import read_json, write_text
from nosology.machine.extras import expect_extra
from nosology.metrics import log_loss
from nosology.records import no_progress
from nosology.runs.files import RunFiles
from nosology.runs.run import Run
from nosology.training import train
from nosology.training.callbacks import TrainingStep, last_whole_checkpoint
from nosology.tuning.configuring import Given, best_yaml, fields_of, with_start
from nosology.tuning.folder import SearchFiles, claim
from nosology.tuning.space import Searched, searched
from nosology.tuning.trials import Journal, Proposal, Trial, best_of, table

Watch = Callable[[TrainingStep], None]
Showing = Callable[[int], AbstractContextManager[Watch]]
"""Shows the training of a trial, given its number."""


@contextmanager
def show_nothing(_: int) -> Iterator[Watch]:
    """Yield a watch that shows nothing."""
    yield lambda _: None


@dataclass(frozen=True, slots=True)
class Options:
    """How a search is made.

    Attributes:
        n_trials: Trials in all, those before a resumption included.
        space: YAML that narrows what is searched; None for everything.
        overrides: ``section.key=value`` strings that are in the configuration already; these fields are not searched.
        source: What the user calls the configuration file; empty for none.
        max_notes: Training and validation notes of a trial at most; None for the configuration's.
        seed: Of the proposals.
        keeps_adapters: Whether every finished trial keeps its adapter, or the best alone.
    """

    n_trials: int
    space: Path | None = None
    overrides: tuple[str, ...] = ()
    source: str = ""
    max_notes: int | None = None
    seed: int = 0
    keeps_adapters: bool = False


class _GivenUp(Exception):
    """A trial is worse than the median of earlier ones."""

    def __init__(self, step: int) -> None:
        super().__init__(step)
        self.step = step


def tune(
    dataset_folder: Path,
    out: Path,
    config: Config,
    options: Options,
    *,
    resume: bool = False,
    showing: Showing = show_nothing,
    say: Callable[[str], None] = lambda _: None,
) -> list[Trial]:
    """Search for the settings with the lowest validation loss, and return all trials.

    Args:
        dataset_folder: A prepared dataset with training and validation notes.
        out: The search's folder.
        config: What all trials have in common.
        options: How to search.
        resume: Go on with an unfinished search in `out`, or add trials to a finished one.
        showing: Shows the steps of a trial.
        say: Told a sentence about each trial.

    Raises:
        ConfigError: Optuna is missing, or the space asks for something impossible.
        RunError: `out` holds something else, or the dataset or the starting run is missing or changed.
        DataError: A split is empty, or a note does not fit the model.
        ModelError: The first trials failed, so that there is nothing to go on with.
    """
    expect_extra("tune", "a search")
    dataset = open_dataset(dataset_folder)
    overrides = fields_of(options.overrides)
    given = _given(dataset, with_start(config, overrides), options, overrides)
    space = searched(options.space, given.config, overrides, has_codes=dataset.labels.has_codes)
    files = SearchFiles(out)
    claim(files, _recorded(dataset, given, space, options), resume=resume)
    search = _Search(dataset_folder, files, given, space, options, Journal(files.journal, options.seed))
    return search.run(showing, say)


def _given(dataset: Dataset, config: Config, options: Options, overrides: frozenset[str]) -> Given:
    """Return what all trials have in common."""
    n_split = len(dataset.split("train"))
    return Given(
        config=config,
        source=options.source,
        overrides=overrides,
        n_notes=min(n_split, config.train.max_train_notes or n_split),
        max_notes=options.max_notes,
    )


def _recorded(dataset: Dataset, given: Given, space: Searched, options: Options) -> dict[str, Any]:
    """Return what a resumed search must have been started with."""
    start = given.config.train.start
    return {
        "dataset": dataset.manifest_sha256,
        "configuration": given.config.model_dump(mode="json"),
        "starting run": None if start == "base" else Run.open(start).sha256,
        "space": space.as_json(),
        "number of notes": options.max_notes,
        "seed": options.seed,
    }


@dataclass(frozen=True)
class _Search:
    """One search at work."""

    dataset: Path
    files: SearchFiles
    given: Given
    space: Searched
    options: Options
    journal: Journal

    def run(self, showing: Showing, say: Callable[[str], None]) -> list[Trial]:
        """Run the trials that are missing; keep table, best configuration and adapters up to date after each."""
        self._write()
        while len(trials := self.journal.trials()) < self.options.n_trials:
            proposal = self.journal.propose(self.space.settings)
            with showing(proposal.number) as watch:
                trial, error = self._try(proposal, watch)
            self.journal.add(trial, self.space.settings)
            self._write()
            say(_told(trial, self.options.n_trials, error))
            if error and all(other.state == "failed" for other in trials):
                raise error
        return trials

    def _try(self, proposal: Proposal, watch: Watch) -> tuple[Trial, ModelError | None]:
        """Return what comes of a proposal, and the error that ended its training, if one did."""
        started = time.perf_counter()
        folder = self.files.trial(proposal.number)
        config = self.given.for_trial(proposal.values)
        error: ModelError | None = None
        pruned_at: int | None = None
        scored: tuple[float, float] | None = None
        try:
            _train(self.dataset, folder, config, proposal, watch)
            scored = score(folder)
        except _GivenUp as stop:
            pruned_at = stop.step
        except ModelError as raised:
            error = raised.with_traceback(None)
        gc.collect()  # the model of a training that was given up, before the next one is loaded
        trial = Trial(
            number=proposal.number,
            state="failed" if error else "finished" if scored else "pruned",
            values=proposal.values,
            losses=tuple(proposal.losses),
            seconds=round(time.perf_counter() - started, 1),
            validation_loss=scored[0] if scored else None,
            accuracy=scored[1] if scored else None,
            pruned_at=pruned_at,
        )
        return trial, error

    def _write(self) -> None:
        """Write the table and the best configuration, and remove what ended trials need no more."""
        trials = self.journal.trials()
        write_text(self.files.table, table(trials, self.space.settings))
        best = best_of(trials)
        if best:
            write_text(self.files.best, best_yaml(best, len(trials), self.given, self.space))
        for trial in trials:
            run = RunFiles(self.files.trial(trial.number))
            shutil.rmtree(run.checkpoints, ignore_errors=True)
            if trial != best and not self.options.keeps_adapters:
                shutil.rmtree(run.adapter, ignore_errors=True)


def _train(dataset: Path, folder: Path, config: Config, proposal: Proposal, watch: Watch) -> None:
    """Train a trial, or go on with it; its validation losses end up in the proposal.

    Raises:
        _GivenUp: It is worse than the median of earlier trials.
    """
    files = RunFiles(folder)
    if files.manifest.exists():  # killed while it was scored
        for _, loss in Run.open(folder).training_curves().get("eval/loss", []):
            proposal.report(loss)
        return
    checkpoint = last_whole_checkpoint(files.checkpoints)
    if checkpoint is None:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        for entry in read_json(checkpoint / "trainer_state.json")["log_history"]:
            if "eval_loss" in entry:
                proposal.report(entry["eval_loss"])

    def follow(step: TrainingStep) -> None:
        watch(step)
        if "eval/loss" in step.figures:
            proposal.report(step.figures["eval/loss"])
            if proposal.is_hopeless:
                raise _GivenUp(step.step)

    train(dataset, folder, config, resume=checkpoint is not None, progress=follow)


def score(folder: Path) -> tuple[float, float]:
    """Return log loss, in nats a note and not calibrated, and accuracy of a run on the notes that it was validated on.

    Args:
        folder: A finished run.

    Raises:
        RunError: The run or its dataset is not what it was.
    """
    run = Run.open(folder)
    config = run.manifest.config
    drawn = config.evaluate.model_copy(
        update={"max_notes": config.train.max_validation_notes, "seed": config.train.seed}
    )
    inputs = read_inputs(run, split="validation", dataset=None, config=drawn)
    tuned = load_classifier(run, "tuned")
    notes = tuned.encode(inputs.notes["clean_text"].to_list())
    output = run_tuned(inputs, notes, tuned, no_progress)
    assert output.log_probs is not None
    true = inputs.category_indices(inputs.notes["category"])
    return log_loss(np.exp(output.log_probs), true), float((output.predicted == true).mean())


def _told(trial: Trial, n_trials: int, error: ModelError | None) -> str:
    """Return a sentence about a trial."""
    begin = f"trial {trial.number + 1} of {n_trials}"
    if trial.state == "finished":
        return f"{begin}: validation loss {trial.validation_loss:.4f}, accuracy {trial.accuracy:.3f}, {trial.seconds} s"
    if trial.state == "pruned":
        return f"{begin}: given up at step {trial.pruned_at}, worse than the median, {trial.seconds} s"
    return f"{begin}: failed, {error}"
