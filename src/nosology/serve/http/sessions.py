"""Who is asking: an API key in a header, or the page's cookie that stands for one.

The page exchanges a key for a cookie that scripts cannot read and other sites cannot send. Sessions live in memory and
end with the process, after eight hours, or when the key is revoked.
"""

import secrets
import time
from dataclasses import dataclass

from nosology.files import sha256_text
from nosology.serve.http.keys import KeyFile

COOKIE = "nosology_session"
SESSION_SECONDS = 8 * 3600
LOCAL = "local"
_MOST_SESSIONS = 1_000


@dataclass(frozen=True, slots=True)
class _Session:
    actor: str
    ends_at: float


class Doorkeeper:
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

    def actor(self, key: str | None, cookie: str | None) -> str | None:
        """Return the name behind a key or a cookie; None where it is nobody's."""
        if self._keys is None:
            return LOCAL
        if key is not None:
            return self._keys.name_of(key)
        session = self._sessions.get(sha256_text(cookie)) if cookie else None
        if session is None or session.ends_at < time.monotonic():
            return None
        return session.actor if any(entry.name == session.actor for entry in self._keys.entries()) else None

    def open_session(self, key: str) -> str | None:
        """Return a cookie's value for a key; None where the key is nobody's."""
        actor = self._keys.name_of(key) if self._keys else None
        if actor is None:
            return None
        now = time.monotonic()
        self._sessions = {digest: item for digest, item in self._sessions.items() if item.ends_at > now}
        if len(self._sessions) >= _MOST_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        value = secrets.token_urlsafe(32)
        self._sessions[sha256_text(value)] = _Session(actor, now + SESSION_SECONDS)
        return value

    def end_session(self, cookie: str | None) -> None:
        """Forget a cookie."""
        self._sessions.pop(sha256_text(cookie or ""), None)
