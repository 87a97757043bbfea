"""A model behind a server that speaks OpenAI's protocol for completions (vLLM and others), asked for log-probabilities.

Prompts hold notes, so who is asked is decided before anything is sent: a server on this machine, or a host that the
user named. No proxy is used and no redirection followed. What a server answers is believed only as far as it can be
right: as many numbers as tokens were sent, none above 0.
"""

import http.client
import io
import ipaddress
import json
import math
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import SplitResult, urlsplit

from nosology.errors import ConfigError, ModelError

MOST_SECONDS = 120.0
MOST_BYTES = 1 << 28
_ROUNDING = 1e-4  # by which a log-probability of a certain token may be above 0
_LOOPBACK_NAME = "localhost"
_NEEDS = "it takes one that returns log-probabilities of prompts (echo and logprobs of /v1/completions), such as vLLM"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens.

    Attributes:
        host: Name or number; ``localhost`` is the number 127.0.0.1.
        port: Its port.
        path: Before ``/completions``, without a slash at its end.
        is_encrypted: Whether by TLS.
    """

    host: str
    port: int
    path: str
    is_encrypted: bool

    @classmethod
    def of(cls, url: str, *, allowed_host: str | None = None) -> "Address":
        """Return where a URL points to, if notes may go there.

        Args:
            url: As users give it, ``http://127.0.0.1:8000/v1``.
            allowed_host: The one host besides this machine that notes may be sent to.

        Raises:
            ConfigError: It is no such URL, or points to a host that nobody allowed.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
            host.encode("idna")
        except ValueError:
            host, port, parts = "", None, SplitResult("", "", "", "", "")
        has_more = parts.query or parts.fragment or "@" in parts.netloc
        if not host or port == 0 or parts.scheme not in ("http", "https") or has_more or not _is_plain(parts.path):
            hint = "for instance http://127.0.0.1:8000/v1"
            raise ConfigError("not the address of a server", place="--url", hint=hint)
        if not is_this_machine(host) and host != (allowed_host or "").lower():
            how = "" if parts.scheme == "https" else ", unencrypted"
            raise ConfigError(
                f"notes would leave this machine for {host}{how}",
                place="--url",
                hint=f"--allow-host {host}, if whoever answers for the notes agrees; it is written to the audit log",
            )
        host = "127.0.0.1" if host == _LOOPBACK_NAME else host
        port = port or (443 if parts.scheme == "https" else 80)
        return cls(host, port, parts.path.rstrip("/"), parts.scheme == "https")


def is_this_machine(host: str) -> bool:
    """Return whether a host is this machine by its name alone: no name server is asked."""
    try:
        return host == _LOOPBACK_NAME or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sendable(key: str) -> str:
    """Return a key without what blanks stand around it.

    Raises:
        ConfigError: It holds what cannot be sent; the key is not shown.
    """
    key = key.strip()
    if not _is_plain(key):
        hint = "copy it again: letters, digits and signs of ASCII, without blanks"
        raise ConfigError("the key for the server holds what no key can hold", place="NOSOLOGY_SERVER_KEY", hint=hint)
    return key


def _is_plain(text: str) -> bool:
    """Return whether a text is printable ASCII without blanks, as what stands in a request has to be."""
    return text.isascii() and text.isprintable() and " " not in text


class ServerModel:
    """A model behind a server; see `OutsideModel`.

    Attributes:
        address: Where it listens.
        name: What it calls the model.
        advice: See `OutsideModel`.
    """

    advice = "does it run this export, in the number format that was exported?"

    def __init__(
        self, address: Address, *, name: str | None = None, key: str = "", most_seconds: float = MOST_SECONDS
    ) -> None:
        """Ask which model is served, unless its name is given.

        Args:
            address: Where the server listens.
            name: What it calls the model.
            key: Sent as a bearer token, without what blanks stand around it; empty for none.
            most_seconds: How long one answer may take.

        Raises:
            ConfigError: The key cannot be sent.
            ModelError: It does not answer, or serves several models.
        """
        self._connection: http.client.HTTPConnection | None = None
        self.address, self._key, self._most_seconds = address, sendable(key), most_seconds
        self.name = name or self._only_model()

    @property
    def url(self) -> str:
        """The address, for messages."""
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        return f"{'https' if self.address.is_encrypted else 'http'}://{host}:{self.address.port}{self.address.path}"

    def log_probs(self, prompt: Sequence[int], answers: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return the log-probability of each token of each answer, in nats.

        Args:
            prompt: Token ids.
            answers: Token ids of each.

        Raises:
            ModelError: The server is slow, gone, or answers something else.
        """
        asked = [[*map(int, prompt), *map(int, answer)] for answer in answers]
        body = {"model": self.name, "prompt": asked, "max_tokens": 1, "echo": True, "logprobs": 1, "temperature": 0}
        choices = self._ask("POST", "/completions", body).get("choices")
        if not isinstance(choices, list) or len(choices) != len(asked):
            found = len(choices) if isinstance(choices, list) else "no"
            raise self._wrong(f"gave {found} answers to {len(asked)} prompts")
        by_place = {
            choice["index"]: choice
            for choice in choices
            if isinstance(choice, dict) and isinstance(choice.get("index"), int)
        }
        if by_place.keys() != set(range(len(asked))):
            raise self._wrong("does not say which answer is to which prompt")
        return [self._of_one(by_place[place], ids, len(prompt)) for place, ids in enumerate(asked)]

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __del__(self) -> None:
        """Close the connection with the last one who asks."""
        self.close()

    def _of_one(self, choice: dict[str, Any], ids: Sequence[int], n_prompt: int) -> list[float]:
        """Return the log-probabilities of one answer's tokens."""
        said = choice.get("logprobs")
        values = said.get("token_logprobs") if isinstance(said, dict) else None
        if not isinstance(values, list):
            raise self._wrong("returns no log-probabilities", hint=_NEEDS)
        if len(values) not in (len(ids), len(ids) + 1):  # with what it was made to write, or without
            raise self._wrong(f"gave {len(values)} log-probabilities for {len(ids)} tokens")
        wanted = values[n_prompt : len(ids)]
        if any(value is None for value in wanted):
            raise self._wrong("left out log-probabilities of the answer", hint=_NEEDS)
        if not all(map(_is_log_prob, wanted)):
            raise self._wrong("gave something that is no log-probability")
        return [float(value) for value in wanted]

    def _only_model(self) -> str:
        listed = self._ask("GET", "/models", None).get("data")
        names = [item.get("id") for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
        if len(names) != 1 or not isinstance(names[0], str):
            raise self._wrong(f"serves {len(names)} models", hint="say which: --served-name NAME")
        return names[0]

    def _ask(self, method: str, path: str, body: Any) -> dict[str, Any]:
        """Return what the server answers, a JSON object."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self._key}"} if self._key else {})
        content = None if body is None else json.dumps(body)
        try:
            answer = self._send(method, self.address.path + path, content, headers)
            said = answer.read(MOST_BYTES + 1)
        except TimeoutError:
            self.close()
            raise self._wrong(
                f"did not answer within {self._most_seconds:g} seconds", hint="--timeout SECONDS waits longer"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._wrong(f"cannot be reached: {type(error).__name__}", hint="is it running?") from None
        if answer.status != http.HTTPStatus.OK:
            self.close()
            what = "points elsewhere, and nobody follows" if 300 <= answer.status < 400 else "refused"
            raise self._wrong(f"{what}: status {answer.status}", hint="see the server's own log")
        try:
            found = json.loads(said) if len(said) <= MOST_BYTES else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self._wrong("answered something that is no JSON object")
        return found

    def _send(self, method: str, path: str, content: str | None, headers: dict[str, str]) -> http.client.HTTPResponse:
        """Send a request over the open connection, or over a new one where the server closed it meanwhile."""
        deadline = time.monotonic() + self._most_seconds
        for is_last in (self._connection is None, True):
            try:
                if self._connection is None:
                    self._connection = self._connect()
                elif self._connection.sock is not None:
                    self._connection.sock.settimeout(self._most_seconds)
                self._connection.response_class = partial(_TimedResponse, deadline)  # type: ignore[assignment]
                self._connection.request(method, path, content, headers)
                return self._connection.getresponse()
            except (ConnectionError, http.client.BadStatusLine, http.client.CannotSendRequest):
                self.close()
                if is_last:
                    raise
        raise AssertionError("the second try ends it")

    def _connect(self) -> http.client.HTTPConnection:
        host, port, seconds = self.address.host, self.address.port, self._most_seconds
        if self.address.is_encrypted:
            return http.client.HTTPSConnection(host, port, timeout=seconds, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port, timeout=seconds)

    def _wrong(self, what: str, *, hint: str = "") -> ModelError:
        return ModelError(f"the server {what}", place=self.url, hint=hint or _NEEDS)


class _TimedResponse(http.client.HTTPResponse):
    """A response that is there by a deadline as a whole, however small the pieces that it comes in."""

    def __init__(self, deadline: float, sock: socket.socket, *more: Any, **how: Any) -> None:
        super().__init__(sock, *more, **how)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedReader(sock, deadline))


class _TimedReader(io.RawIOBase):
    """What a socket receives until a deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self._file = sock.makefile("rb", buffering=0)  # keeps the socket open where the connection is closed first

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


def _is_log_prob(value: Any) -> bool:
    try:
        return type(value) in (int, float) and math.isfinite(value) and value <= _ROUNDING
    except OverflowError:
        return False  # an integer beyond what a float holds
