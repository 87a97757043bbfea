"""What a service keeps on disk: audit log, keys, receipt key. What survives a crash, and what shows a change."""

import json
import os
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nosology.errors import ConfigError, DataError
from nosology.feedback.audit import AuditError, AuditLog, check, entries
from nosology.feedback.receipts import Receipt, ReceiptBook, ReceiptError
from nosology.files import sha256_text
from nosology.serve.http.keys import KeyFile

RECEIPT = Receipt("a" * 64, "b" * 64, "Cardiovascular", 0.75, False, ("Cardiovascular", "Respiratory"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "audit.jsonl"


def filled(path: Path, n: int) -> None:
    log = AuditLog(path)
    for number in range(n):
        log.append([{"event": "classify", "label": f"category {number}"}])
    log.close()


def test_entries_go_on_where_the_last_process_stopped(path):
    filled(path, 2)
    filled(path, 3)
    assert [entry["n"] for entry in entries(path)] == [1, 2, 3, 4, 5]
    assert check(path).n_entries == 5
    assert check(path).first_broken is None


@settings(max_examples=60)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_changed_bit_breaks_the_chain(tmp_path_factory, place, bit):
    path = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    filled(path, 4)
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 1 << bit
    path.write_bytes(bytes(data))
    found = check(path)
    assert found.first_broken is not None or found.n_entries < 4 or found.n_torn


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_line_that_was_left_out_breaks_the_chain(path, gone):
    filled(path, 4)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for number, line in enumerate(lines) if number != gone))
    assert check(path).first_broken == gone + 1


def test_two_lines_that_changed_places_break_the_chain(path):
    filled(path, 3)
    one, two, three = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(two + one + three)
    assert check(path).first_broken == 1


@settings(max_examples=40)
@given(cut=st.integers(1, 400))
def test_a_line_cut_short_by_a_crash_is_closed_and_marked_at_the_next_start(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    filled(path, 3)
    data = path.read_bytes()
    last = len(data.splitlines(keepends=True)[-1])
    path.write_bytes(data[: len(data) - min(cut, last)])
    assert check(path).first_broken is None, "not started since: the cut line is simply the last"
    filled(path, 1)
    found = check(path)
    assert found.first_broken is None
    whole = [entry["label"] for entry in entries(path) if "label" in entry]
    assert whole[:2] == ["category 0", "category 1"]
    assert found.n_entries == (3 if cut >= last else 4), "only a line's end missing: the line counts"


def test_a_cut_line_in_the_middle_is_no_crash(path):
    filled(path, 3)
    one, two, three = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(one + two[:20] + b"\n" + three)
    assert check(path).first_broken == 2


def test_a_changed_last_line_is_noticed_at_the_start(path):
    filled(path, 2)
    path.write_bytes(path.read_bytes().replace(b"category 1", b"category 9"))
    with pytest.raises(DataError, match="changed"):
        AuditLog(path)


def test_two_services_cannot_write_to_one_log(path):
    log = AuditLog(path)
    with pytest.raises(ConfigError, match="another service"):
        AuditLog(path)
    log.close()
    AuditLog(path).close()


def test_a_log_longer_than_a_block_is_read_from_its_end(path):
    filled(path, 350)
    assert path.stat().st_size > 1 << 16
    filled(path, 1)
    assert check(path).n_entries == 351


FULL_DISK = """
    import resource, signal, sys
    from pathlib import Path
    from nosology.feedback.audit import AuditError, AuditLog
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    log = AuditLog(Path(sys.argv[1]))
    log.append([{"event": "first"}])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (Path(sys.argv[1]).stat().st_size + 50, hard))
    try:
        log.append([{"event": "second"}])
    except AuditError as error:
        print("refused:", log.last_failure)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    log.append([{"event": "third"}])
    print(log.last_failure)
"""


def test_a_full_disk_refuses_the_entry_and_leaves_no_half_of_it(path):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines() == ["refused: File too large", "None"], done.stderr
    assert [entry["event"] for entry in entries(path)] == ["first", "third"]
    assert check(path).first_broken is None


def test_a_log_on_a_device_without_room_refuses(tmp_path):
    assert Path("/dev/full").exists() or pytest.skip("this system has no /dev/full")
    log = AuditLog(tmp_path / "audit.jsonl")
    os.dup2(os.open("/dev/full", os.O_WRONLY), log._file)
    with pytest.raises((AuditError, OSError), match=r"No space left|Invalid argument"):
        log.append([{"event": "classify"}])


def test_files_are_their_owners_alone(tmp_path):
    AuditLog(tmp_path / "audit.jsonl").close()
    ReceiptBook.open(tmp_path)
    KeyFile(tmp_path / "keys.json").create("ward 3")
    for name in ("audit.jsonl", "receipt.key", "keys.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


# ---- receipts


def test_a_receipt_says_what_was_signed_also_after_a_restart(tmp_path):
    signed = ReceiptBook.open(tmp_path).sign(RECEIPT)
    assert ReceiptBook.open(tmp_path).read(signed) == RECEIPT


def test_a_receipt_of_another_service_is_refused(tmp_path):
    signed = ReceiptBook.open(tmp_path / "one").sign(RECEIPT)
    with pytest.raises(ReceiptError):
        ReceiptBook.open(tmp_path / "other").read(signed)


@settings(max_examples=100)
@given(place=st.integers(0, 10_000), character=st.characters(codec="ascii", categories=["L", "N"]))
def test_a_changed_receipt_is_refused(place, character):
    book = ReceiptBook(b"k" * 32)
    signed = book.sign(RECEIPT)
    place %= len(signed)
    changed = signed[:place] + character + signed[place + 1 :]
    try:
        assert book.read(changed) == RECEIPT  # the last character of base64 has bits that say nothing
    except ReceiptError:
        return


@settings(max_examples=30)
@given(st.text(max_size=40))
def test_what_is_no_receipt_is_refused(text):
    with pytest.raises(ReceiptError):
        ReceiptBook(b"k" * 32).read(text)


def test_a_note_has_one_hash_and_a_surrogate_does_not_break_it():
    assert sha256_text("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2
    assert sha256_text("a") != sha256_text("b")
    assert len(sha256_text("\ud800")) == 64


# ---- keys


def test_a_key_is_shown_once_and_kept_as_a_hash(tmp_path):
    keys = KeyFile(tmp_path / "keys.json")
    key = keys.create("ward 3")
    assert KeyFile(tmp_path / "keys.json").entry_of(key).name == "ward 3"
    assert key.split("_", 2)[2] not in (tmp_path / "keys.json").read_text()


@pytest.mark.parametrize("presented", ["", "nsl_", "ward 3", "nsl_00000000_" + "x" * 43, "\ud800", "é" * 60])
def test_what_is_no_key_is_nobodys(tmp_path, presented):
    keys = KeyFile(tmp_path / "keys.json")
    keys.create("ward 3")
    assert keys.entry_of(presented) is None


def test_another_keys_secret_does_not_open(tmp_path):
    keys = KeyFile(tmp_path / "keys.json")
    one, other = keys.create("one"), keys.create("other")
    mixed = f"{one[:13]}{other[13:]}"
    assert keys.entry_of(mixed) is None


def test_secrets_are_compared_in_constant_time_known_or_not(tmp_path, monkeypatch):
    import hmac

    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((len(a), len(b))) or a == b)
    keys = KeyFile(tmp_path / "keys.json")
    key = keys.create("ward 3")
    for presented in (key, key[:-1] + "x", "nsl_00000000_" + "x" * 43, "nonsense"):
        keys.entry_of(presented)
    assert compared == [(64, 64)] * 4, "one comparison of whole hashes, whatever is presented"


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 65, "<script>"])
def test_a_name_that_a_log_should_not_hold_is_refused(tmp_path, name):
    with pytest.raises(ConfigError):
        KeyFile(tmp_path / "keys.json").create(name)


def test_names_are_taken_once_and_only_known_ones_are_revoked(tmp_path):
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


def test_commands_that_make_keys_at_once_lose_none(tmp_path):
    file = tmp_path / "keys.json"
    command = [sys.executable, "-c", textwrap.dedent(ANOTHER_COMMAND), str(file)]
    running = [subprocess.Popen([*command, name]) for name in ("one", "two", "three")]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert len(KeyFile(file).entries()) == 36


def test_threads_that_make_keys_at_once_lose_none(tmp_path):
    file = tmp_path / "keys.json"
    threads = [threading.Thread(target=KeyFile(file).create, args=(f"ward {number}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(KeyFile(file).entries()) == 16


@pytest.mark.parametrize("content", ["", "[]", '{"keys": [{"name": "x"}]}', "no json"])
def test_what_is_no_key_file_is_refused(tmp_path, content):
    (tmp_path / "keys.json").write_text(content)
    with pytest.raises(ConfigError, match="not a key file"):
        KeyFile(tmp_path / "keys.json").entries()


def test_a_key_file_holds_json(tmp_path):
    KeyFile(tmp_path / "keys.json").create("ward 3")
    assert set(json.loads((tmp_path / "keys.json").read_text())["keys"][0]) == {
        "key_id",
        "name",
        "sha256",
        "created_at",
    }
