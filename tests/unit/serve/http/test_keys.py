"""The keys that open a service."""

import json
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from nosology.errors import ConfigError
from nosology.feedback.audit import AuditLog
from nosology.feedback.receipts import ReceiptBook
from nosology.serve.http.keys import KeyFile


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    AuditLog(tmp_path / "audit.jsonl").close()
    ReceiptBook.open(tmp_path)
    KeyFile(tmp_path / "keys.json").create("ward 3")
    for name in ("audit.jsonl", "receipt.key", "keys.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


# ---- keys


def test_a_key_is_shown_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    key = keys.create("ward 3")
    assert KeyFile(tmp_path / "keys.json").entry_of(key).name == "ward 3"
    assert key.split("_", 2)[2] not in (tmp_path / "keys.json").read_text()


@pytest.mark.parametrize("presented", ["", "nsl_", "ward 3", "nsl_00000000_" + "x" * 43, "\ud800", "é" * 60])
def test_what_is_no_key_is_nobodys(tmp_path: Path, presented: str) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    keys.create("ward 3")
    assert keys.entry_of(presented) is None


def test_another_keys_secret_does_not_open(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    one, other = keys.create("one"), keys.create("other")
    mixed = f"{one[:13]}{other[13:]}"
    assert keys.entry_of(mixed) is None


def test_secrets_are_compared_in_constant_time_known_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hmac

    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((len(a), len(b))) or a == b)
    keys = KeyFile(tmp_path / "keys.json")
    key = keys.create("ward 3")
    for presented in (key, key[:-1] + "x", "nsl_00000000_" + "x" * 43, "nonsense"):
        keys.entry_of(presented)
    assert compared == [(64, 64)] * 4, "one comparison of whole hashes, whatever is presented"


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 65, "<script>"])
def test_a_name_that_a_log_should_not_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        KeyFile(tmp_path / "keys.json").create(name)


def test_names_are_taken_once_and_only_known_ones_are_revoked(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    keys.create("ward 3")
    with pytest.raises(ConfigError, match="already"):
        keys.create("ward 3")
    with pytest.raises(ConfigError, match="no key named"):
        keys.revoke("ward 4")
    keys.revoke("ward 3")
    assert keys.entries() == []


ANOTHER_COMMAND = """
    import sys
    from pathlib import Path
    from nosology.serve.http.keys import KeyFile
    for number in range(12):
        KeyFile(Path(sys.argv[1])).create(f"{sys.argv[2]} {number}")
"""


def test_commands_that_make_keys_at_once_lose_none(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    command = [sys.executable, "-c", textwrap.dedent(ANOTHER_COMMAND), str(file)]
    running = [subprocess.Popen([*command, name]) for name in ("one", "two", "three")]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert len(KeyFile(file).entries()) == 36


def test_threads_that_make_keys_at_once_lose_none(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    threads = [threading.Thread(target=KeyFile(file).create, args=(f"ward {number}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(KeyFile(file).entries()) == 16


@pytest.mark.parametrize("content", ["", "[]", '{"keys": [{"name": "x"}]}', "no json"])
def test_what_is_no_key_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "keys.json").write_text(content)
    with pytest.raises(ConfigError, match="not a key file"):
        KeyFile(tmp_path / "keys.json").entries()


def test_a_key_file_holds_json(tmp_path: Path) -> None:
    KeyFile(tmp_path / "keys.json").create("ward 3")
    assert set(json.loads((tmp_path / "keys.json").read_text())["keys"][0]) == {
        "key_id",
        "name",
        "sha256",
        "created_at",
    }
