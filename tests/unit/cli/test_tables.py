"""Where results go: never over the input, over nothing else unasked, readable by their owner alone."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nosology.cli.tables import check_out
from nosology.errors import DataError

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "notes.csv").write_text("text,n\n=1+1 Dr. Okafor,-5\n", encoding="utf-8")
    return tmp_path / "notes.csv"


def deid(nosology: Command, file: Path, out: Path, *more: str) -> tuple[int, str, str]:
    return nosology("deid", file, "--text", "text", "--out", out, *more)


@pytest.mark.parametrize("link", ["same", "symbolic", "hard", "dotted"])
def test_the_input_is_never_overwritten_whatever_it_is_called(nosology: Command, notes: Path, link: str) -> None:
    out = {"same": notes, "dotted": notes.parent / "." / "x" / ".." / notes.name}.get(link, notes.with_name("link.csv"))
    (notes.parent / "x").mkdir()
    if link == "symbolic":
        out.symlink_to(notes)
    if link == "hard":
        out.hardlink_to(notes)
    before = notes.read_bytes()
    status, _, said = deid(nosology, notes, out, "--force")
    assert status == 2
    assert "is the input, which is never overwritten" in said
    assert notes.read_bytes() == before


def test_another_file_is_overwritten_only_by_force(nosology: Command, notes: Path) -> None:
    out = notes.with_name("out.csv")
    out.write_text("kept", encoding="utf-8")
    status, _, said = deid(nosology, notes, out)
    assert (status, out.read_text(encoding="utf-8")) == (2, "kept")
    assert "exists already" in said
    assert "--force" in said
    assert deid(nosology, notes, out, "--force")[0] == 0
    assert "<NAME>" in out.read_text(encoding="utf-8")


def test_every_command_that_writes_a_file_looks_first(nosology: Command, notes: Path) -> None:
    for words in (("classify", "run"), ("suggest", "run"), ("deid",)):
        status, _, said = nosology(*words, notes, "--text", "text", "--out", notes)
        assert status == 2
        assert "is the input" in said, words


@pytest.mark.parametrize(("answer", "is_allowed"), [("y", True), ("n", False)])
def test_a_person_at_a_terminal_is_asked(
    notes: Path, monkeypatch: pytest.MonkeyPatch, answer: str, is_allowed: bool
) -> None:
    out = notes.with_name("out.csv")
    out.touch()
    terminal, end = os.openpty()
    os.write(terminal, f"{answer}\n".encode())
    with os.fdopen(end, "r") as stdin, os.fdopen(os.dup(end), "w") as stderr, os.fdopen(terminal, "rb", 0) as screen:
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stderr", stderr)
        if is_allowed:
            check_out(out, notes, is_forced=False)
        else:
            with pytest.raises(DataError, match="exists already"):
                check_out(out, notes, is_forced=False)
        monkeypatch.undo()
        shown = b""
        while b"Overwrite it?" not in shown:  # a question that is never asked ends in the time limit
            shown += screen.read(1_000)


def test_a_file_that_comes_from_stdin_is_not_overwritten_either(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with notes.open(encoding="utf-8") as file:
        monkeypatch.setattr(sys, "stdin", file)
        with pytest.raises(DataError, match="is the input"):
            check_out(notes, Path("-"), is_forced=True)


def test_a_folder_is_no_file_to_write(notes: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        check_out(notes.parent, notes, is_forced=True)


def test_formulas_are_escaped_on_request_alone(nosology: Command, notes: Path) -> None:
    plain, safe = notes.with_name("plain.csv"), notes.with_name("safe.csv")
    assert deid(nosology, notes, plain)[0] == 0
    assert deid(nosology, notes, safe, "--escape-formulas")[0] == 0
    first = [path.read_text(encoding="utf-8").splitlines()[1] for path in (plain, safe)]
    assert first[0].startswith("=1+1 Dr. Okafor,-5,=1+1 Dr. <NAME>,")
    assert first[1].startswith("'=1+1 Dr. Okafor,-5,'=1+1 Dr. <NAME>,")


def test_formats_without_formulas_have_nothing_to_escape(nosology: Command, notes: Path) -> None:
    status, _, said = deid(nosology, notes, notes.with_name("out.jsonl"), "--escape-formulas")
    assert status == 2
    assert "--escape-formulas" in said


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.jsonl", "out.csv.gz"])
def test_what_is_written_is_its_owners_alone(nosology: Command, notes: Path, name: str) -> None:
    assert deid(nosology, notes, notes.with_name(name))[0] == 0
    assert notes.with_name(name).stat().st_mode & 0o777 == 0o600
