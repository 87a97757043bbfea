"""How long the command line takes before it does anything: ``nosology --help`` as a whole process, from a cold import.

The bare interpreter is timed beside it, alternating, since a busy machine slows both. The promise is half a second.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

PROMISE_SECONDS = 0.5

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "nosology --version": [sys.executable, "-m", "nosology", "--version"],
    "nosology --help": [sys.executable, "-m", "nosology", "--help"],
    "nosology train --help": [sys.executable, "-m", "nosology", "train", "--help"],
}


def main() -> None:
    """Time the commands, print one table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description="Time the start of the command line.")
    parser.add_argument("--runs", type=int, default=20, help="timed runs of each command, after one that is not timed")
    parser.add_argument("--json", type=Path, help="also write the measurements here")
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for run in range(options.runs + 1):
        for name, command in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            if run:
                seconds[name].append(time.perf_counter() - started)
    measurements = [{"command": name, **summary(times)} for name, times in seconds.items()]
    print(f"{'command':24} {'median s':>9} {'fastest':>9} {'slowest':>9}   of {options.runs} runs")
    for row in measurements:
        print(f"{row['command']:24} {row['median']:9.3f} {row['fastest']:9.3f} {row['slowest']:9.3f}")
    ratio = PROMISE_SECONDS / statistics.median(seconds["nosology --help"])
    print(f"half a second is {ratio:.2f} times what --help takes")
    if options.json:
        report = {
            "machine": {
                "platform": platform.platform(),
                "python": platform.python_version(),
                "cores": os.cpu_count(),
                "load": os.getloadavg()[0],
            },
            "settings": {"runs": options.runs, "promise_seconds": PROMISE_SECONDS},
            "measurements": measurements,
            "ratios": {"promise_vs_help": ratio},
        }
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def summary(seconds: list[float]) -> dict[str, float]:
    """Return the median and the extremes of some times, in seconds."""
    return {"median": statistics.median(seconds), "fastest": min(seconds), "slowest": max(seconds)}


if __name__ == "__main__":
    main()
