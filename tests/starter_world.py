"""A starter for tests: a tiny run, evaluated and packed as the shipped one is, in the place of the package's own."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from coded_world import train_coded_run
from nosology.evaluation import evaluate
from nosology.evaluation.suggestions import evaluate_suggestions
from nosology.runs import starter
from nosology.runs.manifest import Source

SCRIPTS = Path(__file__).parents[1] / "scripts" / "starter"
CALIBRATED_ON = "notes of a test"
SOURCES = (
    Source(name="A list", use="course", licence="CC0-1.0", url="https://example.org/list"),
    Source(name="Some cases", use="calibration", licence="CC-BY-4.0", url="https://example.org/cases"),
)


def load_script(name: str) -> ModuleType:
    """Return the script that makes a part of the starter: ``pack`` or ``words``."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(SCRIPTS))


def train_evaluated_run(folder: Path) -> Path:
    """Return a tiny run whose categories and suggestions are calibrated."""
    run = train_coded_run(folder)
    evaluate(run)
    evaluate_suggestions(run)
    return run


def pack_starter(folder: Path, run: Path) -> Path:
    """Pack a run as a starter into ``folder/starter``, and return that."""
    pack = load_script("pack")
    figures = ({"what": "category", "value": ".5", "on": "ten notes"},)
    packed: Path = pack.pack(run, folder / "starter", pack.About(SOURCES, CALIBRATED_ON, figures)).folder
    return packed


def put_in_place(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a packed run be the package's starter."""
    monkeypatch.setattr(starter, "FOLDER", packed)


def take_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the package have no starter."""
    monkeypatch.setattr(starter, "FOLDER", Path(__file__).parent / "no-such-folder" / "starter")
