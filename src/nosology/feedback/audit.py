"""The audit log: one line for every prediction and decision, appended and on disk before anybody gets the answer.

It says who, when, the SHA-256 of the note and of the run, and what came out; never text, never an id that a caller
chose. Lines are signed and chained (`nosology.feedback.chain`). A line that was being written when the machine died was
never answered for; the next start leaves it where it is, closes it, and says so in a line of its own. A prediction that
cannot be logged is not given out, and a log that was moved, cut or written to by somebody else counts as one that
cannot be written.
"""

import fcntl
import os
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nosology.errors import ConfigError, DataError
from nosology.feedback.chain import (
    AUDIT_FILE,
    HEAD_FILE,
    KEY_FILE,
    START,
    TORN,
    Head,
    HeadFile,
    chained,
    claimed_lines,
    entries,
    is_signed,
    is_true,
    last_lines,
    make_key,
    parsed,
    read_key,
)
from nosology.files import replacing

__all__ = ["AUDIT_FILE", "AuditError", "AuditLog", "entries"]

_NEW_CHAIN = "restore it from a backup; to begin a new log, move audit.jsonl, audit.head and audit.key away together"
_SMALLEST_ROOM = 1 << 16  # bytes; with less, the disk counts as full


class AuditError(OSError):
    """The audit log cannot be written at the moment."""


class AuditLog:
    """An audit log that this process alone appends to.

    Attributes:
        path: The file.
        last_failure: Why the newest entries could not be written; None where they could.

    Args:
        path: The file; made where it is missing.
        key_file: Where the key is that signs it; beside it where nothing else is said. Made at the first start.

    Raises:
        ConfigError: Another service is writing to it.
        DataError: The end of the log is not what was written last, or log, head or key are missing.
    """

    def __init__(self, path: Path, key_file: Path | None = None) -> None:
        self.last_failure: str | None = None
        self.path = path
        self._lock = threading.Lock()
        self._has_rest = False
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise ConfigError(
                    "another service writes to this audit log", place=str(path), hint="stop it, or give another --state"
                ) from None
            self._open(key_file or path.with_name(KEY_FILE), is_new=is_new)
        except BaseException:
            os.close(self._file)
            if is_new:
                path.unlink(missing_ok=True)  # a log that vanished must not be found empty at the next start
            raise

    def _open(self, key_file: Path, *, is_new: bool) -> None:
        key = read_key(key_file)
        head_file = self.path.with_name(HEAD_FILE)
        if key is None:
            self._begin(key_file, head_file)
            return
        self._key, self._head_file = key, HeadFile(head_file, key)
        head = self._head_file.read()
        if head is None or (is_new and head.n):
            gone = HEAD_FILE if head is None else AUDIT_FILE
            raise DataError(f"{gone} is missing", place=str(self.path.parent), hint=_NEW_CHAIN)
        self._head, unfinished = _tail(self.path, key, head)
        self._good_bytes = os.fstat(self._file).st_size
        if self._head != head:  # the process died between the line and the head
            self._head_file.write(self._head)
        if unfinished:
            self._finish(unfinished)

    def _begin(self, key_file: Path, head_file: Path) -> None:
        """Make the key of a new log, or of one that was written before lines were signed; the key itself comes last."""
        self._head, unfinished = _tail(self.path, None, None)
        is_cut = claimed_lines(head_file) not in (None, self._head.n)
        if is_cut or any(is_signed(entry) for entry in entries(self.path)):
            raise DataError("the key of this audit log is missing", place=str(key_file), hint=_NEW_CHAIN)
        self._good_bytes = os.fstat(self._file).st_size
        with replacing(key_file, is_private=True) as partial:
            self._key = make_key(partial)
            self._head_file = HeadFile(head_file, self._key)
            self._head_file.make(self._head)
        if unfinished:
            self._finish(unfinished)

    @property
    def head(self) -> Head:
        """Number and hash of the last line. Kept elsewhere, it shows a log that was put back to an earlier state."""
        return self._head

    def append(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Write entries and wait until the disk has them.

        Args:
            entries: What happened, without text. Number, time and chain are added.

        Raises:
            AuditError: They could not be written; none of them is in the log.
        """
        with self._lock:
            self._append(entries)

    def probe(self) -> None:
        """Find out whether the next line could be written; after a failure, by writing one that says so.

        Raises:
            AuditError: It could not.
        """
        with self._lock:
            if self.last_failure:
                self._append([{"event": "log-recovered", "after": self.last_failure}])
            else:
                self._check_file()
                room = os.fstatvfs(self._file)
                if room.f_bavail * room.f_frsize < _SMALLEST_ROOM:
                    raise AuditError(28, "No space left on device")

    def close(self) -> None:
        """Let another service have the file."""
        os.close(self._file)

    def _finish(self, unfinished: bytes) -> None:
        """End a line that a crash cut short; where only its end is missing, it counts."""
        entry = parsed(unfinished + b"\n")
        if entry and is_true(entry, self._head.hash, self._key):
            self._write(b"\n", Head(entry["n"], entry["hash"]))
        else:
            self._append([{"event": TORN, "bytes": len(unfinished)}], prefix=b"\n")

    def _append(self, entries: Sequence[Mapping[str, Any]], prefix: bytes = b"") -> None:
        number, last = self._head.n, self._head.hash
        lines = [prefix]
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        for entry in entries:
            number += 1
            line, last = chained({"n": number, "time": now, **entry}, last, self._key)
            lines.append(line)
        self._write(b"".join(lines), Head(number, last))

    def _write(self, data: bytes, head: Head) -> None:
        """Append bytes and move the head; after a failure both are as they were."""
        try:
            if self._has_rest:
                self._cut_off()
            self._check_file()
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
            self._head_file.write(head)
        except OSError as error:
            self.last_failure = error.strerror or os.strerror(error.errno or 0)
            if not isinstance(error, AuditError):
                self._has_rest = True
                self._try_to_cut_off()
            raise AuditError(error.errno or 0, self.last_failure) from None
        self._good_bytes += len(data)
        self._head = head
        self.last_failure = None

    def _check_file(self) -> None:
        """Find out whether the file is still where it was and as long as it was left.

        Raises:
            AuditError: It is not; what was written to it now would be lost, or would stand behind foreign lines.
        """
        ours = os.fstat(self._file)
        try:
            found = self.path.stat()
        except FileNotFoundError:
            raise AuditError(2, "the file was moved or deleted") from None
        if (found.st_dev, found.st_ino) != (ours.st_dev, ours.st_ino):
            raise AuditError(2, "another file stands in its place")
        if ours.st_size != self._good_bytes and not self._has_rest:
            raise AuditError(5, "another program cut the file or wrote to it")

    def _try_to_cut_off(self) -> None:
        try:
            self._cut_off()
        except OSError:  # tried again before the next line
            return

    def _cut_off(self) -> None:
        """Remove what a failed write left, and put the head back."""
        if os.fstat(self._file).st_size > self._good_bytes:
            os.ftruncate(self._file, self._good_bytes)
        self._head_file.write(self._head, both=True)
        self._has_rest = False


def _tail(path: Path, key: bytes | None, head: Head | None) -> tuple[Head, bytes]:
    """Return the end of a log, and what stands behind it without a line's end.

    Args:
        path: The log.
        key: That signs it; None for a log of plain hashes.
        head: Where it ended when the head was written; None for a log of plain hashes.

    Raises:
        DataError: It is not what was written last.
    """
    changed = DataError("the last line was changed", place=str(path), hint="`nosology audit` says where; keep it")
    unfinished, last = b"", None
    following: str | None = None
    for line in last_lines(path):
        entry = parsed(line)
        if entry is None:
            unfinished = unfinished or (b"" if line.endswith(b"\n") else line)
            continue
        is_wrong_place = following is not None and entry["hash"] != following
        if is_wrong_place or not (is_true(entry, entry["previous"], key) if key or not is_signed(entry) else True):
            raise changed
        last = last or Head(entry["n"], entry["hash"])
        if head is None or entry["n"] <= head.n:
            if head is not None and (entry["n"], entry["hash"]) != (head.n, head.hash):
                raise _shortened(path, head, last)
            return last, unfinished
        following = entry["previous"]
    if head is not None and head.n:
        raise _shortened(path, head, last or Head())
    if following not in (None, START):
        raise changed
    return last or Head(), unfinished


def _shortened(path: Path, head: Head, last: Head) -> DataError:
    n_missing = max(head.n - last.n, 0)
    what = f"{n_missing} lines are missing at its end" if n_missing else "its end is not what was written last"
    return DataError(what, place=str(path), hint=_NEW_CHAIN)
