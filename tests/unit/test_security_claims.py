"""The page on security names for every claim of its tables the tests that show it; each of them is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

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
