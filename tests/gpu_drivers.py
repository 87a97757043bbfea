"""The drivers of `scripts/gpu` as a user runs them, and a machine with the four packages alone."""

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

SCRIPTS = Path(__file__).parents[1] / "scripts" / "gpu"

STAGE = """
import os, subprocess, sys, time
from pathlib import Path
sys.path.insert(0, {scripts!r})
from driving import Stage, main
from measuring import Measurement

HERE = Path(__file__).parent

def began(name):
    with (HERE / "began").open("a") as file:
        file.write(name + "\\n")

def right(report, size):
    began("right")
    report.figure("speed", 2.5)
    report.check("error", 1e-6, at_most=1e-5)

def wrong(report, size):
    began("wrong")
    report.check("error", 2e-5, at_most=1e-5)

def sleeping(report, size):
    began("sleeping")
    report.figure("found_before", 1)
    subprocess.run(["sleep", "3600"])

def raising(report, size):
    began("raising")
    raise RuntimeError("CUDA error: an illegal memory access")

def dying(report, size):
    began("dying")
    os.abort()

def last(report, size):
    began("last")
    report.figure("is_last", True)

STAGE = Stage("correct", {limit}, "own_stage", (
    Measurement("right", right, 30), Measurement("wrong", wrong, 30), Measurement("sleeping", sleeping, {sleep}),
    Measurement("raising", raising, 30), Measurement("dying", dying, 30), Measurement("last", last, 30),
    Measurement("never", last, 30, least_seconds=1e6), Measurement("lacking", last, 30, needs=("cuda", "data")),
), preload={preload})

if __name__ == "__main__":
    sys.exit(main(STAGE, "a stage of a test"))
"""


def write_stage(folder: Path, *, limit: float = 200, sleep: float = 2, preload: tuple[str, ...] = ()) -> Path:
    """Write a driver whose measurements succeed, err, hang, raise and die, without torch; return its file."""
    folder.mkdir(exist_ok=True)
    file = folder / "own_stage.py"
    text = STAGE.format(scripts=str(SCRIPTS), limit=limit, sleep=sleep, preload=preload)
    file.write_text(text, encoding="utf-8")
    return file


def environment(**more: str) -> dict[str, str]:
    """Return an environment with one thread a measurement, in which no data is named."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NOSOLOGY_DEV", "PYTEST"))}
    return kept | {"OMP_NUM_THREADS": "1"} | more


def drive(driver: Path, out: Path, *arguments: str, python: str = sys.executable, **more: str) -> tuple[int, str]:
    """Run a driver to its end; return its exit status and all it said."""
    command = [python, str(driver), "--out", str(out), "--cache", str(out / "cache"), *arguments]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=environment(**more)
    )
    return done.returncode, done.stdout


def results(out: Path, stage: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / f"{stage}.json").read_text(encoding="utf-8"))
    return found


def bare_python(folder: Path) -> str:
    """Return a Python that has torch, transformers, peft, accelerate and what these require, and nothing else."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    waiting, seen = ["torch", "transformers", "peft", "accelerate"], set[str]()
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen or name.startswith(
            ("nvidia", "cuda", "pydantic")
        ):  # older releases of the hub need no pydantic
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        for file in {Path(str(path)).parts[0] for path in distribution.files or () if str(path)[0] not in "./"}:
            source = Path(str(distribution.locate_file(file)))
            if file not in ("..", "bin", "__pycache__") and source.exists() and not (site / file).exists():
                (site / file).symlink_to(source)
        required = map(Requirement, distribution.requires or ())
        waiting += [one.name for one in required if one.marker is None or one.marker.evaluate({"extra": ""})]
    return str(folder / "bin" / "python")
