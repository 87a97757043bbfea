"""Lines of an audit log that hang together: what each signs, and what a head says of the end."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.errors import DataError
from nosology.feedback.chain import (
    START,
    Head,
    HeadFile,
    chained,
    claimed_lines,
    entries,
    is_signed,
    is_true,
    last_lines,
    make_key,
    parsed,
    read_key,
)

KEY, OTHER = b"k" * 32, b"o" * 32
VALUES = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20)
ENTRIES = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name not in {"n", "previous", "hash", "signed"}), VALUES, max_size=4
).map(lambda entry: entry | {"n": 1})


def test_a_line_is_signed_by_the_hmac_of_its_other_fields_in_alphabetical_order() -> None:
    line, found = chained({"what": "classify", "n": 1}, START, KEY)
    body = b'{"n":1,"previous":"' + START.encode() + b'","signed":true,"what":"classify"}'
    assert found == hmac.new(KEY, body, hashlib.sha256).hexdigest()
    assert json.loads(line) == {"what": "classify", "n": 1, "previous": START, "signed": True, "hash": found}
    assert line.endswith(b"}\n")


@given(ENTRIES, st.text("0123456789abcdef", min_size=64, max_size=64))
def test_what_was_chained_is_true_after_the_same_line_and_under_the_same_key_alone(
    entry: dict[str, Any], last: str
) -> None:
    line, found = chained(entry, last, KEY)
    read = parsed(line)
    assert read is not None
    assert read["hash"] == found
    assert is_signed(read)
    assert is_true(read, last, KEY)
    assert not is_true(read, last, OTHER)
    assert not is_true(read, last, None)
    assert not is_true(read, found, KEY)


@given(ENTRIES, st.text(max_size=5))
def test_a_field_that_was_added_makes_a_line_untrue(entry: dict[str, Any], value: str) -> None:
    read = parsed(chained(entry, START, KEY)[0])
    assert read is not None
    assert not is_true(read | {"added": value}, START, KEY)
    assert not is_true(read | {"n": 2}, START, KEY)


def test_an_unsigned_line_of_an_earlier_version_is_checked_by_its_plain_hash() -> None:
    body = {"n": 1, "previous": START}
    digest = hashlib.sha256(json.dumps(body, separators=(",", ":"), sort_keys=True).encode()).hexdigest()
    assert is_true(body | {"hash": digest}, START, None)
    assert is_true(body | {"hash": digest}, START, KEY)
    assert not is_signed(body)
    assert not is_true(body | {"hash": "0" * 64}, START, None)


def test_taking_the_mark_of_signing_away_does_not_make_a_line_true() -> None:
    read = parsed(chained({"n": 1}, START, KEY)[0])
    assert read is not None
    del read["signed"]
    assert not is_true(read, START, KEY)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"null\n",
        b"[]\n",
        b'{"n":1}\n',
        b'{"n":1,"previous":"a"}\n',
        b'{"n":1,"previous":"a","hash":"b"}',
        b'{"n":1,"previous":"a","hash":"b"\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
    ],
)
def test_what_is_no_whole_line_is_none(line: bytes) -> None:
    assert parsed(line) is None


def test_only_whole_lines_of_a_file_are_entries(tmp_path: Path) -> None:
    first, last = chained({"n": 1}, START, KEY)
    second, _ = chained({"n": 2}, last, KEY)
    (tmp_path / "log").write_bytes(first + b"torn\n" + second + second[:-5])
    assert [entry["n"] for entry in entries(tmp_path / "log")] == [1, 2]


@given(st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b"")), max_size=20))
def test_lines_from_the_end_are_all_lines_backwards(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = tmp_path_factory.getbasetemp() / "lines"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    assert list(last_lines(path)) == [line + b"\n" for line in reversed(lines)]


def test_lines_longer_than_what_is_read_at_once_come_whole(tmp_path: Path) -> None:
    lines = [bytes([97 + number]) * 70_000 + b"\n" for number in range(4)]
    (tmp_path / "log").write_bytes(b"".join(lines))
    assert list(last_lines(tmp_path / "log")) == lines[::-1]


def test_a_key_is_its_owners_alone_and_read_as_it_was_made(tmp_path: Path) -> None:
    key = make_key(tmp_path / "audit.key")
    assert len(key) == 32
    assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600
    assert read_key(tmp_path / "audit.key") == key
    assert make_key(tmp_path / "other.key") != key


def test_no_key_is_none_and_a_file_of_another_length_is_refused(tmp_path: Path) -> None:
    assert read_key(tmp_path / "audit.key") is None
    (tmp_path / "audit.key").write_bytes(b"k" * 31)
    with pytest.raises(DataError, match="not the key of an audit log") as caught:
        read_key(tmp_path / "audit.key")
    assert caught.value.place == str(tmp_path / "audit.key")


# ---- the head


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "audit.head"
    HeadFile(made, KEY).make(Head())
    return made


def test_a_head_that_was_written_is_read_also_after_a_restart(path: Path) -> None:
    file = HeadFile(path, KEY)
    for n in range(1, 6):
        file.write(Head(n, f"{n:064}"))
        assert file.read() == Head(n, f"{n:064}")
        assert HeadFile(path, KEY).read() == Head(n, f"{n:064}")
        assert path.stat().st_size == 512


@pytest.mark.parametrize("slot", [0, 1])
@pytest.mark.parametrize("damage", [b"\0" * 256, b"x" * 256, b'{"n":99,"last":"a","hash":"b"}'.ljust(256)])
def test_one_damaged_slot_leaves_the_other(path: Path, slot: int, damage: bytes) -> None:
    file = HeadFile(path, KEY)
    file.write(Head(1, "a" * 64))
    file.write(Head(2, "b" * 64))
    content = bytearray(path.read_bytes())
    content[slot * 256 : (slot + 1) * 256] = damage
    path.write_bytes(bytes(content))
    found = HeadFile(path, KEY).read()
    assert found in (Head(1, "a" * 64), Head(2, "b" * 64))


def test_a_restarted_writer_never_overwrites_the_newest_slot(path: Path) -> None:
    first = HeadFile(path, KEY)
    first.write(Head(1, "a" * 64))
    second = HeadFile(path, KEY)
    assert second.read() == Head(1, "a" * 64)
    second.write(Head(2, "b" * 64))
    newest = path.read_bytes().index(b'"n":2') // 256
    content = bytearray(path.read_bytes())
    content[newest * 256 : (newest + 1) * 256] = b"\0" * 256
    path.write_bytes(bytes(content))
    assert HeadFile(path, KEY).read() == Head(1, "a" * 64)


def test_both_slots_can_be_written_at_once(path: Path) -> None:
    HeadFile(path, KEY).write(Head(7, "c" * 64), both=True)
    content = path.read_bytes()
    assert content[:256] == content[256:]


def test_a_head_of_another_key_is_refused_and_a_missing_one_is_none(path: Path) -> None:
    with pytest.raises(DataError, match="the head was changed, or belongs to another key"):
        HeadFile(path, OTHER).read()
    path.unlink()
    assert HeadFile(path, KEY).read() is None


def test_how_many_lines_a_head_claims_is_told_without_a_key(path: Path) -> None:
    HeadFile(path, KEY).write(Head(12, "d" * 64))
    assert claimed_lines(path) == 12
    path.write_bytes(b"\xff" * 512)
    assert claimed_lines(path) == 0
    path.unlink()
    assert claimed_lines(path) is None
