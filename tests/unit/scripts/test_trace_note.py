"""What counts as a note's way through the source, on calls written by hand."""

import sys
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
import torch

SCRIPT = Path(__file__).parents[3] / "scripts" / "trace_note.py"


@pytest.fixture(scope="module")
def tracing() -> ModuleType:
    """Return the script as a module."""
    spec = spec_from_file_location("trace_note", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["trace_note"] = module
    spec.loader.exec_module(module)
    return module


def test_a_path_goes_down_with_each_call_and_back_up_before_the_callers_next_one(tracing: ModuleType) -> None:
    calls = [(None, "a"), ("a", "a"), ("a", "b"), ("b", "c"), ("c", "c"), ("a", "b"), ("a", "d"), ("d", "e")]
    assert tracing.path_of(calls) == ["a", "b", "c", "up to a", "b", "up to a", "d", "e"]
    assert tracing.summary(calls) == "7 changes of file, 2 of them returns, 5 files"


def test_deidentification_can_be_counted_as_one_place(tracing: ModuleType) -> None:
    calls = [(None, "a"), ("a", "deidentification/x"), ("deidentification/x", "deidentification/y"), ("a", "b")]
    assert tracing.path_of(tracing.as_one_place(calls)) == ["a", "deidentification", "up to a", "b"]


@dataclass(frozen=True)
class Record:
    text: str


@dataclass
class Changing:
    text: str


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Before.\nZYXWVU came, left uvwxyz\n", True),
        ("zyxwvu came", False),
        (b"zyxwvu came, left uvwxyz", True),
        ((5, 1, 2, 7, 3, 5), True),
        ((1, 3), False),
        (torch.tensor([[9, 1, 2, 3]]), True),
        (torch.tensor([1.0, 2.0, 3.0]), False),
        ([["x"], ("zyxwvu uvwxyz",)], True),
        ({"note": "zyxwvu uvwxyz"}, True),
        (Record("zyxwvu uvwxyz"), True),
        (Changing("zyxwvu uvwxyz"), False),
        (pl.DataFrame({"text": ["x", "zyxwvu uvwxyz"]}), True),
        (pl.DataFrame({"text": ["zyxwvu", "uvwxyz"]}), False),
        (None, False),
    ],
)
def test_text_tokens_and_what_holds_them_are_the_note(tracing: ModuleType, value: Any, expected: bool) -> None:
    assert tracing.Trace(Path(), [(1, 2), (3,)]).holds(value) is expected


def test_only_calls_of_the_package_whose_arguments_hold_the_note_are_counted_and_each_pair_once(
    tracing: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "inner.py").write_text("def low(text): return len(text)\ndef blind(n): return n\n")
    source = "import inner\ndef high(text):\n    inner.blind(3)\n    inner.low('x')\n"
    source += "    return [inner.low(text) for _ in range(3)]\n"
    (tmp_path / "outer.py").write_text(source)
    trace = tracing.Trace(tmp_path, [(1,), (2,)])
    sys.path.insert(0, str(tmp_path))
    try:
        import outer  # type: ignore[import-not-found]

        sys.setprofile(trace)
        outer.high("zyxwvu uvwxyz")
    finally:
        sys.setprofile(None)
        sys.path.remove(str(tmp_path))
        for name in ("inner", "outer"):
            sys.modules.pop(name, None)
    assert trace.calls == [(None, "outer.py"), ("outer.py", "inner.py")]
