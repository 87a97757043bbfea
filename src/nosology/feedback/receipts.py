"""Receipts: what a prediction was, signed, so that a decision on it can be believed later and after a restart.

A service keeps no predictions in memory for people to refer to. Each prediction carries a receipt instead; whoever
accepts or corrects it hands the receipt back. It holds the note's hash, never its text.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from nosology.files import write_bytes

RECEIPT_KEY_FILE = "receipt.key"
_KEY_BYTES = 32


class ReceiptError(ValueError):
    """A receipt was not made by this service."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a prediction was.

    Attributes:
        note_sha256: Of the note's text as it was sent, in UTF-8.
        model_sha256: Of the run that predicted.
        label: The most probable category.
        probability: Its probability.
        abstained: Whether the run was not sure.
        prediction_set: The categories of the prediction set.
    """

    note_sha256: str
    model_sha256: str
    label: str
    probability: float
    abstained: bool
    prediction_set: tuple[str, ...]


class ReceiptBook:
    """Signs receipts and reads signed ones."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def open(cls, state: Path) -> "ReceiptBook":
        """Return the book of a state folder; its key is made at the first start."""
        state.mkdir(parents=True, exist_ok=True)
        path = state / RECEIPT_KEY_FILE
        if not path.exists():
            write_bytes(path, secrets.token_bytes(_KEY_BYTES), is_private=True)
        return cls(path.read_bytes())

    def sign(self, receipt: Receipt) -> str:
        """Return a receipt as text that only this service can have made."""
        body = json.dumps(asdict(receipt), separators=(",", ":"), ensure_ascii=True).encode("ascii")
        return f"{_text(body)}.{_text(self._signature(body))}"

    def read(self, signed: str) -> Receipt:
        """Return what a signed receipt says.

        Raises:
            ReceiptError: It was not made by this service, or was changed.
        """
        body, _, signature = signed.partition(".")
        try:
            raw = _raw(body)
            is_ours = hmac.compare_digest(self._signature(raw), _raw(signature))
        except ValueError:
            is_ours = False
        if not is_ours:
            raise ReceiptError("this receipt was not made by this service")
        values = json.loads(raw)
        return Receipt(**values | {"prediction_set": tuple(values["prediction_set"])})

    def _signature(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _raw(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
