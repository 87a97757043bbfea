"""Trials: what came of each, what Optuna is told of it, and what it proposes next.

Optuna's journal holds trials that have ended, and no other. A trial that was killed is proposed again: every proposal
comes from a sampler of its own, seeded by the search's seed and the trial's number, so that it depends on nothing but
the trials before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nosology.tuning.folder import mend_journal
from nosology.tuning.space import Setting, Value

State = Literal["finished", "pruned", "failed"]

N_STARTUP = 5
"""Trials that are drawn at random, and finished trials before any is pruned: a model of fewer knows nothing."""

_STUDY = "search"


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one trial.

    Attributes:
        number: From 0.
        state: How it ended.
        values: Of what was searched, by name.
        losses: The trainer's validation loss at each evaluation, in nats an answer token.
        validation_loss: Log loss of the finished run in nats a note; None of a trial that did not finish.
        accuracy: Its share of right answers.
        seconds: That its training and scoring took; of a trial that was resumed, since it was.
        pruned_at: The optimizer step at which it was given up.
    """

    number: int
    state: State
    values: Mapping[str, Value]
    losses: tuple[float, ...]
    seconds: float
    validation_loss: float | None = None
    accuracy: float | None = None
    pruned_at: int | None = None


class Proposal:
    """A trial that Optuna proposes, until it ends."""

    def __init__(self, trial: Any) -> None:
        self._trial = trial
        self.number: int = trial.number
        self.values: dict[str, Value] = dict(trial.params)
        self.losses: list[float] = []

    def report(self, loss: float) -> None:
        """Tell the validation loss of the next evaluation."""
        self.losses.append(loss)
        self._trial.report(loss, len(self.losses))

    @property
    def is_hopeless(self) -> bool:
        """Whether the best loss so far is above the median of earlier trials' at the same evaluation."""
        return bool(self._trial.should_prune())


class Journal:
    """The trials of a search that have ended, on disk."""

    def __init__(self, file: Path, seed: int) -> None:
        """Open the journal, or begin it.

        Args:
            file: Where it lies.
            seed: Of every proposal.
        """
        import optuna
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        mend_journal(file)
        storage = optuna.storages.JournalStorage(JournalFileBackend(str(file)))
        self._study = optuna.create_study(storage=storage, study_name=_STUDY, load_if_exists=True)
        self._seed = seed

    def trials(self) -> list[Trial]:
        """Return the trials that have ended, in order."""
        return [_trial(frozen) for frozen in self._study.trials]

    def propose(self, settings: Sequence[Setting]) -> Proposal:
        """Return the next trial; the same one for the same trials before it.

        Args:
            settings: What is searched.
        """
        import optuna

        ended = self._study.trials
        state = np.random.SeedSequence([self._seed, len(ended)]).generate_state(1)
        study = optuna.create_study(
            sampler=optuna.samplers.TPESampler(
                seed=int(state[0]), n_startup_trials=N_STARTUP, multivariate=True, constant_liar=False
            ),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=N_STARTUP),
        )
        study.add_trials(ended)
        return Proposal(study.ask({setting.name: _distribution(setting) for setting in settings}))

    def add(self, trial: Trial, settings: Sequence[Setting]) -> None:
        """Write down a trial that has ended.

        Args:
            trial: What came of it.
            settings: What was searched.
        """
        import optuna

        losses = dict(enumerate(trial.losses, start=1))
        states = optuna.trial.TrialState
        found = {
            "finished": (states.COMPLETE, trial.validation_loss),
            "pruned": (states.PRUNED, trial.losses[-1] if trial.losses else None),
            "failed": (states.FAIL, None),
        }
        state, value = found[trial.state]
        frozen = optuna.trial.create_trial(
            state=state,
            value=value,
            params=dict(trial.values),
            distributions={setting.name: _distribution(setting) for setting in settings},
            intermediate_values=losses,
            user_attrs={
                "state": trial.state,
                "validation_loss": trial.validation_loss,
                "accuracy": trial.accuracy,
                "seconds": trial.seconds,
                "pruned_at": trial.pruned_at,
            },
        )
        self._study.add_trial(frozen)


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """Return the finished trial with the lowest validation loss, the first of equals; None where none finished."""
    finished = [trial for trial in trials if trial.validation_loss is not None]
    return min(finished, key=lambda trial: (trial.validation_loss, trial.number), default=None)


def table(trials: Sequence[Trial], settings: Sequence[Setting]) -> str:
    """Return all trials as a table separated by tabs, a header first.

    Args:
        trials: In order.
        settings: What is searched, a column each.
    """
    names = [setting.name for setting in settings]
    header: list[Any] = ["number", "state", *names, "validation_loss", "accuracy", "seconds", "pruned_at_step"]
    rows = [
        [
            trial.number,
            trial.state,
            *(trial.values[name] for name in names),
            trial.validation_loss,
            trial.accuracy,
            trial.seconds,
            trial.pruned_at,
        ]
        for trial in trials
    ]
    lines = ["\t".join("" if cell is None else str(cell) for cell in row) for row in [header, *rows]]
    return "\n".join(lines) + "\n"


def _trial(frozen: Any) -> Trial:
    losses = tuple(frozen.intermediate_values[step] for step in sorted(frozen.intermediate_values))
    return Trial(number=frozen.number, values=dict(frozen.params), losses=losses, **frozen.user_attrs)


def _distribution(setting: Setting) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    if setting.bounds is None:
        return CategoricalDistribution(setting.choices)
    return FloatDistribution(*setting.bounds, log=setting.is_log, step=setting.step)
