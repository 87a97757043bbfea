"""The versions that decide a result, as every dataset and run records them."""

import json
import platform
from importlib import metadata

import pytest

from nosology.runs.provenance import environment


def test_the_versions_are_those_that_are_installed() -> None:
    found = environment()
    for name in ("nosology", "torch", "transformers", "peft", "polars", "numpy", "scikit-learn"):
        assert found[name] == metadata.version(name)
    assert found["python"] == platform.python_version()
    assert found["platform"] == platform.platform()


def test_what_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    version = metadata.version

    def without_peft(name: str) -> str:
        if name == "peft":
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", without_peft)
    found = environment()
    assert "peft" not in found
    assert "torch" in found


def test_versions_can_be_written_down() -> None:
    found = environment()
    assert json.loads(json.dumps(found)) == found
    assert all(value and "\n" not in value for value in found.values())
