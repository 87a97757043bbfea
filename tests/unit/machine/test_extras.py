"""Optional packages are asked for before any work, and a missing one is named with its remedy."""

import re
import tomllib
from pathlib import Path

import pytest

from nosology.errors import ConfigError
from nosology.machine import extras
from nosology.machine.extras import EXTRAS, expect_extra, expect_file_locks, expect_package

ROOT = Path(__file__).parents[3]


def test_each_extra_brings_what_is_asked_of_it() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra, packages in EXTRAS.items():
        names = {re.split(r"[\[>=<]", requirement)[0].replace("-", "_") for requirement in declared[extra]}
        assert set(packages) <= names


def test_what_is_installed_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXTRAS, "some", ("json", "pathlib"))
    expect_extra("some", "this test")
    expect_package("json", "this test", "it comes with Python")


@pytest.mark.parametrize(
    ("packages", "message"),
    [
        (("json", "no_such_a"), "a service needs no_such_a, which is not installed"),
        (("no_such_a", "no_such_b"), "a service needs no_such_a, no_such_b, which are not installed"),
    ],
)
def test_what_is_missing_is_named_with_its_extra(
    packages: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(extras.EXTRAS, "serve", packages)
    with pytest.raises(ConfigError) as refusal:
        expect_extra("serve", "a service")
    assert (refusal.value.message, refusal.value.hint) == (message, "pip install 'nosology[serve]'")


def test_a_package_of_no_extra_comes_with_its_own_remedy() -> None:
    with pytest.raises(ConfigError, match="the engine needs no_such_a") as refusal:
        expect_package("no_such_a", "the engine", "pip install it")
    assert refusal.value.hint == "pip install it"


def test_a_system_without_locks_of_files_is_told_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    expect_file_locks("a service")
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="a service needs locks of files") as refusal:
        expect_file_locks("a service")
    assert refusal.value.hint == "on Windows, use WSL 2"
