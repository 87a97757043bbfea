"""The commands that export a run and verify an export."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from export_world import write_adapted_run
from nosology import cli
from nosology.errors import ConfigError, RunError
from nosology.export.models import gate, outside
from nosology.export.models.workflow import export_run
from tiny_models import save_tiny_model

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run and a merged export of it."""
    cli.register_commands()
    folder = tmp_path_factory.mktemp("export-command")
    save_tiny_model(folder / "model")
    write_adapted_run(folder / "run", folder / "model")
    export_run(folder / "run", "merged", folder / "out", observe=outside.observe)
    return folder


def test_a_run_is_exported_and_the_figures_are_said(folder: Path, tmp_path: Path) -> None:
    done = RUNNER.invoke(cli.app, ["export", str(folder / "run"), "--to", "adapter", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "12 invented notes: largest difference" in done.stderr
    assert (tmp_path / "out" / "adapter_model.safetensors").is_file()


def test_an_export_is_verified_by_its_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = RUNNER.invoke(cli.app, ["verify", str(folder / "out"), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["changed"] == []
    assert found["n"] == 12
    with (folder / "out" / "README.md").open("a") as file:
        file.write("more")
    monkeypatch.setattr(gate, "in_a_fresh_process", outside.observe)  # it was asked so above, and takes seconds
    done = RUNNER.invoke(cli.app, ["verify", str(folder / "out")])
    assert isinstance(done.exception, RunError)
    assert "README.md: not as it was written" in done.stdout


def test_a_bundle_is_made_and_verified_against_its_run(folder: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    (folder / "dataset" / "manifest.json").unlink()
    refused = RUNNER.invoke(cli.app, ["export", str(folder / "run"), "--to", "bundle", "--out", out])
    assert isinstance(refused.exception, RunError)
    done = RUNNER.invoke(cli.app, ["export", str(folder / "run"), "--to", "bundle", "--out", out, "--allow-restricted"])
    assert done.exit_code == 0, done.output
    assert "the salt stays with you" in done.stderr
    same = RUNNER.invoke(cli.app, ["verify", out, str(folder / "run")])
    assert same.exit_code == 0, same.output
    assert "every file is as recorded" in same.stdout
    assert isinstance(RUNNER.invoke(cli.app, ["verify", out]).exception, RunError)


@pytest.mark.parametrize("to", ["adapter", "bundle"])
def test_a_number_format_that_would_be_ignored_is_refused(folder: Path, tmp_path: Path, to: str) -> None:
    words = ["export", str(folder / "run"), "--to", to, "--out", str(tmp_path / "out"), "--number-format", "float16"]
    refused = RUNNER.invoke(cli.app, words).exception
    assert isinstance(refused, ConfigError)
    assert refused.place == "--number-format"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["export", "bundle"])
def test_only_a_runs_files_are_recorded_anew(tmp_path: Path, kind: str) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"kind": kind}))
    refused = RUNNER.invoke(cli.app, ["verify", str(tmp_path), "--record"]).exception
    assert isinstance(refused, ConfigError)
    assert refused.place == "--record"
    assert kind in refused.message
