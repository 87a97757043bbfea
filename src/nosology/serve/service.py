"""The parts of one service put together, and the one way from a request's notes to answers: queue, read, log, sign."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from nosology.feedback.audit import AUDIT_FILE, AuditLog
from nosology.feedback.ledger import Ledger
from nosology.feedback.receipts import Receipt, ReceiptBook
from nosology.feedback.store import FeedbackStore
from nosology.files import sha256_text
from nosology.runs.run import Run
from nosology.serve.batching import Batcher
from nosology.serve.health import Health
from nosology.serve.http.problems import Refused
from nosology.serve.http.sessions import LOCAL, Caller
from nosology.serve.http.strangers import Strangers
from nosology.serve.model import Reading, ServedModel
from nosology.serve.pools import Pools
from nosology.serve.prometheus import Metrics
from nosology.serve.schemas import DemandOut, NoteIn, PredictionOut, Ranked, SuggestedOut
from nosology.serve.settings import Settings

CLIENT_GONE = 499  # nobody reads it; it stands in the log


@dataclass
class Service:
    """Everything that the routes share.

    Attributes:
        run: The run, for its report.
        settings: Limits and places.
        model: The run.
        batcher: The queue in front of it.
        audit: Where every prediction goes.
        store: Where decisions go.
        receipts: Signs predictions.
        metrics: Counters.
        pools: Threads for everything but reading.
        health: How the parts are.
        ledger: Takes decisions, into both.
        strangers: Refuses wrong keys.
        is_stopping: Whether the service accepts no more.
        ends_at: When a stopping service has to be done, on the clock that never goes back.
    """

    run: Run
    settings: Settings
    model: ServedModel
    audit: AuditLog
    store: FeedbackStore
    receipts: ReceiptBook
    metrics: Metrics
    batcher: Batcher = field(init=False)
    pools: Pools = field(default_factory=Pools)
    ledger: Ledger = field(init=False)
    health: Health = field(init=False)
    strangers: Strangers = field(init=False)
    is_stopping: bool = False
    ends_at: float | None = None

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.store, self.audit)
        self.strangers = Strangers(self.record, self.metrics)
        self.batcher = Batcher(
            self.model.read,
            max_tokens=self.settings.batch_tokens,
            max_waiting=self.settings.max_waiting_notes,
            note_seconds=self.settings.note_seconds,
            note_tokens=int(self.model.card["max_note_tokens"] or self.settings.batch_tokens),
            on_batch=self.metrics.observe_batch,
        )
        self.health = Health(
            self.batcher, self.store, self.audit, self.pools.health, stuck_seconds=self.settings.timeout_seconds
        )

    @classmethod
    def open(cls, run: Run, model: ServedModel, settings: Settings) -> "Service":
        """Return the parts of a service, its files opened.

        Args:
            run: The run that is served.
            model: The language model.
            settings: What it is configured with.

        Raises:
            ConfigError: The database is of no known kind, or another service uses the state folder.
            StoreError: The database cannot be reached.
        """
        store = FeedbackStore(settings.database_url)
        store.create()
        audit = AuditLog(settings.state / AUDIT_FILE, settings.audit_key)
        service = cls(run, settings, model, audit, store, ReceiptBook.open(settings.state), Metrics())
        service.ledger.begin()
        return service

    async def read(
        self, request: Request, notes: Sequence[NoteIn], n_suggestions: int | None, event: str
    ) -> list[PredictionOut]:
        """Return what the model says of a request's notes, logged and signed.

        Args:
            request: The HTTP request.
            notes: What was sent.
            n_suggestions: How many for each note; None for none.
            event: What the audit log calls it.

        Raises:
            Refused: There are too many notes, one is too long, it took too long, or the client went away.
            QueueFull: Too many notes wait already.
            AuditError: The log cannot be written.
        """
        settings = self.settings
        if len(notes) > settings.max_notes:
            raise Refused(413, f"More than {settings.max_notes} notes; upload a table to /v1/batch instead.")
        texts = [note.text for note in notes]
        if any(len(text) > settings.max_note_characters for text in texts):
            raise Refused(413, f"A note is longer than {settings.max_note_characters:,} characters.")
        readings = await self._while_wanted(request, texts, n_suggestions)
        return await self.finish(notes, readings, actor_of(request), event)

    async def finish(
        self, notes: Sequence[NoteIn], readings: Sequence[Reading], actor: str, event: str
    ) -> list[PredictionOut]:
        """Log readings, then sign and count them.

        Args:
            notes: What was sent.
            readings: What the model says.
            actor: Who asked.
            event: What the audit log calls it.

        Raises:
            AuditError: The log cannot be written; nothing may be given out.
        """
        hashes = [sha256_text(note.text) for note in notes]
        rows = [
            {
                "event": event,
                "actor": actor,
                "note_sha256": digest,
                "model_sha256": self.model.sha256,
                "label": reading.prediction.label,
                "probability": round(reading.prediction.probability, 6),
                "abstained": reading.prediction.abstained,
                "codes": [item["code"] for item in (reading.suggestions or {}).get("items", [])],
            }
            for digest, reading in zip(hashes, readings, strict=True)
        ]
        await self.record(rows)
        for reading in readings:
            self.metrics.notes.labels(reading.prediction.label or "(nothing to read)").inc()
            self.metrics.abstained.inc(reading.prediction.abstained)
        return [self._out(note, digest, reading) for note, digest, reading in zip(notes, hashes, readings, strict=True)]

    def begin_to_stop(self) -> None:
        """Accept no more notes from now on, and begin to count the time to finish what was accepted."""
        if not self.is_stopping:
            self.is_stopping, self.ends_at = True, time.monotonic() + self.settings.drain_seconds
            self.batcher.accept_no_more()

    @property
    def seconds_left(self) -> float:
        """How long a stopping service may still take."""
        return max(0.0, (self.ends_at or time.monotonic()) - time.monotonic())

    async def record(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write lines into the audit log and wait until the disk has them.

        Raises:
            AuditError: The log cannot be written.
        """
        await self.pools.audit.run(self.audit.append, rows)

    def _out(self, note: NoteIn, digest: str, reading: Reading) -> PredictionOut:
        prediction = reading.prediction
        receipt = Receipt(
            digest,
            self.model.sha256,
            prediction.label,
            prediction.probability,
            prediction.abstained,
            prediction.prediction_set,
        )
        out = PredictionOut(
            id=note.id,
            label=prediction.label,
            probability=_unit(prediction.probability),
            ranking=[Ranked(label=label, probability=_unit(value)) for label, value in prediction.ranking],
            prediction_set=list(prediction.prediction_set),
            abstained=prediction.abstained,
            is_calibrated=prediction.is_calibrated,
            truncated_tokens=prediction.truncated_tokens,
            unread=[DemandOut(start=start, end=end) for start, end in reading.unread],
            note_sha256=digest,
            receipt=self.receipts.sign(receipt),
            reason=prediction.reason,
            caution=prediction.caution,
            demands=[DemandOut(start=demand.start, end=demand.end) for demand in prediction.demands],
            typicality=prediction.typicality,
        )
        if reading.suggestions is None:
            return out
        found = reading.suggestions
        return SuggestedOut(
            **out.model_dump(),
            suggestions=found["items"],
            none_of_these=_unit(found["none_of_these"]),
            mass_left_out=_unit(found["mass_left_out"]),
            suggestions_reason=found["reason"],
            sentences_left_out=found["sentences_left_out"],
        )

    async def _while_wanted(self, request: Request, texts: Sequence[str], n_suggestions: int | None) -> list[Reading]:
        """Read notes for as long as somebody waits for them."""
        work = asyncio.create_task(self.batcher.submit(texts, n_suggestions))
        gone = asyncio.create_task(_gone(request))
        try:
            await asyncio.wait({work, gone}, timeout=self.settings.timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            if gone.done():
                raise Refused(CLIENT_GONE, "The client went away.")
            raise Refused(504, f"Not read within {self.settings.timeout_seconds:g} seconds; try again later.")
        finally:
            for task in (work, gone):
                task.cancel()


def actor_of(request: Request) -> str:
    """Return the name of who is asking, for the audit log."""
    return caller_of(request).name


def caller_of(request: Request) -> Caller:
    """Return who is asking."""
    caller: Caller | None = request.scope.get("nosology.caller")
    return caller or LOCAL


async def _gone(request: Request) -> None:
    """Return when the client has gone away; its body was read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _unit(probability: float) -> float:
    """Return a probability without the rounding error that puts it a hair outside 0 to 1."""
    return min(1.0, max(0.0, float(probability)))
