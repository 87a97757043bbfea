"""The patience for a note: what ends it, what begins it anew, and that nothing ends without one."""

import pytest

from nosology.deidentification import deidentify
from nosology.machine.patience import NobodyWaits, OutOfPatience, ask, next_note, patience


def ask_for_ever() -> None:
    while True:
        ask()


def test_without_patience_nothing_is_asked() -> None:
    ask()
    next_note()


def test_a_note_over_its_time_is_ended_and_says_how_much_it_had() -> None:
    with patience(0.0), pytest.raises(OutOfPatience, match="more than 0 seconds of processor time") as caught:
        ask_for_ever()
    assert caught.value.seconds == 0.0


def test_the_next_note_has_its_time_anew_and_shared_work_is_not_counted() -> None:
    with patience(0.01):
        with pytest.raises(OutOfPatience):
            ask_for_ever()
        ask(of_time=False)
        next_note()
        ask()


def test_what_nobody_wants_is_ended_wherever_it_asks() -> None:
    with patience(60, lambda: False):
        for step in (ask, next_note, lambda: ask(of_time=False), lambda: deidentify("Dr. Roe was seen.")):
            with pytest.raises(NobodyWaits):
                step()


def test_patience_ends_with_its_block() -> None:
    with patience(60, lambda: False):
        pass
    ask()
