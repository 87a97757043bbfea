"""What a service may listen on, and when it asks for a key."""

import socket
from pathlib import Path

import pytest

from nosology.errors import ConfigError
from nosology.serve.settings import Settings, check_address, is_loopback

BEYOND = ["0.0.0.0", "192.0.2.7", "::", "2001:db8::1", "10.0.0.1", "172.16.0.1", "169.254.1.1"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "127.255.255.254", "::1", "localhost"])
def test_this_machine_talking_to_itself_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", BEYOND)
def test_an_address_that_others_can_reach_is_not(host: str) -> None:
    assert not is_loopback(host)


def test_a_name_is_loopback_only_if_all_its_addresses_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*addresses: str) -> None:
        entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)

    found("127.0.0.1", "::1")
    assert is_loopback("both.example")
    found("127.0.0.1", "192.0.2.7")
    assert not is_loopback("mixed.example")
    found("fe80::1%eth0")
    assert not is_loopback("link-local.example")


def test_a_name_without_an_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(ConfigError, match=r"'nowhere\.example' is no address of this machine"):
        is_loopback("nowhere.example")


@pytest.mark.parametrize(("n_keys", "needed"), [(0, False), (1, True), (5, True)])
def test_on_loopback_a_key_is_asked_for_where_there_is_one(n_keys: int, needed: bool) -> None:
    assert check_address("127.0.0.1", n_keys=n_keys) is needed


@pytest.mark.parametrize("host", BEYOND)
def test_beyond_this_machine_there_must_be_a_key(host: str) -> None:
    assert check_address(host, n_keys=1) is True
    with pytest.raises(ConfigError) as caught:
        check_address(host, n_keys=0)
    assert caught.value.place == "--host"
    assert "keys create" in caught.value.hint


def test_the_store_lies_in_the_state_folder_unless_another_is_named() -> None:
    here = Settings(state=Path("/var/state"), keys_file=Path("/var/keys.json"))
    assert here.database_url == "sqlite:////var/state/feedback.db"
    there = Settings(state=Path("/var/state"), keys_file=Path("k"), database="postgresql://user@host/name")
    assert there.database_url == "postgresql://user@host/name"


def test_the_text_of_notes_is_not_kept_unless_asked() -> None:
    assert not Settings(state=Path("s"), keys_file=Path("k")).keep_text
