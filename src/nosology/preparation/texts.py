"""Prepared texts on disk while a dataset is being made: appended as they come, read back in any order.

Only ids, offsets and fingerprints stay in memory, so a corpus may be larger than memory.
"""

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self


class TextFile:
    """A temporary file of texts.

    Args:
        path: Where it is made; removed at the end. None for a file that has no name, so that nothing of it stays behind
            even where the process is killed.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._file = path.open("w+b") if path else tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._end = 0

    def append(self, text: bytes) -> int:
        """Write a text and return its offset."""
        offset = self._end
        self._file.write(text)
        self._end += len(text)
        return offset

    def read(self, offset: int, length: int) -> str:
        """Return the text of ``length`` bytes at an offset."""
        self._file.seek(offset)
        text = self._file.read(length)
        self._file.seek(self._end)
        return text.decode("utf-8", "surrogatepass")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._path:
            self._path.unlink()
