"""The training benchmark: contenders learn the same, and the whole script runs at a tiny size."""

import argparse
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


def row(contender: str, speed: float, losses: tuple[float, ...] = (2.0, 1.0)) -> dict[str, Any]:
    """Return an invented measurement, whose ratios by processor time are those by time squared."""
    return {
        "contender": contender, "kind": "short", "notes_per_second": speed, "notes_per_cpu_second": 2 * speed**2,
        "tokens_per_second": 100 * speed, "flops_per_second": 10 * speed, "peak_memory_mib": 512.0, "dtype": "float32",
        "losses": list(losses), "profile": {"copies": 0.25},
    }  # fmt: skip


def test_ratios_are_our_speed_above_theirs_under_the_names_of_the_contract() -> None:
    ratios = importlib.import_module("train")._ratios
    rows = [row("nosology", 6.0), row("trl", 2.0, (4.0, 1.0)), row("nosology_defaults", 9.0), row("trl_defaults", 3.0)]
    rows += [row("hf_padded", 4.0), row("unsloth", 12.0)]
    found = ratios("short", rows)
    assert found == pytest.approx(
        {
            "short_vs_trl": 3.0, "short_vs_trl_defaults": 3.0, "vs_hf_padded": 1.5, "vs_unsloth": 0.5,
            "short_vs_trl_cpu": 9.0, "short_vs_trl_defaults_cpu": 9.0, "vs_hf_padded_cpu": 2.25, "vs_unsloth_cpu": 0.25,
            "short_loss_difference": 0.25,
        }
    )  # fmt: skip
    assert ratios("long2000", [row("nosology", 6.0), row("trl", 2.0)])["long_vs_trl"] == 3.0
    alone = ratios("short", [row("nosology", 6.0), row("trl_defaults", 2.0)])
    assert alone["short_vs_trl_defaults"] == 3.0, "beside nosology as it is where its defaults were not run"
    assert ratios("short", [row("trl", 2.0)]) == {}


def test_a_report_tells_all_measurements_and_ratios(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = importlib.import_module("train")
    options = argparse.Namespace(model="tiny", steps=2, rounds=1, json=tmp_path / "out.json")
    peaks = {"float32": 600.0, "on_gpu": 0.0}
    script._tell([row("nosology", 6.0), row("trl", 2.0)], {"short_vs_trl": 3.0}, peaks, options)
    said = capsys.readouterr().out
    assert "short_vs_trl 3.00x" in said
    assert "10.0%" in said, "of the peak"
    assert "25.0% of the step: copies" in said
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert report.keys() == {"machine", "settings", "measurements", "ratios"}
    assert report["ratios"] == {"short_vs_trl": 3.0}
    assert [each["fraction_of_peak"] for each in report["measurements"]] == pytest.approx([0.1, 1 / 30])
    script._tell([row("nosology", 6.0)], {}, peaks | {"on_gpu": 1.0}, options)
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert report["ratios"] == pytest.approx({"fraction_of_peak": 0.1})


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
