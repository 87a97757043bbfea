"""Environments that hold nosology's wheel, and beside it only what some extras install.

What the wheel depends on comes from the environment of the tests, since installing torch takes minutes; what only other
extras bring, those for tests and benchmarks too, is hidden there.
"""

import functools
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
EXTRAS = frozenset({"serve", "gpu", "scale", "tune"})
"""The extras for users besides `embedded`, which README's first lines install."""

_HIDE = """
import sys
from importlib.machinery import PathFinder
class _Hiding(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] not in {hidden!r}:
            return super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = _Hiding
"""
"""Finds a hidden library as little as if it were not there: ``find_spec`` says None, an import fails."""


def needed(extras: Iterable[str]) -> set[str]:
    """Return the distributions that nosology with some extras asks for, and those that they ask for."""
    found: set[str] = set()
    waiting = [("nosology", extra) for extra in ("", *extras)]
    while waiting:
        name, extra = waiting.pop()
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue
        for requirement in map(Requirement, lines):
            if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
                continue
            key = requirement.name.lower().replace("_", "-")
            if key not in found:
                found.add(key)
                waiting += [(key, inner) for inner in ("", *requirement.extras)]
    return found


def hidden(extras: frozenset[str]) -> set[str]:
    """Return the modules that only the other extras bring, those for tests and benchmarks among them.

    A library for benchmarks may be used by one of nosology's own where both are installed: with `datasets` at hand
    transformers imports it, and with it pyarrow, which only `scale` brings to a user.
    """
    wanted = {"embedded", *extras}
    others = needed(set(metadata("nosology").get_all("Provides-Extra", [])) - wanted) - needed(wanted)
    others.discard("pip")  # in every environment, and a need of a tool for tests
    return {
        module
        for module, names in packages_distributions().items()
        if {name.lower().replace("_", "-") for name in names} <= others
    }


@functools.cache
def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout into a folder; skip where the build's own needs are not at hand."""
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    built = subprocess.run(build, capture_output=True, text=True)
    if built.returncode:
        pytest.skip(f"no wheel can be built here: {built.stderr.strip().splitlines()[-1]}")
    (wheel,) = folder.glob("nosology-*.whl")
    return wheel


@functools.cache
def environment(folder: Path, extras: frozenset[str] = frozenset()) -> Path:
    """Make an environment with the wheel and some extras beside `embedded`; return its interpreter."""
    place = folder / "-".join(["with", *sorted(extras)])
    venv.create(place)
    python = place / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps"]
    subprocess.run([*install, str(build_wheel(folder))], check=True)
    asked = subprocess.run([str(python), "-c", "import site; print(site.getsitepackages()[0])"], capture_output=True)
    site = Path(asked.stdout.decode().strip())
    (site / "hidden_extras.py").write_text(_HIDE.format(hidden=hidden(extras)), encoding="utf-8")
    (site / "a_hide.pth").write_text("import hidden_extras\n", encoding="utf-8")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python
