"""Gzip files put together from pieces: one ordinary member, the same bytes every time."""

import gzip
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.synthetic.gzipping import GzipFile, Piece, combine, compress

PIECES = st.lists(st.binary(max_size=300), max_size=8)


@given(st.binary(max_size=2000), st.binary(max_size=2000))
def test_checksums_combine_as_if_the_bytes_had_been_joined(first: bytes, second: bytes) -> None:
    assert combine(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


@given(PIECES)
def test_a_file_of_pieces_reads_as_their_sum(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("gzip") / "a.gz"
    with GzipFile(path) as file:
        for piece in pieces:
            file.append(compress(piece, 6))
    assert gzip.decompress(path.read_bytes()) == b"".join(pieces)


def test_the_file_is_a_single_member_without_name_or_time(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.gz"
    with GzipFile(path) as file:
        file.append(compress(b"one\n" * 1000, 6))
        file.append(compress(b"two\n" * 1000, 6))
    data = path.read_bytes()
    assert data[4:8] == b"\0\0\0\0"
    assert data[3] == 0
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert reader.decompress(data) == b"one\n" * 1000 + b"two\n" * 1000
    assert reader.eof
    assert reader.unused_data == b""


def test_lower_levels_give_larger_pieces_of_the_same_content() -> None:
    content = b"the patient was admitted with chest pain and discharged home " * 500
    fast, small = compress(content, 1), compress(content, 9)
    assert fast.checksum == small.checksum
    assert fast.size == small.size == len(content)
    assert len(fast.data) >= len(small.data)


@given(st.binary(max_size=50), st.binary(max_size=50), st.binary(max_size=50))
def test_checksums_combine_in_any_grouping(first: bytes, second: bytes, third: bytes) -> None:
    one, two, three = map(zlib.crc32, (first, second, third))
    left = combine(combine(one, two, len(second)), three, len(third))
    right = combine(one, combine(two, three, len(third)), len(second) + len(third))
    assert left == right == zlib.crc32(first + second + third)


@pytest.mark.parametrize("size", [2**16 - 1, 2**16, 3 * 2**20 + 5])
def test_checksums_combine_over_long_stretches(size: int) -> None:
    """The bits of a size choose the matrices, and short examples never reach the high ones."""
    zeros = bytes(size)
    assert combine(zlib.crc32(b"start"), zlib.crc32(zeros), size) == zlib.crc32(b"start" + zeros)


def test_a_file_of_no_piece_is_an_empty_one(tmp_path: Path) -> None:
    with GzipFile(tmp_path / "a.gz"):
        pass
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b""


def test_a_piece_may_be_used_again(tmp_path: Path) -> None:
    piece = compress(b"one\n", 6)
    with GzipFile(tmp_path / "a.gz") as file:
        for _ in range(3):
            file.append(piece)
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b"one\n" * 3


def test_a_damaged_piece_does_not_go_unnoticed(tmp_path: Path) -> None:
    piece = compress(b"one\n" * 9, 6)
    with GzipFile(tmp_path / "a.gz") as file:
        file.append(Piece(piece.data, piece.checksum ^ 1, piece.size))
    with pytest.raises(gzip.BadGzipFile, match="CRC"):
        gzip.decompress((tmp_path / "a.gz").read_bytes())


def test_the_size_of_a_file_above_four_gigabytes_is_written_modulo_their_number(tmp_path: Path) -> None:
    """Four bytes hold it (RFC 1952, ISIZE); a claimed size stands in for so many bytes."""
    with GzipFile(tmp_path / "a.gz") as file:
        file.append(Piece(b"", 0, 2**32 + 7))
    assert (tmp_path / "a.gz").read_bytes()[-4:] == (7).to_bytes(4, "little")
