"""The patience for a note: what ends it, what begins it anew, and that nothing ends without one."""

import pickle
import threading

import pytest

from nosology.deidentification import deidentify
from nosology.machine.patience import NobodyWaits, OutOfPatience, ask, asking, next_note, patience


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


def test_a_note_may_take_its_time_to_the_full_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("nosology.machine.patience.time.thread_time", lambda: clock[0])
    with patience(2.0):
        next_note()
        clock[0] = 102.0
        ask()
        clock[0] = 102.1
        with pytest.raises(OutOfPatience):
            ask()


def test_a_shorter_patience_inside_ends_with_its_block() -> None:
    waits = [True]
    with patience(60, lambda: waits[0]):
        with patience(0.0), pytest.raises(OutOfPatience):
            ask_for_ever()
        ask()
        waits[0] = False
        with pytest.raises(NobodyWaits):
            ask()


def test_a_block_that_ends_badly_ends_its_patience_too() -> None:
    with pytest.raises(KeyError), patience(60, lambda: False):
        raise KeyError("x")
    ask()


def test_the_patience_of_one_thread_is_not_anothers() -> None:
    raised: list[BaseException] = []

    def elsewhere() -> None:
        try:
            ask()
        except BaseException as error:
            raised.append(error)

    with patience(60, lambda: False):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert raised == []


def test_what_counts_batches_ends_the_work_once_nobody_waits() -> None:
    waits, told = [True], list[int]()
    count = asking(told.append)
    with patience(60, lambda: waits[0]):
        count(3)
        waits[0] = False
        with pytest.raises(NobodyWaits):
            count(4)
    assert told == [3], "what was done after everybody left is told to nobody"


def test_a_batch_of_several_notes_is_not_ended_for_its_time() -> None:
    with patience(-1.0):
        asking(None)(8)
        with pytest.raises(OutOfPatience):
            ask()


def test_a_note_that_was_ended_in_another_process_says_so_here() -> None:
    told = pickle.loads(pickle.dumps(OutOfPatience(2.5)))
    assert isinstance(told, OutOfPatience)
    assert (told.seconds, str(told)) == (2.5, str(OutOfPatience(2.5)))
