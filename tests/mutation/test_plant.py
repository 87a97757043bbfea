"""The mutation check itself, on a project of three lines."""

from pathlib import Path
from typing import Any

import plant
import pytest


@pytest.fixture
def project(tmp_path: Path) -> Any:
    """Return a project whose only test notices that two is no longer two."""
    package = tmp_path / "src" / "nosology"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "numbers.py").write_text("TWO = 2\nTHREE = 3\n")
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_two.py").write_text("from nosology.numbers import TWO\n\ndef test_two():\n    assert TWO == 2\n")
    return tmp_path


def fault(old: str, new: str, tests: tuple[str, ...] = ("tests/test_two.py",)) -> Any:
    return plant.Fault(f"{old} becomes {new}", "numbers.py", old, new, tests)


def test_a_fault_counts_as_noticed_when_a_test_fails_and_the_checkout_stays_as_it_is(
    project: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    noticed, unnoticed = fault("TWO = 2", "TWO = 4"), fault("THREE = 3", "THREE = 4")
    assert plant.unnoticed_faults([noticed, unnoticed], project, jobs=2) == [unnoticed]
    assert "NOT NOTICED: THREE = 3 becomes THREE = 4" in capsys.readouterr().out
    assert (project / "src" / "nosology" / "numbers.py").read_text() == "TWO = 2\nTHREE = 3\n"


@pytest.mark.parametrize(("old", "times"), [("FOUR = 4", 0), (" = ", 2)])
def test_a_fault_without_exactly_one_place_stops_the_check(project: Any, old: str, times: int) -> None:
    with pytest.raises(plant.PlantingError, match=f"{times} times, not once"):
        plant.plant(fault(old, ""), project / "src")


def test_a_fault_in_a_file_that_is_gone_stops_the_check(project: Any) -> None:
    (project / "src" / "nosology" / "numbers.py").unlink()
    with pytest.raises(plant.PlantingError, match=r"there is no src/nosology/numbers\.py"):
        plant.plant(fault("TWO = 2", ""), project / "src")


def test_a_fault_that_keeps_the_tests_from_running_shows_nothing(project: Any) -> None:
    with pytest.raises(plant.PlantingError, match="did not run"):
        plant.unnoticed_faults([fault("TWO = 2", "TWO = ")], project, jobs=1)


def test_tests_that_fail_without_a_fault_stop_the_check(project: Any) -> None:
    (project / "tests" / "test_two.py").write_text("def test_two():\n    assert False\n")
    with pytest.raises(plant.PlantingError, match="fail without any fault"):
        plant.unnoticed_faults([fault("TWO = 2", "TWO = 4")], project, jobs=1)


def test_properties_draw_as_many_examples_as_it_takes_whatever_the_caller_says(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOSOLOGY_TEST_EXAMPLES", "1")
    asked = "import os\n\ndef test_two():\n    assert os.environ['NOSOLOGY_TEST_EXAMPLES'] == '100'\n"
    (project / "tests" / "test_two.py").write_text(asked)
    unnoticed = fault("TWO = 2", "TWO = 4")
    assert plant.unnoticed_faults([unnoticed], project, jobs=1) == [unnoticed]


def test_every_planted_fault_has_its_place_and_its_tests() -> None:
    names = [planted.name for planted in plant.FAULTS]
    assert len(names) == len(set(names))
    for planted in plant.FAULTS:
        text = (plant.ROOT / "src" / "nosology" / planted.file).read_text(encoding="utf-8")
        assert text.count(planted.old) == 1, f"{planted.name}: {planted.file} no longer holds {planted.old!r} once"
        assert planted.old != planted.new
        assert [test for test in planted.tests if not (plant.ROOT / test.split("::")[0]).is_file()] == []
