"""The lines of an audit log and how they hang together: each is signed with a key and holds the one before.

A line is a JSON object. Its ``hash`` is the HMAC-SHA256 of the rest of it, under the key of the log, and the rest holds
the ``previous`` line's hash; so without the key no line can be changed, left out, moved or added. How many lines there
are stands in a head beside the log, signed with the same key, so that lines missing at the end show too. Logs of
earlier versions begin with plain SHA-256 lines, which anybody could have rewritten; they count as unsigned, and only in
front of the first signed one.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nosology.errors import DataError
from nosology.files import write_bytes

AUDIT_FILE = "audit.jsonl"
KEY_FILE = "audit.key"
HEAD_FILE = "audit.head"
START = "0" * 64
TORN = "torn"
_SIGNED = "signed"
_KEY_BYTES = 32
_SLOT_BYTES = 256  # written in place and smaller than a disk's sector: whole or not at all
_N_SLOTS = 2


def make_key(path: Path) -> bytes:
    """Make a key, write it for its owner alone, and return it."""
    key = secrets.token_bytes(_KEY_BYTES)
    write_bytes(path, key, is_private=True)
    return key


def read_key(path: Path) -> bytes | None:
    """Return a key; None where there is none.

    Raises:
        DataError: The file holds something else.
    """
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(key) != _KEY_BYTES:
        raise DataError("not the key of an audit log", place=str(path), hint="restore it from a backup")
    return key


def chained(entry: Mapping[str, Any], last: str, key: bytes) -> tuple[bytes, str]:
    """Return an entry's line and its hash, which covers the line before.

    Args:
        entry: What the line says; everything in it must be plain JSON.
        last: Hash of the line before, in hexadecimal; `START` for the first line.
        key: The log's secret, which signs the line.
    """
    body = {**entry, _SIGNED: True, "previous": last}
    found = _hash(body, key)
    return _bytes(body | {"hash": found}) + b"\n", found


def parsed(line: bytes) -> dict[str, Any] | None:
    """Return a whole line of a log; None for anything else."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_whole = isinstance(entry, dict) and {"n", "previous", "hash"} <= entry.keys() and line.endswith(b"\n")
    return entry if is_whole else None


def is_signed(entry: Mapping[str, Any]) -> bool:
    """Return whether a line claims to be signed."""
    return entry.get(_SIGNED) is True


def is_true(entry: Mapping[str, Any], last: str, key: bytes | None) -> bool:
    """Return whether a line is what was written after the line with the hash ``last``.

    Args:
        entry: What the line says.
        last: Hash of the line before.
        key: The key that signed; None where it is not known.
    """
    if entry["previous"] != last or (is_signed(entry) and key is None):
        return False
    body = {name: value for name, value in entry.items() if name != "hash"}
    return hmac.compare_digest(_hash(body, key if is_signed(entry) else None), str(entry["hash"]))


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the whole lines of an audit log."""
    with path.open("rb") as file:
        for line in file:
            entry = parsed(line)
            if entry is not None:
                yield entry


def last_lines(path: Path) -> Iterator[bytes]:
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


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends.

    Attributes:
        n: Number of the last line.
        hash: Of the last line.
    """

    n: int = 0
    hash: str = START


class HeadFile:
    """The head of a log, on disk: two slots written in turn, so that one of them is always whole.

    Args:
        path: The file beside the log; it need not exist before `make`.
        key: The log's own secret, which signs the head as well.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self._key, self._turn = path, key, 0

    def make(self, head: Head) -> None:
        """Write the file anew, its full size, so that a full disk does not stop it from being kept up to date."""
        write_bytes(self._path, self._slot(head) * _N_SLOTS, is_private=True)

    def write(self, head: Head, *, both: bool = False) -> None:
        """Replace the slot that is not the newest, or both, and wait until the disk has it.

        Raises:
            OSError: It cannot be written.
        """
        file = os.open(self._path, os.O_WRONLY)
        try:
            self._turn = (self._turn + 1) % _N_SLOTS
            for slot in range(_N_SLOTS) if both else (self._turn,):
                os.pwrite(file, self._slot(head), slot * _SLOT_BYTES)
                os.fsync(file)
        finally:
            os.close(file)

    def read(self) -> Head | None:
        """Return the head; None where the file is missing.

        Raises:
            DataError: No slot is signed with the key.
        """
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        found = {turn: head for turn, slot in enumerate(_slots(data)) if (head := self._read_slot(slot)) is not None}
        if not found:
            raise DataError(
                "the head was changed, or belongs to another key", place=str(self._path), hint="keep it as it is"
            )
        self._turn = max(found, key=lambda turn: found[turn].n)
        return found[self._turn]

    def _slot(self, head: Head) -> bytes:
        body = {"n": head.n, "last": head.hash}
        return _bytes(body | {"hash": _hash(body, self._key)}).ljust(_SLOT_BYTES - 1) + b"\n"

    def _read_slot(self, slot: bytes) -> Head | None:
        try:
            body = json.loads(slot)
            is_ours = hmac.compare_digest(_hash({"n": body["n"], "last": body["last"]}, self._key), str(body["hash"]))
        except (ValueError, TypeError, KeyError):
            return None
        return Head(body["n"], body["last"]) if is_ours else None


def claimed_lines(path: Path) -> int | None:
    """Return how many lines a head speaks of, whether or not its signature is right; None where there is no head."""
    try:
        slots = _slots(path.read_bytes())
    except FileNotFoundError:
        return None
    found = [0]
    for slot in slots:
        with suppress(ValueError, TypeError, KeyError):
            found.append(int(json.loads(slot)["n"]))
    return max(found)


def _slots(data: bytes) -> list[bytes]:
    return [data[start : start + _SLOT_BYTES] for start in range(0, _N_SLOTS * _SLOT_BYTES, _SLOT_BYTES)]


def _hash(body: Mapping[str, Any], key: bytes | None) -> str:
    data = _bytes(body)
    return hashlib.sha256(data).hexdigest() if key is None else hmac.new(key, data, hashlib.sha256).hexdigest()


def _bytes(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode("ascii")
