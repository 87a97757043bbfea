"""The story in eight commands, run as it stands in `scripts/whole_job.sh`, at a tiny size."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tiny_models import save_tiny_model

SCRIPT = Path(__file__).parents[2] / "scripts" / "whole_job.sh"
COMMANDS = ["synth", "prepare", "train", "evaluate", "classify", "suggest", "report", "serve"]


def test_the_script_is_eight_commented_commands() -> None:
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    called = [number for number, line in enumerate(lines) if line.startswith("nosology ")]
    assert [lines[number].split()[1] for number in called] == COMMANDS
    assert [lines[number - 1][:5] for number in called] == [f"# {number}. " for number in range(1, 9)]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Run the script until it serves; yield its folder and the service's address, then stop it."""
    folder = tmp_path_factory.mktemp("job")
    config = {
        "prepare": {"preset": "paper"},
        "model": {"name": str(save_tiny_model(folder / "model")), "max_note_tokens": 64, "scoring": "constrained"},
        "train": {"batch_size": 8, "lora_r": 2, "max_steps": 2, "report_to": []},
        "evaluate": {"systems": ["majority", "base", "tuned"], "bootstrap_samples": 100, "robustness_notes": 0},
    }
    (folder / "tiny.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    environment = os.environ | {
        "ADMISSIONS": "120",
        "CONFIG": str(folder / "tiny.yaml"),
        "NOSOLOGY": f"{sys.executable} -m nosology",
        "PORT": "0",
        "OMP_NUM_THREADS": "1",
    }
    with (folder / "said.txt").open("w") as said:
        process = subprocess.Popen(
            ["bash", str(SCRIPT), str(folder / "out")],
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield folder / "out", _address(process, folder / "said.txt")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


def _address(process: "subprocess.Popen[bytes]", said: Path) -> str:
    """Return where the service listens, as soon as it says so."""
    deadline = time.monotonic() + 800
    while time.monotonic() < deadline:
        found = re.search(r'"message": "ready"', text := said.read_text(encoding="utf-8"))
        if found:
            port = re.search(r'"port": (\d+)', text)
            assert port is not None
            return f"http://127.0.0.1:{port[1]}"
        assert process.poll() is None, said.read_text(encoding="utf-8")[-3000:]
        time.sleep(0.2)
    raise AssertionError(said.read_text(encoding="utf-8")[-3000:])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_command_leaves_what_it_says(job: tuple[Path, str]) -> None:
    out, address = job
    for name in ("mimic3/NOTEEVENTS.csv.gz", "dataset/manifest.json", "run/manifest.json", "run/report/index.html"):
        assert (out / name).is_file(), name
    results = json.loads((out / "run" / "eval" / "test" / "results.json").read_text(encoding="utf-8"))
    assert list(results["systems"]) == ["majority", "base", "tuned"]
    prediction = json.loads((out / "prediction.json").read_text(encoding="utf-8"))
    assert sum(item["probability"] for item in prediction["ranking"]) == pytest.approx(1)
    assert len(json.loads((out / "suggestions.jsonl").read_text(encoding="utf-8"))["suggestions"]) == 5
    body = json.dumps({"notes": [{"id": "a", "text": "Cough and fever."}]}).encode()
    request = urllib.request.Request(f"{address}/v1/classify", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer)["predictions"][0]["id"] == "a"
