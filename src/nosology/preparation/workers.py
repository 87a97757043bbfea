"""The text work of a preparation on all cores: small jobs in this process, larger ones shared out among workers."""

from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Self

from nosology.machine.workers import WorkerPool, available_cores
from nosology.text.cleaning import Cleaned, Cleaning, clean_all

INLINE_CHARACTERS = 500_000
"""Starting processes costs half a second; less text than this is de-identified sooner without them."""
PLAIN_FACTOR = 4
"""Without de-identification a text takes a fraction of the time, so that many times as much is done inline."""

LARGE_SOURCE = 8 << 20
"""Bytes on disk. What comes from a larger source is worth processes from its first note on."""

Notes = Sequence[tuple[str, str]]
_FIRST = [("Word lists and patterns are loaded by the first note.", "")]


class CleaningPool:
    """Cleans batches of notes; small jobs in this process, larger ones in worker processes.

    Args:
        how: What is done to each text.
        n_workers: Worker processes; 1 for none. None for one per core.
        n_bytes: Size of the source on disk, as far as it is known.
    """

    def __init__(self, how: Cleaning, n_workers: int | None = None, n_bytes: int = 0) -> None:
        self._clean = partial(clean_all, how=how)
        self.n_workers = available_cores() if n_workers is None else n_workers
        self._n_inline = INLINE_CHARACTERS * (1 if how.deidentify else PLAIN_FACTOR)
        self._n_characters = 0
        self._pool: WorkerPool[Notes, list[Cleaned]] = WorkerPool(self._clean, self.n_workers, first=_FIRST)
        self._is_shared = n_bytes > LARGE_SOURCE and self.n_workers > 1
        if self._is_shared:
            self._pool.start_all()

    def submit(self, notes: Notes) -> "Future[list[Cleaned]]":
        """Return a future of the prepared texts, in order."""
        self._n_characters += sum(len(text) for text, _ in notes)
        self._is_shared = self._is_shared or (self.n_workers > 1 and self._n_characters > self._n_inline)
        if self._is_shared:
            return self._pool.submit(notes)
        future: Future[list[Cleaned]] = Future()
        future.set_result(self._clean(notes))
        return future

    @property
    def n_processes(self) -> int:
        """How many processes were started."""
        return len(self._pool.processes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.__exit__(kind, error, trace)
