"""llama.cpp as a backend: how answers are put together, and what is said where it is missing."""

from pathlib import Path

import pytest

from nosology.errors import ModelError
from nosology.modeling.backends import llama_cpp


def test_answers_are_read_in_blocks_that_fit_one_batch() -> None:
    long = [tuple(range(200))] * 5
    assert [len(block) for block in llama_cpp._blocks(long)] == [2, 2, 1]
    assert [len(block) for block in llama_cpp._blocks([(1, 2)] * 130)] == [64, 64, 2]
    assert list(llama_cpp._blocks([])) == []


def test_without_its_package_the_way_to_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(llama_cpp, "PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match="not installed") as caught:
        llama_cpp.LlamaCppModel(tmp_path / "model.gguf", n_tokens=10)
    assert "pip install llama-cpp-python" in caught.value.hint
