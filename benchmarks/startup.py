"""How long the command line takes before it does anything: ``nosology --help`` as a whole process, from a cold import.

The bare interpreter is timed beside it, alternating, since a busy machine slows both. The promise is half a second.
"""

import statistics
import subprocess
import sys
import time

import harness

PROMISE_SECONDS = 0.5

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "nosology --version": [sys.executable, "-m", "nosology", "--version"],
    "nosology --help": [sys.executable, "-m", "nosology", "--help"],
    "nosology train --help": [sys.executable, "-m", "nosology", "train", "--help"],
}


def main() -> None:
    """Time the commands, print one table, and write it as JSON where asked."""
    parser = harness.parser(__doc__)
    parser.add_argument("--runs", type=int, default=20, help="timed runs of each command, after one that is not timed")
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for run in range(options.runs + 1):
        for name, command in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            if run:
                seconds[name].append(time.perf_counter() - started)
    measurements = [{"command": name, **summary(times)} for name, times in seconds.items()]
    harness.print_table(measurements, {"command": "", "median": ".3f", "fastest": ".3f", "slowest": ".3f"})
    print(f"seconds, of {options.runs} runs")
    ratio = PROMISE_SECONDS / statistics.median(seconds["nosology --help"])
    print(f"half a second is {ratio:.2f} times what --help takes")
    if options.json:
        report = {
            "settings": {"runs": options.runs, "promise_seconds": PROMISE_SECONDS},
            "measurements": measurements,
            "ratios": {"promise_vs_help": ratio},
        }
        harness.write_report(options.json, report)


def summary(seconds: list[float]) -> dict[str, float]:
    """Return the median and the extremes of some times, in seconds."""
    return {"median": statistics.median(seconds), "fastest": min(seconds), "slowest": max(seconds)}


if __name__ == "__main__":
    main()
