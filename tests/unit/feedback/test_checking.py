"""Tamper evidence and a log that moves: what the next line, the next start and `nosology audit` notice."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nosology.cli import app, register_commands
from nosology.errors import DataError
from nosology.feedback.audit import AuditError, AuditLog, entries
from nosology.feedback.chain import chained
from nosology.feedback.checking import check


@pytest.fixture
def path(tmp_path: Path) -> Any:
    return tmp_path / "state" / "audit.jsonl"


def filled(path: Path, n: int, **more: Any) -> None:
    log = AuditLog(path, **more)
    for number in range(n):
        log.append([{"event": "classify", "label": f"category {number}"}])
    log.close()


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def plain_lines(n: int) -> bytes:
    """Return a whole log as anybody can make one: chained by SHA-256, without a key."""
    written, last = b"", "0" * 64
    for number in range(1, n + 1):
        body = {"n": number, "event": "classify", "label": "forged", "previous": last}
        last = hashlib.sha256(json.dumps(body, separators=(",", ":"), sort_keys=True).encode()).hexdigest()
        written += json.dumps(body | {"hash": last}, separators=(",", ":"), sort_keys=True).encode() + b"\n"
    return written


# ---- what `nosology audit` finds


@pytest.mark.parametrize("n_left", [0, 1, 3])
def test_lines_missing_at_the_end_are_found_by_the_check_and_by_the_next_start(path: Any, n_left: int) -> None:
    filled(path, 4)
    path.write_bytes(b"".join(lines(path)[:n_left]))
    assert check(path).head_problem == f"{4 - n_left} lines are missing at the end"
    with pytest.raises(DataError, match=f"{4 - n_left} lines are missing"):
        AuditLog(path)


def test_a_log_written_anew_without_the_key_does_not_fit_its_head(path: Any) -> None:
    filled(path, 4)
    path.write_bytes(plain_lines(4))
    found = check(path)
    assert (found.n_unsigned, found.head_problem) == (4, "the last line is not the one that was written last")
    with pytest.raises(DataError, match="not what was written last"):
        AuditLog(path)


def test_a_log_written_anew_with_another_key_breaks_at_its_first_line(path: Any) -> None:
    filled(path, 4)
    last, written = "0" * 64, b""
    for number in range(1, 5):
        line, last = chained({"n": number, "event": "forged"}, last, b"x" * 32)
        written += line
    path.write_bytes(written)
    assert check(path).first_broken == 1


def test_unsigned_lines_behind_signed_ones_break_the_chain(path: Any) -> None:
    filled(path, 2)
    last = json.loads(lines(path)[-1])["hash"]
    body = {"n": 3, "event": "forged", "previous": last}
    found = hashlib.sha256(json.dumps(body, separators=(",", ":"), sort_keys=True).encode()).hexdigest()
    with path.open("a") as file:
        file.write(json.dumps(body | {"hash": found}) + "\n")
    assert check(path).first_broken == 3


def test_a_head_that_was_removed_changed_or_put_back_is_found(path: Any) -> None:
    filled(path, 2)
    head = path.with_name("audit.head")
    early = head.read_bytes()
    filled(path, 2)
    late = head.read_bytes()
    head.unlink()
    assert "head is missing" in check(path).head_problem
    head.write_bytes(late.replace(b'"n":4', b'"n":2').replace(b'"n":3', b'"n":1'))
    assert "head was changed" in check(path).head_problem
    head.write_bytes(late)
    path.write_bytes(b"".join(lines(path)[:2]))
    assert check(path).head_problem == "2 lines are missing at the end"
    head.write_bytes(early)  # both put back together: what the store, or a head kept elsewhere, must show
    assert check(path).head_problem is None


def test_a_key_kept_elsewhere_signs_and_is_asked_for(path: Any, tmp_path: Path) -> None:
    key = tmp_path / "elsewhere" / "key"
    filled(path, 2, key_file=key)
    filled(path, 1, key_file=key)
    assert check(path, key).n_entries == 3
    with pytest.raises(DataError, match="the key is missing"):
        check(path)
    key.unlink()
    with pytest.raises(DataError, match="key of this audit log is missing"):
        AuditLog(path, key)
    assert not key.exists(), "a new key would hide that the old one is gone"


@pytest.mark.parametrize("gone", ["audit.jsonl", "audit.head", "audit.key"])
def test_a_start_without_log_head_or_key_is_refused_and_leaves_everything_as_it_is(path: Any, gone: str) -> None:
    filled(path, 2)
    path.with_name(gone).unlink()
    before = {item.name: item.read_bytes() for item in path.parent.iterdir()}
    with pytest.raises(DataError, match="missing"):
        AuditLog(path)
    assert {item.name: item.read_bytes() for item in path.parent.iterdir()} == before


def test_a_log_emptied_together_with_its_key_is_refused(path: Any) -> None:
    filled(path, 2)
    path.with_name("audit.key").unlink()
    path.write_bytes(b"")
    with pytest.raises(DataError, match="key of this audit log is missing"):
        AuditLog(path)


def test_a_log_of_an_earlier_version_goes_on_signed_and_says_what_was_not(path: Any) -> None:
    path.parent.mkdir()
    path.write_bytes(plain_lines(3))
    filled(path, 2)
    found = check(path)
    assert (found.n_entries, found.n_unsigned, found.first_broken, found.head_problem) == (5, 3, None, None)
    path.write_bytes(plain_lines(3).replace(b"forged", b"edited") + b"".join(lines(path)[3:]))
    assert check(path).first_broken == 1


def test_a_crash_between_a_line_and_the_head_leaves_a_log_that_is_whole(path: Any) -> None:
    filled(path, 2)
    head = path.with_name("audit.head").read_bytes()
    filled(path, 1)
    path.with_name("audit.head").write_bytes(head)
    assert check(path).head_problem is None
    filled(path, 1)
    assert (check(path).n_entries, check(path).head_problem) == (4, None)


def test_a_crash_at_the_very_first_start_is_no_loss(path: Any) -> None:
    filled(path, 0)
    path.with_name("audit.key").unlink()  # it is made last
    filled(path, 1)
    assert check(path).head_problem is None


def test_half_a_head_is_no_head(path: Any) -> None:
    filled(path, 3)
    head = path.with_name("audit.head")
    data = head.read_bytes()
    for slot in (0, 256):
        head.write_bytes(data[:slot] + b"\0" * 100 + data[slot + 100 :])
        assert check(path).head_problem is None, "the other slot is whole, and at most one write older"


# ---- a log that moves while it is written


def rename(path: Path) -> None:
    path.rename(path.with_name("audit.jsonl.1"))


def rotate(path: Path) -> None:
    rename(path)
    path.touch()


def copy_and_cut(path: Path) -> None:
    shutil.copy(path, path.with_name("audit.jsonl.1"))
    path.write_bytes(b"")


def write_beside(path: Path) -> None:
    with path.open("a") as file:
        file.write("{}\n")


MOVES = {"renamed": rename, "deleted": Path.unlink, "rotated": rotate, "cut": copy_and_cut, "written to": write_beside}


@pytest.mark.parametrize("move", MOVES)
def test_a_log_that_was_moved_or_changed_is_noticed_at_the_next_line(path: Any, move: Any) -> None:
    log = AuditLog(path)
    log.append([{"event": "classify"}])
    MOVES[move](path)
    with pytest.raises(AuditError):
        log.probe()
    with pytest.raises(AuditError):
        log.append([{"event": "classify"}])
    assert "deleted" in log.last_failure or "another" in log.last_failure
    log.close()


def test_a_log_that_was_put_back_is_written_on_and_says_what_happened(path: Any) -> None:
    log = AuditLog(path)
    log.append([{"event": "classify"}])
    rename(path)
    with pytest.raises(AuditError):
        log.append([{"event": "lost"}])
    path.with_name("audit.jsonl.1").rename(path)
    log.probe()
    assert log.last_failure is None
    log.close()
    assert [entry["event"] for entry in entries(path)] == ["classify", "log-recovered"]
    assert check(path).head_problem is None


def test_a_head_that_vanished_refuses_the_next_line_and_keeps_the_log_whole(path: Any) -> None:
    log = AuditLog(path)
    log.append([{"event": "classify"}])
    head = path.with_name("audit.head")
    kept = head.read_bytes()
    head.unlink()
    for _ in range(2):
        with pytest.raises(AuditError):
            log.append([{"event": "lost"}])
    head.write_bytes(kept)
    log.append([{"event": "found"}])
    log.close()
    assert [entry["event"] for entry in entries(path)] == ["classify", "found"]
    assert check(path).head_problem is None


# ---- the command


def audit(path: Path, *options: str) -> Any:
    register_commands()
    return CliRunner().invoke(app, ["audit", str(path), *options])


def test_the_command_says_that_lines_are_missing(path: Any) -> None:
    filled(path, 3)
    assert audit(path).exit_code == 0
    path.write_bytes(b"")
    done = audit(path)
    assert isinstance(done.exception, DataError)
    assert "3 lines are missing at the end" in str(done.exception)
