"""Uploaded tables: read in the background, row by row, behind ordinary requests; kept in memory, nowhere else.

A row that takes too long, or that breaks the model, ends alone: it comes back without a prediction, and its problem is
said. A table and its predictions live until they are deleted, or an hour after they were done, or until a newer table
needs the room, or until the process ends. A stopping service reads what it accepted for as long as it is given time.
"""

import asyncio
import io
import json
import logging
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from nosology.feedback.audit import AuditError
from nosology.records import PREDICTION_COLUMNS
from nosology.serve.batching import ReadingFailed, Stopping, TooSlow
from nosology.serve.http.logs import event
from nosology.serve.http.problems import Refused
from nosology.serve.http.sessions import Caller
from nosology.serve.model import Reading
from nosology.serve.register import Register
from nosology.serve.schemas import BatchOut, BatchRowOut, NoteIn, PredictionOut
from nosology.serve.service import Service
from nosology.serve.uploads import Format, id_column_of, note_column, parse_table
from nosology.sources.tablefile import content_of

PolarsDataType = DataType | DataTypeClass
KEPT_SECONDS = 3600.0

_ROWS_AT_ONCE = 16
_ROWS_OF_A_PIECE = 500
_BYTES_AT_ONCE = 1 << 20
_AT_WORK = 2  # so that the reader never waits for the log
_TOO_SLOW = "reading it took longer than one note may"
_BROKE = "the model broke on it"


@dataclass(eq=False)
class BatchJob:
    """One uploaded table.

    Attributes:
        batch_id: Names it; cannot be guessed.
        owner: Whose it is.
        kind: Its format.
        table: The table.
        texts: The notes.
        ids: What each row is called.
        predictions: One for each row; None while it waits, and where it could not be read.
        problems: Why a row could not be read, by its place; without text.
        problem: Why reading stopped, without text.
    """

    batch_id: str
    owner: Caller
    kind: Format
    table: pl.DataFrame = field(repr=False)
    texts: list[str] = field(repr=False)
    ids: list[str] = field(repr=False)
    predictions: list[PredictionOut | None] = field(repr=False)
    started: float
    ended: float | None = None
    problems: dict[int, str] = field(default_factory=dict)
    problem: str | None = None
    is_cancelled: bool = False
    is_fetched: bool = False
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def n_done(self) -> int:
        """Rows that were read or could not be."""
        return sum(prediction is not None for prediction in self.predictions) + len(self.problems)

    def out(self) -> BatchOut:
        """Return how far it is."""
        state: Literal["reading", "done", "failed", "cancelled"] = "reading"
        if self.is_cancelled:
            state = "cancelled"
        elif self.problem:
            state = "failed"
        elif self.ended is not None:
            state = "done"
        seconds = (self.ended or time.monotonic()) - self.started
        return BatchOut(
            batch_id=self.batch_id,
            state=state,
            n_rows=len(self.texts),
            n_done=self.n_done,
            n_failed=len(self.problems),
            seconds=round(seconds, 3),
            format=self.kind,
            problem=self.problem,
        )

    def rows(self, offset: int, limit: int) -> list[BatchRowOut]:
        """Return some rows with what is known of them."""
        places = range(offset, min(offset + limit, len(self.texts)))
        return [
            BatchRowOut(
                row=i,
                id=self.ids[i],
                text=self.texts[i],
                prediction=self.predictions[i],
                problem=self.problems.get(i),
            )
            for i in places
        ]

    def result(self, *, escapes_formulas: bool = False) -> Iterator[bytes]:
        """Yield the table with what was predicted, in its own format and in pieces; CSV has lists as JSON.

        Args:
            escapes_formulas: In CSV, cells that a table program would run get an apostrophe in front.
        """
        if self.kind == "parquet":
            out = io.BytesIO()  # its directory comes last, and nothing of a table may touch the disk
            self._piece(0, len(self.texts)).write_parquet(out)
            for start in range(0, out.tell(), _BYTES_AT_ONCE):
                yield bytes(out.getbuffer()[start : start + _BYTES_AT_ONCE])
        else:
            content = partial(content_of, kind=self.kind, escapes_formulas=escapes_formulas)
            head = b"".join(content(self._piece(0, 0)))  # of CSV, the names of the columns
            for start in range(0, len(self.texts), _ROWS_OF_A_PIECE):
                piece = b"".join(content(self._piece(start, _ROWS_OF_A_PIECE)))
                yield piece.removeprefix(head) if start else piece
        self.is_fetched = True

    def _piece(self, start: int, n_rows: int) -> pl.DataFrame:
        columns = [_columns(found) for found in self.predictions[start : start + n_rows]]
        if self.kind == "csv":
            columns = [{name: _flat(value) for name, value in row.items()} for row in columns]
        added = pl.DataFrame(columns, schema=_CSV_COLUMNS if self.kind == "csv" else _COLUMNS)
        return self.table.slice(start, n_rows).with_columns(added.get_columns())


class BatchJobs:
    """The uploaded tables of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._batches: dict[str, BatchJob] = {}
        self._arriving: Counter[str] = Counter()
        self._register = Register(service.settings.state)

    async def add(
        self, data: bytes, kind: Format, *, text_column: str | None, id_column: str | None, owner: Caller
    ) -> BatchJob:
        """Take a table in and begin to read it.

        Args:
            data: The whole table as it was uploaded, not compressed.
            kind: The format that its media type names.
            text_column: The column that holds the notes; None for one with a usual name.
            id_column: The column of ids; None for row numbers.
            owner: Who sent it; nobody else may see it or its predictions.

        Raises:
            Refused: It is unreadable, too large, or lacks the column; or too many tables are being read.
        """
        self._make_room(owner)
        self._arriving[owner.key_id] += 1  # before anything is waited for, so that two at once do not both fit
        try:
            return await self._take_in(data, kind, text_column, id_column, owner)
        finally:
            self._arriving[owner.key_id] -= 1

    async def _take_in(
        self, data: bytes, kind: Format, text_column: str | None, id_column: str | None, owner: Caller
    ) -> BatchJob:
        pools, max_rows = self._service.pools, self._service.settings.max_batch_rows
        table = (await pools.tables.run(parse_table, data, kind, max_rows)).frame
        texts, ids = note_column(table, text_column), id_column_of(table, id_column)
        if any(len(text) > self._service.settings.max_note_characters for text in texts):
            raise Refused(413, f"A note is longer than {self._service.settings.max_note_characters:,} characters.")
        batch = BatchJob(str(uuid.uuid4()), owner, kind, table, texts, ids, [None] * len(texts), time.monotonic())
        if self._service.is_stopping:
            raise Stopping
        self._batches[batch.batch_id] = batch
        await pools.tables.run(self._register.write, self._owners())
        batch.task = asyncio.create_task(self._read(batch), name="batch")
        return batch

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
        return batch

    def remove(self, batch: BatchJob) -> None:
        """Stop reading a table and forget it."""
        batch.is_cancelled = True
        if batch.task:
            batch.task.cancel()
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

    def _make_room(self, owner: Caller) -> None:
        """Forget tables whose hour is over and, where their owner has too many, the owner's that were done first.

        Raises:
            Refused: All of the owner's are being read, or there is no room for anybody's.
        """
        settings, now = self._service.settings, time.monotonic()
        for batch in [*self._batches.values()]:
            if batch.ended is not None and now - batch.ended > KEPT_SECONDS:
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

    async def _read(self, batch: BatchJob) -> None:
        gate = asyncio.Semaphore(_AT_WORK)
        try:
            async with asyncio.TaskGroup() as group:
                for first in range(0, len(batch.texts), _ROWS_AT_ONCE):
                    await gate.acquire()
                    piece = group.create_task(self._read_piece(batch, first))
                    piece.add_done_callback(lambda _: gate.release())
        except* AuditError:
            batch.problem = "the audit log cannot be written"
        except* Exception as errors:
            batch.problem = "a bug in the service; the log has the kind of error"
            event("a batch broke", level=logging.ERROR, error=errors.exceptions[0])
        finally:
            batch.ended = time.monotonic()
            n_failed = len(batch.problems)
            event("batch", rows=len(batch.texts), done=batch.n_done, failed=n_failed, problem=batch.problem)

    async def _read_piece(self, batch: BatchJob, first: int) -> None:
        service = self._service
        places = range(first, min(first + _ROWS_AT_ONCE, len(batch.texts)))
        results = await service.batcher.submit_rows([batch.texts[place] for place in places])
        readings: dict[int, Reading] = {}
        for place, result in zip(places, results, strict=True):
            if isinstance(result, ReadingFailed):
                batch.problems[place] = _TOO_SLOW if isinstance(result, TooSlow) else _BROKE
            else:
                readings[place] = result
        notes = [NoteIn.model_construct(id=batch.ids[place], text=batch.texts[place]) for place in readings]
        found = await service.finish(notes, [*readings.values()], batch.owner.name, "batch") if notes else []
        for place, prediction in zip(readings, found, strict=True):
            batch.predictions[place] = prediction


_COLUMNS: dict[str, PolarsDataType] = {
    "predicted_label": pl.String,
    "probability": pl.Float64,
    "ranking": pl.List(pl.Struct({"label": pl.String, "probability": pl.Float64})),
    "prediction_set": pl.List(pl.String),
    "abstained": pl.Boolean,
    "is_calibrated": pl.Boolean,
    "reason": pl.String,
    "caution": pl.String,
    "demands": pl.List(pl.Struct({"start": pl.Int64, "end": pl.Int64})),
    "typicality": pl.Float64,
}
_CSV_COLUMNS = _COLUMNS | dict.fromkeys(("ranking", "prediction_set", "demands"), pl.String)


def _columns(prediction: PredictionOut | None) -> dict[str, object]:
    """Return what is added to a row; nothing where it could not be read."""
    if prediction is None:
        return dict.fromkeys(PREDICTION_COLUMNS)
    return {
        "predicted_label": prediction.label or None,
        "probability": None if prediction.reason else prediction.probability,
        "ranking": [item.model_dump() for item in prediction.ranking],
        "prediction_set": prediction.prediction_set,
        "abstained": prediction.abstained,
        "is_calibrated": prediction.is_calibrated,
        "reason": prediction.reason,
        "caution": prediction.caution,
        "demands": [item.model_dump() for item in prediction.demands],
        "typicality": prediction.typicality,
    }


def _flat(value: object) -> object:
    return json.dumps(value) if isinstance(value, list) else value
