"""Commands killed without any chance to tidy up: what they leave is never taken for whole, and they can be run again.

Every command publishes its results by renaming a finished file or folder into place. Each test kills the command just
before its first, second, ... such rename, until none is left; of commands that take seconds, one run keeps a copy of
what such a kill would leave before each.
"""

import gzip
import shutil
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


def some(left: list[Path]) -> dict[str, Path]:
    """Return the first, the middle and the last of the states that kills leave."""
    return {"first": left[0], "middle": left[len(left) // 2], "last": left[-1]}


AGAIN = [pytest.param("first", marks=pytest.mark.slow), pytest.param("middle", marks=pytest.mark.slow), "last"]
"""From which of them a command is run again."""


def writing(command: str, source: Path, out: Path) -> list[object]:
    """Return the command that writes a new folder."""
    if command == "synth":
        return ["synth", out, "--admissions", 60]
    return ["prepare", "mimic3", source, "--out", out, "--preset", "paper", "--workers", 1]


@pytest.fixture(scope="module", params=["synth", "prepare"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, list[Path]]:
    """Return a command that writes a folder, what it reads, and what kills of it leave."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "place").mkdir()
    if request.param == "prepare":
        assert run("synth", folder / "mimic3", "--admissions", 120) == 0
    words = writing(request.param, folder / "mimic3", folder / "place" / "out")
    return request.param, folder / "mimic3", states(*words, watched=folder / "place", kept=folder / "kept")


def test_a_killed_command_leaves_no_folder_of_its_name(written: tuple[str, Path, list[Path]]) -> None:
    _, _, left = written
    assert 1 <= len(left) < MOST_RENAMES
    assert not any((state / "out").exists() for state in left)


@pytest.mark.parametrize("state", AGAIN)
def test_what_a_killed_command_leaves_is_in_nobodys_way(
    written: tuple[str, Path, list[Path]], state: str, tmp_path: Path
) -> None:
    command, source, left = written
    place = Path(shutil.copytree(some(left)[state], tmp_path / "place"))
    assert run(*writing(command, source, place / "out")) == 0
    if command == "prepare":
        assert len(open_dataset(place / "out").notes()) > 20
    else:
        assert gzip.decompress((place / "out" / "NOTEEVENTS.csv.gz").read_bytes()).count(b"Discharge summary") > 60


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


MADE = {"evaluate": "eval/test/results.json", "report": "report/index.html"}
"""What each command makes, in the order in which they are run."""


@pytest.fixture(scope="module")
def judged(world: Path) -> dict[str, list[Path]]:
    """Return what kills of the evaluation and of the report leave of the run, which then has both."""
    return {
        command: states(command, world / "run", watched=world / "run", kept=world / f"kept-{command}")
        for command in MADE
    }


@pytest.mark.parametrize("command", MADE)
def test_a_killed_evaluation_leaves_no_results_and_a_killed_report_no_page(
    world: Path, judged: dict[str, list[Path]], command: str
) -> None:
    left = judged[command]
    assert 3 <= len(left) < MOST_RENAMES
    for state in left:
        if (state / MADE[command]).exists():  # whole: only the hashes of what was fitted are still to be written
            assert command == "evaluate"
            Results.model_validate_json((state / MADE[command]).read_bytes())
    assert not (left[0] / MADE[command]).exists()
    assert (world / "run" / MADE[command]).exists()
    assert Run.open(world / "run").results().n == 8


@pytest.mark.parametrize("state", AGAIN)
@pytest.mark.parametrize("command", MADE)
def test_what_a_killed_evaluation_or_report_leaves_is_in_nobodys_way(
    judged: dict[str, list[Path]], command: str, state: str, tmp_path: Path
) -> None:
    again = Path(shutil.copytree(some(judged[command])[state], tmp_path / "run"))
    assert run(command, again) == 0
    assert (again / MADE[command]).exists()
    assert Run.open(again).results().n == 8


@pytest.mark.parametrize("command", ["classify", "deid"])
def test_a_killed_command_leaves_no_table(command: str, world: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    where = [world / "run"] if command == "classify" else []
    words = [command, *where, world / "notes.csv", "--text", "text", "--out", out]
    assert run(*words, renames=Renames(0)) == -signal.SIGKILL
    assert not out.exists()
    assert run(*words) == 0
    assert out.read_text(encoding="utf-8").count("\n") == 3
