"""Which uploaded tables there are, on disk, so that one that ended with its process is told from one that never was."""

import json
import logging
from contextlib import suppress
from pathlib import Path

from nosology.files import write_json
from nosology.serve.http.logs import event

REGISTER_FILE = "tables.json"
_MOST_LOST = 200


class Register:
    """The register of one service.

    Args:
        state: The service's folder. Holds ids of tables and of keys alone.

    Attributes:
        lost: The key of each table that ended with an earlier process.
    """

    def __init__(self, state: Path) -> None:
        self._path = state / REGISTER_FILE
        self.lost: dict[str, str] = {}
        with suppress(FileNotFoundError, ValueError, AttributeError):
            self.lost = dict(json.loads(self._path.read_text(encoding="utf-8")).items())

    def write(self, owners: dict[str, str]) -> None:
        """Write down the tables there are now, beside those that were lost lately."""
        kept = dict([*self.lost.items()][-_MOST_LOST:])
        try:
            write_json(self._path, kept | owners, is_private=True)
        except OSError as error:  # a full disk does not keep anybody from reading
            event("the register of tables cannot be written", level=logging.WARNING, reason=error.strerror)
