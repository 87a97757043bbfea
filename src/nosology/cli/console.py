"""How commands talk: sentences and progress to stderr, data to stdout.

A person at a terminal sees a bar with the time left; a log file gets a plain line every half minute and one at the
end. Neither ever carries note text: details are numbers, such as a loss.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

if TYPE_CHECKING:
    from nosology.records import Advance

PLAIN_INTERVAL_SECONDS = 30.0
"""Between two plain lines of one task: often enough to see that it lives, rare enough for a log."""


def say(message: str) -> None:
    """Print one line of talk to stderr."""
    print(message, file=sys.stderr, flush=True)


def say_cautions(cautions: Iterable[str]) -> None:
    """Say what must be known beside some answers, each thing once."""
    for caution in sorted(set(cautions) - {""}):
        say(f"caution: {caution}")


class _UntilClosed:
    """Standard output that ends the program, content, when its reader has seen enough: ``nosology ... | head -1``."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._end()

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._end()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _end(self) -> NoReturn:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())  # what is buffered still goes somewhere when Python ends
        os.close(nowhere)
        sys.exit(0)


@contextmanager
def stopping_at_closed_pipe() -> Iterator[None]:
    """End the program with status 0, without a word, when whoever reads its output has closed the pipe."""
    given = sys.stdout
    sys.stdout = _UntilClosed(given)
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    finally:
        sys.stdout = given


@contextmanager
def progress(
    task: str, total: int | None = None, unit: str = "notes", clock: Callable[[], float] = time.monotonic
) -> "Iterator[Advance]":
    """Yield a function that counts what is done and shows it: a bar on a terminal, plain lines elsewhere.

    Args:
        task: What is going on, e.g. ``"prepare"``.
        total: How many there are in all; None where nobody knows yet (then no share and no time left are shown).
        unit: What is counted, in the plural.
        clock: Seconds on a clock that never goes back.
    """
    if sys.stderr.isatty():
        with _bar(task, total, unit) as advance:
            yield advance
        return
    lines = _PlainLines(task, total, unit, clock)
    yield lines.advance
    lines.finish()


@contextmanager
def _bar(task: str, total: int | None, unit: str) -> "Iterator[Advance]":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}"),
        console=Console(stderr=True),
    )
    with bar:
        row = bar.add_task(task, total=total, detail="")

        def advance(n: int = 1, detail: str = "", total: int | None = None) -> None:
            bar.update(row, advance=n, detail=detail, total=total)

        yield advance


class _PlainLines:
    """Counts what is done and says so every `PLAIN_INTERVAL_SECONDS`."""

    def __init__(self, task: str, total: int | None, unit: str, clock: Callable[[], float]) -> None:
        self._task, self._total, self._unit, self._clock = task, total, unit, clock
        self._done = 0
        self._detail = ""
        self._started = self._last_said = clock()

    def advance(self, n: int = 1, detail: str = "", total: int | None = None) -> None:
        self._total = total or self._total
        self._done += n
        self._detail = detail
        now = self._clock()
        if now - self._last_said >= PLAIN_INTERVAL_SECONDS:
            self._last_said = now
            say(self._so_far(now - self._started))

    def finish(self) -> None:
        say(f"{self._task}: {self._done:,} {self._unit} in {duration(self._clock() - self._started)}{self._suffix()}")

    def _so_far(self, elapsed: float) -> str:
        if not self._total or not self._done:
            return f"{self._task}: {self._done:,} {self._unit} after {duration(elapsed)}{self._suffix()}"
        left = duration(elapsed / self._done * max(self._total - self._done, 0))
        share = f"{self._done:,} of {self._total:,} {self._unit} ({self._done / self._total:.0%})"
        return f"{self._task}: {share}, {left} left{self._suffix()}"

    def _suffix(self) -> str:
        return f", {self._detail}" if self._detail else ""


def duration(seconds: float) -> str:
    """Return a time span as people say it: ``8.4 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"
