"""Text work on all cores: worker processes that clean notes and die with their parent.

Workers are started as ``python -m nosology.preparation.workers`` and spoken to through pipes, not with multiprocessing:
nothing imports the user's main script again, nothing forks a process that has threads, and a worker whose parent was
killed reads the end of its pipe and exits. Notes travel as pickles between processes of one program and one user.
"""

import gc
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import BinaryIO, Self, cast

from nosology.errors import NosologyError
from nosology.text.cleaning import Cleaned, Cleaning, clean, clean_all

INLINE_CHARACTERS = 500_000
"""Starting processes costs half a second; less text than this is de-identified sooner without them."""
PLAIN_FACTOR = 4
"""Without de-identification a text takes a fraction of the time, so that many times as much is done inline."""

LARGE_SOURCE = 8 << 20
"""Bytes on disk. What comes from a larger source is worth processes from its first note on."""

Notes = Sequence[tuple[str, str]]


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class CleaningPool:
    """Cleans batches of notes; small jobs in this process, larger ones in worker processes.

    Args:
        how: What is done to each text.
        n_workers: Worker processes; 1 for none. None for one per core.
        n_bytes: Size of the source on disk, as far as it is known.
    """

    def __init__(self, how: Cleaning, n_workers: int | None = None, n_bytes: int = 0) -> None:
        self._how = how
        self.n_workers = available_cores() if n_workers is None else n_workers
        self._n_inline = INLINE_CHARACTERS * (1 if how.deidentify else PLAIN_FACTOR)
        self._n_characters = 0
        self._threads: ThreadPoolExecutor | None = None
        self._local = threading.local()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._waiting: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        if n_bytes > LARGE_SOURCE and self.n_workers > 1:
            self._n_inline = 0
            for _ in range(self.n_workers):  # they get ready while the source's first rows are read
                self._waiting.put(self._start_worker())

    def submit(self, notes: Notes) -> "Future[list[Cleaned]]":
        """Return a future of the prepared texts, in order."""
        self._n_characters += sum(len(text) for text, _ in notes)
        if self.n_workers == 1 or (self._threads is None and self._n_characters <= self._n_inline):
            future: Future[list[Cleaned]] = Future()
            future.set_result(clean_all(notes, self._how))
            return future
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.n_workers, thread_name_prefix="cleaning")
        return self._threads.submit(self._ask_worker, notes)

    def _ask_worker(self, notes: Notes) -> list[Cleaned]:
        worker = getattr(self._local, "worker", None)
        if worker is None:
            try:
                worker = self._waiting.get_nowait()
            except queue.Empty:
                worker = self._start_worker()
            self._local.worker = worker
        assert worker.stdin is not None
        assert worker.stdout is not None
        try:
            pickle.dump(notes, worker.stdin, pickle.HIGHEST_PROTOCOL)
            worker.stdin.flush()
            answer = pickle.load(worker.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            raise NosologyError(
                f"a worker process ended unexpectedly, with status {worker.wait()}",
                hint="it may have run out of memory: try `--workers 1`, or free some",
            ) from None
        if isinstance(answer, BaseException):
            raise answer
        return cast(list[Cleaned], answer)

    def _start_worker(self) -> "subprocess.Popen[bytes]":
        # -P keeps the current folder off the import path; a new session keeps the terminal's Ctrl-C for the parent.
        command = [sys.executable, "-P", "-m", "nosology.preparation.workers"]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        worker = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        self._processes.append(worker)
        assert worker.stdin is not None
        pickle.dump(self._how, worker.stdin, pickle.HIGHEST_PROTOCOL)
        worker.stdin.flush()
        return worker

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            for process in self._processes:
                process.terminate()
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._processes:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    _close(pipe)
            process.wait()


def _close(pipe: object) -> None:
    try:
        cast(BinaryIO, pipe).close()
    except BrokenPipeError:
        return  # the worker is gone already, with what was still buffered for it


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer batches of notes until the requests end: what a worker process does.

    Args:
        requests: A pickled `Cleaning`, then pickled batches.
        answers: Receives a pickled list of `Cleaned` for each batch, or the exception that it raised.
    """
    how = cast(Cleaning, pickle.load(requests))
    with suppress(Exception):  # what fails here fails on the first note again, and is told there
        clean("Word lists and patterns are loaded by the first note.", "", how)
    gc.collect()
    gc.freeze()  # they stay for good: the garbage collector need not walk them again
    while True:
        try:
            notes = pickle.load(requests)
        except EOFError:
            return
        answer: object
        try:
            answer = clean_all(notes, how)
        except Exception as error:  # raised again in the parent, which knows what to tell the user
            answer = error
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer)
