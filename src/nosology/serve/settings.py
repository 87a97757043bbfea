"""What a service is told when it starts, and which addresses it may listen on."""

import ipaddress
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nosology.errors import ConfigError

_ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(?::[0-9]{1,5})?")  # as browsers send it: lower case and without a path


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits and places of one service.

    Attributes:
        state: Folder of the audit log, the receipt key and, by default, the store.
        keys_file: Where API keys are, hashed.
        database: URL of the store; None for SQLite in the state folder.
        audit_key: Where the key is that signs the audit log; None for the state folder.
        keep_text: Store the de-identified text of notes that were decided on.
        deidentify: Replace identifiers before scoring, also where the run's preparation does not.
        max_body_bytes: Largest body of an ordinary request.
        max_upload_bytes: Largest table for a batch.
        max_notes: Notes in one request.
        max_note_characters: Length of one note.
        max_batch_rows: Rows of one uploaded table.
        max_batches: Uploaded tables in memory at a time.
        batch_tokens: Tokens that one forward pass should have, at most (estimated before the note is cut).
        max_waiting_notes: Notes of ordinary requests that may wait; more are refused with 429.
        note_seconds: Of processor time for one note, after which it alone is given up with 422.
        timeout_seconds: After which an ordinary request is given up with 504.
        body_seconds: In which a body must have arrived.
        drain_seconds: How long a stopping service works on what it accepted.
        requests_per_minute: For each API key.
        max_connections: Held at a time.
        connections_per_address: Held by one address at a time; by one /64 network of IPv6.
        header_seconds: In which the head of a request must have arrived.
        answer_seconds: How long a client may take none of its answer.
        proxies: Addresses or networks whose forwarded-for headers are believed.
        max_batches_per_key: Uploaded tables of one key at a time.
        origins: Sites whose pages may call the CDS service from a browser, e.g. ``https://sandbox.cds-hooks.org``.
    """

    state: Path
    keys_file: Path
    database: str | None = None
    audit_key: Path | None = None
    keep_text: bool = False
    deidentify: bool = False
    max_body_bytes: int = 2 << 20
    max_upload_bytes: int = 64 << 20
    max_notes: int = 64
    max_note_characters: int = 200_000
    max_batch_rows: int = 50_000
    max_batches: int = 8
    batch_tokens: int = 4096
    max_waiting_notes: int = 256
    note_seconds: float = 30.0
    timeout_seconds: float = 120.0
    body_seconds: float = 30.0
    drain_seconds: float = 120.0
    requests_per_minute: int = 1200
    max_connections: int = 1_000
    connections_per_address: int = 100
    header_seconds: float = 10.0
    answer_seconds: float = 60.0
    proxies: tuple[str, ...] = ()
    max_batches_per_key: int = 4
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for origin in self.origins:
            if not _ORIGIN.fullmatch(origin):
                raise ConfigError(
                    f"{origin!r} is no origin", place="--origin", hint="scheme and host, as https://ehr.example.org"
                )

    @property
    def database_url(self) -> str:
        """The store's URL."""
        return self.database or f"sqlite:///{self.state / 'feedback.db'}"


def is_loopback(host: str) -> bool:
    """Return whether a host's every address is this machine talking to itself.

    Raises:
        ConfigError: The host has no address.
    """
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        raise ConfigError(f"{host!r} is no address of this machine", hint="use 127.0.0.1, 0.0.0.0 or a name") from None
    return all(ipaddress.ip_address(str(entry[4][0]).split("%")[0]).is_loopback for entry in found)


def check_address(host: str, *, n_keys: int) -> bool:
    """Return whether requests need a key: where any exists, and always beyond loopback.

    Raises:
        ConfigError: The address can be reached from other machines, and there is no key to ask for.
    """
    if not is_loopback(host) and not n_keys:
        raise ConfigError(
            f"{host} can be reached from other machines, and there is no API key",
            place="--host",
            hint="make one with `nosology keys create NAME`, or stay on 127.0.0.1",
        )
    return n_keys > 0
