"""Uploaded tables: read in the background, behind ordinary requests; kept in memory, nowhere else.

A row that takes too long, or that breaks the model, ends alone: it comes back without a prediction, and its problem is
said. The first rows are read one by one, so that a work list can be begun at once. A row that is opened is read with
diagnoses to consider, once, however often it is asked for. A table, what was predicted and what was decided live until
it is deleted, or for an hour after it was last looked at, or until a newer table needs the room, or until the process
ends. A stopping service reads what it accepted for as long as it is given time.
"""

import asyncio
import logging
import time
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import polars as pl

from nosology.feedback.audit import AuditError
from nosology.serve.batching import ReadingFailed, Stopping, TooSlow
from nosology.serve.http.logs import event
from nosology.serve.http.problems import Refused
from nosology.serve.http.sessions import Caller
from nosology.serve.model import Reading
from nosology.serve.order import drawn_blind
from nosology.serve.register import Register
from nosology.serve.schemas import NoteIn
from nosology.serve.service import Service
from nosology.serve.uploads import Format, id_column_of, note_column, parse_table, patient_column_of
from nosology.serve.worklist import BatchJob

KEPT_SECONDS = 3600.0
ROW_SUGGESTIONS = 8
"""Diagnoses to consider for a row that is opened."""

ROWS_WITH_SUGGESTIONS = 100
"""Of a table that is read with diagnoses at once; of a longer one a row is when it is opened, since it takes longer."""

_ROWS_AT_FIRST = (1, 1, 2, 4, 8)  # then `_ROWS_AT_ONCE`
_ROWS_AT_ONCE = 16
_AT_WORK = 2  # so that the reader never waits for the log
_TOO_SLOW = "reading it took longer than one note may"
_BROKE = "the model broke on it"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of an uploaded table.

    Attributes:
        text: The column that holds the notes; None for one with a usual name.
        id: The column of ids; None for row numbers.
        patient: The column of patient ids; None for one with a usual name, if there is one.
        name: What the file is called; may be empty.
        blind: Share of notes to be decided before their prediction is shown.
        suggest: Read rows with diagnoses to consider at once, where there are at most `ROWS_WITH_SUGGESTIONS`.
    """

    text: str | None = None
    id: str | None = None
    patient: str | None = None
    name: str = ""
    blind: float = 0.0
    suggest: bool = False


class BatchJobs:
    """The uploaded tables of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._batches: dict[str, BatchJob] = {}
        self._arriving: Counter[str] = Counter()
        self._register = Register(service.settings.state)

    async def add(self, data: bytes, kind: Format, wanted: Wanted, *, owner: Caller) -> BatchJob:
        """Take a table in and begin to read it.

        Args:
            data: The whole table as it was uploaded, not compressed.
            kind: The format that its media type names.
            wanted: Its columns, and how much of it is decided blind.
            owner: Who sent it; nobody else may see it or its predictions.

        Raises:
            Refused: It is unreadable, too large, or lacks the column; or too many tables are being read.
        """
        self._make_room(owner)
        self._arriving[owner.key_id] += 1  # before anything is waited for, so that two at once do not both fit
        try:
            return await self._take_in(data, kind, wanted, owner)
        finally:
            self._arriving[owner.key_id] -= 1

    async def _take_in(self, data: bytes, kind: Format, wanted: Wanted, owner: Caller) -> BatchJob:
        table = await self.parsed(data, kind)
        texts, ids = note_column(table, wanted.text), id_column_of(table, wanted.id)
        if any(len(text) > self._service.settings.max_note_characters for text in texts):
            raise Refused(413, f"A note is longer than {self._service.settings.max_note_characters:,} characters.")
        batch = BatchJob(
            str(uuid.uuid4()),
            owner,
            kind,
            table,
            texts,
            ids,
            [None] * len(texts),
            time.monotonic(),
            patients=patient_column_of(table, wanted.patient),
            name=wanted.name,
            blind=drawn_blind(texts, wanted.blind),
        )
        is_short = len(texts) <= ROWS_WITH_SUGGESTIONS
        one_by_one = wanted.suggest and is_short and self._service.model.can_suggest
        if self._service.is_stopping:
            raise Stopping
        self._batches[batch.batch_id] = batch
        await self._service.pools.tables.run(self._register.write, self._owners())
        batch.task = asyncio.create_task(self._read(batch, one_by_one=one_by_one), name="batch")
        return batch

    async def parsed(self, data: bytes, kind: Format) -> pl.DataFrame:
        """Return an uploaded table; see `nosology.serve.uploads.parse_table` for what is refused."""
        return (
            await self._service.pools.tables.run(parse_table, data, kind, self._service.settings.max_batch_rows)
        ).frame

    def get(self, batch_id: str, owner: Caller) -> BatchJob:
        """Return a table by its id.

        Raises:
            Refused: There is none, or it is somebody else's.
        """
        batch = self._batches.get(batch_id)
        if batch is None and self._register.lost.get(batch_id) == owner.key_id:
            raise Refused(410, "This table was lost when the service ended; upload it again.")
        if batch is None or batch.owner.key_id != owner.key_id:
            raise Refused(404, "There is no such batch; it may have been deleted, or its hour is over.")
        batch.used = time.monotonic()
        return batch

    def of(self, owner: Caller) -> list[BatchJob]:
        """Return somebody's tables, the newest first."""
        return [batch for batch in reversed(self._batches.values()) if batch.owner.key_id == owner.key_id]

    def remove(self, batch: BatchJob) -> None:
        """Stop reading a table and forget it."""
        batch.is_cancelled = True
        for task in (batch.task, *batch.reading.values()):
            if task:
                task.cancel()
        self._batches.pop(batch.batch_id, None)
        self._register.write(self._owners())

    @property
    def n_not_fetched(self) -> int:
        """Tables whose result nobody has fetched; they end with the process."""
        return sum(not batch.is_fetched for batch in self._batches.values())

    def _owners(self) -> dict[str, str]:
        return {batch.batch_id: batch.owner.key_id for batch in self._batches.values()}

    async def stop(self, seconds: float) -> int:
        """Read on for at most that long; return how many rows were left."""
        at_work = [batch for batch in self._batches.values() if batch.task and not batch.task.done()]
        tasks = [batch.task for batch in at_work if batch.task]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        return sum(len(batch.texts) - batch.n_done for batch in at_work)

    async def read_row(self, batch: BatchJob, row: int) -> None:
        """Return when a row was read with diagnoses to consider; it is read once, whoever waits and goes away.

        Args:
            batch: Its table.
            row: Its place in it.

        Raises:
            QueueFull: Too many notes wait already.
            ReadingFailed: The model broke on it, or it took too long.
            AuditError: The log cannot be written.
            Refused: It took longer than a request may.
        """
        if batch.is_whole(row, can_suggest=self._service.model.can_suggest):
            return
        task = batch.reading.get(row) or self._begin(batch, row, is_ordinary=True)
        done, _ = await asyncio.wait({task}, timeout=self._service.settings.timeout_seconds)
        if not done:
            raise Refused(504, f"Not read within {self._service.settings.timeout_seconds:g} seconds; try again later.")
        task.result()

    def _begin(self, batch: BatchJob, row: int, *, is_ordinary: bool) -> "asyncio.Task[None]":
        task = asyncio.create_task(self._read_alone(batch, row, is_ordinary=is_ordinary), name="row")
        task.add_done_callback(lambda done: _ended(batch, row, done))
        batch.reading[row] = task
        return task

    async def _read_alone(self, batch: BatchJob, row: int, *, is_ordinary: bool) -> None:
        k, batcher = ROW_SUGGESTIONS if self._service.model.can_suggest else None, self._service.batcher
        try:
            found = await (batcher.submit if is_ordinary else batcher.submit_rows)([batch.texts[row]], k)
            if isinstance(found[0], ReadingFailed):
                raise found[0]
        except ReadingFailed as failure:
            if batch.predictions[row] is None:
                batch.problems[row] = _why(failure)
            raise
        await self._finish(batch, {row: found[0]}, "suggest" if k else "classify")

    def _make_room(self, owner: Caller) -> None:
        """Forget tables whose hour is over and, where their owner has too many, the owner's that were done first.

        Raises:
            Refused: All of the owner's are being read, or there is no room for anybody's.
        """
        settings, now = self._service.settings, time.monotonic()
        for batch in [*self._batches.values()]:
            if batch.ended is not None and now - max(batch.ended, batch.used) > KEPT_SECONDS:
                del self._batches[batch.batch_id]
        own = [batch for batch in self._batches.values() if batch.owner.key_id == owner.key_id]
        done = sorted((batch for batch in own if batch.ended is not None), key=lambda batch: batch.ended or now)
        most = min(settings.max_batches_per_key, settings.max_batches)
        n_too_many = len(own) + self._arriving[owner.key_id] - most + 1
        for batch in done[: max(0, n_too_many)]:
            del self._batches[batch.batch_id]
        retry = {"Retry-After": "60"}
        if n_too_many > len(done):
            raise Refused(429, f"{most} tables of this key are being read; try again later.", headers=retry)
        if len(self._batches) + self._arriving.total() >= settings.max_batches:
            raise Refused(429, "Too many tables are being read; try again later.", headers=retry)

    async def _read(self, batch: BatchJob, *, one_by_one: bool) -> None:
        gate = asyncio.Semaphore(_AT_WORK)
        try:
            async with asyncio.TaskGroup() as group:
                for rows in _pieces(len(batch.texts), one_by_one=one_by_one):
                    await gate.acquire()
                    work = self._read_next(batch, rows[0]) if one_by_one else self._read_piece(batch, rows)
                    group.create_task(work).add_done_callback(lambda _: gate.release())
            if alone := [task for row, task in batch.reading.items() if batch.predictions[row] is None]:
                await asyncio.wait(alone)
        except* AuditError:
            batch.problem = "the audit log cannot be written"
        except* Exception as errors:
            batch.problem = "a bug in the service; the log has the kind of error"
            event("a batch broke", level=logging.ERROR, error=errors.exceptions[0])
        finally:
            batch.ended = time.monotonic()
            n_failed = len(batch.problems)
            event("batch", rows=len(batch.texts), done=batch.n_done, failed=n_failed, problem=batch.problem)

    async def _read_next(self, batch: BatchJob, row: int) -> None:
        """Read a row with diagnoses unless somebody asked for it before; one that cannot be read fails alone."""
        if row not in batch.reading:
            with suppress(ReadingFailed):
                await self._begin(batch, row, is_ordinary=False)

    async def _read_piece(self, batch: BatchJob, rows: range) -> None:
        places = [row for row in rows if batch.predictions[row] is None and row not in batch.reading]
        results = await self._service.batcher.submit_rows([batch.texts[row] for row in places])
        readings: dict[int, Reading] = {}
        for row, result in zip(places, results, strict=True):
            if not isinstance(result, ReadingFailed):
                readings[row] = result
            elif batch.predictions[row] is None:  # else it was opened meanwhile, and read
                batch.problems[row] = _why(result)
        await self._finish(batch, readings, "batch")

    async def _finish(self, batch: BatchJob, readings: dict[int, Reading], kind: str) -> None:
        """Log and keep what was read; a row that was opened meanwhile keeps what was shown of it, but for diagnoses."""
        if not readings:
            return
        notes = [NoteIn.model_construct(id=batch.ids[row], text=batch.texts[row]) for row in readings]
        found = await self._service.finish(notes, [*readings.values()], batch.owner.name, kind)
        unseen = await asyncio.to_thread(self._service.model.unseen, [note.text for note in notes])
        for row, prediction, share in zip(readings, found, unseen, strict=True):
            if batch.predictions[row] is None or kind == "suggest":
                batch.predictions[row] = prediction
            batch.unseen[row] = share if prediction.typicality is None else 1 - prediction.typicality
            batch.problems.pop(row, None)


def _pieces(n_rows: int, *, one_by_one: bool) -> "list[range]":
    """Return the rows of a table in pieces: few at first, so that the first are read soon."""
    if one_by_one:
        return [range(row, row + 1) for row in range(n_rows)]
    pieces: list[range] = []
    first = 0
    while first < n_rows:
        size = _ROWS_AT_FIRST[len(pieces)] if len(pieces) < len(_ROWS_AT_FIRST) else _ROWS_AT_ONCE
        pieces.append(range(first, min(first + size, n_rows)))
        first += size
    return pieces


def _ended(batch: BatchJob, row: int, task: "asyncio.Task[None]") -> None:
    """Let a row that could not be read be asked for again."""
    if task.cancelled() or task.exception():
        batch.reading.pop(row, None)


def _why(failure: ReadingFailed) -> str:
    return _TOO_SLOW if isinstance(failure, TooSlow) else _BROKE
