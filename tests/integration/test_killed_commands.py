"""Commands killed without any chance to tidy up: what they leave is never taken for whole, and they can be run again.

Every command publishes its results by renaming a finished file or folder into place. Each test kills the command just
before its first, second, ... such rename, until none is left; of commands that take seconds, one run keeps a copy of
what such a kill would leave before each.
"""

import gzip
import signal
from pathlib import Path

import pytest

from evaluation_world import write_dataset
from forked import Renames, run
from nosology.classifier.classifier import Classifier
from nosology.dataset.folder import open_dataset
from nosology.errors import RunError
from nosology.runs.results import Results
from nosology.runs.run import Run
from tiny_models import save_tiny_model

MOST_RENAMES = 60
"""More than any command makes: a command that is still killed by then would never end."""


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


def states(*words: object, watched: Path, kept: Path) -> list[Path]:
    """Run a command once and return copies of a folder, each as a kill in place of the next rename leaves it."""
    assert run(*words, renames=Renames(watched=watched, kept=kept)) == 0
    return sorted(kept.iterdir())


@pytest.mark.parametrize("command", ["synth", "prepare"])
def test_a_killed_command_leaves_no_folder_of_its_name(command: str, tmp_path: Path) -> None:
    source, place = tmp_path / "mimic3", tmp_path / "place"
    place.mkdir()

    def words(out: Path) -> list[object]:
        if command == "synth":
            return ["synth", out, "--admissions", 60]
        return ["prepare", "mimic3", source, "--out", out, "--preset", "paper", "--workers", 1]

    if command == "prepare":
        assert run("synth", source, "--admissions", 120) == 0
    left = states(*words(place / "out"), watched=place, kept=tmp_path / "kept")
    assert 1 <= len(left) < MOST_RENAMES
    assert not any((state / "out").exists() for state in left)
    out = left[-1] / "out"
    assert run(*words(out)) == 0  # what a kill leaves is in nobody's way
    if command == "prepare":
        assert len(open_dataset(out).notes()) > 20
    else:
        assert gzip.decompress((out / "NOTEEVENTS.csv.gz").read_bytes()).count(b"Discharge summary") > 60


def test_a_killed_training_is_no_run_until_it_is_resumed(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = training(world, out)
    status, kills = run(*words, renames=Renames(0)), 0
    while status != 0:
        assert status == -signal.SIGKILL
        with pytest.raises(RunError, match=r"unfinished|no run folder"):
            Classifier.load(out)
        kills += 1
        is_begun = (out / "config.yaml").exists()
        status = run(*words, *(["--resume"] if is_begun else []), renames=Renames(kills))
    assert 1 <= kills < MOST_RENAMES
    assert Classifier.load(out).classify(["a note"])[0].label


def test_a_killed_evaluation_leaves_no_results_and_a_killed_report_no_page(world: Path, tmp_path: Path) -> None:
    for command, made in (("evaluate", "eval/test/results.json"), ("report", "report/index.html")):
        left = states(command, world / "run", watched=world / "run", kept=tmp_path / command)
        assert 3 <= len(left) < MOST_RENAMES
        for state in left:
            if (state / made).exists():  # whole: only the hashes of what was fitted are still to be written
                assert command == "evaluate"
                Results.model_validate_json((state / made).read_bytes())
        assert not (left[0] / made).exists()
        assert (world / "run" / made).exists()
        assert run(command, left[-2]) == 0  # what a kill leaves is in nobody's way
        assert (left[-2] / made).exists()
    assert Run.open(world / "run").results().n == 8


@pytest.mark.parametrize("command", ["classify", "deid"])
def test_a_killed_command_leaves_no_table(command: str, world: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    where = [world / "run"] if command == "classify" else []
    words = [command, *where, world / "notes.csv", "--text", "text", "--out", out]
    assert run(*words, renames=Renames(0)) == -signal.SIGKILL
    assert not out.exists()
    assert run(*words) == 0
    assert out.read_text(encoding="utf-8").count("\n") == 3
