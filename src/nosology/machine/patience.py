"""How long one note may be worked on, and whether anybody still waits: asked between the steps of reading it.

A step of reading is at worst linear in a note's length, so a thread that asks between steps ends soon after it should.
Whoever reads notes for others opens `patience` around the reading; without it `ask` answers nothing and costs nothing.
The time is the processor's, of this thread alone, so that a busy machine takes no note's time away; and `next_note`
begins it anew, so that one note of several pays for itself only.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from nosology.records import Count


class OutOfPatience(Exception):
    """A note took too long to read. Carries the limit in seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"a note took more than {seconds:g} seconds of processor time")
        self.seconds = seconds

    def __reduce__(self) -> tuple[type["OutOfPatience"], tuple[float]]:
        return type(self), (self.seconds,)  # else it would be made again of its words


class NobodyWaits(Exception):
    """Whoever asked for the notes has gone."""


@dataclass(slots=True)
class _Patience:
    seconds: float
    is_wanted: Callable[[], bool]
    since: float = field(default_factory=time.thread_time)


_current: ContextVar[_Patience | None] = ContextVar("patience", default=None)


@contextmanager
def patience(seconds: float, is_wanted: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Limit the reading inside: `ask` raises where a note takes longer, or where nobody wants it any more.

    Args:
        seconds: Of processor time, for each note.
        is_wanted: Says whether anybody waits.
    """
    token = _current.set(_Patience(seconds, is_wanted))
    try:
        yield
    finally:
        _current.reset(token)


def next_note() -> None:
    """Begin the time of the next note.

    Raises:
        NobodyWaits: Nobody wants it.
    """
    if limit := _current.get():
        _ask_whether_wanted(limit)
        limit.since = time.thread_time()


def ask(*, of_time: bool = True) -> None:
    """Go on only where there is time and somebody waits.

    Args:
        of_time: False where several notes are worked on together, whose number is bounded elsewhere.

    Raises:
        OutOfPatience: The note took too long.
        NobodyWaits: Nobody wants it any more.
    """
    limit = _current.get()
    if limit is None:
        return
    _ask_whether_wanted(limit)
    if of_time and time.thread_time() - limit.since > limit.seconds:
        raise OutOfPatience(limit.seconds)


def _ask_whether_wanted(limit: _Patience) -> None:
    if not limit.is_wanted():
        raise NobodyWaits


def asking(progress: Count | None) -> Count:
    """Return what is told of each batch of a model, and ends the work where nobody waits for it any more."""

    def told(n_notes: int) -> None:
        ask(of_time=False)
        if progress:
            progress(n_notes)

    return told
