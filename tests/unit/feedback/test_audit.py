"""The audit log: what survives a crash, and what shows a change."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nosology.errors import ConfigError, DataError
from nosology.feedback.audit import AuditError, AuditLog, entries
from nosology.feedback.checking import check


@pytest.fixture
def path(tmp_path: Path) -> Any:
    return tmp_path / "audit.jsonl"


def filled(path: Path, n: int) -> None:
    log = AuditLog(path)
    for number in range(n):
        log.append([{"event": "classify", "label": f"category {number}"}])
    log.close()


def test_entries_go_on_where_the_last_process_stopped(path: Any) -> None:
    filled(path, 2)
    filled(path, 3)
    assert [entry["n"] for entry in entries(path)] == [1, 2, 3, 4, 5]
    assert check(path).n_entries == 5
    assert check(path).first_broken is None


@settings(max_examples=60)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_changed_bit_breaks_the_chain(tmp_path_factory: pytest.TempPathFactory, place: Any, bit: Any) -> None:
    path = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    filled(path, 4)
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 1 << bit
    path.write_bytes(bytes(data))
    found = check(path)
    assert found.first_broken is not None or found.n_entries < 4 or found.n_torn


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_line_that_was_left_out_breaks_the_chain(path: Any, gone: int) -> None:
    filled(path, 4)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for number, line in enumerate(lines) if number != gone))
    assert check(path).first_broken == gone + 1


def test_two_lines_that_changed_places_break_the_chain(path: Any) -> None:
    filled(path, 3)
    one, two, three = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(two + one + three)
    assert check(path).first_broken == 1


@settings(max_examples=40)
@given(cut=st.integers(1, 500))
def test_a_line_cut_short_by_a_crash_is_closed_and_marked_at_the_next_start(
    tmp_path_factory: pytest.TempPathFactory, cut: Any
) -> None:
    path = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    filled(path, 2)
    head = path.with_name("audit.head").read_bytes()
    filled(path, 1)
    path.with_name("audit.head").write_bytes(head)  # it is written after the line
    data = path.read_bytes()
    last = len(data.splitlines(keepends=True)[-1])
    path.write_bytes(data[: len(data) - min(cut, last)])
    assert check(path).first_broken is None, "not started since: the cut line is simply the last"
    filled(path, 1)
    found = check(path)
    assert (found.first_broken, found.head_problem) == (None, None)
    whole = [entry["label"] for entry in entries(path) if "label" in entry]
    assert whole[:2] == ["category 0", "category 1"]
    assert found.n_entries == (3 if cut >= last else 4), "only a line's end missing: the line counts"


def test_a_cut_line_in_the_middle_is_no_crash(path: Any) -> None:
    filled(path, 3)
    one, two, three = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(one + two[:20] + b"\n" + three)
    assert check(path).first_broken == 2


def test_a_changed_last_line_is_noticed_at_the_start(path: Any) -> None:
    filled(path, 2)
    path.write_bytes(path.read_bytes().replace(b"category 1", b"category 9"))
    with pytest.raises(DataError, match="changed"):
        AuditLog(path)


def test_two_services_cannot_write_to_one_log(path: Any) -> None:
    log = AuditLog(path)
    with pytest.raises(ConfigError, match="another service"):
        AuditLog(path)
    log.close()
    AuditLog(path).close()


def test_a_log_longer_than_a_block_is_read_from_its_end(path: Any) -> None:
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


def test_a_full_disk_refuses_the_entry_and_leaves_no_half_of_it(path: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines() == ["refused: File too large", "None"], done.stderr
    assert [entry["event"] for entry in entries(path)] == ["first", "third"]
    assert check(path).first_broken is None


def test_a_log_on_a_device_without_room_refuses(tmp_path: Path) -> None:
    assert Path("/dev/full").exists() or pytest.skip("this system has no /dev/full")
    log = AuditLog(tmp_path / "audit.jsonl")
    os.dup2(os.open("/dev/full", os.O_WRONLY), log._file)
    with pytest.raises(AuditError, match="another file stands in its place"):
        log.append([{"event": "classify"}])
