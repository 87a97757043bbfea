"""Worker processes: order, bounded waiting, and what goes wrong in them."""

import io
import math
import operator
import os
import pickle
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from nosology.coding.labels import LabelSet
from nosology.errors import LabelError, NosologyError
from nosology.machine.workers import WorkerPool, available_cores, serve


def test_results_come_in_the_order_of_their_items_and_the_processes_end() -> None:
    with WorkerPool(math.factorial, 2) as pool:
        assert list(pool.in_order([5, 3, 4, 0], n_waiting=2)) == [120, 6, 24, 1]
        assert 1 <= len(pool.processes) <= 2
    assert all(process.returncode == 0 for process in pool.processes)


def test_a_worker_says_nothing_on_its_way(capfd: pytest.CaptureFixture[str]) -> None:
    with WorkerPool(math.factorial, 1) as pool:
        assert pool.submit(3).result() == 6
    assert capfd.readouterr() == ("", "")


def test_items_are_taken_only_as_they_are_needed() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    with WorkerPool(math.factorial, 1) as pool:
        assert next(pool.in_order(items(), n_waiting=3)) == 1
        assert taken == [0, 1, 2, 3]


def test_processes_can_be_started_before_the_first_item() -> None:
    with WorkerPool(math.factorial, 2, first=1) as pool:
        pool.start_all()
        assert len(pool.processes) == 2
        assert pool.submit(3).result() == 6
        assert len(pool.processes) == 2


def test_a_worker_that_dies_is_reported_as_such() -> None:
    with WorkerPool(math.factorial, 1) as pool:
        pool.submit(1).result()
        pool.processes[0].kill()
        pool.processes[0].wait()
        with pytest.raises(NosologyError, match="a worker process ended unexpectedly, with status -9") as caught:
            pool.submit(1).result()
    assert "memory" in caught.value.hint


def answers_to(work: bytes, *items: object) -> Iterator[object]:
    answers = io.BytesIO()
    serve(io.BytesIO(pickle.dumps(work) + b"".join(pickle.dumps(item) for item in items)), answers)
    answers.seek(0)
    for _ in items:
        yield pickle.load(answers)


def test_an_exception_is_handed_back_and_the_worker_goes_on() -> None:
    first, second = answers_to(pickle.dumps((math.factorial, None)), -1, 3)
    assert isinstance(first, ValueError)
    assert second == 6


def test_a_first_item_that_fails_stops_nothing() -> None:
    assert list(answers_to(pickle.dumps((math.factorial, -1)), 3)) == [6]


def test_work_that_cannot_be_imported_is_refused_with_a_remedy() -> None:
    missing = pickle.dumps((math.factorial, None), 0).replace(b"factorial", b"not_there")
    (refused,) = answers_to(missing, 3)
    assert isinstance(refused, NosologyError)
    assert "in a module" in str(refused.hint)


def test_a_partial_function_is_work_too() -> None:
    with WorkerPool(partial(math.log2), 1) as pool:
        assert pool.submit(8).result() == 3.0


def test_cores_are_those_that_the_container_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 90}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 96)
    assert available_cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert available_cores() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores() == 1


def test_no_items_need_no_process() -> None:
    with WorkerPool(math.factorial, 2) as pool:
        assert list(pool.in_order([], n_waiting=4)) == []
        assert pool.processes == []


def test_an_error_comes_in_the_place_of_its_item_as_it_was_raised() -> None:
    """Both in one process: results before it are given first, and it keeps its remedy on the way."""
    names = ["icd-chapters-18", "no-such-set", "icd-chapters-18"]
    with WorkerPool(LabelSet.load, 1) as pool:
        found = pool.in_order(names, n_waiting=3)
        assert next(found).name == "icd-chapters-18"
        with pytest.raises(LabelError, match="there is no label set 'no-such-set'") as caught:
            next(found)
    assert "use icd-chapters-18" in caught.value.hint


def test_a_file_of_the_working_folder_takes_the_place_of_no_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pickle.py").write_text("raise SystemExit('imported from the working folder')")
    monkeypatch.chdir(tmp_path)
    with WorkerPool(math.factorial, 1) as pool:
        assert pool.submit(4).result() == 24
    assert capfd.readouterr().err == ""


def test_what_is_under_way_is_ended_with_a_block_that_fails() -> None:
    pool = WorkerPool(time.sleep, 1)
    pool.start_all()
    under_way, waiting = pool.submit(600), pool.submit(600)
    with pytest.raises(KeyError), pool:
        raise KeyError("x")
    assert waiting.cancelled() or waiting.exception()
    assert isinstance(under_way.exception(), NosologyError)
    assert [process.returncode for process in pool.processes] == [-signal.SIGTERM]


def test_a_worker_does_not_die_of_the_terminals_interrupt() -> None:
    with WorkerPool(math.factorial, 1) as pool:
        pool.submit(1).result()
        pool.processes[0].send_signal(signal.SIGINT)
        assert pool.submit(3).result() == 6


def test_the_first_item_is_done_before_all_others() -> None:
    remembers = pickle.dumps(({}.setdefault, "key"))
    assert list(answers_to(remembers, "key", "other")) == [None, None]
    keeps_the_first = pickle.dumps((partial({}.setdefault, "key"), 7))
    assert list(answers_to(keeps_the_first, 3, 4)) == [7, 7]


@pytest.mark.parametrize("n_bytes", [0, 1, 5, -1])
def test_a_worker_whose_parent_was_killed_ends_quietly_even_in_the_middle_of_an_item(n_bytes: int) -> None:
    begun = pickle.dumps("the next note, which was never sent to its end")[:n_bytes]
    answers = io.BytesIO()
    serve(io.BytesIO(pickle.dumps(pickle.dumps((math.factorial, None))) + pickle.dumps(3) + begun), answers)
    assert pickle.loads(answers.getvalue()) == 6


def test_an_answer_that_cannot_be_sent_is_told_by_its_kind_and_the_worker_goes_on() -> None:
    """Not as a worker that ran out of memory; and without its words."""
    refused, whole = answers_to(pickle.dumps((memoryview, None)), b"a note", b"another")
    assert isinstance(refused, NosologyError)
    assert str(refused) == "a worker process has an answer that cannot be sent (memoryview)"
    assert isinstance(whole, NosologyError)


class Unreadable(Exception):
    """One that is made of other arguments than it keeps, so that no other process can make it again."""

    def __init__(self, note: str, place: int) -> None:
        super().__init__(f"{note} at {place}")


def fail(note: str) -> None:
    raise Unreadable(note, 3)


def test_an_exception_that_cannot_be_read_elsewhere_is_told_without_its_words() -> None:
    (told,) = answers_to(pickle.dumps((fail, None)), "chest pain")
    assert isinstance(told, NosologyError)
    assert "Unreadable" in str(told)
    assert "chest pain" not in str(told)


def test_a_worker_works_on_whatever_can_be_sent() -> None:
    swap = partial(operator.add, "before ")
    assert list(answers_to(pickle.dumps((swap, None)), "\udcff", "π" * 70_000)) == [
        "before \udcff",
        "before " + "π" * 70_000,
    ]


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"])
def test_a_worker_multiplies_in_one_thread_whatever_its_parent_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "8")
    with WorkerPool(os.getenv, 1) as pool:
        assert pool.submit(name).result() == "1"
