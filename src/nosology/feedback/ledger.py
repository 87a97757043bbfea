"""Decisions, stored and audited, or neither: in one order, by one door.

A decision's row waits in the database's transaction while its line is written to the audit log; then the row is
committed. Where the line cannot be written, the row is taken back. Where the row cannot be committed after its line was
written, the line is followed by one that withdraws it, at the latest at the next start; the caller never got an answer.
Decisions are taken one at a time, so that store and log have the same order.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from nosology.feedback.audit import AuditLog
from nosology.feedback.chain import last_lines, parsed
from nosology.feedback.store import Decision, FeedbackStore, StoreError, now

DECISION, REPEATED, REFUSED, WITHDRAWN = "decision", "decision-repeated", "decision-refused", "decision-withdrawn"
_PATIENCE_SECONDS = 5.0  # as long as the database itself is waited for


class Unsettled(StoreError):
    """Nobody knows yet whether the decision was stored; sent again under its id, it counts once."""


class Conflict(Exception):
    """Another decision was stored under this id."""


class Ledger:
    """Takes decisions.

    Args:
        store: The open database that keeps decisions.
        audit: The open log that gets a line for each, before it is kept.
    """

    def __init__(self, store: FeedbackStore, audit: AuditLog) -> None:
        self._store, self._audit = store, audit
        self._lock = threading.Lock()
        self._unsettled: str | None = None

    def begin(self) -> None:
        """Withdraw the last decision of the log where the process died before it was stored.

        Raises:
            StoreError: The database does not answer.
            AuditError: The log cannot be written.
        """
        for line in last_lines(self._audit.path):
            entry = parsed(line) or {}
            if entry.get("event") in (DECISION, WITHDRAWN):
                self._unsettled = entry["decision_id"] if entry["event"] == DECISION else None
                break
        self._settle()

    def take(self, decision: Decision, *, beside: Sequence[Mapping[str, Any]] = ()) -> tuple[Decision, bool]:
        """Store and audit a decision; return it as it stands in the store, and whether it is new.

        Args:
            decision: By whoever asks now; one that was stored before under its id keeps its own actor.
            beside: Other lines for the log that stand or fall with it.

        Raises:
            Conflict: Another decision was stored under its id.
            Unsettled: It is not known whether it was stored.
            StoreError: The database cannot be used; nothing was stored.
            AuditError: The log cannot be written; nothing was stored.
        """
        with self._turn():
            self._settle()
            decided = replace(decision, decided_at=now())
            if self._add(decided, beside):
                return decided, True
            stored = self._store.get(decision.decision_id)
            if stored is None:
                raise StoreError("Vanished")
            is_same = stored.says_the_same(decision)
            line = _line(REPEATED if is_same else REFUSED, stored) | {"actor": decision.actor, "by": stored.actor}
            self._audit.append([*beside, line] if is_same else [line])
            if not is_same:
                raise Conflict
            return stored, False

    def _add(self, decision: Decision, beside: Sequence[Mapping[str, Any]]) -> bool:
        is_audited = False

        def write_line() -> None:
            nonlocal is_audited
            self._audit.append([*beside, _line(DECISION, decision) | {"decision_sha256": decision.sha256}])
            is_audited = True

        try:
            return self._store.add(decision, before_commit=write_line)
        except StoreError as error:
            if not is_audited:
                raise
            self._unsettled = decision.decision_id
            self._settle_now(error)
            return True

    def _settle_now(self, error: StoreError) -> None:
        """Find out what became of a decision whose commit failed; return where it was stored after all."""
        decision_id = self._unsettled
        try:
            self._settle()
            is_stored = self._store.get(str(decision_id)) is not None
        except (StoreError, OSError):
            raise Unsettled(str(error)) from None
        if not is_stored:
            raise error

    def _settle(self) -> None:
        """Withdraw a line of the log whose decision is not in the store."""
        if self._unsettled is None:
            return
        if self._store.get(self._unsettled) is None:
            self._audit.append([{"event": WITHDRAWN, "decision_id": self._unsettled}])
        self._unsettled = None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_PATIENCE_SECONDS):
            raise StoreError("Busy")
        try:
            yield
        finally:
            self._lock.release()


def _line(event: str, decision: Decision) -> dict[str, Any]:
    return {
        "event": event,
        "actor": decision.actor,
        "decision_id": decision.decision_id,
        "note_sha256": decision.note_sha256,
        "model_sha256": decision.model_sha256,
        "label": decision.predicted,
        "verdict": decision.verdict,
        "category": decision.category,
        "code": decision.code,
    }
