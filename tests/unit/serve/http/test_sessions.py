"""Who is asking: keys, cookies that stand for them, and when they cease to."""

import time
from pathlib import Path

import pytest

from nosology.serve.http import sessions
from nosology.serve.http.keys import KeyFile
from nosology.serve.http.problems import Refused
from nosology.serve.http.sessions import LOCAL, SESSION_SECONDS, Authenticator, Caller


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    """An empty file of keys."""
    return KeyFile(tmp_path / "keys.json")


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that sessions go by."""
    made = Clock()
    monkeypatch.setattr(time, "monotonic", made)
    return made


def opened(door: Authenticator, key: str) -> str:
    """Return a cookie for a key."""
    caller = door.caller(key, None)
    assert caller is not None
    return door.open_session(caller)


def test_without_keys_everybody_is_local() -> None:
    door = Authenticator(None)
    assert not door.needs_key
    assert door.caller(None, None) == LOCAL
    assert door.caller("whatever", "whatever") == LOCAL


def test_a_key_names_its_owner(keys: KeyFile) -> None:
    key = keys.create("ward 3")
    door = Authenticator(keys)
    assert door.needs_key
    caller = door.caller(key, None)
    assert caller is not None
    assert caller.name == "ward 3"
    assert caller.key_id
    assert caller.key_id != "local"


@pytest.mark.parametrize("presented", [None, "", "nsl_wrong_key", "é" * 40])
def test_nobodys_key_is_nobody(keys: KeyFile, presented: str | None) -> None:
    keys.create("ward 3")
    assert Authenticator(keys).caller(presented, None) is None


def test_a_cookie_stands_for_the_key_that_opened_it(keys: KeyFile) -> None:
    door = Authenticator(keys)
    cookies = {name: opened(door, keys.create(name)) for name in ("one", "other")}
    assert len(set(cookies.values())) == 2
    for name, cookie in cookies.items():
        caller = door.caller(None, cookie)
        assert caller is not None
        assert caller.name == name


def test_a_cookie_cannot_be_guessed_from_another(keys: KeyFile) -> None:
    door = Authenticator(keys)
    key = keys.create("one")
    values = [opened(door, key) for _ in range(20)]
    assert len(set(values)) == 20
    assert all(len(value) >= 43 for value in values), "256 bits in base64"


def test_a_key_that_is_wrong_is_not_made_good_by_a_cookie(keys: KeyFile) -> None:
    door = Authenticator(keys)
    cookie = opened(door, keys.create("one"))
    assert door.caller("nsl_wrong", cookie) is None


@pytest.mark.parametrize("cookie", [None, "", "x" * 43])
def test_an_unknown_cookie_is_nobody(keys: KeyFile, cookie: str | None) -> None:
    keys.create("one")
    assert Authenticator(keys).caller(None, cookie) is None


def test_a_session_ends_after_eight_hours(keys: KeyFile, clock: Clock) -> None:
    door = Authenticator(keys)
    cookie = opened(door, keys.create("one"))
    clock.now += 8 * 3600 - 1
    assert door.caller(None, cookie) is not None
    clock.now += 2
    assert door.caller(None, cookie) is None
    assert SESSION_SECONDS == 28_800


def test_a_session_ends_when_it_is_ended(keys: KeyFile) -> None:
    door = Authenticator(keys)
    key = keys.create("one")
    cookie, other = opened(door, key), opened(door, key)
    door.end_session(cookie)
    assert door.caller(None, cookie) is None
    assert door.caller(None, other) is not None
    door.end_session(None)
    door.end_session("unknown")
    assert door.caller(None, other) is not None


def test_a_session_ends_with_its_key_also_where_the_name_is_given_anew(keys: KeyFile) -> None:
    door = Authenticator(keys)
    cookie = opened(door, keys.create("one"))
    keys.revoke("one")
    assert door.caller(None, cookie) is None
    keys.create("one")
    assert door.caller(None, cookie) is None, "the new owner of a name is somebody else"


def test_sessions_end_with_the_process(keys: KeyFile) -> None:
    cookie = opened(Authenticator(keys), keys.create("one"))
    assert Authenticator(keys).caller(None, cookie) is None


def test_of_too_many_sessions_the_oldest_goes(keys: KeyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_MOST_SESSIONS", 3)
    door = Authenticator(keys)
    key = keys.create("one")
    cookies = [opened(door, key) for _ in range(4)]
    assert [door.caller(None, cookie) is not None for cookie in cookies] == [False, True, True, True]


def test_sessions_that_are_over_make_room_before_living_ones(
    keys: KeyFile, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_MOST_SESSIONS", 2)
    door = Authenticator(keys)
    key = keys.create("one")
    opened(door, key)
    clock.now += SESSION_SECONDS - 10
    young = opened(door, key)
    clock.now += 20
    opened(door, key)
    assert door.caller(None, young) is not None


def test_keys_that_cannot_be_read_let_nobody_in_and_say_when_to_come_back(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keys = KeyFile(path)
    key = keys.create("one")
    door = Authenticator(keys)
    path.write_text("{ broken")
    with pytest.raises(Refused) as caught:
        door.caller(key, None)
    assert caught.value.status_code == 503
    assert caught.value.headers == {"Retry-After": "5"}


def test_callers_are_told_apart_by_their_keys() -> None:
    assert Caller("one", "a") != Caller("one", "b")
