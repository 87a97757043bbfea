"""What holds for every module of the package: docstrings, typed returns, functions and modules that fit on a screen."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import nosology

PACKAGE = Path(nosology.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_FUNCTION_LINES = 50
MAX_MODULE_LINES = 400

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(module: Path) -> str:
    """Return a module's path below the package."""
    return module.relative_to(PACKAGE).as_posix()


@cache
def parsed(module: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(module.read_text(encoding="utf-8"))


def definitions(
    node: ast.AST, *, public: bool = True, inside_function: bool = False
) -> Iterator[tuple[Function | ast.ClassDef, bool]]:
    """Yield every class and function below a node, and whether a caller may use it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            is_public = public and not inside_function and not child.name.startswith("_")
            yield child, is_public
            inner = inside_function or not isinstance(child, ast.ClassDef)
            yield from definitions(child, public=is_public, inside_function=inner)
        else:
            yield from definitions(child, public=public, inside_function=inside_function)


def has_docstring(node: Function | ast.ClassDef) -> bool:
    """Return whether it has one, or is one of several signatures of a function that has."""
    is_overload = any("overload" in ast.unparse(decorator) for decorator in node.decorator_list)
    return bool(ast.get_docstring(node)) or is_overload


def test_the_package_is_where_it_is_looked_for() -> None:
    assert len(MODULES) > 150
    assert PACKAGE / "errors.py" in MODULES


def test_definitions_are_public_unless_hidden_by_a_name_or_a_function_around_them() -> None:
    tree = ast.parse("class A:\n def b(self):\n  def c(): ...\n def _d(self): ...\nclass _E:\n def f(self): ...\n")
    assert [(node.name, public) for node, public in definitions(tree)] == [
        ("A", True), ("b", True), ("c", False), ("_d", False), ("_E", False), ("f", False),
    ]  # fmt: skip


def test_a_module_and_all_its_public_names_say_what_they_are() -> None:
    silent = [name_of(module) for module in MODULES if not ast.get_docstring(parsed(module))]
    silent += [
        f"{name_of(module)}: {node.name}"
        for module in MODULES
        for node, public in definitions(parsed(module))
        if public and not has_docstring(node)
    ]
    assert not silent


def test_every_function_says_what_kind_of_value_it_returns() -> None:
    untyped = [
        f"{name_of(module)}: {node.name}"
        for module in MODULES
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is None
    ]
    assert not untyped


def test_a_function_fits_on_a_screen() -> None:
    long = {
        f"{name_of(module)}: {node.name}"
        for module in MODULES
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES
    }
    assert not long


def test_a_module_has_one_subject_and_so_at_most_four_hundred_lines() -> None:
    long = {
        name_of(module) for module in MODULES if len(module.read_text(encoding="utf-8").splitlines()) > MAX_MODULE_LINES
    }
    assert not long


# ---- the tests themselves

TESTS = Path(__file__).parents[1]
TYPED_FOLDERS = sorted(path.name for path in TESTS.iterdir() if any(path.rglob("*.py")) and path.name != "__pycache__")
"""The folders of tests; every function of every module in them is typed."""


def untyped(module: Path) -> list[str]:
    """Return the functions of a module that do not say what they take or what they return."""
    found = []
    for node in ast.walk(parsed(module)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        is_typed = all(item.annotation or item.arg in ("self", "cls") for item in arguments)
        if not is_typed or (node.returns is None and node.name != "__init__"):
            found.append(node.name)
    return found


@pytest.mark.parametrize("folder", TYPED_FOLDERS)
def test_tests_say_what_they_take_and_return(folder: str) -> None:
    found = {module.name: untyped(module) for module in sorted((TESTS / folder).rglob("*.py"))}
    assert {"unit", "integration"} <= set(TYPED_FOLDERS)
    assert not {name: functions for name, functions in found.items() if functions}


def test_what_tests_share_says_what_it_takes_and_returns() -> None:
    assert not {module.name: untyped(module) for module in sorted(TESTS.glob("*.py")) if untyped(module)}


def test_an_untyped_function_is_found(tmp_path: Path) -> None:
    module = tmp_path / "some.py"
    module.write_text(
        "def a(x: int) -> int: ...\ndef b(x) -> int: ...\ndef c(x: int): ...\n"
        "class D:\n def __init__(self, x: int): ...\n def e(self, *, x) -> None: ...\n"
    )
    assert untyped(module) == ["b", "c", "e"]
