"""The package as a whole: public names that stay callable, and rules that leave no package out."""

import importlib
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nosology

ROOT = Path(__file__).parents[2]
MODULES = sorted(found.name for found in pkgutil.walk_packages(nosology.__path__, "nosology."))
TOP_LEVEL = {"__main__", "config", "doctor", "errors", "files", "records"}
USES_TORCH = {"classifier", "cli", "doctor", "evaluation", "machine", "modeling", "serve", "suggesting", "training"}

SHUFFLED = """
import importlib, random, sys, warnings
warnings.simplefilter("ignore")
modules = sys.argv[1:]
random.Random(7).shuffle(modules)
import nosology
for name in modules:
    importlib.import_module(name)
    for public in ("deidentify", "Classifier", "LabelSet"):
        assert callable(getattr(nosology, public)), (public, name)
print(len(modules))
"""


def test_public_names_stay_callable_whatever_was_imported_before() -> None:
    modules = [name for name in MODULES if not name.endswith(".__main__")]
    done = subprocess.run([sys.executable, "-c", SHUFFLED, *modules], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) == len(modules) > 200


def test_no_module_bears_the_name_of_something_public_in_its_package() -> None:
    packages = ["nosology", *(name for name in MODULES if hasattr(importlib.import_module(name), "__path__"))]
    clashes = [
        f"{package}.{name}"
        for package in packages
        for name in getattr(importlib.import_module(package), "__all__", ())
        if f"{package}.{name}" in MODULES
    ]
    assert not clashes


def test_only_what_everything_needs_lies_at_the_top() -> None:
    top = {name.removeprefix("nosology.") for name in MODULES if name.count(".") == 1}
    assert {name for name in top if not (ROOT / "src" / "nosology" / name).is_dir()} == TOP_LEVEL


def test_every_package_that_need_not_import_torch_is_forbidden_to() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (forbidden,) = (contract for contract in contracts if contract["type"] == "forbidden")
    free = {name for name in MODULES if name.count(".") == 1} - {f"nosology.{name}" for name in USES_TORCH}
    assert free - {"nosology.__main__"} <= set(forbidden["source_modules"])
