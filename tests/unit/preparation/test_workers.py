"""Cleaning in worker processes gives what cleaning at home gives."""

import pytest

from nosology.preparation import workers
from nosology.preparation.workers import CleaningPool
from nosology.text.cleaning import Cleaning, clean_all

PLAIN = Cleaning(False, "token", "keep", False, False, 0, None, False)


def test_small_jobs_stay_in_this_process_and_larger_ones_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = [(f"note number {i}", "p") for i in range(20)]
    with CleaningPool(PLAIN, 2) as pool:
        inline = pool.submit(notes).result()
        assert pool.n_processes == 0
    monkeypatch.setattr(workers, "INLINE_CHARACTERS", 0)
    with CleaningPool(PLAIN, 2) as pool:
        futures = [pool.submit(notes[i : i + 5]) for i in range(0, 20, 5)]
        assert [cleaned for future in futures for cleaned in future.result()] == inline == clean_all(notes, PLAIN)
    assert all(process.returncode == 0 for process in pool._pool.processes)


def test_a_large_source_gets_its_processes_at_once_and_the_same_texts() -> None:
    notes = [(f"note number {i}", "p") for i in range(20)]
    with CleaningPool(PLAIN, 2, workers.LARGE_SOURCE + 1) as pool:
        assert pool.n_processes == 2
        futures = [pool.submit(notes[i : i + 5]) for i in range(0, 20, 5)]
        assert [cleaned for future in futures for cleaned in future.result()] == clean_all(notes, PLAIN)
        assert pool.n_processes == 2
    assert all(process.returncode == 0 for process in pool._pool.processes)
    with CleaningPool(PLAIN, 1, workers.LARGE_SOURCE + 1) as alone:
        assert alone.n_processes == 0
