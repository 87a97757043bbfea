"""Worker processes: order, bounded waiting, and what goes wrong in them."""

import io
import math
import pickle
from collections.abc import Iterator
from functools import partial

import pytest

from nosology.errors import NosologyError
from nosology.machine.workers import WorkerPool, serve


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
