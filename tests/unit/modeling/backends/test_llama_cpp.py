"""llama.cpp as a backend: how answers are put together, and what is said where it is missing."""

import ctypes
import gc
import sys
import weakref
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from llama_library import NAME, LlamaLibrary, log_probs_after
from nosology.errors import ModelError
from nosology.modeling.backends import llama_cpp

PROMPT = [7 * i % 50 for i in range(100)]
ANSWERS = [(1, 2, 3), (1, 4), (5,), (6, 7, 8, 9)]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LlamaLibrary:
    """Return what is imported in llama_cpp's place."""
    made = LlamaLibrary(tmp_path)
    monkeypatch.setitem(sys.modules, NAME, made)
    monkeypatch.setattr(llama_cpp, "PACKAGE", NAME)
    return made


def opened(library: LlamaLibrary) -> llama_cpp.LlamaCppModel:
    """Return a model that a library runs."""
    return llama_cpp.LlamaCppModel(library.folder / "model.gguf", n_tokens=1, n_threads=1)


def expected(prompt: list[int], answers: Sequence[Sequence[int]]) -> list[list[float]]:
    """Return what the library says of each token of answers, one sequence after the other."""
    return [
        [float(log_probs_after([*prompt, *answer[:i]])[token]) for i, token in enumerate(answer)] for answer in answers
    ]


def assert_said(said: list[list[float]], wanted: list[list[float]]) -> None:
    """Make sure that two lists of answers hold the same."""
    assert [len(row) for row in said] == [len(row) for row in wanted]
    for row, other in zip(said, wanted, strict=True):
        assert row == pytest.approx(other, abs=1e-6)


def test_every_answer_follows_its_own_prompt_whatever_was_asked_before(library: LlamaLibrary) -> None:
    model = opened(library)
    others = [PROMPT, [*PROMPT[:60], *PROMPT[:50]], PROMPT[:80], PROMPT, [3], PROMPT[:20], [*PROMPT, *PROMPT] * 4]
    for number, prompt in enumerate(others):
        answers = ANSWERS[: 1 + number % len(ANSWERS)]
        assert_said(model.log_probs(prompt, answers), expected(prompt, answers))


def test_more_answers_than_fit_are_read_behind_the_same_prompt(library: LlamaLibrary) -> None:
    answers = [(i % 50, 2 * i % 50, 3 * i % 50) for i in range(70)]
    assert_said(opened(library).log_probs(PROMPT, answers), expected(PROMPT, answers))


def test_no_batch_is_too_small_for_blas_and_a_prompts_beginning_is_read_once(library: LlamaLibrary) -> None:
    model = opened(library)
    for prompt in (PROMPT, [*PROMPT[:95], 1, 2], PROMPT[:40], PROMPT * 6):
        model.log_probs(prompt, ANSWERS)
    assert library.batches == [(106, 32), (38, 32), (38, 32), (283, 0), (283, 32)]


def test_a_prompt_that_was_not_read_is_not_taken_for_read(library: LlamaLibrary) -> None:
    model = opened(library)
    model.log_probs(PROMPT, ANSWERS)
    library.status = 1
    with pytest.raises(ModelError, match="could not read a prompt: status 1"):
        model.log_probs(PROMPT[:90], ANSWERS)
    library.status = 0
    assert_said(model.log_probs(PROMPT, ANSWERS), expected(PROMPT, ANSWERS))


def test_where_llama_cpp_rounds_more_than_the_file_the_other_build_is_named(
    library: LlamaLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not opened(library).has_blas
    assert "-DGGML_BLAS=ON" in opened(library).advice
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libggml-blas.so.0").touch()
    assert opened(library).has_blas
    assert opened(library).advice == "export it in 16 bits: --number-format f16"
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(tmp_path))
    assert not opened(library).has_blas


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
