"""Commands killed without any chance to tidy up: what they leave is never taken for whole, and they can be run again.

Every command publishes its results by renaming a finished file or folder into place. Each test kills the command just
before its first, second, ... such rename, until none is left.
"""

import gzip
import multiprocessing
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from evaluation_world import write_dataset
from nosology.classifier.classifier import Classifier
from nosology.cli import main
from nosology.dataset.folder import open_dataset
from nosology.errors import RunError
from nosology.runs.results import Results
from nosology.runs.run import Run
from tiny_models import save_tiny_model

MOST_RENAMES = 60
"""More than any command makes: a command that is still killed by then would never end."""


def _run_and_die(words: list[str], rename: int | None) -> None:
    """Run a command; die without warning in place of the given rename, counted from 0."""
    import torch

    torch.set_num_threads(1)
    real, seen = os.replace, 0

    def replace(*arguments: Any, **named: Any) -> None:
        nonlocal seen
        if seen == rename:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1
        real(*arguments, **named)

    os.replace = replace  # type: ignore[assignment]
    sys.argv = ["nosology", *words]
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (lives as long as the process)
    main()


def run(*words: object, rename: int | None = None) -> int:
    """Return the exit status of a command in a process of its own; that of a killed one is negative."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["nosology.training.workflow", "transformers.trainer", "nosology.classifier.classifier"]
    )
    process = context.Process(target=_run_and_die, args=([str(word) for word in words], rename))
    process.start()
    process.join()
    return int(process.exitcode or 0)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset, a tiny model, a trained run, and a table of notes."""
    folder = tmp_path_factory.mktemp("world")
    write_dataset(folder / "dataset", {"train": 24, "validation": 32, "test": 8})
    save_tiny_model(folder / "model")
    assert run(*training(folder, folder / "run")) == 0
    (folder / "notes.csv").write_text("id,text\n1,Seen by Dr. Jane Roe for cough.\n2,No fever.\n", encoding="utf-8")
    return folder


def training(world: Path, out: Path) -> list[object]:
    """Return the command that trains the tiny model for a few steps."""
    settings = {
        "model.name": world / "model",
        "model.max_note_tokens": 64,
        "train.lora_r": 2,
        "train.report_to": [],
        "evaluate.systems": "[majority, base, tuned]",
        "evaluate.bootstrap_samples": 100,
    }
    assignments = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    return ["train", world / "dataset", "--out", out, *assignments]


@pytest.mark.parametrize("command", ["synth", "prepare"])
def test_a_killed_command_leaves_no_folder_of_its_name(command: str, tmp_path: Path) -> None:
    source, out = tmp_path / "mimic3", tmp_path / "out"
    words: list[object] = ["synth", out, "--admissions", 60]
    if command == "prepare":
        assert run("synth", source, "--admissions", 120) == 0
        words = ["prepare", "mimic3", source, "--out", out, "--preset", "paper", "--workers", 1]
    kills = 0
    while (status := run(*words, rename=kills)) != 0:
        assert status == -signal.SIGKILL
        assert not out.exists()
        kills += 1
    assert 1 <= kills < MOST_RENAMES
    if command == "prepare":
        assert len(open_dataset(out).notes()) > 20
    else:
        assert gzip.decompress((out / "NOTEEVENTS.csv.gz").read_bytes()).count(b"Discharge summary") > 60


def test_a_killed_training_is_no_run_until_it_is_resumed(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = training(world, out)
    status, kills = run(*words, rename=0), 0
    while status != 0:
        assert status == -signal.SIGKILL
        with pytest.raises(RunError, match=r"unfinished|no run folder"):
            Classifier.load(out)
        kills += 1
        is_begun = (out / "config.yaml").exists()
        status = run(*words, *(["--resume"] if is_begun else []), rename=kills)
    assert 1 <= kills < MOST_RENAMES
    assert Classifier.load(out).classify(["a note"])[0].label


def test_a_killed_evaluation_leaves_no_results_and_a_killed_report_no_page(world: Path) -> None:
    for command, made in (("evaluate", "eval/test/results.json"), ("report", "report/index.html")):
        kills = 0
        while (status := run(command, world / "run", rename=kills)) != 0:
            assert status == -signal.SIGKILL
            if (world / "run" / made).exists():  # whole: only the hashes of what was fitted are still to be written
                assert command == "evaluate"
                Results.model_validate_json((world / "run" / made).read_bytes())
            kills += 1
            assert kills < MOST_RENAMES
        assert kills >= 1
        assert (world / "run" / made).exists()
    assert Run.open(world / "run").results().n == 8


@pytest.mark.parametrize("command", ["classify", "deid"])
def test_a_killed_command_leaves_no_table(command: str, world: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    where = [world / "run"] if command == "classify" else []
    words = [command, *where, world / "notes.csv", "--text", "text", "--out", out]
    assert run(*words, rename=0) == -signal.SIGKILL
    assert not out.exists()
    assert run(*words) == 0
    assert out.read_text(encoding="utf-8").count("\n") == 3
