"""What a loaded machine costs: training and scoring with one and two threads, idle and beside two busy loops.

Threads that meet at the end of every product either spin or sleep until the last has come. Spinning is a little faster
on an idle machine; beside other programs the spinning thread takes the time that the late one needs. Each measurement
is a process of its own, since the policy is read when torch loads. ``two_threads_vs_one`` is the ratio of tokens per
second beside the busy loops, in this package's own setting.

Run as ``python benchmarks/threads.py [--json FILE]`` on an otherwise idle machine of two cores.
"""

import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from typing import Any

import harness

POLICIES = {"spinning": "ACTIVE", "sleeping": "PASSIVE", "as shipped": None}
N_BUSY = 2

_STEP = """
import sys, time
import nosology
import torch
torch.set_num_threads(int(sys.argv[1]))
from nosology.coding.labels import LabelSet
from nosology.modeling.adapters import attach_lora
from nosology.modeling.encoding import PromptEncoder
from nosology.modeling.loading import load_model
from nosology.modeling.prompts import PromptTemplate
from nosology.training.trainer import Example, TreeCollator, answer_logits
labels = LabelSet.load("icd-chapters-18").names
loaded = load_model("embedded:smollm2-135m-instruct", for_training=True)
encoder = PromptEncoder(loaded.tokenizer, PromptTemplate.load("physician-v1"), labels)
model = attach_lora(loaded, r=16, alpha=32, dropout=0.0, targets="all-linear", seed=0)
note = encoder.note("Admitted with crushing chest pain and ST elevations, stent to the LAD, stable since. " * 4)
batch = TreeCollator(encoder)([Example(str(n), note, n) for n in range(8)])
def step():
    logits = answer_logits(model, batch["tree"], batch["predictors"])
    torch.nn.functional.cross_entropy(logits.float(), batch["targets"]).backward()
step()
for _ in range(int(sys.argv[2])):
    started = time.perf_counter()
    step()
    print(len(batch["tree"].input_ids) / (time.perf_counter() - started))
"""


def main() -> None:
    """Measure, print one table, and write it as JSON where asked."""
    parser = harness.parser(__doc__)
    parser.add_argument("--steps", type=int, default=4, help="timed steps of each process, after one that is not timed")
    options = parser.parse_args()
    measurements = []
    print(f"{'busy loops':>10} {'threads':>8} {'waiting':>12} {'tokens/s':>9} {'slowest':>9} {'fastest':>9}")
    for n_busy in (0, N_BUSY):
        with busy_loops(n_busy):
            for n_threads in (1, 2):
                for policy in POLICIES if n_threads == 2 else ["as shipped"]:
                    row = measure(n_threads, policy, options.steps) | {"busy_loops": n_busy}
                    measurements.append(row)
                    print(
                        f"{n_busy:10d} {n_threads:8d} {policy:>12} {row['tokens_per_second']:9.0f} "
                        f"{row['slowest']:9.0f} {row['fastest']:9.0f}",
                        flush=True,
                    )
    ratio = speed(measurements, N_BUSY, 2) / speed(measurements, N_BUSY, 1)
    print(f"beside {N_BUSY} busy loops two threads reach {ratio:.2f} times what one does")
    if options.json:
        report = {
            "settings": {"steps": options.steps, "busy_loops": N_BUSY},
            "measurements": measurements,
            "ratios": {"two_threads_vs_one": ratio},
        }
        harness.write_report(options.json, report)


def measure(n_threads: int, policy: str, n_steps: int) -> dict[str, Any]:
    """Return the tokens per second of training steps in a process of its own."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("OMP_", "GOMP_"))}
    if (wait := POLICIES[policy]) is not None:
        environment["OMP_WAIT_POLICY"] = wait
    command = [sys.executable, "-c", _STEP, str(n_threads), str(n_steps)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    speeds = [float(line) for line in done.stdout.split()]
    return {
        "threads": n_threads,
        "waiting": policy,
        "tokens_per_second": statistics.median(speeds),
        "slowest": min(speeds),
        "fastest": max(speeds),
    }


def speed(measurements: list[dict[str, Any]], n_busy: int, n_threads: int) -> float:
    """Return the tokens per second of the package's own setting."""
    (found,) = (
        float(row["tokens_per_second"])
        for row in measurements
        if (row["busy_loops"], row["threads"], row["waiting"]) == (n_busy, n_threads, "as shipped")
    )
    return found


class busy_loops:
    """Keeps some processes busy while a block runs."""

    def __init__(self, n: int) -> None:
        """Prepare ``n`` processes."""
        self._processes = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(n)]

    def __enter__(self) -> None:
        for process in self._processes:
            process.start()
        time.sleep(0.5)

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
            process.join()


def _spin() -> None:
    while True:
        pass


if __name__ == "__main__":
    main()
