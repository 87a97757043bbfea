"""How a service holds when clients are many and some mean harm: good, odd and hostile requests beside idle connections.

A run is served. From 127.0.0.2 come a thousand connections that send half a head and nothing more, and come again when
they are closed. From 127.0.0.1 come 64 clients: half of them ask good questions, a quarter odd ones (wrong paths, wrong
kinds, empty notes, small tables), a quarter what once broke or stopped a service (deep nesting, very many mistakes,
damaged tables, bodies that never end, notes made to be slow). That goes on twice for the same time.

What is looked for: every good request answered with 200 (after status 429, when asked again), no answer of the 500s
but 503 and 504, and memory at the end of the second time within five per cent of what it was in the first.
"""

import argparse
import contextlib
import json
import resource
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import harness
from hostile_shapes import SHAPES
from serving import Call, Crowd, Measured, classify, drive, figures, notes_of, serving, suggest

MEMORY_GROWTH = 1.05
_IDLE_ADDRESS = "127.0.0.2"
_HALF_A_HEAD = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-More: "
_AGAIN_SECONDS = 5.0  # until a connection that was closed comes again
_SWEEP_SECONDS = 0.05
_GIVES_UP_SECONDS = 2.0  # a client whose body has no end, before it tries the next thing
_MEANT = {501, 503, 504}  # 501: a run that cannot suggest
_COLUMNS = {"phase": "", "clients": "d", "answered": "d", "p50_seconds": ".2f", "p99_seconds": ".2f", "statuses": ""}


class IdleConnections:
    """Connections that send half a head, held from another address of this machine for as long as they are let.

    Args:
        port: Of the service.
        n: How many.

    Attributes:
        most_held: That were open at the same time.
        n_closed: How often the service closed one.
    """

    def __init__(self, port: int, n: int) -> None:
        self._port, self._n = port, n
        self._is_wanted = True
        self._thread = threading.Thread(target=self._hold)
        self.most_held = self.n_closed = 0

    def __enter__(self) -> "IdleConnections":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_wanted = False
        self._thread.join()

    def _hold(self) -> None:
        held: list[socket.socket | None] = [None] * self._n
        again_at = [0.0] * self._n
        while self._is_wanted:
            now = time.monotonic()
            for place, connection in enumerate(held):
                if connection is None and now >= again_at[place]:
                    held[place] = self._open()
                elif connection is not None and _is_closed(connection):
                    connection.close()
                    held[place], again_at[place] = None, now + _AGAIN_SECONDS
                    self.n_closed += 1
            self.most_held = max(self.most_held, sum(connection is not None for connection in held))
            time.sleep(_SWEEP_SECONDS)
        for connection in held:
            if connection is not None:
                connection.close()

    def _open(self) -> socket.socket | None:
        connection = socket.socket()
        try:
            connection.settimeout(1)
            connection.bind((_IDLE_ADDRESS, 0))
            connection.connect(("127.0.0.1", self._port))
            connection.sendall(_HALF_A_HEAD)
        except OSError:
            connection.close()
            return None
        connection.setblocking(False)
        return connection


def _is_closed(connection: socket.socket) -> bool:
    """Return whether the other side has said its last; what it says before that is thrown away."""
    try:
        return not connection.recv(4096)
    except BlockingIOError:
        return False
    except OSError:
        return True


def odd_calls(notes: list[str]) -> list[Call]:
    """Return requests that honest clients send by mistake, or to look around."""
    table = "id,text\n" + "".join(f'{number},"{note[:300]}"\n' for number, note in enumerate(notes[:3]))
    return [
        Call("/"),
        Call("/metrics"),
        Call("/readyz"),
        Call("/openapi.json"),
        Call("/v1/nothing/here"),
        Call("/v1/classify", b"not JSON"),
        Call("/v1/classify", b"{}"),
        Call("/v1/classify", b'{"notes": [{"id": "", "text": "pain"}]}', {"Content-Type": "text/plain"}),
        classify(""),
        classify(" \n\t "),
        Call("/v1/batch?text=text&id=id", table.encode(), {"Content-Type": "text/csv"}),
        Call("/v1/batch?text=absent", table.encode(), {"Content-Type": "text/csv"}),
    ]


def hostile_calls(notes: list[str], n_characters: int) -> list[Call]:
    """Return requests that once broke or stopped a service.

    Args:
        notes: Ordinary ones, for requests that are hostile by their number alone.
        n_characters: Of notes made to be slow.
    """
    csv, lines, parquet = ("text/csv", "application/x-ndjson", "application/vnd.apache.parquet")
    many = json.dumps({"notes": [{"id": "", "text": note} for note in (notes * 16)[:16]], "k": 50}).encode()
    bodies = [
        Call("/v1/classify", b"[" * 100_000),
        Call("/v1/classify", b'{"notes":' * 50_000),
        Call("/v1/classify", b'{"notes": [' + b"1," * 500_000 + b"1]}"),
        Call("/v1/classify", b'{"notes": [{"text": "' + b"\xff\xfe" * 1000 + b'"}]}'),
        Call("/v1/classify", b" " * (3 << 20)),
        Call("/v1/classify", b"{", {"Content-Type": "application/json", "Content-Length": "100000"}, _GIVES_UP_SECONDS),
        Call("/v1/classify", b"{}", {"Content-Type": "application/json", "X-Long": "x" * 60_000}),
        Call("/v1/suggest", b'{"notes": [{"text": "x"}], "k": ' + b"9" * 100_000 + b"}"),
        Call("/v1/suggest", many),
        Call("/v1/batch", b'{"a":' * 520 + b"1" + b"}" * 520 + b"\n", {"Content-Type": lines}),
        Call("/v1/batch", b'{"text":' + b"[" * 700 + b"]" * 700 + b"}\n", {"Content-Type": lines}),
        Call("/v1/batch", b"".join(b'{"k%d": 1}\n' % n for n in range(40_000)), {"Content-Type": lines}),
        Call("/v1/batch", b"PAR1" + b"\xff" * 600 + b"PAR1", {"Content-Type": parquet}),
        Call("/v1/batch", b'"' * 200_000, {"Content-Type": csv}),
        Call("/v1/batch", b"," * 200_000 + b"\n", {"Content-Type": csv}),
    ]
    slow = [ask(make(n_characters)) for make in SHAPES.values() for ask in (classify, suggest)]
    each = -(-len(slow) // len(bodies))  # slow notes for every hostile body
    return [call for place, body in enumerate(bodies) for call in (body, *slow[place * each : (place + 1) * each])]


def main() -> None:
    """Measure, print one table, and write it as JSON where asked."""
    options = parse_options()
    notes = notes_of(options.run)
    with tempfile.TemporaryDirectory() as state, serving(options.run, Path(state)) as (port, pid):
        _allow_open_files(options.idle + 4 * options.clients + 100)
        drive(port, pid, [Crowd("warm-up", 1, lambda _: classify(notes[0]))], min(5.0, options.seconds))
        with IdleConnections(port, options.idle) as idle:
            times = [drive(port, pid, crowds(notes, options), options.seconds) for _ in range(2)]
        counted = figures(port)
    report(times, idle, counted, options)


def crowds(notes: list[str], options: argparse.Namespace) -> list[Crowd]:
    """Return who asks: half of the clients good questions, a quarter odd ones, a quarter hostile ones."""
    asks = (classify, classify, classify, suggest)
    odd, hostile = odd_calls(notes), hostile_calls(notes, options.characters)
    n_odd = n_hostile = max(1, options.clients // 4)
    return [
        Crowd("good", options.clients - n_odd - n_hostile, lambda number: asks[number % 4](notes[number % len(notes)])),
        Crowd("odd", n_odd, lambda number: odd[number % len(odd)]),
        Crowd("hostile", n_hostile, lambda number: hostile[number % len(hostile)]),
    ]


def report(
    times: list[list[Measured]], idle: IdleConnections, counted: dict[str, float], options: argparse.Namespace
) -> None:
    """Print the table and write the JSON file.

    Args:
        times: What each crowd met, in the first time and in the second.
        idle: The idle connections.
        counted: The service's own counters at the end.
        options: The command line's.
    """
    rows = [
        found.row() | {"phase": f"{found.name}, {name} time"}
        for name, crowds_ in zip(("first", "second"), times, strict=True)
        for found in crowds_
    ]
    harness.print_table([row | {"statuses": _statuses(row["statuses"])} for row in rows], _COLUMNS)
    good = [found for found in _every(times) if found.name == "good"]
    n_asked = sum(n for found in good for status, n in found.statuses.items() if status != 429)
    n_answered = sum(len(found.latencies) for found in good)
    broken = {
        status: n
        for found in _every(times)
        for status, n in found.statuses.items()
        if status >= 500 and status not in _MEANT
    }
    first, end = max(times[0][0].memory), times[1][0].memory[-1]
    refused = counted.get("nosology_connections_refused_total", 0.0)
    print(f"good requests answered: {n_answered} of {n_asked}; answers that say it broke: {broken or 'none'}")
    print(f"memory: {first / 2**20:.0f} MB at most the first time, {end / 2**20:.0f} MB at the end", end="; ")
    print(f"idle connections: {idle.most_held} at once, {idle.n_closed} closed, {refused:.0f} of all refused at once")
    ratios = {
        "good_answered": n_answered / n_asked if n_asked else 0.0,
        "memory_allowed_vs_end": MEMORY_GROWTH * first / end,
    }
    settings = {
        "run": options.run.name,
        "clients": options.clients,
        "idle": options.idle,
        "seconds": options.seconds,
        "characters": options.characters,
    }
    held = {"phase": "idle", "most_held": idle.most_held, "closed": idle.n_closed, "refused": refused}
    harness.write_report(options.json, {"settings": settings, "measurements": [*rows, held], "ratios": ratios})


def _every(times: list[list[Measured]]) -> Iterator[Measured]:
    for crowds_ in times:
        yield from crowds_


def _statuses(counts: object) -> str:
    assert isinstance(counts, dict)
    return ", ".join(f"{n} x {status}" for status, n in counts.items())


def _allow_open_files(n: int) -> None:
    """Let this process hold so many connections; the service was started before and keeps its own limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, n)), hard))


def parse_options() -> argparse.Namespace:
    """Return the command line's options."""
    parser = harness.parser(__doc__)
    parser.add_argument("--run", type=Path, default=Path("demo/run"), help="a finished run, its dataset beside it")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--idle", type=int, default=1_000, help="connections that send half a head")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of the two times")
    parser.add_argument("--characters", type=int, default=20_000, help="of notes made to be slow")
    return parser.parse_args()


if __name__ == "__main__":
    main()
