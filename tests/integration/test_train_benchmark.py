"""The training benchmark runs end to end, every contender that this machine can run, at a tiny size."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "train.py"


@pytest.mark.skipif(find_spec("trl") is None, reason="TRL is not installed")
def test_the_whole_script_runs_and_all_contenders_learn_the_same(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--model", "tiny", "--kinds", "short", "--steps", "2", "--rounds", "1"]
    command += [
        "--profile",
        "--contenders",
        "nosology",
        "nosology_defaults",
        "trl",
        "hf_padded",
        "--json",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(
        command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads((tmp_path / "out").read_text(encoding="utf-8"))
    assert report.keys() == {"machine", "settings", "measurements", "ratios"}
    assert report["ratios"].keys() >= {"short_vs_trl", "vs_hf_padded", "short_vs_trl_cpu"}
    losses = {row["contender"]: row["losses"] for row in report["measurements"]}
    assert losses["trl"] == pytest.approx(losses["nosology"], rel=1e-3)
    assert losses["hf_padded"] == pytest.approx(losses["nosology"], rel=1e-3)
    assert losses["nosology_defaults"] == pytest.approx(losses["nosology"], rel=2e-2)
    assert all(0.5 < sum(row["profile"].values()) < 1.2 for row in report["measurements"])
    assert all(0 < row["fraction_of_peak"] < 1 for row in report["measurements"])
