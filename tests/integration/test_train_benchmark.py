"""The training benchmark: contenders learn the same, and the whole script runs at a tiny size."""

import importlib
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tiny_models import save_tiny_model

pytestmark = pytest.mark.filterwarnings("ignore")  # of other people's trainers

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "train.py"


def contend(contender: str, notes: list[dict[str, str]], folder: Path) -> dict[str, Any]:
    """Return what a contender measures of itself, in this process."""
    (folder / "notes.json").write_text(json.dumps(notes), encoding="utf-8")
    model = str(save_tiny_model(folder / "model"))
    spec = {"contender": contender, "kind": "short", "model": model, "notes": str(folder / "notes.json")}
    found: dict[str, Any] = importlib.import_module("train")._contend(
        spec | {"batch": 4, "steps": 2, "profile": contender == "nosology"}
    )
    return found


def test_we_learn_the_same_as_a_plain_padded_trainer_and_the_profile_adds_up(tmp_path: Path) -> None:
    words = ["chest pain and troponin rise", "cough and a consolidation", "melena", "a warm red leg with fever"]
    categories = ["Cardiovascular", "Respiratory", "Digestive", "Skin Disorders"]
    notes = [
        {"id": str(n), "text": f"{words[n % 4]} for {n} days. " * (1 + n % 3), "category": categories[n % 4]}
        for n in range(12)
    ]
    ours, padded = contend("nosology", notes, tmp_path), contend("hf_padded", notes, tmp_path)
    assert ours["losses"] == pytest.approx(padded["losses"], rel=1e-3)
    assert len(ours["losses"]) == 3
    assert 0.5 < sum(ours["profile"].values()) < 1.2
    assert ours["tokens_per_second"] > ours["notes_per_second"] > 0


@pytest.mark.slow
@pytest.mark.skipif(find_spec("trl") is None, reason="TRL is not installed")
def test_the_whole_script_runs_and_all_contenders_learn_the_same(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--model", "tiny", "--kinds", "short", "--steps", "2", "--rounds", "1"]
    contenders = ["nosology", "nosology_defaults", "trl", "hf_padded"]
    command += ["--profile", "--contenders", *contenders, "--json", str(tmp_path / "out")]
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
