"""What a user says of a table, and where results go: never over the input, readable by their owner alone."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nosology.cli.tables import check_out, read_user_table, reading_options
from nosology.errors import ConfigError, DataError

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


@pytest.mark.parametrize(
    ("said", "sign"),
    [
        (None, None),
        (",", ","),
        (";", ";"),
        ("|", "|"),
        ("\t", "\t"),
        ("comma", ","),
        ("Semicolon", ";"),
        ("TAB", "\t"),
        ("pipe", "|"),
        ("bar", "|"),
        ("\\t", "\t"),
        ("^", "^"),
        (" ", " "),
    ],
)
def test_a_separator_is_a_sign_or_its_name(said: str | None, sign: str | None) -> None:
    assert reading_options(said, None).separator == sign


@pytest.mark.parametrize("said", ["", ",,", "colon", '"', "\n", "\r", "¦", "→", "tab "])
def test_anything_else_is_refused_with_what_can_be_given(said: str) -> None:
    with pytest.raises(ConfigError, match="a separator is one character") as caught:
        reading_options(said, None)
    assert caught.value.place == "--separator"
    assert "semicolon" in caught.value.hint


@pytest.mark.parametrize(
    ("said", "name"),
    [(None, None), ("utf-8", "utf-8"), ("UTF8", "utf-8"), ("latin1", "iso8859-1"), ("cp1252", "cp1252")],
)
def test_an_encoding_is_known_by_any_of_its_names(said: str | None, name: str | None) -> None:
    assert reading_options(None, said).encoding == name


@pytest.mark.parametrize("said", ["", "utf-9", "rot13", "hex", "base64"])
def test_what_is_no_encoding_of_text_is_refused(said: str) -> None:
    with pytest.raises(ConfigError, match="no such encoding") as caught:
        reading_options(None, said)
    assert caught.value.place == "--encoding"


def test_a_table_is_read_as_the_user_says(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_bytes("id^text\n1^Ménière, left\n".encode("cp1252"))
    table = read_user_table(tmp_path / "n.csv", "text", separator="^", encoding="cp1252")
    assert table.frame.rows() == [("1", "Ménière, left")]


def test_how_a_table_was_mended_is_said_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "n.jsonl").write_text('{"text": "a\\ud800b"}\n', encoding="utf-8")
    read_user_table(tmp_path / "n.jsonl", "text", separator=None, encoding=None)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "note: n.jsonl: 1 halves of surrogate pairs were replaced by U+FFFD" in " ".join(shown.err.split())


def test_a_plain_table_is_read_in_silence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "n.csv").write_text("id,text\n1,fever\n", encoding="utf-8")
    read_user_table(tmp_path / "n.csv", "text", separator=None, encoding=None)
    assert capsys.readouterr() == ("", "")


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("id,text\n1,fever\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column 'note'"):
        read_user_table(tmp_path / "n.csv", "note", separator=None, encoding=None)
