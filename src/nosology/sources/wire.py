"""Messages between the process that reads a file and the one that asked for it: a header in JSON, then bytes.

Both ends are this program, but one of them parses what strangers wrote; so nothing travels that could do anything
when it is unpacked: JSON, and polars' own Arrow stream.
"""

import io
import json
import struct
from dataclasses import asdict
from typing import Any, BinaryIO

import polars as pl

from nosology.sources.formats import Chunk
from nosology.sources.reading import Rejected

_SIZES = struct.Struct(">IQ")
HEADER_BYTES = _SIZES.size


def sizes_of(start: bytes) -> tuple[int, int]:
    """Return the sizes of a message's header and of the bytes behind it."""
    header, body = _SIZES.unpack(start)
    return header, body


def send(pipe: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    """Write one message.

    Args:
        pipe: Open for writing; it is flushed and stays open.
        header: What JSON can hold: what the message is, and how to read the bytes.
        body: A table in Arrow form, or nothing.
    """
    raw = json.dumps(header, ensure_ascii=True).encode("ascii")
    pipe.write(_SIZES.pack(len(raw), len(body)))
    pipe.write(raw)
    pipe.write(body)
    pipe.flush()


def packed(chunk: Chunk) -> tuple[dict[str, Any], bytes]:
    """Return a chunk as a message."""
    is_frame = isinstance(chunk.content, pl.DataFrame)
    header = {
        "kind": "chunk",
        "is_frame": is_frame,
        "numbers": chunk.numbers,
        "rejected": [asdict(item) for item in chunk.rejected],
        "part": chunk.part,
    }
    if isinstance(chunk.content, pl.DataFrame):
        out = io.BytesIO()
        chunk.content.write_ipc_stream(out)
        return header, out.getvalue()
    return header, json.dumps(chunk.content, ensure_ascii=False).encode("utf-8")


def unpacked(header: dict[str, Any], body: bytes) -> Chunk:
    """Return the chunk of a message."""
    content = pl.read_ipc_stream(io.BytesIO(body)) if header["is_frame"] else json.loads(body)
    rejected = tuple(Rejected(**item) for item in header["rejected"])
    return Chunk(content, header["numbers"], rejected, header["part"])
