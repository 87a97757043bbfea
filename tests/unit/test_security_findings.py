"""What the security scanner finds is what the page explains, no more and no less."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("bandit")

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "security.md").read_text(encoding="utf-8")


def findings(folder: str) -> set[tuple[str, str]]:
    """Return what bandit finds below a folder: kind and file."""
    command = [sys.executable, "-m", "bandit", "-q", "-r", folder, "-f", "json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=200)
    found = json.loads(done.stdout)["results"]
    return {(item["test_id"], item["filename"].partition("nosology/")[2]) for item in found}


def explained() -> dict[str, list[str]]:
    """Return the files that the page's table names for each kind."""
    rows = re.findall(r"^\| (B\d[^|]*)\|([^|]*)\|", PAGE, flags=re.MULTILINE)
    return {kind: re.findall(r"`([^`]+)`", where) for cell, where in rows for kind in re.findall(r"B\d{3}", cell)}


def test_the_service_has_no_finding_but_asserts() -> None:
    assert {kind for kind, _ in findings("src/nosology/serve")} <= {"B101"}


@pytest.mark.slow
def test_every_finding_is_explained_and_every_explanation_has_a_finding() -> None:
    found, known = findings("src/nosology"), explained()
    assert {kind for kind, _ in found} == set(known)
    for kind, file in found:
        assert not known[kind] or any(file.startswith(place) for place in known[kind]), (kind, file)
