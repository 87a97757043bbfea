"""Messages between the process that reads a file and the one that asked: whole, in order, and plain data alone."""

import io
import json
import struct
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.sources import wire
from nosology.sources.formats import Chunk
from nosology.sources.reading import Rejected

PLAIN: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def sent(header: dict[str, Any], body: bytes = b"") -> bytes:
    pipe = io.BytesIO()
    wire.send(pipe, header, body)
    return pipe.getvalue()


def received(pipe: io.BytesIO) -> tuple[dict[str, Any], bytes]:
    header_size, body_size = wire.sizes_of(pipe.read(wire.HEADER_BYTES))
    return json.loads(pipe.read(header_size)), pipe.read(body_size)


def test_a_message_is_two_sizes_a_header_in_ascii_and_its_bytes() -> None:
    data = sent({"a": "é"}, b"xyz")
    assert data == struct.pack(">IQ", 15, 3) + b'{"a": "\\u00e9"}' + b"xyz"
    assert wire.sizes_of(data[:12]) == (15, 3)


def test_a_body_may_be_larger_than_four_gigabytes() -> None:
    assert wire.sizes_of(struct.pack(">IQ", 1, 5 << 32)) == (1, 5 << 32)


@given(st.lists(st.tuples(st.dictionaries(st.text(max_size=5), PLAIN, max_size=3), st.binary(max_size=30)), max_size=5))
def test_messages_come_back_in_order_and_nothing_is_left(messages: list[tuple[dict[str, Any], bytes]]) -> None:
    pipe = io.BytesIO(b"".join(sent(header, body) for header, body in messages))
    assert [received(pipe) for _ in messages] == messages
    assert pipe.read() == b""


def test_what_is_cut_off_is_no_message() -> None:
    with pytest.raises(struct.error):
        wire.sizes_of(sent({"a": 1})[:11])


@given(
    st.lists(st.tuples(st.text(max_size=10), st.integers(-(2**40), 2**40)), max_size=10),
    st.lists(st.builds(Rejected, st.just("n.csv"), st.integers(1, 10**6), st.text(max_size=10)), max_size=3),
)
def test_a_frame_comes_back_with_its_types(rows: list[tuple[str, int]], rejected: list[Rejected]) -> None:
    frame = pl.DataFrame(rows, schema={"text": pl.String, "n": pl.Int64}, orient="row")
    chunk = Chunk(frame, list(range(len(rows))), tuple(rejected), "part.csv")
    found = wire.unpacked(*wire.packed(chunk))
    assert isinstance(found.content, pl.DataFrame)
    assert found.content.equals(frame)
    assert found.content.schema == frame.schema
    assert (found.numbers, found.rejected, found.part) == (chunk.numbers, chunk.rejected, chunk.part)


@given(st.lists(PLAIN, max_size=5))
def test_values_of_json_come_back_as_they_were(values: list[Any]) -> None:
    chunk = Chunk({"x": values}, list(range(len(values))), (), "")
    header, body = wire.packed(chunk)
    assert wire.unpacked(json.loads(json.dumps(header)), body).content == {"x": values}


def test_the_header_of_a_chunk_is_json_and_holds_none_of_its_text() -> None:
    header, body = wire.packed(Chunk(pl.DataFrame({"text": ["Zebulon"]}), [1], (), ""))
    assert "Zebulon" not in json.dumps(header)
    assert b"Zebulon" in body
