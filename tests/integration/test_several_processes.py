"""Two processes under torchrun train like one process with the same global batch."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation_world import write_dataset
from tiny_models import save_tiny_model


def losses(run: Path, name: str) -> list[float]:
    lines = (run / "training_log.jsonl").read_text(encoding="utf-8").splitlines()
    return [entry[name] for entry in map(json.loads, lines) if name in entry]


def test_two_processes_give_the_loss_curve_of_one_with_the_same_global_batch(tmp_path: Path) -> None:
    write_dataset(tmp_path / "dataset", {"train": 48, "validation": 11, "test": 8})
    settings = [
        f"model.name={save_tiny_model(tmp_path / 'model')}",
        "model.max_note_tokens=64",
        "train.learning_rate=0.01",
        "train.lora_r=4",
        "train.report_to=[]",
    ]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    two = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-addr=127.0.0.1"]
    two += [f"--master-port={port}", "-m", "nosology"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    for command, name, batch in (([sys.executable, "-m", "nosology"], "one", 8), (two, "two", 4)):
        arguments = ["train", str(tmp_path / "dataset"), "--out", str(tmp_path / name)]
        for setting in [*settings, f"train.batch_size={batch}"]:
            arguments += ["--set", setting]
        done = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
    assert len(losses(tmp_path / "one", "train/loss")) == 6
    for figure in ("train/loss", "eval/loss", "eval/accuracy"):
        expected = losses(tmp_path / "one", figure)
        assert losses(tmp_path / "two", figure) == pytest.approx(expected, rel=1e-3), figure
