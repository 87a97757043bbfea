"""Work on all cores: processes that do one thing to many items, answer in order and die with their parent.

Workers are processes of their own that are spoken to through pipes, not with multiprocessing: nothing imports the
user's main script again, nothing forks a process that has threads, and a worker whose parent was killed reads the end
of its pipe and exits. Items travel as pickles between processes of one program and one user. What workers do must come
from a module that they can import, so not from the main script.
"""

import gc
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any, BinaryIO, Generic, Self, TypeVar, cast

from nosology.errors import NosologyError

Item = TypeVar("Item")
Result = TypeVar("Result")

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Of a worker's environment: there is one a core, and the threads of its matrix products would wait for each other."""


def available_cores() -> int:
    """Return how many cores this process may use, which a container can make fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class WorkerPool(Generic[Item, Result]):
    """Processes that all do the same; each is started when there is something for it. Use it as a context manager.

    Args:
        work: What is done to an item; picklable, and importable by a new process.
        n_workers: How many processes.
        first: An item to do before any other, so that what is loaded once is loaded before it is waited for.
    """

    def __init__(self, work: Callable[[Item], Result], n_workers: int, *, first: Item | None = None) -> None:
        self._work, self._first = work, first
        self.n_workers = n_workers
        self._threads = ThreadPoolExecutor(n_workers, thread_name_prefix="worker")
        self._local = threading.local()
        self.processes: list[subprocess.Popen[bytes]] = []
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()

    def start_all(self) -> None:
        """Start every process now: they get ready while the first items are still being read."""
        for _ in range(self.n_workers):
            self._idle.put(self._start())

    def submit(self, item: Item) -> "Future[Result]":
        """Return a future of what is made of an item."""
        return self._threads.submit(self._ask, item)

    def in_order(self, items: Iterable[Item], n_waiting: int) -> Iterator[Result]:
        """Yield what is made of each item, in their order.

        Args:
            items: Taken as they are needed.
            n_waiting: How many may be under way or done and not yet taken, which bounds the memory.
        """
        waiting: deque[Future[Result]] = deque()
        for item in items:
            waiting.append(self.submit(item))
            if len(waiting) > n_waiting:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _ask(self, item: Item) -> Result:
        worker = getattr(self._local, "worker", None)
        if worker is None:
            try:
                worker = self._idle.get_nowait()
            except queue.Empty:
                worker = self._start()
            self._local.worker = worker
        assert worker.stdin is not None
        assert worker.stdout is not None
        try:
            pickle.dump(item, worker.stdin, pickle.HIGHEST_PROTOCOL)
            worker.stdin.flush()
            answer = pickle.load(worker.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            raise NosologyError(
                f"a worker process ended unexpectedly, with status {worker.wait()}",
                hint="it may have run out of memory: try fewer processes, or free some",
            ) from None
        if isinstance(answer, BaseException):
            raise answer
        return cast(Result, answer)

    def _start(self) -> "subprocess.Popen[bytes]":
        # -P keeps the current folder off the import path; a new session keeps the terminal's Ctrl-C for the parent.
        command = [sys.executable, "-P", "-c", "from nosology.machine.workers import main; main()"]
        environment = os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        worker = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        self.processes.append(worker)
        assert worker.stdin is not None
        pickle.dump(pickle.dumps((self._work, self._first), pickle.HIGHEST_PROTOCOL), worker.stdin)
        worker.stdin.flush()
        return worker

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            for process in self.processes:
                process.terminate()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self.processes:
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
    """Do what is asked until the requests end: the life of a worker process.

    Args:
        requests: What is to be done and a first item, pickled twice; then pickled items.
        answers: Receives what is made of each item, or the exception that it raised, pickled; where that cannot be
            sent, an exception that says so.
    """
    work = _loaded(pickle.load(requests))
    gc.collect()
    gc.freeze()  # what is loaded by now stays for good: the garbage collector need not walk it again
    while True:
        try:
            item = pickle.load(requests)
        except (EOFError, pickle.UnpicklingError):  # whoever asked has gone, perhaps in the middle of an item
            return
        answer: object
        try:
            answer = work(item)
        except Exception as error:  # raised again in the parent, which knows what to tell the user
            answer = error
        answers.write(_pickled(answer))
        answers.flush()


def _pickled(answer: object) -> bytes:
    """Return an answer as it is sent: what cannot be sent is told by its kind, since its words could quote a note."""
    try:
        found = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
        if isinstance(answer, BaseException):
            pickle.loads(found)  # some are made of other arguments than they keep
    except Exception:
        told = NosologyError(f"a worker process has an answer that cannot be sent ({type(answer).__name__})")
        return pickle.dumps(told, pickle.HIGHEST_PROTOCOL)
    return found


def _loaded(pickled: bytes) -> Callable[[Any], Any]:
    """Return what is to be done, after doing it once; a function that says why where it cannot be imported here."""
    try:
        work, first = pickle.loads(pickled)
    except (AttributeError, ImportError):
        return _refuse
    if first is not None:
        with suppress(Exception):  # what fails here fails on the first item again, and is told there
            work(first)
    return cast(Callable[[Any], Any], work)


def _refuse(_: object) -> object:
    raise NosologyError(
        "a worker process cannot import what it should do",
        hint="define it in a module rather than in the main script, or use one process",
    )


def main() -> None:
    """Be a worker process, over standard input and output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer)
