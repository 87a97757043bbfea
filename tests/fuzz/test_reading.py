"""Mutated files through the one door: whatever their bytes, the caller gets rows or an error that quotes none of them.

Half a thousand in the default run, twenty thousand as ``slow``; seeded, so that a failure can be had again.
"""

import io
import json
import random
import time
from collections.abc import Iterator

import polars as pl
import psutil
import pytest

from nosology.errors import DataError
from nosology.sources import door
from nosology.sources.limits import FOR_UPLOADS
from nosology.sources.tablefile import read_whole

CANARY = "Zebrafink"
ROWS = [
    {"id": n, "text": f'{CANARY} said "no",\nthen left {n}', "codes": ["I21.4", None], "odd": {"a": [1.5, n]}}
    for n in range(12)
]
SLICES = (
    b'"',
    b"\n",
    b"\r",
    b",",
    b"\0",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b"\xff\xfe",
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"[" * 99,
)


def sound(kind: str) -> bytes:
    """Return a sound file."""
    if kind == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    if kind == "parquet":
        out = io.BytesIO()
        pl.DataFrame(ROWS).write_parquet(out)
        return out.getvalue()
    return pl.DataFrame(ROWS).select("id", "text").write_csv().encode()


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """Return a file with one to eight changes: bits flipped, bytes set, pieces cut, doubled or put in."""
    data = bytearray(raw)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(data)) if data else 0
        match rng.randrange(5):
            case 0 if data:
                data[at] ^= 1 << rng.randrange(8)
            case 1 if data:
                data[at] = rng.randrange(256)
            case 2:
                del data[at : at + rng.randint(1, 40)]
            case 3:
                data[at:at] = data[at : at + rng.randint(1, 400)]
            case _:
                data[at:at] = rng.choice(SLICES)
    return bytes(data)


def memory_of_readers() -> Iterator[int]:
    """Yield the memory of every reading process, in bytes."""
    for child in psutil.Process().children():
        try:
            if "nosology.sources.reading_process" in child.cmdline():
                yield child.memory_info().rss
        except psutil.Error:  # it has just ended
            continue


def read_many(n: int, seed: int) -> None:
    """Read mutated files in a process apart; fail on anything but rows or a `DataError` without their text."""
    rng = random.Random(seed)
    whole = {kind: sound(kind) for kind in ("csv", "jsonl", "parquet")}
    n_read = n_refused = most_memory = 0
    for _ in range(n):
        kind = rng.choice(list(whole))
        data = mutated(whole[kind], rng)
        started = time.monotonic()
        said = ""
        try:
            read_whole(data, name=f"table.{kind}", limits=FOR_UPLOADS)
            n_read += 1
        except DataError as error:
            n_refused += 1
            said = str(error)
        assert CANARY not in said
        assert time.monotonic() - started < 10
        most_memory = max((most_memory, *memory_of_readers()))
        assert most_memory < 1 << 30
    assert most_memory, "it is a process of its own that reads"
    assert n_read > n / 20
    assert n_refused > n / 20, "a mutation that no file minds tests nothing"


def test_mutated_files_never_harm_the_process_that_asks() -> None:
    read_many(500, seed=16)


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_twenty_thousand_mutated_files_never_harm_the_process_that_asks() -> None:
    read_many(20_000, seed=2026)


def test_a_reader_that_dies_is_replaced_for_the_next_file() -> None:
    out = io.BytesIO()
    pl.DataFrame({"text": pl.zeros(60_000_000, dtype=pl.Int64, eager=True).implode()}).write_parquet(out)
    small = door.ReadLimits(memory_mb=256, seconds=60)
    with pytest.raises(DataError, match="limit memory_mb"):
        read_whole(out.getvalue(), name="bomb.parquet", limits=small)
    assert read_whole(b"text\nfever\n", name="good.csv", limits=small).texts("text") == ["fever"]
