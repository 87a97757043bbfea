"""Notes of many requests in one forward pass: a bounded queue, and one thread that reads.

A request's notes wait in a queue of fixed size; when it is full, the request is refused at once (`QueueFull`) rather
than left to wait. Requests take turns, as many notes as fit the token budget, ordinary requests before the rows of
uploaded tables. A note whose request was given up is never read. There is no waiting for more notes to come: while one
batch is read, the next one gathers by itself. A note that takes too long ends alone, and one that nobody waits for ends
at its next step. When a batch fails, its notes are read again one by one, so that a note that breaks the model breaks
only its own request.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from nosology.machine.patience import NobodyWaits, OutOfPatience, patience
from nosology.serve.model import CannotSuggest, Reading

Read = Callable[[Sequence[str], int | None], list[Reading]]

_CHARACTERS_PER_TOKEN = 4
_PASS_OVERHEAD_TOKENS = 24  # answers hang below each note
_SMOOTHING = 0.2  # of the newest batch, in the running estimate of the speed
NOTE_SECONDS = 30.0
"""Of processor time for one note: an ordinary one takes well under one, the worst of 200,000 characters about ten."""
_FIRST_GUESS_SECONDS = 0.5  # for one note, before any was read


class QueueFull(Exception):
    """Too many notes wait already.

    Attributes:
        retry_after_seconds: When there will probably be room.
    """

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("too many notes wait")
        self.retry_after_seconds = retry_after_seconds


class Stopping(Exception):
    """The service finishes what it accepted and accepts no more."""


class ReadingFailed(Exception):
    """The model broke on a note. Carries the kind of error alone."""


class TooSlow(ReadingFailed):
    """A note took longer than one note may.

    Attributes:
        seconds: Of processor time, that one may take.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__("TooSlow")
        self.seconds = seconds


@dataclass(slots=True, eq=False)
class _Waiting:
    text: str = field(repr=False)
    n_suggestions: int | None
    n_tokens: int
    done: asyncio.Future[Reading]


class Batcher:
    """The queue in front of a model.

    Args:
        read: Reads notes; called in a thread of its own, one call at a time.
        max_tokens: Of one batch, estimated; a single note always fits.
        max_waiting: Notes of ordinary requests that may wait.
        note_tokens: The model's reading length: a longer note costs no more than this.
        note_seconds: Of processor time, that one note may take.
        on_batch: Told size and seconds of each batch.
    """

    def __init__(
        self,
        read: Read,
        *,
        max_tokens: int,
        max_waiting: int,
        note_tokens: int,
        note_seconds: float = NOTE_SECONDS,
        on_batch: Callable[[int, float], None] | None = None,
    ) -> None:
        self._read = read
        self._max_tokens, self._max_waiting, self._note_tokens = max_tokens, max_waiting, note_tokens
        self._note_seconds = note_seconds
        self._on_batch = on_batch
        self._ordinary: deque[deque[_Waiting]] = deque()  # a line for each request
        self._background: deque[deque[_Waiting]] = deque()
        self._something = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._n_reading = 0
        self._since: float | None = None
        self._seconds_per_note = _FIRST_GUESS_SECONDS

    @property
    def n_waiting(self) -> int:
        """Notes of ordinary requests that wait."""
        return sum(map(len, self._ordinary))

    @property
    def seconds_at_work(self) -> float:
        """Seconds since the reader began with the notes it is reading; 0 where it waits."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    @property
    def is_reading(self) -> bool:
        """Whether notes that are put into the queue will be read."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Begin to read."""
        self._task = asyncio.create_task(self._run(), name="batcher")

    async def submit(self, texts: Sequence[str], n_suggestions: int | None) -> list[Reading]:
        """Return what the model says of some notes; leaving early takes them out of the queue.

        Args:
            texts: The notes.
            n_suggestions: How many diagnoses to suggest; None for the category alone.

        Raises:
            QueueFull: Not all of them fit into the queue; none was taken.
            Stopping: The service is being stopped.
            CannotSuggest: The run suggests no diagnoses.
            ReadingFailed: The model broke on one of them, or it took too long.
        """
        if self._is_stopping:
            raise Stopping
        if self.n_waiting + len(texts) > self._max_waiting:
            raise QueueFull(self._retry_after())
        items = self._line_up(texts, n_suggestions, self._ordinary)
        try:
            return list(await asyncio.gather(*(item.done for item in items)))
        finally:
            _give_up(items)

    async def submit_rows(self, texts: Sequence[str]) -> list[Reading | ReadingFailed]:
        """Return what the model says of rows of a table, or why it says nothing of one; each fails alone.

        They are read when no ordinary request waits, and do not count against the queue's size.

        Args:
            texts: The notes.
        """
        items = self._line_up(texts, None, self._background)
        try:
            found = await asyncio.gather(*(item.done for item in items), return_exceptions=True)
        finally:
            _give_up(items)
        results: list[Reading | ReadingFailed] = []
        for result in found:
            if isinstance(result, BaseException) and not isinstance(result, ReadingFailed):
                raise result
            results.append(result)
        return results

    def _line_up(
        self, texts: Sequence[str], n_suggestions: int | None, lines: "deque[deque[_Waiting]]"
    ) -> list[_Waiting]:
        loop = asyncio.get_running_loop()
        items = [_Waiting(text, n_suggestions, self._tokens(text), loop.create_future()) for text in texts]
        lines.append(deque(items))
        self._something.set()
        return items

    def accept_no_more(self) -> None:
        """Refuse notes of ordinary requests from now on; what waits is read."""
        self._is_stopping = True

    async def stop(self, seconds: float) -> int:
        """Accept no more, read what waits, and return how many notes were left after that time."""
        self.accept_no_more()
        deadline = time.monotonic() + seconds
        while self._left() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        left = self._left()
        if self._task:
            self._task.cancel()
        self._thread.shutdown(wait=not left, cancel_futures=True)
        return left

    def _left(self) -> int:
        lines = (*self._ordinary, *self._background)
        waiting = sum(not item.done.done() for line in lines for item in line)
        return waiting + self._n_reading

    def _tokens(self, text: str) -> int:
        return min(len(text) // _CHARACTERS_PER_TOKEN + 1, self._note_tokens) + _PASS_OVERHEAD_TOKENS

    def _retry_after(self) -> int:
        return max(1, round(self._seconds_per_note * (self.n_waiting + self._n_reading) / 2))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._something.wait()
            batch = self._next_batch()
            if not batch:
                self._something.clear()
                continue
            self._n_reading, self._since = len(batch), time.monotonic()
            try:
                found = await loop.run_in_executor(self._thread, self._read_all, batch)
            finally:
                seconds = self.seconds_at_work
                self._n_reading, self._since = 0, None
            self._seconds_per_note += _SMOOTHING * (seconds / len(batch) - self._seconds_per_note)
            if self._on_batch:
                self._on_batch(len(batch), seconds)
            for item, result in zip(batch, found, strict=True):
                if item.done.done():
                    continue
                if isinstance(result, Exception):
                    item.done.set_exception(result)
                    if isinstance(result, CannotSuggest):
                        self._give_up_suggesting(result)
                else:
                    item.done.set_result(result)

    def _give_up_suggesting(self, why: CannotSuggest) -> None:
        """Answer every note that waits for suggestions at once: what a run cannot do, it cannot do for any."""
        for line in (*self._ordinary, *self._background):
            for item in line:
                if item.n_suggestions is not None and not item.done.done():
                    item.done.set_exception(why)

    def _next_batch(self) -> list[_Waiting]:
        """Return the notes to read next: all of the first one's kind, at most a budget of tokens.

        Requests take turns, a note at a time. A note to suggest diagnoses for is read alone, since suggesting works
        on one note at a time and takes as long as many categories: others come between two of them.
        """
        batch: list[_Waiting] = []
        n_tokens = 0
        for lines in (self._ordinary, self._background):
            passed_over: list[deque[_Waiting]] = []
            while lines:
                line = lines.popleft()
                while line and line[0].done.done():
                    line.popleft()
                if not line:
                    continue
                if batch and not self._fits(line[0], batch[0], n_tokens):
                    passed_over.append(line)
                    continue
                batch.append(line.popleft())
                n_tokens += batch[-1].n_tokens
                lines.append(line)
            lines.extend(passed_over)
        return batch

    def _fits(self, item: _Waiting, first: _Waiting, n_tokens: int) -> bool:
        is_alike = item.n_suggestions is None and first.n_suggestions is None
        return is_alike and n_tokens + item.n_tokens <= self._max_tokens

    def _read_all(self, batch: Sequence[_Waiting]) -> list[Reading | Exception]:
        """Return a result for each note; runs in the reader's thread."""
        texts, n_suggestions = [item.text for item in batch], batch[0].n_suggestions
        try:
            with patience(self._note_seconds, lambda: not all(item.done.done() for item in batch)):
                readings = [*self._read(texts, n_suggestions)]
            if len(readings) != len(batch):
                raise LookupError("as many readings as notes")
            return [*readings]
        except CannotSuggest as error:
            return [error] * len(batch)
        except NobodyWaits:
            return [ReadingFailed("NobodyWaits")] * len(batch)
        except BaseException as error:  # a native library's panic is no Exception, and must not end the reader either
            if len(batch) == 1:
                return [_failure(error)]
        return [self._read_all([item])[0] for item in batch]


def _give_up(items: Sequence[_Waiting]) -> None:
    """Take notes out of the queue that nobody waits for any more."""
    for item in items:
        item.done.cancel()


def _failure(error: BaseException) -> ReadingFailed:
    return TooSlow(error.seconds) if isinstance(error, OutOfPatience) else ReadingFailed(type(error).__name__)
