"""Trials in Optuna's journal: what is proposed depends on the trials before, and on nothing else."""

from pathlib import Path

import pytest

pytest.importorskip("optuna", reason="the extra `tune` is not installed")

from nosology.config import Config
from nosology.tuning.space import searched
from nosology.tuning.trials import Journal, Trial, best_of, table

SETTINGS = searched(None, Config(), (), has_codes=True).settings


def judged(journal: Journal, n: int) -> list[Trial]:
    """Add trials whose loss says that low rates are better."""
    for _ in range(n):
        proposal = journal.propose(SETTINGS)
        loss = float(proposal.values["learning_rate"] or 0) * 1000
        proposal.report(loss)
        if proposal.is_hopeless:
            trial = Trial(proposal.number, "pruned", proposal.values, (loss,), 0.5, pruned_at=2)
        else:
            trial = Trial(proposal.number, "finished", proposal.values, (loss,), 0.5, loss, 0.5)
        journal.add(trial, SETTINGS)
    return journal.trials()


def test_a_journal_that_is_opened_again_proposes_the_same(tmp_path: Path) -> None:
    whole = judged(Journal(tmp_path / "whole.log", 5), 9)
    for _ in range(3):  # opened anew each time, and left with a proposal that came to nothing
        parts = judged(Journal(tmp_path / "parts.log", 5), 3)
        Journal(tmp_path / "parts.log", 5).propose(SETTINGS)
    assert parts == whole
    assert [trial.number for trial in whole] == list(range(9))
    assert {trial.state for trial in whole} == {"finished", "pruned"}
    assert judged(Journal(tmp_path / "other.log", 6), 1)[0].values != whole[0].values


def test_a_line_that_was_cut_short_and_a_lock_that_was_left_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "journal.log"
    before = judged(Journal(file, 0), 2)
    file.write_bytes(file.read_bytes() + b'{"op_code":4,"wor')
    (tmp_path / "journal.log.lock").symlink_to(file)
    assert Journal(file, 0).trials() == before
    assert len(judged(Journal(file, 0), 1)) == 3


def test_a_failed_trial_is_no_best_and_the_first_of_equals_is(tmp_path: Path) -> None:
    values = Journal(tmp_path / "journal.log", 0).propose(SETTINGS).values
    trials = [
        Trial(0, "failed", values, (), 1.0),
        Trial(1, "finished", values, (), 1.0, 0.7, 0.5),
        Trial(2, "finished", values, (), 1.0, 0.7, 0.9),
    ]
    assert best_of(trials) == trials[1]
    assert best_of(trials[:1]) is None
    header, failed, *_ = table(trials, SETTINGS).splitlines()
    assert header.split("\t")[:3] == ["number", "state", "learning_rate"]
    assert failed.split("\t")[-4:] == ["", "", "1.0", ""]
