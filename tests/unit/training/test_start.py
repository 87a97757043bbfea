"""Going on from a finished adapter: it begins with that run's values, and refuses what does not fit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file

from evaluation_world import write_dataset
from nosology.classifier.classifier import Classifier
from nosology.config import Config
from nosology.errors import ConfigError, RunError
from nosology.files import read_manifest, sha256_file
from nosology.runs.run import Run
from nosology.training import train
from starter_world import put_in_place, take_away
from tiny_models import save_tiny_model

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset, a tiny model, another one, and a run of the first."""
    folder = tmp_path_factory.mktemp("start")
    write_dataset(folder / "dataset", {"train": 16, "validation": 8, "test": 8})
    save_tiny_model(folder / "model")
    save_tiny_model(folder / "other", seed=5)
    train(folder / "dataset", folder / "first", configured(folder))
    return folder


def configured(world: Path, model: str = "model", **fields: Any) -> Config:
    settings = {"epochs": 1, "batch_size": 8, "learning_rate": 0.01, "lora_r": 4, "report_to": ()} | fields
    return Config.model_validate(
        {"model": {"name": str(world / model), "max_note_tokens": 64, "dtype": "float32"}, "train": settings}
    )


def adapter(run: Path) -> Path:
    return run / "adapter" / "adapter_model.safetensors"


def test_training_goes_on_from_the_values_of_the_other_run(world: Path, tmp_path: Path) -> None:
    still = configured(world, start=str(world / "first"), learning_rate=1e-12, max_steps=1)
    train(world / "dataset", tmp_path / "second", still)
    before, after = load_file(adapter(world / "first")), load_file(adapter(tmp_path / "second"))
    assert before.keys() == after.keys()
    assert max(float((after[name] - before[name]).abs().max()) for name in before) < 1e-9


def test_a_share_of_the_first_adapter_stays_in_the_result(world: Path, tmp_path: Path) -> None:
    found = {}
    for share in (0.0, 0.25, 1.0):
        learned = configured(world, start=str(world / "first"), max_steps=1, start_share=share)
        train(world / "dataset", tmp_path / str(share), learned)
        found[share] = load_file(adapter(tmp_path / str(share)))
    first = load_file(adapter(world / "first"))
    assert all((found[1.0][name] == first[name]).all() for name in first)
    assert max(float((found[0.0][name] - first[name]).abs().max()) for name in first) > 1e-3
    for name, value in first.items():
        assert np.allclose(found[0.25][name], 0.75 * found[0.0][name] + 0.25 * value, atol=1e-6)
    assert Run.open(tmp_path / "0.25").manifest.config.train.start_share == 0.25


def test_a_fresh_adapter_keeps_nothing_of_its_start(world: Path, tmp_path: Path) -> None:
    train(world / "dataset", tmp_path / "again", configured(world, start_share=0.5))
    assert sha256_file(adapter(tmp_path / "again")) == sha256_file(adapter(world / "first"))


def test_the_manifest_says_what_was_gone_on_from(world: Path, tmp_path: Path) -> None:
    train(world / "dataset", tmp_path / "second", configured(world, start=str(world / "first"), max_steps=1))
    start = read_manifest(tmp_path / "second", "run")["start"]
    assert start["adapter_sha256"] == sha256_file(adapter(world / "first"))
    assert start["manifest_sha256"] == sha256_file(world / "first" / "manifest.json")
    assert read_manifest(world / "first", "run")["start"] is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"lora_r": 8}, "lora_r is 8 here, 4 there"),
        ({"lora_alpha": 5}, "lora_alpha"),
        ({"lora_targets": "attention"}, "lora_targets"),
        ({"lora_top_layers": 1}, "lora_top_layers"),
        ({"head": "classification"}, "head"),
    ],
)
def test_a_run_of_another_shape_is_refused_with_the_field(
    world: Path, tmp_path: Path, fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        train(world / "dataset", tmp_path / "run", configured(world, start=str(world / "first"), **fields))


def test_a_run_on_another_base_model_is_refused(world: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="base model"):
        train(world / "dataset", tmp_path / "run", configured(world, "other", start=str(world / "first")))


def test_an_unfinished_run_is_no_start(world: Path, tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    with pytest.raises(RunError, match="unfinished"):
        train(world / "dataset", tmp_path / "run", configured(world, start=str(tmp_path / "half")))


def test_the_starter_is_a_start_by_its_name(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_place(world / "first", monkeypatch)
    train(world / "dataset", tmp_path / "second", configured(world, start="starter", max_steps=1))
    start = read_manifest(tmp_path / "second", "run")["start"]
    assert start["adapter_sha256"] == sha256_file(adapter(world / "first"))
    assert Run.open(tmp_path / "second").starting_run().folder == world / "first"


def test_the_starter_is_refused_for_another_base_model_with_the_reason(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_place(world / "first", monkeypatch)
    with pytest.raises(ConfigError, match=r"the base model is .* here, .* there") as caught:
        train(world / "dataset", tmp_path / "run", configured(world, "other", start="starter"))
    assert "set train.start to base" in caught.value.hint


def test_a_build_without_a_starter_refuses_it(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take_away(monkeypatch)
    with pytest.raises(RunError, match="this build has no starter"):
        train(world / "dataset", tmp_path / "run", configured(world, start="starter"))


def test_the_model_is_read_with_the_adapter_that_training_went_on_from(world: Path, tmp_path: Path) -> None:
    train(world / "dataset", tmp_path / "second", configured(world, start=str(world / "first"), max_steps=1))
    text = ["chest pain"]
    before = Classifier.load(world / "first", system="tuned").log_probs(text)
    found = {name: Classifier.load(tmp_path / "second", system=name) for name in ("base", "starter", "tuned")}
    scores = {name: classifier.log_probs(text) for name, classifier in found.items()}
    assert np.array_equal(scores["starter"], before)
    assert not np.allclose(scores["starter"], scores["tuned"])
    assert not np.allclose(scores["starter"], scores["base"])
    assert found["starter"].calibration is None
