"""Bundles tell of a run without a weight, an id or a path, and are set beside runs."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from evaluation_world import Loader, write_dataset, write_run
from export_world import write_adapted_run
from nosology.evaluation import evaluate
from nosology.export.bundle import differences, portable, salted, write_bundle
from nosology.files import read_json, write_json
from nosology.report import write_report
from nosology.runs.files import RunFiles
from nosology.runs.integrity import record_again
from tiny_models import save_tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run and its bundle."""
    folder = tmp_path_factory.mktemp("bundle")
    save_tiny_model(folder / "model")
    write_adapted_run(folder / "run", folder / "model")
    (folder / "dataset" / "manifest.json").unlink()  # as where the dataset lies no longer: training notes are known
    made = write_bundle(folder / "run", folder / "out", write_report=write_report)
    assert made.n_notes == 2
    return folder


def test_no_weight_no_id_and_no_path_is_in_a_bundle(folder: Path) -> None:
    files = [path for path in (folder / "out").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"run.json", "config.yaml", "splits.tsv", "environment.txt", "hashes.json"}
    for path in files:
        content = path.read_text(encoding="utf-8")
        assert str(folder) not in content, path
        assert path.suffix != ".safetensors"
    rows = (folder / "out" / "splits.tsv").read_text(encoding="utf-8").splitlines()[1:]
    assert not any(row.startswith(("n1", "n2")) for row in rows)


CANARY = "zebrafish-4711"


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bundle of a run that was evaluated, with a canary in every note, every id and every kept prompt."""
    folder = tmp_path_factory.mktemp("canary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nosology.evaluation.workflow.load_classifier", Loader())
        notes = {"train": 30, "validation": 30, "test": 16}
        dataset = write_dataset(folder / "dataset", notes, prefix=CANARY)
        settings: dict[str, Any] = {"evaluate": {"bootstrap_samples": 100, "systems": ["majority", "base", "tuned"]}}
        settings["model"] = {"name": str(folder / "models" / "tiny")}
        run = write_run(folder / "run", dataset, n_train=30, config=settings)
        manifest = read_json(RunFiles(run).manifest)
        manifest["model"]["name"] = settings["model"]["name"]
        manifest["environment"]["platform"] = f"Linux-6.1-{CANARY}-x86_64"
        write_json(RunFiles(run).manifest, manifest)
        evaluate(run, include_text=True)
    RunFiles(run).prompt.write_text("{{ note }}", encoding="utf-8")
    record_again(RunFiles(run))
    write_report(run, include_text=True)
    write_bundle(run, folder / "out", write_report=write_report)
    return folder


def test_no_canary_of_a_note_an_id_or_a_prompt_is_in_a_bundle(evaluated: Path) -> None:
    inside = [path for path in (evaluated / "run").rglob("*") if path.is_file()]
    assert any(CANARY.encode() in path.read_bytes() for path in inside), "else nothing is proved"
    assert str(evaluated).encode() in (evaluated / "run" / "report" / "index.html").read_bytes(), (
        "else nothing is proved"
    )
    bundled = [path for path in (evaluated / "out").rglob("*") if path.is_file()]
    for path in bundled:
        content = path.read_bytes()
        assert CANARY.encode() not in content, path
        assert str(evaluated).encode() not in content, path


def test_report_forms_and_environment_are_in_a_bundle(evaluated: Path) -> None:
    out = evaluated / "out"
    page = (out / "report" / "test" / "index.html").read_text(encoding="utf-8")
    examples = read_json(out / "results" / "test.json")["examples"]
    assert examples
    assert all(example["note_id"] in page for example in examples), "by their hashes"
    assert list((out / "report" / "test" / "cards").glob("*.md"))
    python, *packages = (out / "environment.txt").read_text(encoding="utf-8").splitlines()
    assert python.startswith("# Python 3.")
    assert any(line.startswith("torch==") for line in packages)
    assert list(differences(out, evaluated / "run")) == []


def test_whoever_has_the_salt_finds_a_note(folder: Path) -> None:
    salt = folder / "out.salt"
    assert salt.stat().st_mode & 0o777 == 0o600
    wanted = salted(salt.read_text(encoding="utf-8").strip(), "n1")
    assert f"{wanted}\ttrain" in (folder / "out" / "splits.tsv").read_text(encoding="utf-8")


def test_a_bundle_tells_of_its_run_and_of_no_other(folder: Path, tmp_path: Path) -> None:
    assert list(differences(folder / "out", folder / "run")) == []
    shutil.copytree(folder / "run", tmp_path / "run")
    (tmp_path / "run" / "prompt.jinja").write_text("other", encoding="utf-8")
    assert list(differences(folder / "out", tmp_path / "run")) == ["prompt.jinja: changed in the run"]
    record_again(RunFiles(tmp_path / "run"))
    assert list(differences(folder / "out", tmp_path / "run")) == ["prompt.jinja: another one in the run"]


def test_a_changed_bundle_is_named_by_the_file(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "out", tmp_path / "out")
    write_json(tmp_path / "out" / "run.json", {})
    assert list(differences(tmp_path / "out", folder / "run")) == ["run.json: not as it was bundled"]


def test_paths_become_their_last_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "own.tsv").touch()
    values = ["/home/me/data", "~/data", "../../me/data", "words/own.tsv", "plain", "owner/model", "x" * 5_000, 3]
    found = ["data", "data", "data", "own.tsv", "plain", "owner/model", "x" * 5_000, 3]
    assert portable({"a": values}) == {"a": found}
    assert portable({"platform": "Linux-6.1-built-by-me"}) == {"platform": "Linux"}
