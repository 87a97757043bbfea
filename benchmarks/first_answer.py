"""How long a first answer takes: ``nosology classify starter`` on one note as a whole process, from a cold import.

Importing torch and transformers alone is timed beside it, alternating, since a busy machine slows both, and so is a
run of your own where one is given. Processor seconds are shown too: they hardly depend on what else runs. The promise
is six seconds; the ratio is that promise over the median. The embedded model is unpacked before anything is timed.

Run as ``python benchmarks/first_answer.py [--run RUN] [--runs 5] [--json FILE]`` on an otherwise idle machine.
"""

import resource
import statistics
import subprocess
import sys
import time

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
    options = parser.parse_args()
    run_folder("starter")  # refuses a build without one before anything is timed
    commands = {"imports alone": IMPORTS, "classify starter": classify("starter")}
    if options.run:
        commands["classify run"] = classify(options.run)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(options.runs + 1):
        for name, command in commands.items():
            found = timed(command)
            if number:
                times[name].append(found)
    measurements = [{"command": name, **summary(found)} for name, found in times.items()]
    columns = {"command": "", "median": ".2f", "fastest": ".2f", "slowest": ".2f", "processor": ".2f"}
    harness.print_table(measurements, columns)
    ratios = {"promise_vs_first_answer": PROMISE_SECONDS / measurements[1]["median"]}
    if options.run:
        ratios["run_vs_starter"] = measurements[2]["median"] / measurements[1]["median"]
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


def timed(command: list[str]) -> tuple[float, float]:
    """Return the wall-clock and the processor seconds of one command."""
    before, started = processor_seconds(), time.perf_counter()
    subprocess.run(command, input=NOTE, text=True, capture_output=True, check=True)
    return time.perf_counter() - started, processor_seconds() - before


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
