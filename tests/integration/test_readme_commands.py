"""README's first commands from an installed wheel, at their own size, with only the libraries that its extras name.

The commands of all pages run at a tiny size in `test_page_commands`; that each exists and parses is in `test_docs`.
"""

import os
import subprocess
from pathlib import Path

import pytest

from installed import ROOT, environment, hidden

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel, and beside it what README's first lines install."""
    assert "fastapi" in hidden(frozenset())
    assert "peft" not in hidden(frozenset())
    return environment(tmp_path_factory.mktemp("wheel"))


def run(python: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one command of nosology in a folder, without network."""
    environment = os.environ | {"PYTHONPATH": "", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    return subprocess.run(
        [str(python), "-m", "nosology", *words], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize(("does", "out"), [("classify", "predictions.csv"), ("suggest", "suggestions.jsonl")])
def test_the_starter_answers(does: str, out: str, python: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("TEXT\nCough with fever and rusty sputum for three days.\n", encoding="utf-8")
    words = [does, "starter", "notes.csv", "--text", "TEXT", "--out", out]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"nosology {' '.join(words)}" in readme
    answered = run(python, tmp_path, *words)
    assert answered.returncode == 0, answered.stderr
    assert (tmp_path / out).stat().st_size > 0


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
