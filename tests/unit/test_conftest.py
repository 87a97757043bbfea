"""The guards that every test relies on."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest


def test_a_connection_that_leaves_the_machine_is_refused() -> None:
    with socket.socket() as outward, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        outward.connect(("192.0.2.1", 80))


def test_a_non_blocking_connection_that_leaves_the_machine_is_refused() -> None:
    with socket.socket() as outward, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        outward.connect_ex(("192.0.2.1", 80))


def test_a_name_of_another_machine_is_not_looked_up() -> None:
    with pytest.raises(RuntimeError, match=r"example\.org"):
        socket.create_connection(("example.org", 80))


def test_loopback_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("localhost", port), timeout=5) as client:
            assert client.getpeername()[1] == port


def test_each_test_has_an_empty_home_of_its_own(home: Any) -> None:
    assert Path.home() == home
    assert list(home.iterdir()) == []


def test_hub_libraries_are_told_to_stay_offline() -> None:
    from huggingface_hub import constants

    assert constants.HF_HUB_OFFLINE
    assert os.environ["TRANSFORMERS_OFFLINE"] == "1"
    assert "nosology-tests-" in constants.HF_HOME
