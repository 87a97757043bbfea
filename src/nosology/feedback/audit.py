"""The audit log: one line for every prediction and decision, appended and on disk before anybody gets the answer.

Each line is a JSON object that holds the hash of the line before, so a line that is changed, left out or moved breaks
the chain (`check`). It says who, when, the SHA-256 of the note and of the run, and what came out; never text, never an
id that a caller chose. A line that was being written when the machine died was never answered for; the next start
leaves it where it is, closes it, and says so in a line of its own. What would surprise you: a prediction that cannot be
logged is not given out.
"""

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nosology.errors import ConfigError, DataError

AUDIT_FILE = "audit.jsonl"
_START = "0" * 64
_TORN = "torn"


class AuditError(OSError):
    """The audit log cannot be written at the moment."""


class AuditLog:
    """An audit log that this process alone appends to.

    Attributes:
        last_failure: Why the newest entries could not be written; None where they could.

    Args:
        path: The file; made where it is missing.

    Raises:
        ConfigError: Another service is writing to it.
        DataError: The last line is not part of the chain.
    """

    def __init__(self, path: Path) -> None:
        self.last_failure: str | None = None
        self._path = path
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise ConfigError(
                "another service writes to this audit log", place=str(path), hint="stop it, or give another --state"
            ) from None
        self._number, self._last, unfinished = _tail(path)
        self._good_bytes = os.fstat(self._file).st_size
        if unfinished:
            self._close(unfinished)

    def append(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Write entries and wait until the disk has them.

        Args:
            entries: What happened, without text. Number, time and chain are added.

        Raises:
            AuditError: They could not be written; none of them is in the log.
        """
        with self._lock:
            self._append(entries)

    def _close(self, unfinished: bytes) -> None:
        """End a line that a crash cut short; where only its end is missing, it counts."""
        entry = _parsed(unfinished + b"\n")
        if entry and entry["previous"] == self._last and _digest(unfinished, self._last) == entry["hash"]:
            self._write(b"\n")
            self._number, self._last = entry["n"], entry["hash"]
        else:
            self._append([{"event": _TORN, "bytes": len(unfinished)}], prefix=b"\n")

    def _append(self, entries: Sequence[Mapping[str, Any]], prefix: bytes = b"") -> None:
        number, last = self._number, self._last
        lines = [prefix]
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        for entry in entries:
            number += 1
            line, last = _chained({"n": number, "time": now, **entry}, last)
            lines.append(line)
        self._write(b"".join(lines))
        self._number, self._last = number, last

    def close(self) -> None:
        """Let another service have the file."""
        os.close(self._file)

    def _write(self, data: bytes) -> None:
        """Append bytes; after a failure the file is as it was."""
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, self._good_bytes)
            self.last_failure = os.strerror(error.errno or 0)
            raise AuditError(error.errno, self.last_failure) from None
        self._good_bytes += len(data)
        self.last_failure = None


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What `check` found.

    Attributes:
        n_entries: Whole lines.
        n_torn: Lines that were cut short by a crash and are marked as such.
        first_broken: Line number, from 1, of the first line that breaks the chain; None where none does.
    """

    n_entries: int
    n_torn: int
    first_broken: int | None


def check(path: Path) -> ChainReport:
    """Return whether every line of an audit log is where it was written.

    Raises:
        DataError: There is no such file.
    """
    if not path.is_file():
        raise DataError("there is no audit log here", place=str(path), hint="it is audit.jsonl of a --state folder")
    n_entries, n_torn, last = 0, 0, _START
    unmarked: int | None = None
    line = b"\n"
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            entry = _parsed(line)
            is_mark = entry is not None and entry.get("event") == _TORN
            if unmarked is not None and not is_mark:
                return ChainReport(n_entries, n_torn, unmarked)
            if entry is None:
                unmarked, n_torn = number, n_torn + 1
                continue
            if entry["previous"] != last or _digest(line, last) != entry["hash"]:
                return ChainReport(n_entries, n_torn, number)
            n_entries, last, unmarked = n_entries + 1, entry["hash"], None
    # The last line may be cut short: the service died while writing it and has not been started since.
    return ChainReport(n_entries, n_torn, unmarked if line.endswith(b"\n") else None)


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the whole lines of an audit log."""
    with path.open("rb") as file:
        for line in file:
            entry = _parsed(line)
            if entry is not None:
                yield entry


def _chained(entry: dict[str, Any], last: str) -> tuple[bytes, str]:
    """Return an entry's line and its hash, which covers the line before."""
    body = {**entry, "previous": last}
    digest = hashlib.sha256(_bytes(body)).hexdigest()
    return _bytes(body | {"hash": digest}) + b"\n", digest


def _digest(line: bytes, last: str) -> str:
    body = json.loads(line)
    body.pop("hash")
    return hashlib.sha256(_bytes(body | {"previous": last})).hexdigest()


def _bytes(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode("ascii")


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    is_whole = isinstance(entry, dict) and {"n", "previous", "hash"} <= entry.keys() and line.endswith(b"\n")
    return entry if is_whole else None


def _tail(path: Path) -> tuple[int, str, bytes]:
    """Return number and hash of the last whole line, and what stands behind it without a line's end.

    Raises:
        DataError: The last whole line's hash is not its own.
    """
    unfinished = b""
    for line in _last_lines(path):
        entry = _parsed(line)
        if entry is None:
            unfinished = unfinished or (b"" if line.endswith(b"\n") else line)
            continue
        if _digest(line, entry["previous"]) != entry["hash"]:
            raise DataError("the last line was changed", place=str(path), hint="`nosology audit` says where; keep it")
        return entry["n"], entry["hash"], unfinished
    return 0, _START, unfinished


def _last_lines(path: Path) -> Iterator[bytes]:
    """Yield a file's lines from its end, reading backwards."""
    with path.open("rb") as file:
        position, rest = file.seek(0, os.SEEK_END), b""
        while position:
            size = min(position, 1 << 16)
            position = file.seek(position - size)
            first, *lines = (file.read(size) + rest).splitlines(keepends=True)
            yield from reversed(lines)
            rest = first
        if rest:
            yield rest
