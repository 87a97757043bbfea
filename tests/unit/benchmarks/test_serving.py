"""Benchmarks of the service, each run alone at a tiny size on a run that was really trained."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import connections
import harness
import serving
from coded_world import train_coded_run
from nosology.evaluation.suggestions import evaluate_suggestions
from nosology.runs.run import Run

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run that can suggest."""
    folder = train_coded_run(tmp_path_factory.mktemp("coded"))
    evaluate_suggestions(Run.open(folder))
    return folder


def report_of(script: str, run: Path, folder: Path, *options: str) -> tuple[str, dict[str, Any]]:
    """Run a benchmark; return what it printed and what it wrote."""
    command = [sys.executable, Path(harness.__file__).with_name(f"{script}.py"), "--run", run]
    done = subprocess.run(
        [*command, *options, "--json", folder / "out.json"], capture_output=True, text=True, timeout=800
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout, json.loads((folder / "out.json").read_text(encoding="utf-8"))


def test_ordinary_clients_are_counted_alone_and_beside_each_other(run: Path, tmp_path: Path) -> None:
    printed, report = report_of("serve", run, tmp_path, "--clients", "2", "--seconds", "1.5")
    assert [row["phase"] for row in report["measurements"]] == ["one client, before", "2 clients", "one client, after"]
    assert all(set(row["statuses"]) == {"200"} for row in report["measurements"])
    assert report["ratios"]["vs_sequential"] > 0
    assert "predictions in the audit log" in printed


@pytest.mark.slow
def test_hostile_notes_are_timed_alone_and_beside_ordinary_ones(run: Path, tmp_path: Path) -> None:
    options = ("--characters", "600", "--shapes", "2", "--clients", "2", "--seconds", "1")
    printed, report = report_of("hostile_notes", run, tmp_path, *options)
    assert "a surname again and again" in printed
    alone, rest = report["measurements"][:2], report["measurements"][2:]
    assert all(row["suggest_seconds"] > 0 and row["classify_seconds"] > 0 for row in alone)
    assert [row["phase"] for row in rest] == ["ordinary notes, alone", "ordinary notes, beside", "hostile notes"]
    assert all(set(row["statuses"]) == {"200"} for row in rest), "hostile notes of this length are answered, too"
    assert min(report["ratios"].values()) > 0


@pytest.mark.slow
def test_every_good_request_is_answered_beside_hostile_ones_and_idle_connections(run: Path, tmp_path: Path) -> None:
    options = ("--clients", "4", "--idle", "120", "--seconds", "1", "--characters", "400")
    printed, report = report_of("connections", run, tmp_path, *options)
    assert report["ratios"]["good_answered"] == 1.0
    assert "answers that say it broke: none" in printed
    idle = report["measurements"][-1]
    assert idle["most_held"] >= 100
    assert idle["refused"] >= 20, "of one address no more than a hundred stay"


def test_hostile_requests_hold_every_slow_note_once_and_every_broken_body() -> None:
    calls = connections.hostile_calls(["chest pain"], 500)
    assert len(calls) == len({(call.path, call.body, str(call.headers)) for call in calls})
    assert len(calls) == 15 + 2 * len(connections.SHAPES)


def test_a_connection_that_was_closed_is_noticed() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    assert not connections._is_closed(ours)
    theirs.sendall(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert not connections._is_closed(ours)
    theirs.close()
    assert connections._is_closed(ours)
    ours.close()


def test_quantiles_are_of_answered_requests_alone() -> None:
    measured = serving.Measured("some", 1, seconds=2.0, latencies=[1.0, 3.0], statuses={200: 2, 504: 7})
    assert (measured.quantile(0.5), measured.per_second) == (2.0, 1.0)
    assert serving.Measured("none", 1).quantile(0.99) == 0.0


def test_memory_is_that_of_a_process_and_its_children() -> None:
    import os

    alone = serving.memory_of(os.getpid())
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; x = b'x' * 30_000_000; print(1, flush=True); sys.stdin.read()"],
        stdin=-1,
        stdout=-1,
    )
    assert child.stdout is not None
    child.stdout.readline()
    assert serving.memory_of(os.getpid()) > alone + 25_000_000
    child.communicate()
