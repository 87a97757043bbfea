"""The page on security names for every claim of its tables the tests that show it; each of them is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nosology.runs.files import LocalFiles, RunFiles

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "security.md").read_text(encoding="utf-8")


def named_in(text: str) -> set[str]:
    """Return the tests, and files of tests, that a text names."""
    return set(re.findall(r"`(test_\w+)`", text))


def claims(page: str) -> Iterator[tuple[str, str]]:
    """Yield the first and the last cell of every row of the tables whose last column is headed ``tests``."""
    is_wanted = False
    for line in page.splitlines():
        if not line.startswith("|"):
            is_wanted = False
        elif not is_wanted:
            is_wanted = line.endswith("| tests |")
        elif not line.startswith("|--"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            yield cells[0], cells[-1]


CLAIMS = list(claims(PAGE))


def test_rows_are_those_below_a_heading_of_tests_alone() -> None:
    page = "| a | tests |\n|---|---|\n| one | `test_x` |\n| two | none |\n\n| b | why |\n|---|---|\n| three | so |\n"
    assert list(claims(page)) == [("one", "`test_x`"), ("two", "none")]


@pytest.mark.parametrize(("claim", "tests"), CLAIMS, ids=[claim for claim, _ in CLAIMS])
def test_every_claim_names_a_test_that_shows_it(claim: str, tests: str) -> None:
    assert named_in(tests), f"nothing shows: {claim}"


def test_every_test_that_the_page_on_security_names_exists() -> None:
    named = named_in(PAGE)
    assert len(CLAIMS) > 30
    files = list((ROOT / "tests").rglob("test_*.py"))
    written = {name for file in files for name in re.findall(r"def (test_\w+)\(", file.read_text(encoding="utf-8"))}
    written |= {file.stem for file in files}  # a whole file of tests
    assert len(named) > 30
    assert named <= written


def places_of(files: object) -> Iterator[Path]:
    """Yield every file and folder that a record of places names."""
    for name, member in vars(type(files)).items():
        if isinstance(member, property) and isinstance(place := getattr(files, name), Path):
            yield place


def names_of(place: Path) -> set[str]:
    """Return what a table may call a place: itself, or a folder that it stands in."""
    return {place.as_posix(), *(f"{folder.as_posix()}/" for folder in (place, *place.parents))}


def test_the_page_on_sharing_says_of_every_place_in_a_run_what_it_reveals() -> None:
    page = (ROOT / "docs" / "how-to" / "sharing-runs.md").read_text(encoding="utf-8")
    named = {name for row in re.findall(r"^\|([^|]+)\|", page, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)}
    run = RunFiles(Path("run"))
    parts = (run, run.ensemble, run.suggester, run.evaluation("*"), LocalFiles(run.calibrated / "*"))
    places = [place.relative_to(run.folder) for files in parts for place in places_of(files)]
    places.append(run.evaluation("*").predictions("SYSTEM").relative_to(run.folder))
    assert len(places) > 25
    untold = [place.as_posix() for place in places if not names_of(place) & named]
    assert untold == ["calibrated"], "what stands in it is told file by file"
