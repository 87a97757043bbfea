"""Two processes under torchrun train like one process with the same global batch."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation_world import write_dataset
from forked import run, start, status_of
from tiny_models import save_tiny_model


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def losses(run: Path, name: str) -> list[float]:
    lines = (run / "training_log.jsonl").read_text(encoding="utf-8").splitlines()
    return [entry[name] for entry in map(json.loads, lines) if name in entry]


@pytest.mark.parametrize("launcher", ["its variables", pytest.param("torchrun", marks=pytest.mark.slow)])
def test_two_processes_give_the_loss_curve_of_one_with_the_same_global_batch(launcher: str, tmp_path: Path) -> None:
    write_dataset(tmp_path / "dataset", {"train": 48, "validation": 11, "test": 8})
    settings = [
        f"model.name={save_tiny_model(tmp_path / 'model')}",
        "model.max_note_tokens=64",
        "train.learning_rate=0.01",
        "train.lora_r=4",
        "train.report_to=[]",
    ]

    def training(name: str, batch: int) -> list[str]:
        given = [word for setting in [*settings, f"train.batch_size={batch}"] for word in ("--set", setting)]
        return ["train", str(tmp_path / "dataset"), "--out", str(tmp_path / name), *given]

    assert run(*training("one", 8), said=tmp_path / "said") == 0, (tmp_path / "said").read_text()[-3000:]
    if launcher == "torchrun":
        command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-addr=127.0.0.1"]
        command += [f"--master-port={free_port()}", "-m", "nosology", *training("two", 4)]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
    else:  # what torchrun sets for each of the processes it starts
        common = {
            "WORLD_SIZE": "2",
            "LOCAL_WORLD_SIZE": "2",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(free_port()),
        }
        started = [
            start(*training("two", 4), said=tmp_path / f"said-{rank}", RANK=rank, LOCAL_RANK=rank, **common)
            for rank in "01"
        ]
        assert [status_of(process) for process in started] == [0, 0], (tmp_path / "said-0").read_text()[-3000:]
    assert len(losses(tmp_path / "one", "train/loss")) == 6
    for figure in ("train/loss", "eval/loss", "eval/accuracy"):
        expected = losses(tmp_path / "one", figure)
        assert losses(tmp_path / "two", figure) == pytest.approx(expected, rel=1e-3), figure
