"""Files as streams of blocks: plain or gzipped, found by name in any case, broken ones refused with place and remedy.

Whether a file is compressed is told by its first bytes, not by its name: browsers unpack ``.gz`` downloads and leave
the name as it was.
"""

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from isal import isal_zlib

from nosology.errors import DataError

BLOCK_BYTES = 4 << 20
"""Large enough that the work per block drowns Python's overhead, small enough for a processor's cache and memory."""

_PACKED_BYTES = 1 << 20
_GZIP = 31  # zlib's code for a gzip header and the largest window
_DEEPEST = 4  # physionet.org/files/mimiciv/3.1/hosp is as deep as a mirrored download gets
_OTHER_FORMATS = {
    b"PK\x03\x04": "a zip archive",
    b"\xfd7zXZ\x00": "xz-compressed",
    b"BZh": "bzip2-compressed",
    b"\x28\xb5\x2f\xfd": "zstandard-compressed",
}
_DOWNLOAD_AGAIN = "check it with `gzip -t`, or against the SHA256SUMS.txt it came with, and download it again"


def find_file(folder: Path, name: str) -> Path | None:
    """Return the file ``name``.csv or ``name``.csv.gz nearest to a folder's top, in any case; None where there is none.

    Raises:
        DataError: Two folders of the same depth hold it, so that a choice would be a guess.
    """
    wanted = {f"{name}.csv".lower(), f"{name}.csv.gz".lower()}
    level = [folder]
    for _ in range(_DEEPEST + 1):
        inside = sorted(path for place in level if place.is_dir() for path in place.iterdir())
        # A plain file sorts before its gzipped twin and is the quicker one to read.
        found = [path for path in inside if path.name.lower() in wanted and path.is_file()]
        if len({path.parent for path in found}) > 1:
            places = ", ".join(str(path.relative_to(folder)) for path in found)
            raise DataError(f"several files could be meant: {places}", place=str(folder), hint="give the folder of one")
        if found:
            return found[0]
        level = [path for path in inside if path.is_dir() and not path.name.startswith(".")]
    return None


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Unzipping:
    """Reads what one or more gzip members hold.

    The standard library's own reader takes 8 KB at a time and Python's lock each time, so that a thread that unpacks
    and one that parses wait for each other; here the lock is taken a few times a block, and ISA-L unpacks twice as
    fast as zlib.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._packed = b""
        self._member: Any = None  # a decompressor, while within a member
        self._is_first = True

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes; none at the end of the last member.

        Raises:
            EOFError: The file ends within a member.
            isal_zlib.error: It is damaged.
        """
        while True:
            self._packed = self._packed or self._raw.read(_PACKED_BYTES)
            is_over = not self._packed
            if self._member is None:
                if is_over:
                    return b""
                if not self._is_first:
                    self._packed = self._packed.lstrip(b"\0")  # blocks of tapes are filled up with zeros
                if not self._packed:
                    continue
                self._member, self._is_first = isal_zlib.decompressobj(_GZIP), False
            content: bytes = self._member.decompress(self._packed, size)
            self._packed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if self._member.eof:
                self._member = None
            elif is_over and not content:
                raise EOFError
            if content:
                return content


class BlockReader:
    """Reads a file's content block by block, one block ahead of its user.

    Attributes:
        path: The file.
        bytes_total: Its size on disk.
        bytes_done: How far reading has come on disk (compressed bytes, where it is compressed).
    """

    def __init__(self, path: Path, block_bytes: int = BLOCK_BYTES) -> None:
        self.path = path
        self.bytes_done = 0
        self._block_bytes = block_bytes
        if not path.is_file():
            what = "a folder, not a file" if path.is_dir() else "no such file"
            raise DataError(what, place=str(path), hint="check the path")
        self.bytes_total = path.stat().st_size

    def __iter__(self) -> Iterator[bytes]:
        """Yield the content, uncompressed.

        Raises:
            DataError: The file is empty, damaged, or in another format.
        """
        with self.path.open("rb") as raw:
            start = raw.read(8)
            raw.seek(0)
            self._check_format(start)
            if not start.startswith(b"\x1f\x8b"):
                yield from self._blocks(raw, raw)
                return
            yield from self._read_ahead(self._blocks(_Unzipping(raw), raw))

    def _check_format(self, start: bytes) -> None:
        if not start:
            raise DataError("the file is empty: not even a header line", place=str(self.path), hint=_DOWNLOAD_AGAIN)
        other = next((name for magic, name in _OTHER_FORMATS.items() if start.startswith(magic)), None)
        if other:
            raise DataError(f"the file is {other}", place=str(self.path), hint="unpack it, or repack it as .gz")

    def _blocks(self, content: _Readable, raw: BinaryIO) -> Iterator[bytes]:
        n_read = 0
        try:
            while block := content.read(self._block_bytes):
                n_read += len(block)
                self.bytes_done = raw.tell()
                yield block
        except (EOFError, isal_zlib.error) as error:  # type: ignore[misc]  # its stub calls the class an instance
            what = "it ends too early" if isinstance(error, EOFError) else "its content is damaged"
            message = f"broken gzip: {what}, after {n_read:,} uncompressed bytes"
            raise DataError(message, place=str(self.path), hint=_DOWNLOAD_AGAIN) from None

    def _read_ahead(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Unpack in a second thread: zlib gives up Python's lock, so unpacking and parsing overlap."""
        ready: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=2)
        is_wanted = threading.Event()
        is_wanted.set()

        def fill() -> None:
            try:
                for block in blocks:
                    ready.put(block)
                    if not is_wanted.is_set():
                        return
                ready.put(None)
            except BaseException as error:  # handed to the reading thread, which raises it
                ready.put(error)

        thread = threading.Thread(target=fill, name="read-ahead", daemon=True)
        thread.start()
        try:
            while (item := ready.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            is_wanted.clear()
            while thread.is_alive():
                try:
                    ready.get(timeout=0.02)
                except queue.Empty:
                    continue
