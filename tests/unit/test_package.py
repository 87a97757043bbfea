"""The package as a whole: public names that stay callable, and rules that leave no package out."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import nosology

ROOT = Path(__file__).parents[2]
MODULES = sorted(found.name for found in pkgutil.walk_packages(nosology.__path__, "nosology."))
TOP_LEVEL = {"__main__", "doctor", "errors", "files"}
USES_TORCH = {
    "classifier",
    "cli",
    "doctor",
    "scale",
    "evaluation",
    "export",
    "machine",
    "modeling",
    "serve",
    "suggesting",
    "training",
    "tuning",
}

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


def public_functions() -> Iterator[tuple[str, object]]:
    """Yield every public function and method of the package that is written by hand."""
    for module_name in MODULES:
        if module_name.endswith(".__main__"):
            continue
        module = importlib.import_module(module_name)
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", None) != module_name:
                continue
            if inspect.isfunction(value):
                yield f"{module_name}.{name}", value
            elif inspect.isclass(value):
                for method_name, method in vars(value).items():
                    function = getattr(method, "__func__", method)
                    if not method_name.startswith("_") and inspect.isfunction(function):
                        yield f"{module_name}.{name}.{method_name}", function


def parameters_of(function: object) -> list[str]:
    """Return the names of a function's parameters, without the object that a method belongs to."""
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]  # type: ignore[arg-type]


def overrides(name: str, function: object) -> bool:
    """Return whether a method only takes the place of another library's, which says what its parameters are."""
    owner = getattr(sys.modules[getattr(function, "__module__", "")], name.split(".")[-2], None)
    bases = owner.__mro__[1:] if inspect.isclass(owner) else ()
    method = name.rpartition(".")[2]
    return any(method in vars(base) and not base.__module__.startswith("nosology") for base in bases)


def test_functions_of_three_parameters_and_more_say_what_each_is() -> None:
    silent = [
        name
        for name, function in public_functions()
        if not name.startswith("nosology.cli.")  # a command's parameters carry their help
        and not overrides(name, function)
        and len(parameters_of(function)) >= 3
        and "Args:" not in (inspect.getdoc(function) or "")
    ]
    assert not silent
