"""What notes made to be slow cost, alone and to everybody else: `hostile_shapes.py`, through classify and suggest.

First every shape is read by itself, in one process on one thread: the processor's seconds to classify it, and to
suggest diagnoses for it with their sentences. Then the run is served, and a few clients ask about ordinary notes, once
with nobody else there and once while one more client sends a hostile note as soon as the last was answered. What is
looked for: no note above ten seconds, and others' 99th percentile within three times of what it was.

The ratios are what each limit leaves: seconds allowed over those of the slowest note, and three times the quiet
percentile over the one measured beside hostile notes.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import harness
from hostile_shapes import SHAPES
from serving import Crowd, Measured, classify, drive, notes_of, serving, suggest

NOTE_SECONDS = 10.0  # for one note, at most
P99_TIMES = 3.0  # others may wait this many times as long
_SUGGESTIONS = 10
_COLUMNS = {"shape": "", "classify_seconds": ".2f", "suggest_seconds": ".2f", "wall_seconds": ".2f"}
_CROWD_COLUMNS = {"phase": "", "clients": "d", "answered": "d", "p50_seconds": ".2f", "p99_seconds": ".2f"}


def main() -> None:
    """Measure, print two tables, and write them as JSON where asked."""
    options = parse_options()
    notes = hostile_notes(options.characters, options.shapes)
    alone = read_alone(options.run, notes) if not options.served_only else []
    harness.print_table(alone, _COLUMNS)
    quiet, beside, hostile = serve_beside(options, list(notes.values()))
    harness.print_table([quiet.row(), beside.row(), hostile.row()], _CROWD_COLUMNS)
    slowest = max((max(row["classify_seconds"], row["suggest_seconds"]) for row in alone), default=0.0)
    ratios = {
        "seconds_allowed_vs_slowest": NOTE_SECONDS / slowest if slowest else 0.0,
        "p99_allowed_vs_beside": P99_TIMES * quiet.quantile(0.99) / beside.quantile(0.99) if beside.latencies else 0.0,
    }
    print(f"slowest note {slowest:.2f} s; others waited {beside.quantile(0.99):.2f} s at worst (99 %), ", end="")
    print(f"{quiet.quantile(0.99):.2f} s without hostile notes; statuses of those: {hostile.statuses}")
    settings = {
        "run": options.run.name,
        "characters": options.characters,
        "shapes": len(notes),
        "clients": options.clients,
        "seconds": options.seconds,
    }
    rows = [*alone, quiet.row(), beside.row(), hostile.row()]
    harness.write_report(options.json, {"settings": settings, "measurements": rows, "ratios": ratios})


def hostile_notes(n_characters: int, n_shapes: int | None) -> dict[str, str]:
    """Return a note of each shape."""
    return {name: make(n_characters) for name, make in list(SHAPES.items())[:n_shapes]}


def read_alone(run: Path, notes: Mapping[str, str]) -> list[dict[str, float | str]]:
    """Return what each note costs to read, on one thread.

    Args:
        run: A finished run.
        notes: By the name of their shape.
    """
    import torch

    from nosology.classifier.classifier import Classifier

    torch.set_num_threads(1)
    classifier = Classifier.load(run)
    classifier.suggest(["Warm up: chest pain and raised troponin."])
    rows: list[dict[str, float | str]] = []
    for name, note in notes.items():
        started = time.perf_counter()
        classifying = _processor_seconds(lambda text=note: classifier.classify([text]))
        suggesting = _processor_seconds(lambda text=note: classifier.suggest([text], _SUGGESTIONS))
        wall = time.perf_counter() - started
        rows.append(
            {"shape": name, "classify_seconds": classifying, "suggest_seconds": suggesting, "wall_seconds": wall}
        )
        print(f"{name}: {classifying:.2f} s, {suggesting:.2f} s", flush=True)
    return rows


def _processor_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def serve_beside(options: argparse.Namespace, hostile: list[str]) -> tuple[Measured, Measured, Measured]:
    """Return what ordinary clients met alone, what they met beside hostile notes, and what became of those.

    Args:
        options: Run, clients and seconds.
        hostile: Notes; classified and suggested for in turn.
    """
    ordinary = notes_of(options.run)
    asks = (classify, suggest)

    def crowd(name: str) -> Crowd:
        return Crowd(name, options.clients, lambda number: classify(ordinary[number % len(ordinary)]))

    attacker = Crowd("hostile notes", 1, lambda number: asks[number % 2](hostile[number // 2 % len(hostile)]))
    with tempfile.TemporaryDirectory() as state, serving(options.run, Path(state)) as (port, pid):
        drive(port, pid, [crowd("warm-up")], min(5.0, options.seconds))
        (quiet,) = drive(port, pid, [crowd("ordinary notes, alone")], options.seconds)
        beside, attacked = drive(port, pid, [crowd("ordinary notes, beside"), attacker], options.seconds)
    return quiet, beside, attacked


def parse_options() -> argparse.Namespace:
    """Return the command line's options."""
    parser = harness.parser(__doc__)
    parser.add_argument("--run", type=Path, default=Path("demo/run"), help="a finished run, its dataset beside it")
    parser.add_argument("--characters", type=int, default=200_000, help="of each hostile note")
    parser.add_argument("--shapes", type=int, help="only the first so many")
    parser.add_argument("--clients", type=int, default=4, help="that ask about ordinary notes")
    parser.add_argument("--seconds", type=float, default=120.0, help="of each of the two phases")
    parser.add_argument("--served-only", action="store_true", help="leave out reading each shape alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
