"""How long a first answer takes: ``nosology classify starter`` on one note as a whole process, from a cold import.

Importing torch and transformers alone is timed beside it, alternating, since a busy machine slows both, and so are a
run of your own and another checkout where they are given. Processor seconds are shown too: they hardly depend on what
else runs. The promise is six seconds; the ratio is that promise over the median. All answers must be the same to the
last digit. The embedded model is unpacked before anything is timed.

Run as ``python benchmarks/first_answer.py [--run RUN] [--beside CHECKOUT] [--runs 5] [--json FILE]`` on an otherwise
idle machine.
"""

import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import harness
from nosology.runs.starter import run_folder

PROMISE_SECONDS = 6.0
NOTE = "Crushing chest pain radiating to the left arm, ST elevation in the anterior leads, raised troponin."
IMPORTS = [sys.executable, "-c", "import torch, transformers.modeling_utils"]


def main() -> None:
    """Time the commands, print one table, and write it as JSON where asked."""
    parser = harness.parser(__doc__)
    parser.add_argument("--run", help="a run of your own to time beside the starter")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each command, after one that is not timed")
    parser.add_argument("--beside", type=Path, help="another checkout, whose starter is asked by its own code")
    options = parser.parse_args()
    run_folder("starter")  # refuses a build without one before anything is timed
    commands = {"imports alone": IMPORTS, "classify starter": classify("starter")}
    if options.run:
        commands["classify run"] = classify(options.run)
    if options.beside:
        commands["beside"] = classify("starter")
    checkouts = {"beside": options.beside}
    answers = {name: answer(command, checkouts.get(name)) for name, command in commands.items()}  # not timed
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(options.runs):
        for name, command in commands.items():
            times[name].append(timed(command, checkouts.get(name)))
    measurements = [{"command": name, **summary(found)} for name, found in times.items()]
    columns = {"command": "", "median": ".2f", "fastest": ".2f", "slowest": ".2f", "processor": ".2f"}
    harness.print_table(measurements, columns)
    ratios = {"promise_vs_first_answer": PROMISE_SECONDS / measurements[1]["median"]}
    median = {row["command"]: row["median"] for row in measurements}
    if options.run:
        ratios["run_vs_starter"] = median["classify run"] / median["classify starter"]
    if options.beside:
        ratios["beside_vs_first_answer"] = median["beside"] / median["classify starter"]
        is_same = answers["beside"] == answers["classify starter"]
        print(f"the answers of both checkouts are {'the same to the last digit' if is_same else 'DIFFERENT'}")
    print(f"six seconds are {ratios['promise_vs_first_answer']:.2f} times what a first answer takes")
    if options.json:
        report = {
            "settings": {"runs": options.runs, "promise_seconds": PROMISE_SECONDS},
            "measurements": measurements,
            "ratios": ratios,
        }
        harness.write_report(options.json, report)


def classify(run: str) -> list[str]:
    """Return the command that reads one note from stdin."""
    return [sys.executable, "-m", "nosology", "classify", run, "-"]


def timed(command: list[str], checkout: Path | None = None) -> tuple[float, float]:
    """Return the wall-clock and the processor seconds of one command; see `answer`."""
    before, started = processor_seconds(), time.perf_counter()
    answer(command, checkout)
    return time.perf_counter() - started, processor_seconds() - before


def answer(command: list[str], checkout: Path | None = None) -> str:
    """Return what a command writes about the note.

    Args:
        command: Reads the note from stdin.
        checkout: Whose code runs; None for this one's.
    """
    environment = os.environ | ({"PYTHONPATH": str(checkout.resolve() / "src")} if checkout else {})
    done = subprocess.run(command, input=NOTE, text=True, capture_output=True, check=True, env=environment)
    return done.stdout


def processor_seconds() -> float:
    """Return the processor time of all finished child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def summary(times: list[tuple[float, float]]) -> dict[str, float]:
    """Return median and extremes of wall-clock seconds, and the median of processor seconds."""
    wall = [seconds for seconds, _ in times]
    return {
        "median": statistics.median(wall),
        "fastest": min(wall),
        "slowest": max(wall),
        "processor": statistics.median(seconds for _, seconds in times),
    }


if __name__ == "__main__":
    main()
