"""Ray on one machine with two workers: the rows and answers of one machine, whatever is killed; nothing leaks.

Slow: Ray takes half a minute of processor time to start. What workers do is tested without it in ``tests/unit/scale``.
"""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

import scale
from export_world import write_adapted_run
from nosology.config import PrepareConfig
from nosology.dataset.folder import open_dataset
from nosology.records import no_progress
from nosology.scale.cluster import ADDRESS_VARIABLE, Needs, WorkerBug, ray_engine
from nosology.scale.prepare import prepare_partitions
from scale_world import CANARY, COLUMNS, notes, write_partitions
from tiny_models import save_tiny_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    # looked for, not imported: Ray reads when it is imported where it may listen
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra `scale` is not installed"),
]

BENCHMARK = Path(scale.__file__)


def test_fifty_thousand_notes_and_five_hundred_predictions_are_those_of_one_machine_whatever_is_killed(
    tmp_path: Path,
) -> None:
    run = write_adapted_run(tmp_path / "run", save_tiny_model(tmp_path / "model"))
    command = [sys.executable, str(BENCHMARK), "--kill", "--classify", "500", "--run", str(run)]
    done = subprocess.run([*command, "--json", str(tmp_path / "report.json")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((tmp_path / "report.json").read_text())["measurements"]
    assert {(row["task"], row["contender"], row["equal"]) for row in rows} == {
        ("prepare", "local", "yes"),
        ("prepare", "ray", "yes"),
        ("prepare", "partitions, no Ray", "yes"),
        ("prepare", "ray, killed twice", "yes"),
        ("classify", "local", "yes"),
        ("classify", "ray", "yes"),
    }
    (killed,) = [row for row in rows if "workers_lost" in row]
    assert killed["workers_lost"] == 1
    assert killed["n_repeated"] == 0


def test_ray_listens_to_loopback_alone_and_its_files_hold_no_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    monkeypatch.setattr("tempfile.tempdir", None)
    source = write_partitions(notes(120), tmp_path / "notes", 2)
    config = PrepareConfig(max_failed_share=0.1)

    def quote(number: int) -> None:  # of no module: workers do not find those of tests
        raise ValueError(f"{CANARY} {number}")

    with ray_engine(2) as engine:
        prepare_partitions(str(source), str(tmp_path / "out"), config, COLUMNS, engine=engine, progress=no_progress)
        listening = {
            connection.laddr.ip
            for process in psutil.Process().children(recursive=True)
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }
        folder = session_folder()
        with pytest.raises(WorkerBug) as told:
            list(engine.each(lambda: quote, [0], Needs()))
        assert CANARY not in str(told.value)
        assert listening, "Ray listens somewhere"
        assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}
        assert folder.parents[1].stat().st_mode & 0o077 == 0, "nobody else may look in"
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert files
        assert not any("chest pain" in path.read_text(errors="replace") for path in files)
    assert not folder.exists()
    assert open_dataset(tmp_path / "out").notes().height


def session_folder() -> Path:
    import ray

    context: Any = ray.get_runtime_context()
    return Path(context.worker.node.get_session_dir_path())
