"""Threads for what may take its time, a pool for each kind, so that one kind never waits for another.

The reader has a thread of its own (`nosology.serve.batching`). Here are the audit log, which every prediction waits
for; the store, which a lock of another program can hold up; tables and reports, which are large; and the health
checks, which must answer when all others are stuck.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar, TypeVarTuple, Unpack

from nosology.serve.http.problems import Refused

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class Pool:
    """Some threads, and a bound on how many may wait for them.

    Args:
        name: What they do.
        n_threads: How many.
        most: Calls at work and waiting; more are refused.
    """

    def __init__(self, name: str, n_threads: int, most: int) -> None:
        self._threads = ThreadPoolExecutor(n_threads, thread_name_prefix=name)
        self._name, self._most, self._n = name, most, 0

    async def run(self, work: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> Result:
        """Return what a function returns, called in one of the threads; it runs on where nobody waits any more.

        Raises:
            Refused: Too many calls wait already.
        """
        if self._n >= self._most:
            raise Refused(503, f"Too many requests wait for the {self._name}.", headers={"Retry-After": "5"})
        self._n += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    def close(self) -> None:
        """Take no more calls; what is at work is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _done(self, future: "asyncio.Future[Result]") -> None:
        self._n -= 1
        if not future.cancelled():
            future.exception()  # or the loop complains about one that nobody waited for


@dataclass
class Pools:
    """The pools of one service."""

    audit: Pool = field(default_factory=lambda: Pool("audit log", 1, 1_000))
    store: Pool = field(default_factory=lambda: Pool("store", 4, 64))
    tables: Pool = field(default_factory=lambda: Pool("tables", 2, 16))
    reports: Pool = field(default_factory=lambda: Pool("reports", 1, 16))
    health: Pool = field(default_factory=lambda: Pool("health checks", 2, 8))

    def close(self) -> None:
        """Close all of them."""
        for pool in (self.audit, self.store, self.tables, self.reports, self.health):
            pool.close()
