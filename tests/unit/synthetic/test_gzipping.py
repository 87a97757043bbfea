"""Gzip files put together from pieces: one ordinary member, the same bytes every time."""

import gzip
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.synthetic.gzipping import GzipFile, combine, compress

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
