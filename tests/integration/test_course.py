"""A course by the command that users type, on the embedded model: the same again gives the same adapter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nosology.files import sha256_file
from nosology.runs.run import Run

N_STEPS = 50


def course(out: Path, hash_seed: str) -> Run:
    """Return the run of a short course in a process of its own."""
    command = [sys.executable, "-m", "nosology", "course", "--out", str(out), "--phrases", "600", "--seed", "3"]
    fewer = {"train.max_steps": N_STEPS, "train.batch_size": 6, "train.course.phrases": 0, "train.report_to": "[]"}
    command += [word for field, value in fewer.items() for word in ("--set", f"{field}={value}")]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return Run.open(out)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_course_of_fifty_steps_run_twice_gives_one_hash(tmp_path: Path) -> None:
    first, second = course(tmp_path / "first", "1"), course(tmp_path / "elsewhere" / "second", "2")
    assert first.manifest.n_steps == second.manifest.n_steps == N_STEPS
    hashes = {sha256_file(run.files.adapter_weights) for run in (first, second)}
    print(f"adapter of {N_STEPS} steps, twice: {sorted(hashes)}")
    assert len(hashes) == 1
