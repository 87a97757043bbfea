"""Gzip files put together from pieces that different processes compressed.

Each piece is a run of deflate blocks that ends on a byte boundary, with its checksum; a file is a header, the pieces
in order, and a trailer with the combined checksum. The result is one ordinary gzip member, as ``gzip -t`` and every
reader expects, and its bytes depend on the content alone: no name and no time in the header.
"""

import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO, Self

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"  # an empty final block
_POLYNOMIAL = 0xEDB88320


@dataclass(frozen=True, slots=True)
class Piece:
    """A compressed stretch of a file.

    Attributes:
        data: Deflate blocks, none of them final, ending on a byte boundary.
        checksum: CRC-32 of what was compressed.
        size: Bytes before compression.
    """

    data: bytes
    checksum: int
    size: int


def compress(content: bytes, level: int) -> Piece:
    """Return the piece that holds ``content``."""
    deflater = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = deflater.compress(content) + deflater.flush(zlib.Z_FULL_FLUSH)
    return Piece(data, zlib.crc32(content), len(content))


class GzipFile:
    """Writes a gzip file piece by piece; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._checksum = 0
        self._size = 0

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("wb")
        self._file.write(_HEADER)
        return self

    def append(self, piece: Piece) -> None:
        """Write one piece."""
        assert self._file is not None
        self._file.write(piece.data)
        self._checksum = combine(self._checksum, piece.checksum, piece.size)
        self._size += piece.size

    def __exit__(self, *exception: object) -> None:
        assert self._file is not None
        self._file.write(_LAST_BLOCK)
        self._file.write(self._checksum.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little"))
        self._file.close()


def combine(first: int, second: int, second_size: int) -> int:
    """Return the CRC-32 of two stretches of bytes from the CRC-32 of each.

    Appending n zero bytes to a stretch multiplies its checksum by a matrix over GF(2); the matrices for powers of two
    are kept (the method of zlib's ``crc32_combine``).

    Args:
        first: Checksum of the first stretch.
        second: Checksum of the second stretch.
        second_size: Its bytes.
    """
    bit = 0
    while second_size:
        if second_size & 1:
            first = _times(_zeros(bit), first)
        second_size >>= 1
        bit += 1
    return first ^ second


@cache
def _zeros(bit: int) -> tuple[int, ...]:
    """Return the matrix that appends ``2 ** bit`` zero bytes."""
    if bit > 0:
        half = _zeros(bit - 1)
        return tuple(_times(half, column) for column in half)
    one_bit = (_POLYNOMIAL, *(1 << place for place in range(31)))
    matrix = one_bit
    for _ in range(3):
        matrix = tuple(_times(matrix, column) for column in matrix)
    return matrix


def _times(matrix: tuple[int, ...], vector: int) -> int:
    total = 0
    for column in matrix:
        if vector & 1:
            total ^= column
        vector >>= 1
        if not vector:
            break
    return total
