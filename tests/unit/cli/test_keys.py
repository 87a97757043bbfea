"""``nosology keys``: a key is shown once, listed without it, and useless once revoked."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from nosology.machine import extras
from nosology.serve.http.keys import KeyFile

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the keys are."""
    return tmp_path / "keys.json"


def test_a_key_is_printed_alone_so_that_a_script_can_take_it(nosology: Command, file: Path) -> None:
    status, out, err = nosology("keys", "create", "ward-3", "--keys", file)
    assert status == 0
    assert out.count("\n") == 1
    assert "shown once" in err
    entry = KeyFile(file).entry_of(out.strip())
    assert entry is not None
    assert entry.name == "ward-3"


def test_a_system_without_locks_of_files_makes_no_key(
    nosology: Command, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    status, out, err = nosology("keys", "create", "ward-3", "--keys", file)
    assert (status, out) == (2, "")
    assert "use WSL 2" in err
    assert not file.exists()


def test_the_file_holds_no_key_and_is_its_owners_alone(nosology: Command, file: Path) -> None:
    _, out, _ = nosology("keys", "create", "ward-3", "--keys", file)
    secret = out.strip().split("_", 2)[2]
    assert secret not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_keys_are_listed_by_name_without_themselves(nosology: Command, file: Path) -> None:
    made = {name: nosology("keys", "create", name, "--keys", file)[1].strip() for name in ("one", "other")}
    status, out, _ = nosology("keys", "list", "--keys", file)
    assert status == 0
    assert [line.split("\t")[0] for line in out.splitlines()] == ["one", "other"]
    assert not any(key in out for key in made.values())


def test_a_program_gets_the_list_as_json(nosology: Command, file: Path) -> None:
    nosology("keys", "create", "one", "--keys", file)
    _, out, _ = nosology("keys", "list", "--json", "--keys", file)
    (entry,) = json.loads(out)
    assert set(entry) == {"name", "id", "created_at"}
    assert entry["name"] == "one"


def test_no_keys_are_an_empty_list(nosology: Command, file: Path) -> None:
    assert nosology("keys", "list", "--keys", file)[:2] == (0, "")
    assert json.loads(nosology("keys", "list", "--json", "--keys", file)[1]) == []


def test_a_revoked_key_opens_nothing_and_its_neighbour_still_does(nosology: Command, file: Path) -> None:
    made = {name: nosology("keys", "create", name, "--keys", file)[1].strip() for name in ("one", "other")}
    status, out, err = nosology("keys", "revoke", "one", "--keys", file)
    assert (status, out) == (0, "")
    assert "one has no key any more" in err
    assert KeyFile(file).entry_of(made["one"]) is None
    assert KeyFile(file).entry_of(made["other"]) is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "one"), "one"),
        (("revoke", "nobody"), "nobody"),
        (("create", "two\nlines"), "error"),
        (("create", ""), "error"),
    ],
)
def test_what_cannot_be_done_is_told_with_exit_status_2(
    nosology: Command, file: Path, words: tuple[str, str], said: str
) -> None:
    nosology("keys", "create", "one", "--keys", file)
    before = file.read_text()
    status, out, err = nosology("keys", *words, "--keys", file)
    assert status == 2
    assert out == ""
    assert err.startswith("error:")
    assert said in err
    assert file.read_text() == before


def test_without_a_file_keys_lie_in_the_home_folder(nosology: Command, home: Path) -> None:
    nosology("keys", "create", "one")
    assert (home / ".config" / "nosology" / "keys.json").is_file()
