"""Another program in the model's place: the same predictions, or a refusal that says why."""

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax
from transformers import LlamaForCausalLM

from completions_server import CompletionsServer
from export_world import write_adapted_run
from nosology.classifier.calibration import fit
from nosology.classifier.classifier import Classifier
from nosology.classifier.local import LocalCalibration
from nosology.classifier.typicality import Typicality
from nosology.errors import ModelError, RunError
from nosology.export.models import outside
from nosology.export.models.standing_in import llama_cpp, stand_in
from nosology.export.models.workflow import export_run
from nosology.modeling.backends.server import Address, ServerModel
from nosology.runs.files import RunFiles
from nosology.runs.integrity import record_again
from nosology.runs.run import Run
from tiny_models import llama3_tokenizer, save_tiny_model

NOTES = ["Fever and cough for three days.", "", "Fell from a ladder, burn of the left hand.", "Mass in the breast."]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a calibrated run and its exports, merged and in GGUF."""
    folder = tmp_path_factory.mktemp("standing-in")
    save_tiny_model(folder / "model", tokenizer=llama3_tokenizer())
    run = write_adapted_run(folder / "run", folder / "model")
    n = len(Run.open(run).labels.names)
    scores = np.random.default_rng(0).normal(size=(60, n))
    fit(log_softmax(scores, axis=1), np.arange(60) % n).save(RunFiles(run).calibration)
    record_again(RunFiles(run))
    export_run(run, "merged", folder / "merged", number_format="float32", observe=outside.observe)
    export_run(run, "gguf", folder / "gguf", observe=outside.observe)
    return folder


@pytest.fixture(scope="module")
def server(world: Path) -> Iterator[CompletionsServer]:
    """Return a server that runs the merged export."""
    made = CompletionsServer(LlamaForCausalLM.from_pretrained(world / "merged"))
    yield made
    made.stop()


def connect(server: CompletionsServer) -> Callable[[Any, Path], ServerModel]:
    """Return what connects to a server."""
    return lambda _encoder, _export: ServerModel(Address.of(server.url))


def test_a_server_in_the_models_place_predicts_the_same(world: Path, server: CompletionsServer) -> None:
    found = stand_in(world / "run", world / "merged", connect(server))
    assert found.comparison.n == 12
    assert found.comparison.largest < 1e-4
    expected = Classifier.load(world / "run").classify(NOTES)
    for one, other in zip(found.classifier.classify(NOTES), expected, strict=True):
        assert (one.label, one.prediction_set, one.abstained, one.reason) == (
            other.label, other.prediction_set, other.abstained, other.reason,
        )  # fmt: skip
        assert dict(one.ranking) == pytest.approx(dict(other.ranking), abs=1e-4)
        assert one.is_calibrated


def test_a_server_that_runs_the_base_model_is_refused(world: Path) -> None:
    base = CompletionsServer(LlamaForCausalLM.from_pretrained(world / "model"))
    with pytest.raises(
        ModelError, match=r"calibration would not hold: the answers: a probability moved by 0\.\d+"
    ) as caught:
        stand_in(world / "run", world / "merged", connect(base))
    base.stop()
    assert "--backend torch" in caught.value.hint


def test_it_suggests_nothing_and_says_so(world: Path, server: CompletionsServer) -> None:
    classifier = stand_in(world / "run", world / "merged", connect(server)).classifier
    with pytest.raises(RunError, match="another program runs the model"):
        next(iter(classifier.read(classifier.encode(NOTES[:1]), keep=True)))


def test_an_export_of_another_run_or_a_changed_one_is_refused(
    world: Path, server: CompletionsServer, tmp_path: Path
) -> None:
    other = write_adapted_run(tmp_path / "other", world / "model", config={"train": {"lora_r": 2}})
    with pytest.raises(RunError, match="of another run"):
        stand_in(other, world / "merged", connect(server))
    shutil.copytree(world / "merged", tmp_path / "merged")
    (tmp_path / "merged" / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RunError, match=r"not as it was exported: config\.json"):
        stand_in(world / "run", tmp_path / "merged", connect(server))


def test_a_classification_head_has_no_words_to_score(world: Path, server: CompletionsServer, tmp_path: Path) -> None:
    run = write_adapted_run(tmp_path / "run", world / "model", config={"train": {"head": "classification"}})
    with pytest.raises(RunError, match="classification head"):
        stand_in(run, world / "merged", connect(server))


def test_typicality_that_only_the_model_itself_tells_is_not_left_out(
    world: Path, server: CompletionsServer, tmp_path: Path
) -> None:
    shutil.copytree(world / "run", tmp_path / "run")
    files = RunFiles(tmp_path / "run")
    features = np.random.default_rng(0).normal(size=(100, 64))
    calibration = Classifier.load(world / "run").calibration
    assert calibration is not None
    LocalCalibration(calibration, None, None, Typicality.fit(features), {}).save(files)
    with pytest.raises(RunError, match="how usual a note is"):
        stand_in(files.folder, world / "merged", connect(server))


def test_llama_cpp_takes_an_export_to_gguf_alone(world: Path) -> None:
    with pytest.raises(RunError, match="holds no GGUF file"):
        stand_in(world / "run", world / "merged", llama_cpp)


@pytest.mark.skipif(importlib.util.find_spec("llama_cpp") is None, reason="llama-cpp-python compiles for minutes")
def test_llama_cpp_in_the_models_place_predicts_the_same(world: Path) -> None:
    found = stand_in(world / "run", world / "gguf", llama_cpp)
    expected = Classifier.load(world / "run").classify(NOTES)
    for one, other in zip(found.classifier.classify(NOTES), expected, strict=True):
        assert one.label == other.label
        assert dict(one.ranking) == pytest.approx(dict(other.ranking), abs=0.02)
