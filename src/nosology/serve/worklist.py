"""One uploaded table as a work list: what is known of each row, which note first, which are blind, what was decided."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from nosology.feedback.store import Decision
from nosology.serve import result
from nosology.serve.http.sessions import Caller
from nosology.serve.order import Order, Place, ordered
from nosology.serve.schemas import PredictionOut, SuggestedOut, decision_out
from nosology.serve.table_schemas import BatchOut, BatchRowOut, ListedRow, WorkListOut
from nosology.serve.uploads import Format

Shown = Literal["all", "open", "decided", "unsure"]


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
        patients: Whose note each row is; empty texts where nobody says.
        name: What the file is called.
        blind: Rows whose prediction is hidden until they are decided, as they were drawn.
        unseen: How unlike the training notes each row is; None where nobody knows.
        decisions: What was decided, by row.
        shown: Blind rows whose prediction was seen before they were decided; they are blind no more.
        reading: Rows that are read alone, or were.
        problems: Why a row could not be read, by its place; without text.
        problem: Why reading stopped, without text.
        used: When it was last looked at.
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
    patients: list[str] = field(default_factory=list, repr=False)
    name: str = ""
    blind: tuple[int, ...] = ()
    unseen: dict[int, float | None] = field(default_factory=dict, repr=False)
    decisions: dict[int, Decision] = field(default_factory=dict, repr=False)
    shown: set[int] = field(default_factory=set, repr=False)
    reading: dict[int, asyncio.Task[None]] = field(default_factory=dict, repr=False)
    used: float = 0.0
    _drawn: frozenset[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._drawn = frozenset(self.blind)

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
            name=self.name,
            state=state,
            n_rows=len(self.texts),
            n_done=self.n_done,
            n_failed=len(self.problems),
            n_decided=len(self.decisions),
            n_hidden=sum(map(self.is_hidden, self.blind)),
            is_fetched=self.is_fetched,
            seconds=round(seconds, 3),
            format=self.kind,
            problem=self.problem,
        )

    def is_hidden(self, row: int) -> bool:
        """Return whether a row's prediction may not be shown yet; never where there is no category to decide on."""
        if row not in self._drawn or row in self.decisions or row in self.shown or row in self.problems:
            return False
        found = self.predictions[row]
        return found is None or not found.reason

    def show(self, row: int) -> None:
        """Count a row, and others of its text, as seen: whoever knows one prediction knows the others."""
        self.shown.update(other for other in self.blind if self.texts[other] == self.texts[row])

    def is_whole(self, row: int, *, can_suggest: bool) -> bool:
        """Return whether all is known of a row that can be."""
        found = self.predictions[row]
        return isinstance(found, SuggestedOut) or (found is not None and (not can_suggest or bool(found.reason)))

    def row(self, row: int) -> BatchRowOut:
        """Return a row with what is known of it and may be shown."""
        is_hidden = self.is_hidden(row)
        decision = self.decisions.get(row)
        return BatchRowOut(
            row=row,
            id=self.ids[row],
            text=self.texts[row],
            prediction=None if is_hidden else self.predictions[row],
            problem=self.problems.get(row),
            is_blind=is_hidden,
            decision=decision_out(decision) if decision else None,
        )

    def rows(self, offset: int, limit: int) -> list[BatchRowOut]:
        """Return some rows in the order of the file."""
        return [self.row(row) for row in range(offset, min(offset + limit, len(self.texts)))]

    def work_list(self, order: Order, shown: Shown, category: str | None, limit: int) -> WorkListOut:
        """Return the first rows of an order, without their text, and how many there are.

        Args:
            order: Which note first.
            shown: Which rows: all, those not decided on, those decided on, or those that the run is not sure of.
            category: Rows predicted, or decided, to be of this one; None for any.
            limit: The most rows.
        """
        listed = [self._listed(row) for row in ordered([*self._places()], self.blind, order)]
        wanted = [item for item in listed if _is_wanted(item, shown) and category in (None, _category(item))]
        counts = Counter(name for item in listed if (name := _category(item)))
        return WorkListOut(
            batch=self.out(), n_rows=len(wanted), rows=wanted[:limit], categories=dict(counts.most_common())
        )

    def result(self, *, escapes_formulas: bool = False) -> Iterator[bytes]:
        """Yield the table with what was predicted and decided, and count what it shows as seen.

        Args:
            escapes_formulas: In CSV, cells that a table program would run get an apostrophe in front.
        """
        self.shown.update(filter(self.is_hidden, self.blind))
        predictions, decisions = [*self.predictions], self.decisions.copy()  # people go on deciding meanwhile
        yield from result.pieces(self.table, predictions, decisions, kind=self.kind, escapes_formulas=escapes_formulas)
        self.is_fetched = decisions == self.decisions

    def _places(self) -> Iterator[Place]:
        for row, found in enumerate(self.predictions):
            has_category = found is not None and not found.reason
            yield (
                Place(row, found.label, found.probability, self.unseen.get(row))
                if found and has_category
                else Place(row)
            )

    def _listed(self, row: int) -> ListedRow:
        found, decision = self.predictions[row], self.decisions.get(row)
        is_hidden = self.is_hidden(row)
        told = None if is_hidden else found
        return ListedRow(
            row=row,
            id=self.ids[row],
            is_read=found is not None,
            is_blind=is_hidden,
            label=told.label if told else "",
            probability=told.probability if told and not told.reason else None,
            abstained=bool(told and told.abstained),
            reason=told.reason if told else "",
            problem=self.problems.get(row),
            unseen=None if is_hidden else self.unseen.get(row),
            verdict=decision.verdict if decision else None,
            decided=decision.category if decision else None,
            was_blind=bool(decision and decision.blind),
        )


def _category(item: ListedRow) -> str:
    return item.decided or item.label


def _is_wanted(item: ListedRow, shown: Shown) -> bool:
    if shown == "open":
        return item.decided is None
    if shown == "decided":
        return item.decided is not None
    return shown == "all" or (item.abstained and item.decided is None)
