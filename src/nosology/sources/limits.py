"""What reading one file may take: memory, time, depth, columns, unpacked size."""

import os
from dataclasses import dataclass, fields, replace
from typing import Self

from nosology.errors import ConfigError, DataError

_VARIABLE = "NOSOLOGY_READ_{}"


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds for the process that reads a file.

    Attributes:
        memory_mb: Memory of the process.
        seconds: Time until it gives a sign of life: the header, then the next rows.
        depth: Lists and objects inside each other.
        columns: Columns, or different keys of JSON objects.
        unpacked_mb: Content after unpacking.
        total_seconds: Time for the whole file; None for as long as it goes on well.
    """

    memory_mb: int = 4096
    seconds: int = 120
    depth: int = 64
    columns: int = 10_000
    unpacked_mb: int = 1 << 20
    total_seconds: int | None = None

    @classmethod
    def of_commands(cls) -> Self:
        """Return the limits of the command line, with what ``NOSOLOGY_READ_MEMORY_MB`` and its like say.

        Raises:
            ConfigError: One of them is no whole number above 0.
        """
        changed = {}
        for item in fields(cls):
            name = _VARIABLE.format(item.name.upper())
            text = os.environ.get(name)
            if text is None:
                continue
            if not text.isascii() or not text.isdigit() or not int(text):
                raise ConfigError(f"{text!r} is no whole number above 0", place=name, hint="unset it, or give a number")
            changed[item.name] = int(text)
        return replace(cls(), **changed)

    def reached(self, name: str, place: str, cause: str = "") -> DataError:
        """Return the error that says which limit a file has reached.

        Args:
            name: The limit's, as the attribute is called.
            place: The file.
            cause: What happened, where the limit is only the likely reason.
        """
        said = {
            "memory_mb": f"reading it takes more than {self.memory_mb:,} MB of memory",
            "seconds": f"reading it takes more than {self.seconds:,} seconds",
            "total_seconds": f"reading it takes more than {self.total_seconds or 0:,} seconds",
            "depth": f"it holds lists or objects more than {self.depth} deep",
            "columns": f"it has more than {self.columns:,} columns",
            "unpacked_mb": f"it holds more than {self.unpacked_mb:,} MB when it is unpacked",
        }[name]
        hint = f"is it the right file? If so, raise the limit: {_VARIABLE.format(name.upper())}=NUMBER"
        return LimitReached(f"{cause}{said} (limit {name})", place=place, hint=hint)


class LimitReached(DataError):
    """A file needs more than reading one file may take."""


FOR_UPLOADS = ReadLimits(memory_mb=1024, seconds=8, columns=1_000, unpacked_mb=256, total_seconds=8)
"""What somebody sends to the service may take; ending the reader takes a moment, and the answer comes within 10 s."""
