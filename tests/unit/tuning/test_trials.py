"""Trials in Optuna's journal: what is proposed depends on the trials before, and on nothing else."""

from pathlib import Path

import pytest

pytest.importorskip("optuna", reason="the extra `tune` is not installed")

from nosology.config import Config
from nosology.tuning.configuring import configured
from nosology.tuning.space import Setting, searched
from nosology.tuning.trials import N_STARTUP, Journal, Trial, best_of, table

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


RANK = Setting("lora_r", "train.lora_r", "So.", choices=(8,))
SHARE = Setting("start_share", "train.start_share", "So.", bounds=(0.2, 0.4), step=0.1)
FEW = (RANK, SHARE)


def test_what_is_proposed_is_among_what_is_searched_and_a_configuration_takes_it(tmp_path: Path) -> None:
    proposed = judged(Journal(tmp_path / "journal.log", 1), 8)
    for trial in proposed:
        assert trial.values.keys() == {setting.name for setting in SETTINGS}
        assert all(setting.allows(trial.values[setting.name]) for setting in SETTINGS)
        configured(Config(), trial.values, 300)
    assert len({trial.values["learning_rate"] for trial in proposed}) == 8


def test_a_fixed_setting_is_that_and_a_range_with_steps_holds_its_steps(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.log", 1)
    for _ in range(6):
        proposal = journal.propose(FEW)
        assert proposal.values["lora_r"] == 8
        assert proposal.values["start_share"] in (0.2, 0.30000000000000004, 0.4)
        journal.add(Trial(proposal.number, "finished", proposal.values, (), 1.0, 0.5, 0.5), FEW)


def test_what_is_proposed_and_not_written_down_is_proposed_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.log", 1)
    one, other = journal.propose(FEW), journal.propose(FEW)
    assert (one.number, one.values) == (other.number, other.values)
    assert journal.trials() == []


VALUES = {"lora_r": 8, "start_share": 0.2}
ENDED = [
    Trial(0, "finished", VALUES, (1.5, 1.25), 12.5, validation_loss=1.125, accuracy=0.5),
    Trial(1, "pruned", VALUES, (2.5,), 3.0, pruned_at=20),
    Trial(2, "pruned", VALUES, (), 0.0, pruned_at=1),
    Trial(3, "failed", VALUES, (), 0.25),
    Trial(4, "failed", VALUES, (9.0, 8.0), 1.0),
]


def test_every_trial_comes_back_from_the_disk_as_it_was_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.log", 0)
    for trial in ENDED:
        journal.add(trial, FEW)
    assert Journal(tmp_path / "journal.log", 0).trials() == ENDED


def test_a_setting_that_may_be_empty_comes_back_empty(tmp_path: Path) -> None:
    layers = Setting("lora_top_layers", "train.lora_top_layers", "So.", choices=(None, 8))
    journal = Journal(tmp_path / "journal.log", 0)
    journal.add(Trial(0, "finished", {"lora_top_layers": None}, (), 1.0, 0.5, 0.5), [layers])
    assert journal.trials()[0].values == {"lora_top_layers": None}


@pytest.mark.parametrize(("n_before", "loss", "is_hopeless"), [(5, 3.1, True), (5, 2.9, False), (4, 99.0, False)])
def test_a_trial_is_hopeless_where_it_is_worse_than_the_median_of_enough_others_at_that_evaluation(
    n_before: int, loss: float, is_hopeless: bool, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal.log", 0)
    assert N_STARTUP == 5
    for number in range(n_before):
        losses = (float(number + 1), 0.5)
        journal.add(Trial(number, "finished", VALUES, losses, 1.0, 0.5, 0.5), FEW)
    proposal = journal.propose(FEW)
    proposal.report(loss)
    assert proposal.is_hopeless is is_hopeless
    assert proposal.losses == [loss]


def test_a_later_evaluation_is_held_against_others_at_the_same_one_and_by_the_best_so_far(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.log", 0)
    for number in range(5):
        journal.add(Trial(number, "finished", VALUES, (4.0, 2.0), 1.0, 0.5, 0.5), FEW)
    slow, steady = journal.propose(FEW), journal.propose(FEW)
    for proposal, losses in ((slow, (3.9, 3.0)), (steady, (1.9, 3.0))):
        for loss in losses:
            proposal.report(loss)
    assert (slow.is_hopeless, steady.is_hopeless) == (True, False)


def test_the_best_has_the_lowest_loss_whatever_its_accuracy_and_its_place() -> None:
    trials = [
        Trial(0, "finished", {}, (), 1.0, 0.7, 0.9),
        Trial(1, "pruned", {}, (0.1,), 1.0),
        Trial(2, "finished", {}, (), 1.0, 0.6, 0.1),
        Trial(3, "finished", {}, (), 1.0, 0.6, 0.8),
    ]
    assert best_of(trials) is trials[2]
    assert best_of([]) is None


def test_a_table_has_a_cell_for_each_column_and_a_loss_of_zero_is_no_empty_one() -> None:
    best = Trial(5, "finished", VALUES, (), 1.0, validation_loss=0.0, accuracy=0.0)
    header, *rows = [line.split("\t") for line in table([*ENDED, best], FEW).splitlines()]
    assert header == [
        "number",
        "state",
        "lora_r",
        "start_share",
        "validation_loss",
        "accuracy",
        "seconds",
        "pruned_at_step",
    ]
    assert rows[0] == ["0", "finished", "8", "0.2", "1.125", "0.5", "12.5", ""]
    assert rows[1] == ["1", "pruned", "8", "0.2", "", "", "3.0", "20"]
    assert rows[-1] == ["5", "finished", "8", "0.2", "0.0", "0.0", "1.0", ""]
    assert table([], FEW) == "\t".join(header) + "\n"
