"""Who is asking: an API key in a header, or the page's cookie that stands for one.

The page exchanges a key for a cookie that scripts cannot read and other sites cannot send. Sessions live in memory and
end with the process, after eight hours, or when the key is revoked.
"""

import logging
import secrets
import time
from dataclasses import dataclass

from nosology.errors import ConfigError
from nosology.files import sha256_text
from nosology.serve.http.keys import KeyFile
from nosology.serve.http.logs import event
from nosology.serve.http.problems import Refused

COOKIE = "nosology_session"
SESSION_SECONDS = 8 * 3600
_MOST_SESSIONS = 1_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking.

    Attributes:
        name: Of the key; stands in the audit log.
        key_id: Of the key; sessions and tables belong to it, for a name can be given anew.
    """

    name: str
    key_id: str


LOCAL = Caller("local", "local")


@dataclass(frozen=True, slots=True)
class _Session:
    caller: Caller
    ends_at: float


class Authenticator:
    """Knows who is asking.

    Args:
        keys: The keys; None where none is asked for, and everybody on this machine is ``local``.
    """

    def __init__(self, keys: KeyFile | None) -> None:
        self._keys = keys
        self._sessions: dict[str, _Session] = {}

    @property
    def needs_key(self) -> bool:
        """Whether requests need a key."""
        return self._keys is not None

    def caller(self, key: str | None, cookie: str | None) -> Caller | None:
        """Return who is behind a key or a cookie; None where it is nobody's.

        Raises:
            Refused: The file of keys cannot be read.
        """
        try:
            return self._caller(key, cookie)
        except ConfigError as error:
            event("the keys cannot be read", level=logging.ERROR, error=error)
            raise Refused(503, "Keys cannot be looked up at the moment.", headers={"Retry-After": "5"}) from None

    def _caller(self, key: str | None, cookie: str | None) -> Caller | None:
        if self._keys is None:
            return LOCAL
        if key is not None:
            entry = self._keys.entry_of(key)
            return Caller(entry.name, entry.key_id) if entry else None
        session = self._sessions.get(sha256_text(cookie)) if cookie else None
        if session is None or session.ends_at < time.monotonic():
            return None
        return session.caller if self._keys.has(session.caller.key_id) else None

    def open_session(self, caller: Caller) -> str:
        """Return a cookie's value for somebody who presented a key."""
        now = time.monotonic()
        self._sessions = {digest: item for digest, item in self._sessions.items() if item.ends_at > now}
        if len(self._sessions) >= _MOST_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        value = secrets.token_urlsafe(32)
        self._sessions[sha256_text(value)] = _Session(caller, now + SESSION_SECONDS)
        return value

    def end_session(self, cookie: str | None) -> None:
        """Forget a cookie."""
        self._sessions.pop(sha256_text(cookie or ""), None)
