"""What reading one file may take: defaults, what the environment changes, and what an error says to do."""

from dataclasses import fields
from pathlib import Path

import pytest

from nosology.errors import ConfigError, DataError
from nosology.sources.limits import FOR_UPLOADS, LimitReached, ReadLimits

NAMES = [item.name for item in fields(ReadLimits)]


def test_without_a_word_in_the_environment_commands_have_the_defaults() -> None:
    assert ReadLimits.of_commands() == ReadLimits()


@pytest.mark.parametrize("name", NAMES)
def test_each_limit_is_changed_by_a_variable_of_its_own(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"NOSOLOGY_READ_{name.upper()}", "17")
    changed = ReadLimits.of_commands()
    assert getattr(changed, name) == 17
    assert all(getattr(changed, other) == getattr(ReadLimits(), other) for other in NAMES if other != name)


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "many", " 5", "٣", "1_000", "²"])
def test_what_is_no_whole_number_is_refused_with_the_variables_name(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("NOSOLOGY_READ_SECONDS", text)
    with pytest.raises(ConfigError, match="no whole number above 0") as caught:
        ReadLimits.of_commands()
    assert caught.value.place == "NOSOLOGY_READ_SECONDS"


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_that_was_reached_is_named_with_its_value_and_how_to_raise_it(name: str) -> None:
    error = ReadLimits(**dict.fromkeys(NAMES, 1_234)).reached(name, "notes.csv")
    assert isinstance(error, LimitReached)
    assert isinstance(error, DataError)
    assert "1,234" in error.message or "1234" in error.message
    assert f"(limit {name})" in error.message
    assert error.place == "notes.csv"
    assert f"NOSOLOGY_READ_{name.upper()}=NUMBER" in error.hint


def test_the_cause_stands_before_the_likely_limit() -> None:
    error = ReadLimits().reached("memory_mb", "notes.csv", "the reader was killed: ")
    assert error.message.startswith("the reader was killed: reading it takes more than 4,096 MB")


@pytest.mark.parametrize("name", NAMES)
def test_what_somebody_sends_may_take_no_more_than_a_users_own_file(name: str) -> None:
    uploaded, own = getattr(FOR_UPLOADS, name), getattr(ReadLimits(), name)
    assert uploaded is not None
    assert own is None or uploaded <= own


def test_the_how_to_names_every_variable_and_its_default() -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "reading-limits.md").read_text(encoding="utf-8")
    for item in fields(ReadLimits):
        default = getattr(ReadLimits(), item.name)
        row = next(line for line in page.splitlines() if line.startswith(f"| `NOSOLOGY_READ_{item.name.upper()}` |"))
        assert ("none" if default is None else f"{default:,}") in row
