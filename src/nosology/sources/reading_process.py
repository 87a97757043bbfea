"""The process that parses other people's bytes: ``python -m nosology.sources.reading_process``.

It takes requests on stdin and answers on stdout (`nosology.sources.wire`). Its memory is limited by the operating
system before it reads anything; if a native reader crashes on a hostile file, it is this process that dies.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from nosology.sources.formats import Chunk

MEMORY_VARIABLE = "NOSOLOGY_READING_MEMORY_MB"


def limit_memory(megabytes: int) -> None:
    """Let the operating system refuse memory beyond a limit, and write no core file when it kills the process."""
    try:
        import resource
    except ImportError:  # not a system with such limits
        return
    for name in ("RLIMIT_DATA", "RLIMIT_AS"):
        # Address space is reserved more than used: it gets room on top.
        size = (megabytes << 20) + ((1 << 30) if name == "RLIMIT_AS" else 0)
        with suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read_exactly(pipe: BinaryIO, n: int) -> bytes:
    data = pipe.read(n)
    if len(data) < n:
        raise EOFError
    return data


@contextmanager
def _as_file(data: bytes) -> Iterator[Path]:
    """Give bytes a path, in memory where the system can."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("table")
        try:
            with open(descriptor, "wb", closefd=False) as file:
                file.write(data)
            yield Path(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
        return
    with tempfile.TemporaryDirectory(prefix="nosology-table-") as folder:  # its owner's alone, gone at the end
        path = Path(folder, "table")
        path.write_bytes(data)
        yield path


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until they end."""
    import json

    from nosology.sources import wire

    while True:
        try:
            header_size, body_size = wire.sizes_of(_read_exactly(requests, wire.HEADER_BYTES))
            request = json.loads(_read_exactly(requests, header_size))
            body = _read_exactly(requests, body_size)
        except EOFError:
            return
        try:
            if request["path"] is not None:
                _answer(Path(request["path"]), request, answers)
            else:
                with _as_file(body) as path:
                    del body
                    _answer(path, request, answers)
        except Exception as error:
            wire.send(answers, _trouble(error, request))


def _answer(path: Path, request: dict[str, Any], answers: BinaryIO) -> None:
    from nosology.sources import wire
    from nosology.sources.formats import ReadingOptions, open_table
    from nosology.sources.limits import ReadLimits

    limits = ReadLimits(**request["limits"])
    table = open_table(path, request["name"], ReadingOptions(**request["how"]), limits)
    found = {name: table.find(name) for name in request["wanted"]}
    opened = {"kind": "opened", "columns": list(table.columns), "found": found, "bytes_total": table.bytes_total}
    wire.send(answers, opened)
    if any(spelled is None for spelled in found.values()):
        return
    columns = None if request["all"] else [spelled for spelled in dict.fromkeys(found.values()) if spelled]
    n_sent = 0
    for chunk in table.chunks(columns):
        header, body = wire.packed(chunk)
        n_sent += max(len(body), _unpacked(chunk))
        if n_sent > limits.unpacked_mb << 20:
            raise limits.reached("unpacked_mb", str(path))
        wire.send(answers, header | {"bytes_done": table.bytes_done}, body)
    wire.send(answers, {"kind": "end", "notices": table.notices, "bytes_done": table.bytes_total})


def _unpacked(chunk: "Chunk") -> int:
    """Return about how many bytes the rows take once they are Python's: a pointer for each cell, and their texts."""
    import polars as pl

    n_cells = len(chunk.numbers) * (len(chunk.content) if isinstance(chunk.content, dict) else chunk.content.width)
    n_letters = 0
    if isinstance(chunk.content, pl.DataFrame):
        texts = [column for column in chunk.content if column.dtype == pl.String]
        n_letters = sum(int(column.str.len_bytes().sum() or 0) for column in texts)
    return 8 * n_cells + n_letters


def _trouble(error: Exception, request: dict[str, Any]) -> dict[str, Any]:
    """Return an error as a message: what the user may read of it, and nothing that a library quotes."""
    from nosology.errors import NosologyError
    from nosology.sources.limits import LimitReached, ReadLimits

    name, path = request["name"], request["path"]
    shown = str(path) if path is not None else name
    if isinstance(error, MemoryError):
        error = ReadLimits(**request["limits"]).reached("memory_mb", shown)
    if isinstance(error, RecursionError):
        error = ReadLimits(**request["limits"]).reached("depth", shown)
    if isinstance(error, NosologyError):
        place = error.place if path is not None else name
        is_limit = isinstance(error, LimitReached)
        return {"kind": "error", "message": error.message, "hint": error.hint, "place": place, "is_limit": is_limit}
    message = f"the file is broken, or not of the format its name says ({type(error).__name__})"
    hint = "write it again, or convert it to CSV"
    return {"kind": "error", "message": message, "hint": hint, "place": shown, "is_limit": False}


def main() -> None:
    """Limit this process and answer what comes on stdin."""
    limit_memory(int(os.environ[MEMORY_VARIABLE]))
    answers = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # what a library prints must neither show nor break the messages
    os.dup2(silence, 2)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
