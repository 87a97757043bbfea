"""Whether notes can be read now, part by part: asked of the parts themselves, each within a time.

A part that does not answer in time is unwell, and is not asked again before it has answered. Good answers hold for a
second, so that many questions are one, unless a line of the audit log has failed since. After a failure the log is
asked by writing to it, so it is well again as soon as it can be written, without a prediction that tries it.
"""

import asyncio
import time
from collections.abc import Callable

from nosology.feedback.audit import AuditError, AuditLog
from nosology.feedback.store import FeedbackStore, StoreError
from nosology.serve.batching import Batcher
from nosology.serve.pools import Pool
from nosology.serve.schemas import StatusOut

_KEPT_SECONDS = 1.0
_PATIENCE_SECONDS = 2.0
_OK = "ok"


class Health:
    """How the parts of a service are.

    Args:
        batcher: In front of the model.
        store: Of decisions.
        audit: The log.
        pool: Threads to ask in.
        stuck_seconds: After which a pass that is still being read counts as stuck.
    """

    def __init__(
        self, batcher: Batcher, store: FeedbackStore, audit: AuditLog, pool: Pool, *, stuck_seconds: float
    ) -> None:
        self._batcher, self._store, self._audit, self._pool = batcher, store, audit, pool
        self._stuck_seconds = stuck_seconds
        self._asked: dict[str, asyncio.Task[str]] = {}
        self._lock = asyncio.Lock()
        self._known: tuple[float, dict[str, str]] | None = None

    async def parts(self) -> dict[str, str]:
        """Return how each part is: ``ok``, or what is wrong with it."""
        async with self._lock:
            if self._known is None or self._audit.last_failure or time.monotonic() - self._known[0] > _KEPT_SECONDS:
                store, audit = await asyncio.gather(
                    self._ask("store", self._of_store), self._ask("audit", self._of_log)
                )
                self._known = time.monotonic(), {"store": store, "audit": audit}
                if {store, audit} != {_OK}:
                    known, self._known = self._known[1], None  # looked at anew, until it is well
                    return {"model": self._of_model(), **known}
            return {"model": self._of_model(), **self._known[1]}

    async def status(self, *, is_stopping: bool) -> StatusOut:
        """Return whether notes can be read: they can without the store, not without the model or the audit log."""
        parts = await self.parts()
        if is_stopping:
            return StatusOut(status="stopping", parts=parts)
        if parts["model"] != _OK or parts["audit"] != _OK:
            return StatusOut(status="unavailable", parts=parts)
        return StatusOut(status="ok" if parts["store"] == _OK else "degraded", parts=parts)

    def _of_model(self) -> str:
        if not self._batcher.is_reading:
            return "does not read"
        seconds = self._batcher.seconds_at_work
        return _OK if seconds <= self._stuck_seconds else f"has been at the same notes for {seconds:.0f} seconds"

    async def _ask(self, name: str, part: Callable[[], str]) -> str:
        if name not in self._asked:
            self._asked[name] = asyncio.create_task(self._pool.run(part))
        done, _ = await asyncio.wait({self._asked[name]}, timeout=_PATIENCE_SECONDS)
        if not done:
            return f"does not answer within {_PATIENCE_SECONDS:g} seconds"
        return self._asked.pop(name).result()

    def _of_store(self) -> str:
        try:
            self._store.check()
        except StoreError as error:
            return f"cannot be used ({error})"
        return _OK

    def _of_log(self) -> str:
        try:
            self._audit.probe()
        except AuditError as error:
            return f"cannot be written ({error.strerror})"
        return _OK
