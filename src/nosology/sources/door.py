"""The one door through which other people's tables come in: they are parsed in a process of its own, with limits.

A native reader that is given a hostile file may ask for exabytes and abort, or crash; nothing can catch that. So the
reading process dies instead, and whoever asked gets a `DataError` that names the file and the limit. A process reads
one file after another (starting one costs a third of a second) and is replaced when it has died or was too slow.
"""

import atexit
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast

from nosology.errors import DataError
from nosology.sources import wire
from nosology.sources.formats import Chunk, ReadingOptions
from nosology.sources.limits import LimitReached, ReadLimits
from nosology.sources.names import describe_columns
from nosology.sources.reading_process import MEMORY_VARIABLE

_PIPE_BYTES = 1 << 20
_MOST_IDLE = 2


class _Reader:
    """One reading process."""

    def __init__(self, memory_mb: int) -> None:
        self.memory_mb = memory_mb
        path = os.pathsep.join(path for path in sys.path if path)
        environment = os.environ | {
            "PYTHONPATH": path,
            MEMORY_VARIABLE: str(memory_mb),
            "POLARS_MAX_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        }
        # -P keeps the current folder off the import path; a new session keeps the terminal's Ctrl-C for the parent.
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "nosology.sources.reading_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.process.stdout, selectors.EVENT_READ)
        self._buffer = bytearray()

    def ask(self, request: dict[str, Any], body: bytes) -> None:
        """Send a request.

        Raises:
            OSError: The process is gone.
        """
        assert self.process.stdin is not None
        wire.send(cast(BinaryIO, self.process.stdin), request, body)

    def message(self, deadline: float, most_bytes: int) -> tuple[dict[str, Any], bytes]:
        """Return the next message.

        Raises:
            TimeoutError: It has not come by the deadline.
            EOFError: The process has died.
            OverflowError: It is larger than it may be.
        """
        header_size, body_size = wire.sizes_of(self._take(wire.HEADER_BYTES, deadline))
        if body_size > most_bytes:
            raise OverflowError
        header: dict[str, Any] = json.loads(self._take(header_size, deadline))
        return header, self._take(body_size, deadline)

    def _take(self, n: int, deadline: float) -> bytes:
        assert self.process.stdout is not None
        while len(self._buffer) < n:
            if not self._selector.select(max(deadline - time.monotonic(), 0)):
                raise TimeoutError
            more = os.read(self.process.stdout.fileno(), _PIPE_BYTES)
            if not more:
                raise EOFError
            self._buffer += more
        taken = bytes(self._buffer[:n])
        del self._buffer[:n]
        return taken

    def end(self) -> int:
        """Kill the process; return its exit status."""
        self._selector.close()
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        return self.process.wait()


class _Pool:
    """Reading processes that wait for their next file."""

    def __init__(self) -> None:
        self._idle: list[_Reader] = []
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def take(self, memory_mb: int) -> _Reader:
        """Return a process with that much memory."""
        with self._lock:
            if self._owner != os.getpid():  # after a fork they are another process's
                self._idle, self._owner = [], os.getpid()
            for reader in self._idle:
                if reader.memory_mb == memory_mb:
                    self._idle.remove(reader)
                    if reader.process.poll() is None:
                        return reader
                    reader.end()
                    break
        return _Reader(memory_mb)

    def give_back(self, reader: _Reader) -> None:
        """Keep a process for the next file."""
        with self._lock:
            if len(self._idle) < _MOST_IDLE:
                self._idle.append(reader)
                return
        reader.end()

    def close(self) -> None:
        """End all processes that wait."""
        with self._lock:
            idle, self._idle = self._idle, []
        if self._owner == os.getpid():
            for reader in idle:
                reader.end()


_POOL = _Pool()
atexit.register(_POOL.close)


class DoorTable:
    """A table whose rows come from a reading process; can be read once.

    Attributes:
        columns: Its columns; of JSON, those seen when it was opened.
        found: The own spelling of each column that was asked for.
        bytes_total: Its size on disk.
        bytes_done: How much of it has been read.
        notices: What the user should know of how it was read; complete at its end.

    Args:
        source: A path, or the bytes themselves.
        name: What messages call it; its suffix says the format.
        wanted: Columns that must be there, in any case.
        is_whole: Deliver all columns, not just the wanted ones.
        how: What the user says of the file.
        limits: What reading it may take.

    Raises:
        DataError: It is missing, broken or lacks a column, or a limit is reached.
    """

    def __init__(
        self,
        source: Path | bytes,
        name: str,
        wanted: Sequence[str],
        *,
        is_whole: bool = False,
        how: ReadingOptions | None = None,
        limits: ReadLimits | None = None,
    ) -> None:
        self._limits = limits or ReadLimits.of_commands()
        self._place = str(source) if isinstance(source, Path) else name
        self.notices: list[str] = []
        self.bytes_done = 0
        self._n_received = 0
        self._opened_at = time.monotonic()
        request = {
            "path": str(source.absolute()) if isinstance(source, Path) else None,
            "name": source.name if isinstance(source, Path) else name,
            "wanted": list(wanted),
            "all": is_whole,
            "how": asdict(how or ReadingOptions()),
            "limits": asdict(self._limits),
        }
        self._reader: _Reader | None = _POOL.take(self._limits.memory_mb)
        with suppress(OSError):  # a process that died says why when it is asked for its answer
            self._reader.ask(request, source if isinstance(source, bytes) else b"")
        opened, _ = self._message()
        self.columns: tuple[str, ...] = tuple(opened["columns"])
        self.bytes_total: int = opened["bytes_total"]
        missing = [name for name, spelled in opened["found"].items() if spelled is None]
        if missing:
            self._release()
            raise _missing(missing, self.columns, self._place)
        self.found: dict[str, str] = opened["found"]

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows.

        Raises:
            DataError: The file is broken, or a limit is reached.
        """
        try:
            while True:
                header, body = self._message()
                self.bytes_done = header["bytes_done"]
                if header["kind"] == "end":
                    self.notices += header["notices"]
                    self._release()
                    return
                yield wire.unpacked(header, body)
        finally:
            if self._reader is not None:  # left half-way
                self._reader.end()
                self._reader = None

    def __del__(self) -> None:
        if getattr(self, "_reader", None) is not None:  # opened and never read
            self._stop()

    def _release(self) -> None:
        if self._reader is not None:
            _POOL.give_back(self._reader)
        self._reader = None

    def _message(self) -> tuple[dict[str, Any], bytes]:
        assert self._reader is not None
        limits, started = self._limits, time.monotonic()
        seconds: float = limits.seconds
        if limits.total_seconds is not None:
            seconds = min(seconds, self._opened_at + limits.total_seconds - started)
        most = (limits.unpacked_mb << 20) - self._n_received
        try:
            header, body = self._reader.message(started + seconds, most)
        except TimeoutError:
            self._stop()
            is_total = limits.total_seconds is not None and seconds < limits.seconds
            raise limits.reached("total_seconds" if is_total else "seconds", self._place) from None
        except OverflowError:
            self._stop()
            raise limits.reached("unpacked_mb", self._place) from None
        except (EOFError, ValueError, KeyError):
            raise self._death() from None
        self._n_received += len(body)
        if header["kind"] == "error":
            self._release()
            kind = LimitReached if header["is_limit"] else DataError
            place = header["place"]
            if isinstance(place, str):
                place = place.replace(str(Path(self._place).absolute()), self._place, 1)
            raise kind(header["message"], place=place, hint=header["hint"])
        return header, body

    def _stop(self) -> int:
        assert self._reader is not None
        status = self._reader.process.poll()
        ended = self._reader.end()
        self._reader = None
        return ended if status is None else status

    def _death(self) -> DataError:
        assert self._reader is not None
        with suppress(subprocess.TimeoutExpired):
            self._reader.process.wait(1)
        status = self._stop()
        how = signal.Signals(-status).name if status < 0 else f"status {status}"
        cause = f"it is broken in a way that ended the process that read it ({how}), or "
        return self._limits.reached("memory_mb", self._place, cause)


def _missing(names: Sequence[str], columns: Sequence[str], place: str) -> DataError:
    what = f"no column {names[0]!r}" if len(names) == 1 else f"no columns {', '.join(map(repr, names))}"
    return DataError(what, place=place, hint=describe_columns(columns))
