"""Who presents a wrong key: slowed down by address and written into the audit log, and never in the way of a right one.

A key is looked at before the address is, so wrong keys of one address (or of everybody behind one proxy) block nobody.
Each wrong key is one line of the audit log up to a rate; beyond it they are counted, and the next line says how many.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nosology.feedback.audit import AuditError
from nosology.serve.http.limits import RateLimit, network_of
from nosology.serve.http.logs import event
from nosology.serve.http.problems import Refused
from nosology.serve.prometheus import Metrics

WRONG_KEYS_PER_MINUTE = 10  # from one address
_LINES_PER_MINUTE = 60  # from everywhere: somebody with many addresses must not fill the disk
_ALL = "everywhere"

WriteLines = Callable[[Sequence[dict[str, Any]]], Awaitable[None]]


class Strangers:
    """Refuses wrong keys.

    Args:
        record: Writes lines into the audit log.
        metrics: Counts.
    """

    def __init__(self, record: WriteLines, metrics: Metrics) -> None:
        self._record, self._metrics = record, metrics
        self._rate = RateLimit(WRONG_KEYS_PER_MINUTE, WRONG_KEYS_PER_MINUTE)
        self._lines = RateLimit(_LINES_PER_MINUTE, _LINES_PER_MINUTE)
        self._n_unwritten = 0

    async def refuse(self, address: str) -> Refused:
        """Return the answer to a wrong key from an address, once it is in the audit log."""
        self._metrics.refused.labels("wrong keys").inc()
        wait = self._rate.take(network_of(address))
        if wait or self._lines.take(_ALL):
            self._n_unwritten += 1
        else:
            line = {"event": "sign-in-failed", "address": address, "not_written": self._n_unwritten}
            try:
                await self._record([line])
                self._n_unwritten = 0
            except AuditError as error:  # nothing is given out that would have to be logged first
                self._n_unwritten += 1
                event("a failed sign-in was not audited", reason=error.strerror)
        if wait:
            return Refused(429, "Too many wrong keys; try again later.", headers={"Retry-After": str(wait)})
        return Refused(401, "This key is not valid.", headers={"WWW-Authenticate": "Bearer"})
