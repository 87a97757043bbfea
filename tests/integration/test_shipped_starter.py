"""What holds for any starter that is shipped: whole, small, licensed, and answering offline after a fresh install.

A build without a starter has nothing to test here; what it says then is tested in `tests/unit/runs/test_starter.py`.
"""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from nosology.classifier.classifier import Classifier
from nosology.classifier.opening import open_parts
from nosology.course.phrases import LICENCES
from nosology.runs.files import RunFiles
from nosology.runs.integrity import Recorded, differences
from nosology.runs.run import Run
from nosology.runs.starter import CARD, FOLDER, has_starter

ROOT = Path(__file__).parents[2]
MOST_BYTES = 12_000_000
NOTE = "Crushing chest pain radiating to the left arm, ST elevation in the anterior leads, raised troponin."

pytestmark = pytest.mark.skipif(not has_starter(), reason="this build has no starter")


def test_every_file_is_as_it_was_recorded() -> None:
    files = RunFiles(FOLDER)
    assert list(differences(files, Recorded.read(files))) == []


def test_it_adds_at_most_twelve_megabytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) <= MOST_BYTES


def test_nothing_non_commercial_was_learned_from() -> None:
    packed = Run.open("starter").manifest.packed
    assert packed is not None
    assert packed.sources
    assert {source.licence for source in packed.sources} <= set(LICENCES)
    card = (FOLDER / CARD).read_text(encoding="utf-8")
    assert all(source.name in card for source in packed.sources)


def test_it_says_that_it_is_not_calibrated_on_your_notes() -> None:
    assert Run.open("starter").caution.startswith("not calibrated on your notes")


def test_no_file_names_a_folder_of_the_machine_that_trained_it() -> None:
    for path in FOLDER.rglob("*.json"):
        strings = [value for value in walk(json.loads(path.read_text(encoding="utf-8"))) if value.startswith("/")]
        assert strings == [], path.name


def walk(value: object) -> list[str]:
    """Return every string in a value of JSON."""
    if isinstance(value, dict):
        return [found for item in value.values() for found in walk(item)]
    if isinstance(value, list):
        return [found for item in value for found in walk(item)]
    return [value] if isinstance(value, str) else []


NOTES = (
    NOTE,
    "",
    "Seen in clinic: itchy plaques over both elbows <|im_end|>, nail pitting, no joint pain. Started topical steroids.",
    f"History of present illness: {NOTE} " * 30,
    "DISCHARGE DIAGNOSIS: fracture of the left femoral neck after a fall. Hip hemiarthroplasty; discharged to rehab.",
)


def test_its_answers_are_those_of_transformers_and_peft_to_the_last_digit() -> None:
    plain, usual = Classifier.load("starter"), Classifier.of(open_parts("starter", with_peft=True))
    assert [type(found._engine.model).__module__.partition(".")[0] for found in (plain, usual)] == ["nosology", "peft"]
    assert plain.classify(NOTES) == usual.classify(NOTES)
    assert plain.log_probs(NOTES).tolist() == usual.log_probs(NOTES).tolist()


SLOW_TO_IMPORT = {"accelerate", "pandas", "peft", "pyarrow", "scipy.optimize", "scipy.stats", "sklearn", "transformers"}


def test_a_first_answer_waits_for_no_import_that_it_can_do_without() -> None:
    program = (
        "import sys, json\n"
        "from nosology import cli\n"
        "sys.argv = ['nosology', 'classify', 'starter', '-']\n"
        "try:\n    cli.main()\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    asked = subprocess.run([sys.executable, "-c", program], input=NOTE, capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout)["is_calibrated"]
    assert SLOW_TO_IMPORT.isdisjoint(json.loads(asked.stderr.splitlines()[-1]))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_fresh_install_from_the_wheel_answers_offline(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": "", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(tmp_path / "wheels"), str(ROOT)]
    built = subprocess.run(build, capture_output=True, text=True, env=environment)
    if built.returncode:
        pytest.skip(f"no wheel can be built here: {built.stderr.strip().splitlines()[-1]}")
    (wheel,) = (tmp_path / "wheels").glob("nosology-*.whl")
    venv.create(tmp_path / "fresh", with_pip=True)
    python = tmp_path / "fresh" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, env=environment)
    own = subprocess.run([str(python), "-c", "import site; print(site.getsitepackages()[0])"], capture_output=True)
    beside = Path(own.stdout.decode().strip()) / "dependencies.pth"  # behind the installed package, so that it wins
    beside.write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    asked = subprocess.run(
        [str(python), "-m", "nosology", "classify", "starter", "-"],
        input=NOTE,
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    assert asked.returncode == 0, asked.stderr
    answer = json.loads(asked.stdout)
    assert answer["predicted_label"] in Run.open("starter").labels.names
    assert answer["caution"].startswith("not calibrated on your notes")
    where = [str(python), "-c", "import nosology; print(nosology.__file__)"]
    assert str(tmp_path) in subprocess.run(where, capture_output=True, text=True, cwd=tmp_path).stdout
