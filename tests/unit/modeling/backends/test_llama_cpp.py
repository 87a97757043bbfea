"""llama.cpp as a backend: how answers are put together, and what is said where it is missing."""

import ctypes
import gc
import weakref
from pathlib import Path
from types import ModuleType

import pytest

from nosology.errors import ModelError
from nosology.modeling.backends import llama_cpp


def test_answers_are_read_in_blocks_that_fit_one_batch() -> None:
    long = [tuple(range(200))] * 5
    assert [len(block) for block in llama_cpp._blocks(long)] == [2, 2, 1]
    assert [len(block) for block in llama_cpp._blocks([(1, 2)] * 130)] == [64, 64, 2]
    assert list(llama_cpp._blocks([])) == []


def test_what_c_calls_for_every_line_lives_as_long_as_the_process_and_is_made_once() -> None:
    library, was_set = ModuleType("a library like llama_cpp"), []
    library.llama_log_callback = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)  # type: ignore[attr-defined]
    library.llama_log_set = lambda callback, _: was_set.append(weakref.ref(callback))  # type: ignore[attr-defined]
    for _ in range(2):
        llama_cpp._silence(library)
        gc.collect()
    (callback,) = was_set
    callback()(1, b"a line", None)


def test_without_its_package_the_way_to_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(llama_cpp, "PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match="not installed") as caught:
        llama_cpp.LlamaCppModel(tmp_path / "model.gguf", n_tokens=10)
    assert "pip install llama-cpp-python" in caught.value.hint
