"""README's own commands from an installed wheel, with only the libraries that its extras name.

The wheel is installed by itself; what it depends on comes from this environment, and what only extras for users bring
that README has not named yet is hidden. Minutes, so slow; that each command exists and parses is in `test_docs`.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

HIDE = """
import sys
from importlib.machinery import PathFinder
class _Hiding(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] not in {hidden!r}:
            return super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = _Hiding
"""
"""Finds a hidden library as little as if it were not there: ``find_spec`` says None, an import fails."""


def needed(extras: Iterable[str]) -> set[str]:
    """Return the distributions that nosology with some extras asks for, and those that they ask for."""
    found: set[str] = set()
    waiting = [("nosology", extra) for extra in ("", *extras)]
    while waiting:
        name, extra = waiting.pop()
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue
        for requirement in map(Requirement, lines):
            if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
                continue
            key = requirement.name.lower().replace("_", "-")
            if key not in found:
                found.add(key)
                waiting += [(key, inner) for inner in ("", *requirement.extras)]
    return found


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel, and beside it what README's first lines install."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    built = subprocess.run(build, capture_output=True, text=True)
    if built.returncode:
        pytest.skip(f"no wheel can be built here: {built.stderr.strip().splitlines()[-1]}")
    (wheel,) = folder.glob("nosology-*.whl")
    venv.create(folder / "fresh", with_pip=True)
    python = folder / "fresh" / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--no-index", "--no-deps", str(wheel)], check=True)
    site = subprocess.run([str(python), "-c", "import site; print(site.getsitepackages()[0])"], capture_output=True)
    others = needed(["serve", "gpu", "scale"]) - needed(["embedded"])
    hidden = {
        module
        for module, names in packages_distributions().items()
        if {name.lower().replace("_", "-") for name in names} <= others
    }
    assert "fastapi" in hidden
    assert "peft" not in hidden
    place = Path(site.stdout.decode().strip())
    (place / "hidden_extras.py").write_text(HIDE.format(hidden=hidden), encoding="utf-8")
    (place / "a_hide.pth").write_text("import hidden_extras\n", encoding="utf-8")
    (place / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def run(python: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one command of nosology in a folder, without network."""
    environment = os.environ | {"PYTHONPATH": "", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    return subprocess.run(
        [str(python), "-m", "nosology", *words], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_the_starter_answers(python: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("TEXT\nCough with fever and rusty sputum for three days.\n", encoding="utf-8")
    words = ["classify", "starter", "notes.csv", "--text", "TEXT", "--out", "predictions.csv"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"nosology {' '.join(words)}" in readme
    answered = run(python, tmp_path, *words)
    assert answered.returncode == 0, answered.stderr
    assert (tmp_path / "predictions.csv").is_file()


def test_the_service_names_the_extra_that_it_misses(python: Path, tmp_path: Path) -> None:
    refused = run(python, tmp_path, "serve")
    assert refused.returncode == 2, refused.stderr
    assert "pip install 'nosology[serve]'" in refused.stderr
    assert "this is a bug" not in refused.stderr


def test_the_demo_and_the_steps_behind_it_run(python: Path, tmp_path: Path) -> None:
    made = run(python, tmp_path, "demo")
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "demo" / "run" / "report" / "index.html").is_file()
    for words in ("evaluate demo/run --limit 20", "report demo/run", "verify demo/run"):
        done = run(python, tmp_path, *words.split())
        assert done.returncode == 0, f"{words}: {done.stderr}"
