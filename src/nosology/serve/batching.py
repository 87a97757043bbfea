"""Notes of many requests in one forward pass: a bounded queue, one thread that reads, and one for very long notes.

A request's notes wait in a queue of fixed size; when it is full, the request is refused at once (`QueueFull`) rather
than left to wait. Requests take turns, as many notes as fit the token budget, ordinary requests before the rows of
uploaded tables. A note whose request was given up is never read. There is no waiting for more notes to come: while one
batch is read, the next one gathers by itself. Very long notes have a lane of their own, so that those who send ordinary
ones do not wait behind them: the two threads share the processor, and the model computes for both. A note that takes
too long ends alone, and one that nobody waits for ends at its next step. When a batch fails, its notes are read again
one by one, so that a note that breaks the model breaks only its own request.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
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
LONG_CHARACTERS = 20_000
"""Of a note that is read in the lane for long ones; an ordinary discharge summary has ten thousand."""
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


class _Lane:
    """One thread that reads, and the lines of notes that wait for it.

    Args:
        name: Of the thread.
        max_tokens: Of one batch, estimated.
    """

    def __init__(self, name: str, max_tokens: int) -> None:
        self.ordinary: deque[deque[_Waiting]] = deque()  # a line for each request
        self.background: deque[deque[_Waiting]] = deque()
        self.something = asyncio.Event()
        self.thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self.task: asyncio.Task[None] | None = None
        self.n_reading = 0
        self.since: float | None = None
        self.seconds_per_note = _FIRST_GUESS_SECONDS
        self._max_tokens = max_tokens

    @property
    def n_waiting(self) -> int:
        """Notes of ordinary requests that wait here."""
        return sum(map(len, self.ordinary))

    @property
    def seconds_at_work(self) -> float:
        """Seconds since it began with the notes it is reading; 0 where it waits."""
        return 0.0 if self.since is None else time.monotonic() - self.since

    def line_up(self, items: Sequence[_Waiting], *, is_ordinary: bool) -> None:
        """Let the notes of one request wait."""
        if items:
            (self.ordinary if is_ordinary else self.background).append(deque(items))
            self.something.set()

    def waiting(self) -> Iterator[_Waiting]:
        """Yield every note that waits."""
        for line in (*self.ordinary, *self.background):
            yield from line

    def next_batch(self) -> list[_Waiting]:
        """Return the notes to read next: all of the first one's kind, at most a budget of tokens.

        Requests take turns, a note at a time. A note to suggest diagnoses for is read alone, since suggesting works
        on one note at a time and takes as long as many categories: others come between two of them.
        """
        batch: list[_Waiting] = []
        n_tokens = 0
        for lines in (self.ordinary, self.background):
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


class Batcher:
    """The queue in front of a model.

    Args:
        read: Reads notes; called in two threads of its own, one call at a time in each.
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
        self._max_waiting, self._note_tokens = max_waiting, note_tokens
        self._note_seconds = note_seconds
        self._on_batch = on_batch
        self._quick, self._long = _Lane("reader", max_tokens), _Lane("long-reader", max_tokens)
        self._lanes = (self._quick, self._long)
        self._is_stopping = False

    @property
    def n_waiting(self) -> int:
        """Notes of ordinary requests that wait."""
        return sum(lane.n_waiting for lane in self._lanes)

    @property
    def seconds_at_work(self) -> float:
        """Seconds that the slower of the two readers has been at the same notes; 0 where both wait."""
        return max(lane.seconds_at_work for lane in self._lanes)

    @property
    def is_reading(self) -> bool:
        """Whether notes that are put into the queue will be read."""
        return all(lane.task is not None and not lane.task.done() for lane in self._lanes)

    def start(self) -> None:
        """Begin to read."""
        for lane in self._lanes:
            lane.task = asyncio.create_task(self._run(lane), name="batcher")

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
        items = self._line_up(texts, n_suggestions, is_ordinary=True)
        try:
            return list(await asyncio.gather(*(item.done for item in items)))
        finally:
            _give_up(items)

    async def submit_rows(
        self, texts: Sequence[str], n_suggestions: int | None = None
    ) -> list[Reading | ReadingFailed]:
        """Return what the model says of rows of a table, or why it says nothing of one; each fails alone.

        They are read when no ordinary request waits, and do not count against the queue's size.

        Args:
            texts: The notes.
            n_suggestions: How many diagnoses to suggest; None for the category alone.
        """
        items = self._line_up(texts, n_suggestions, is_ordinary=False)
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

    def _line_up(self, texts: Sequence[str], n_suggestions: int | None, *, is_ordinary: bool) -> list[_Waiting]:
        loop = asyncio.get_running_loop()
        items = [_Waiting(text, n_suggestions, self._tokens(text), loop.create_future()) for text in texts]
        for lane in self._lanes:
            of_lane = [item for item in items if (len(item.text) > LONG_CHARACTERS) == (lane is self._long)]
            lane.line_up(of_lane, is_ordinary=is_ordinary)
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
        for lane in self._lanes:
            if lane.task:
                lane.task.cancel()
            lane.thread.shutdown(wait=not left, cancel_futures=True)
        return left

    def _left(self) -> int:
        waiting = sum(not item.done.done() for lane in self._lanes for item in lane.waiting())
        return waiting + sum(lane.n_reading for lane in self._lanes)

    def _tokens(self, text: str) -> int:
        return min(len(text) // _CHARACTERS_PER_TOKEN + 1, self._note_tokens) + _PASS_OVERHEAD_TOKENS

    def _retry_after(self) -> int:
        seconds = sum(lane.seconds_per_note * (lane.n_waiting + lane.n_reading) for lane in self._lanes)
        return max(1, round(seconds / 2))

    async def _run(self, lane: _Lane) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await lane.something.wait()
            batch = lane.next_batch()
            if not batch:
                lane.something.clear()
                continue
            lane.n_reading, lane.since = len(batch), time.monotonic()
            try:
                found = await loop.run_in_executor(lane.thread, self._read_all, batch)
            finally:
                seconds = lane.seconds_at_work
                lane.n_reading, lane.since = 0, None
            lane.seconds_per_note += _SMOOTHING * (seconds / len(batch) - lane.seconds_per_note)
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
        for lane in self._lanes:
            for item in lane.waiting():
                if item.n_suggestions is not None and not item.done.done():
                    item.done.set_exception(why)

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
