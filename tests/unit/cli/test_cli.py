"""The command line as a whole: exit statuses, what is said where, and what the help costs."""

import errno
import json
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

import nosology
from nosology import cli
from nosology.errors import DataError

HEAVY = (
    "torch",
    "transformers",
    "peft",
    "polars",
    "pandas",
    "sklearn",
    "scipy",
    "matplotlib",
    "numpy",
    "rich.progress",
)


def run_failing_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return the exit status of a command line whose only command raises ``error``."""
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def fail() -> None:
        raise error

    monkeypatch.setattr(cli, "app", app)
    monkeypatch.setattr(cli, "register_commands", lambda: None)
    monkeypatch.setattr(sys, "argv", ["nosology"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return int(stop.value.code or 0)


def test_an_error_the_user_can_fix_exits_2_with_place_and_hint_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run_failing_with(DataError("no column TEXT", place="notes.csv", hint="give --text"), monkeypatch)
    captured = capsys.readouterr()
    assert status == 2
    assert captured.err == "error: notes.csv: no column TEXT\n  hint: give --text\n"
    assert captured.out == ""


def test_a_bug_exits_1_and_withholds_the_message_that_could_quote_a_note(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run_failing_with(ValueError("pt is a 54 yo male with chest pain"), monkeypatch)
    talk = capsys.readouterr().err
    assert status == 1
    assert "chest pain" not in talk
    assert "ValueError" in talk
    assert "test_cli.py" in talk, "the place is needed to report the bug"
    assert "NOSOLOGY_DEBUG=1" in talk


def test_the_message_of_a_bug_is_shown_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NOSOLOGY_DEBUG", "1")
    assert run_failing_with(ValueError("an internal detail"), monkeypatch) == 1
    assert "an internal detail" in capsys.readouterr().err


def test_a_full_disk_is_the_users_to_fix(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "/data/run/adapter")
    assert run_failing_with(full, monkeypatch) == 2
    assert capsys.readouterr().err == "error: /data/run/adapter: No space left on device\n"


def test_an_unexpected_error_of_the_operating_system_is_a_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_failing_with(OSError(errno.EBADF, "Bad file descriptor"), monkeypatch) == 1
    assert "this is a bug" in capsys.readouterr().err


def test_an_interrupt_exits_130_and_says_what_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_failing_with(KeyboardInterrupt(), monkeypatch) == 130
    assert "interrupted; nothing half-written" in capsys.readouterr().err


def test_an_interrupt_names_the_way_to_go_on_where_the_command_has_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def train(out: str, resume: bool = False) -> None:  # noqa: ARG001 (as the command)
        raise KeyboardInterrupt

    @app.command()
    def other() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", app)
    monkeypatch.setattr(cli, "register_commands", lambda: None)
    said = {}
    for words in (["train", "my run"], ["train", "r", "--resume"], ["other"]):
        monkeypatch.setattr(sys, "argv", ["nosology", *words])
        with pytest.raises(SystemExit):
            cli.main()
        said[tuple(words)] = capsys.readouterr().err
    assert "to go on from the last checkpoint: nosology train 'my run' --resume\n" in said["train", "my run"]
    assert "nosology train r --resume\n" in said["train", "r", "--resume"]
    assert "--resume" not in said["other",]


def test_every_command_is_in_one_group_of_the_help() -> None:
    cli.register_commands()
    known = [cli._name_of(item) for item in (*cli.app.registered_commands, *cli.app.registered_groups)]
    assert sorted(known) == sorted(name for names in cli.GROUPS.values() for name in names)
    shown = CliRunner().invoke(cli.app, ["--help"], env={"COLUMNS": "100"}).output
    places = [shown.index(f" {group} ") for group in cli.GROUPS]
    assert places == sorted(places)
    assert shown.index("│ synth ") < shown.index("│ train ") < shown.index("│ report ")


@pytest.mark.parametrize("words", [["schema", "config"], ["--help"]])
def test_a_reader_that_has_seen_enough_is_no_error(words: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "nosology", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    assert (process.wait(timeout=60), said) == (0, "")
    process.stderr.close()


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys, json\n"
        "from nosology import cli\n"
        "sys.argv = ['nosology', '--help']\n"
        "try:\n    cli.main()\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Not a medical device" in " ".join(finished.stdout.split())
    loaded = set(json.loads(finished.stderr.splitlines()[-1]))
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)


def test_version_is_printed_and_is_the_packages() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "nosology", "--version"], capture_output=True, text=True, check=True
    )
    assert finished.stdout.strip() == nosology.__version__


def test_an_unknown_command_exits_2() -> None:
    finished = subprocess.run([sys.executable, "-m", "nosology", "no-such-command"], capture_output=True, text=True)
    assert finished.returncode == 2
    assert "no-such-command" in finished.stderr
    assert finished.stdout == ""
