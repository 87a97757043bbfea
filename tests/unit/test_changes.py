"""CONTRIBUTING says where ten usual changes are made; ten small patches show that it is true."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATCHES = sorted((ROOT / "tests" / "fixtures" / "changes").glob("*.patch"))


@dataclass(frozen=True)
class Change:
    """One patch: the question it answers, the place it may touch, and the tests that it must pass."""

    question: str
    place: str
    tests: str
    touched: tuple[str, ...]


def read(patch: Path) -> Change:
    """Return what a patch's first lines say, and which files it touches."""
    lines = patch.read_text(encoding="utf-8").splitlines()
    touched = tuple(line.removeprefix("+++ b/") for line in lines if line.startswith("+++ "))
    return Change(
        lines[0].removeprefix("# "), lines[1].removeprefix("# place: "), lines[2].removeprefix("# tests: "), touched
    )


def test_there_are_ten_and_contributing_answers_each() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = [tuple(cell.strip() for cell in line.split("|")[1:3]) for line in page.splitlines() if line.startswith("| ")]
    changes = [read(patch) for patch in PATCHES]
    assert len(changes) == 10
    assert [(change.question, f"`{change.place}`") for change in changes] == rows[1:]


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_a_change_applies_and_touches_only_its_place(patch: Path) -> None:
    change = read(patch)
    assert change.touched
    assert all(path == change.place or path.startswith(change.place) for path in change.touched)
    assert (ROOT / change.tests).is_file()
    checked = subprocess.run(["git", "apply", "--check", patch], cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.slow
@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_a_change_in_its_one_place_passes_the_tests(patch: Path, tmp_path: Path) -> None:
    for name in ("src", "tests", "configs", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "CONTRIBUTING.md", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", patch], cwd=tmp_path, check=True)
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-n0", read(patch).tests]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout[-3000:]
