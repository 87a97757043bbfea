"""The page on security names tests and files of tests; each of them is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_the_page_on_security_names_exists() -> None:
    page = (ROOT / "docs" / "explanation" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    files = list((ROOT / "tests").rglob("test_*.py"))
    written = {name for file in files for name in re.findall(r"def (test_\w+)\(", file.read_text(encoding="utf-8"))}
    written |= {file.stem for file in files}  # a whole file of tests
    assert len(named) > 30
    assert named <= written
