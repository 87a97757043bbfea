"""How much a service carries: 32 clients against one, on the same process, one after the other.

Starts `nosology serve` on a run, then lets one client ask note by note (the sequential baseline), then 32 clients at
once, then one client again, so that a machine that slows down shows. Notes are the test split of the dataset that the
run was trained on, each request one note. What is checked besides speed: no status but 200 and 429, every accepted
request answered and in the audit log, and memory that stays where it is.

With ``--page`` a browser works through a list instead (`working`): how soon the first note can be decided, how soon the
list is read, and how long somebody waits who decides a note every four seconds.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import harness
from nosology.feedback.checking import check
from serving import Crowd, Measured, classify, drive, figures, notes_of, serving

_PAGE_COLUMNS = {
    "notes": "d",
    "first_usable_s": ".2f",
    "first_whole_s": ".2f",
    "list_s": ".2f",
    "waiting_s": ".2f",
    "longest_wait_s": ".2f",
    "keys": "d",
    "reads": "d",
}
_WARM_UP_SECONDS = 5.0
_COLUMNS = {
    "phase": "",
    "answered": "d",
    "notes_per_second": ".2f",
    "p50_seconds": ".2f",
    "p99_seconds": ".2f",
    "statuses": "",
    "memory": "",
}


def main() -> None:
    """Measure, print one table, and write it as JSON where asked."""
    options = parse_options()
    notes = notes_of(options.run)
    if options.page:
        measure_page(notes[: options.notes], options)
        return
    with tempfile.TemporaryDirectory() as state:
        with serving(options.run, Path(state)) as (port, pid):

            def phase(name: str, n_clients: int, seconds: float) -> Measured:
                crowd = Crowd(name, n_clients, lambda number: classify(notes[number % len(notes)]))
                return drive(port, pid, [crowd], seconds)[0]

            phase("warm-up", options.clients, min(_WARM_UP_SECONDS, options.seconds))
            phases = [
                phase("one client, before", 1, options.seconds / 3),
                phase(f"{options.clients} clients", options.clients, options.seconds),
                phase("one client, after", 1, options.seconds / 3),
            ]
            counted = figures(port)
        audited = check(Path(state) / "audit.jsonl")
    mean_batch = counted["nosology_batch_notes_sum"] / counted["nosology_batch_notes_count"]
    report(phases, mean_batch, audited.n_entries, options)


def measure_page(notes: list[str], options: argparse.Namespace) -> None:
    """Let a browser work through a list; print one row, and write it as JSON where asked."""
    import working

    with tempfile.TemporaryDirectory() as state, serving(options.run, Path(state)) as (port, _):
        worked = working.work_through(port, notes, every_s=options.every)
    harness.print_table([worked.row()], _PAGE_COLUMNS)
    content = {
        "settings": {"notes": len(notes), "every_seconds": options.every, "run": options.run.name},
        "measurements": [worked.row()],
        "ratios": {},
    }
    harness.write_report(options.json, content)


def report(phases: list[Measured], mean_batch: float, n_audited: int, options: argparse.Namespace) -> None:
    """Print the table and write the JSON file."""
    rows = [phase.row() for phase in phases]
    harness.print_table(map(_shown, phases), _COLUMNS)
    sequential = statistics.mean([phases[0].per_second, phases[2].per_second])
    ratio = phases[1].per_second / sequential if sequential else 0.0
    drift = phases[0].per_second / phases[2].per_second if phases[2].latencies else 0.0
    n_answered = sum(len(phase.latencies) for phase in phases)
    print(f"{options.clients} clients: {ratio:.2f} times the notes of one (before/after: {drift:.2f}); ", end="")
    print(f"{mean_batch:.1f} notes a forward pass; {n_audited} predictions in the audit log, {n_answered} timed")
    content = {
        "settings": {"clients": options.clients, "seconds": options.seconds, "run": options.run.name},
        "measurements": rows,
        "ratios": {"vs_sequential": ratio, "before_vs_after": drift},
    }
    harness.write_report(options.json, content)


def _shown(phase: Measured) -> dict[str, object]:
    """Return a phase as the table shows it."""
    row = phase.row()
    statuses = ", ".join(f"{n} x {status}" for status, n in sorted(phase.statuses.items()))
    memory = " -> ".join(str(round(phase.memory[i] / 2**20)) for i in (0, -1)) if phase.memory else ""
    return row | {"statuses": statuses, "memory": f"{memory} MB"}


def parse_options() -> argparse.Namespace:
    """Return the command line's options."""
    parser = harness.parser(__doc__)
    parser.add_argument("--run", type=Path, default=Path("demo/run"), help="a finished run, its dataset beside it")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the phase with all clients")
    parser.add_argument("--page", action="store_true", help="a browser works through a list on the page instead")
    parser.add_argument("--notes", type=int, default=30, help="of the list, with --page")
    parser.add_argument("--every", type=float, default=4.0, help="seconds for each note, with --page")
    return parser.parse_args()


if __name__ == "__main__":
    main()
