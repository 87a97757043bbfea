"""API keys: made by a command, shown once, kept as hashes, checked in constant time.

A key is ``nsl_ID_SECRET``. The secret has 256 random bits, so one SHA-256 is as good as a slow password hash and costs
a request nothing. The file is read again when it changes: a revoked key stops working at once, without a restart. Two
commands that change it take turns, by a lock on a file beside it, and it is replaced in one step.
"""

import fcntl
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from nosology.errors import ConfigError
from nosology.files import sha256_text, write_json

_FORM = re.compile(r"nsl_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")
_NOBODY = sha256_text("nobody has this key")


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One key as the file holds it.

    Attributes:
        key_id: Tells keys apart; part of the key, no secret.
        name: Who uses it; stands in the audit log.
        sha256: Of the secret.
        created_at: In UTC.
    """

    key_id: str
    name: str
    sha256: str
    created_at: str


class KeyFile:
    """The keys of a service.

    Args:
        path: A JSON file, readable by its owner alone; need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._entries: dict[str, KeyEntry] = {}

    def create(self, name: str) -> str:
        """Add a key for somebody and return it; it can never be shown again.

        Raises:
            ConfigError: The name is taken or has characters that a log line should not hold.
        """
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{name!r} is no name for a key", hint="use letters, digits, blanks, . _ @ -; at most 64")
        key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        created_at = datetime.now(UTC).isoformat(timespec="seconds")
        with self._locked():
            entries = self.entries()
            if any(entry.name == name for entry in entries):
                raise ConfigError(f"there is a key named {name!r} already", hint="revoke it first, or use another name")
            while any(entry.key_id == key_id for entry in entries):
                key_id = secrets.token_hex(4)
            self._write([*entries, KeyEntry(key_id, name, sha256_text(secret), created_at)])
        return f"nsl_{key_id}_{secret}"

    def revoke(self, name: str) -> None:
        """Remove somebody's key.

        Raises:
            ConfigError: Nobody of that name has one.
        """
        with self._locked():
            entries = self.entries()
            if all(entry.name != name for entry in entries):
                raise ConfigError(f"there is no key named {name!r}", place=str(self._path))
            self._write([entry for entry in entries if entry.name != name])

    def entries(self) -> list[KeyEntry]:
        """Return all keys, oldest first.

        Raises:
            ConfigError: The file is no key file.
        """
        self._refresh()
        return list(self._entries.values())

    def entry_of(self, presented: str) -> KeyEntry | None:
        """Return whose key this is; None where it is nobody's. Takes as long either way.

        Raises:
            ConfigError: The file is no key file, or cannot be read.
        """
        self._refresh()
        match = _FORM.fullmatch(presented)
        entry = self._entries.get(match[1]) if match else None
        expected = entry.sha256 if entry else _NOBODY
        is_right = hmac.compare_digest(sha256_text(match[2] if match else presented), expected)
        return entry if entry and is_right else None

    def has(self, key_id: str) -> bool:
        """Return whether a key is still valid.

        Raises:
            ConfigError: The file is no key file, or cannot be read.
        """
        self._refresh()
        return key_id in self._entries

    def _refresh(self) -> None:
        try:
            self._read()
        except OSError as error:
            raise ConfigError(f"the keys cannot be read: {error.strerror}", place=str(self._path)) from None

    def _read(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._seen, self._entries = None, {}
            return
        state = (found.st_mtime_ns, found.st_size, found.st_ino)
        if state == self._seen:
            return
        try:
            rows = json.loads(self._path.read_text(encoding="utf-8"))["keys"]
            entries = [KeyEntry(**row) for row in rows]
        except (ValueError, KeyError, TypeError):
            raise ConfigError("not a key file", place=str(self._path), hint="remove it and make new keys") from None
        self._seen, self._entries = state, {entry.key_id: entry for entry in entries}

    def _write(self, entries: list[KeyEntry]) -> None:
        write_json(self._path, {"keys": [asdict(entry) for entry in entries]}, is_private=True)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # or a power cut brings a revoked key back
        finally:
            os.close(folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let no other command change the file meanwhile; the lock ends with the process that holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._path.with_name(f".{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def default_keys_file() -> Path:
    """Return where keys are kept where nothing else is said."""
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(folder) / "nosology" / "keys.json"
