"""Running the systems: which are run, on what they learned, and what becomes of their answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation_world import CATEGORIES, FakeClassifier, Loader, write_dataset, write_run
from nosology.classifier.ensemble import Ensemble
from nosology.config import EvaluateConfig
from nosology.errors import ConfigError
from nosology.evaluation.inputs import Inputs, read_inputs
from nosology.evaluation.systems import (
    check_systems,
    output_from,
    run_base,
    run_baselines,
    run_ensemble,
    run_starter,
    run_tuned,
)
from nosology.files import read_json, write_json
from nosology.metrics import INVALID
from nosology.records import Prediction, no_progress
from nosology.runs.run import Run


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """Return a run of 24 notes of 40, with 12 to evaluate."""
    folder = tmp_path_factory.mktemp("systems")
    dataset = write_dataset(folder / "dataset", {"train": 40, "validation": 8, "test": 12})
    run = Run.open(write_run(folder / "run", dataset, n_train=24))
    return read_inputs(run, split="test", dataset=None, config=EvaluateConfig())


class Told:
    """A progress that remembers its tasks, and what each was told."""

    def __init__(self) -> None:
        self.tasks: dict[str, list[int]] = {}

    @contextmanager
    def __call__(self, task: str, total: int | None = None, unit: str = "notes") -> Iterator[Any]:  # noqa: ARG002
        """Begin a task."""
        self.tasks[f"{task} {total}"] = []
        yield self.tasks[f"{task} {total}"].append


def notes_of(inputs: Inputs) -> Any:
    return FakeClassifier(CATEGORIES, 1.0).encode(inputs.notes["clean_text"].to_list())


def wanting(*names: str, **settings: Any) -> EvaluateConfig:
    return EvaluateConfig(systems=names, **settings)


# ---- which are run


@pytest.mark.parametrize(
    ("config", "message", "place"),
    [
        (wanting("tuned", "oracle", "dice"), "no such system: oracle, dice", "evaluate.systems"),
        (wanting(), "no system is named", "evaluate.systems"),
        (wanting("encoder"), "the system `encoder` is named, but no encoder", "evaluate.encoder"),
    ],
)
def test_systems_that_cannot_be_run_are_refused_by_name(config: EvaluateConfig, message: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_systems(config)
    assert (caught.value.message, caught.value.place) == (message, place)
    assert "evaluate.encoder" in caught.value.hint or "tfidf_knowledge" in caught.value.hint


def test_every_system_of_the_defaults_exists_and_an_encoder_may_be_named() -> None:
    check_systems(EvaluateConfig())
    check_systems(wanting("encoder", encoder="some/encoder"))


def test_only_the_chosen_baselines_are_fitted_in_the_tables_order(inputs: Inputs) -> None:
    told = Told()
    found = run_baselines(inputs, wanting("tfidf_all", "majority", "tuned"), told)
    assert list(found) == ["majority", "tfidf_all"]
    assert told.tasks == {"evaluate majority 12": [12], "evaluate tfidf_all 12": [12]}


def test_a_baseline_says_what_it_learned_from(inputs: Inputs) -> None:
    found = run_baselines(inputs, wanting("majority", "tfidf", "tfidf_all"), no_progress)
    assert {name: output.trained_on for name, output in found.items()} == {
        "majority": "24 notes, the model's own",
        "tfidf": "24 notes, the model's own",
        "tfidf_all": "40 notes, the training split",
    }


def test_the_majority_is_that_of_the_models_own_notes(inputs: Inputs) -> None:
    output = run_baselines(inputs, wanting("majority"), no_progress)["majority"]
    counts = [inputs.train["category"].to_list().count(name) for name in CATEGORIES]
    assert set(output.predicted.tolist()) == {int(np.argmax(counts))}
    assert output.probabilities is not None
    assert output.probabilities[0] == pytest.approx([(n + 1) / (24 + 4) for n in counts])


def test_a_part_of_words_has_nothing_to_learn_of_one_category_and_answers_it(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nosology.evaluation.systems.fit_hashed", lambda *_, **__: None)
    output = run_baselines(inputs, wanting("tfidf_parts"), no_progress)["tfidf_parts"]
    assert len(set(output.predicted.tolist())) == 1
    assert output.settings == {}


# ---- the base model


def test_a_base_model_that_nobody_wants_is_not_loaded(inputs: Inputs) -> None:
    loader = Loader()
    assert run_base(inputs, notes_of(inputs), wanting("tuned", "majority"), loader, no_progress) == {}
    assert loader.loaded == {}


@pytest.mark.parametrize(
    ("names", "n_tokens"), [(("base", "base_prior"), 0), (("base_strict", "base"), 5), (("base_lenient",), 5)]
)
def test_a_base_model_writes_only_where_its_words_are_read(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], n_tokens: int
) -> None:
    """Writing takes as long as reading all notes again."""
    asked: list[int] = []
    answer = FakeClassifier.log_probs_and_answers

    def remembering(self: FakeClassifier, texts: Any, *, max_new_tokens: int = 12, progress: Any = None) -> Any:
        asked.append(max_new_tokens)
        return answer(self, texts, progress=progress)

    monkeypatch.setattr(FakeClassifier, "log_probs_and_answers", remembering)
    config = wanting(*names, max_generated_tokens=5)
    assert list(run_base(inputs, notes_of(inputs), config, Loader(), no_progress)) == list(names)
    assert asked == [n_tokens]


def test_each_way_of_answering_reads_its_own_numbers(inputs: Inputs) -> None:
    notes, base = notes_of(inputs), FakeClassifier(CATEGORIES, 0.2)
    names = ("base_strict", "base_lenient", "base", "base_length", "base_prior")
    found = run_base(inputs, notes, wanting(*names), Loader(), no_progress)
    ways, answers = base.log_probs_and_answers(notes)
    for name, way in (("base", "none"), ("base_length", "length"), ("base_prior", "prior")):
        assert found[name].probabilities == pytest.approx(np.exp(ways[way])), name
        assert found[name].predicted.tolist() == ways[way].argmax(axis=1).tolist()
    best = ways["none"].argmax(axis=1)
    # exact, with residue, and nonsense by turns
    assert found["base_strict"].predicted.tolist() == [best[i] if i % 3 == 0 else INVALID for i in range(12)]
    assert found["base_lenient"].predicted.tolist() == [best[i] if i % 3 < 2 else INVALID for i in range(12)]
    assert found["base_strict"].raw_answers == tuple(answers)
    assert len({output.seconds for output in found.values()}) == 1, "one reading, so one time"


# ---- the starter, the tuned model, the ensemble


def test_a_run_from_the_base_model_has_no_starter_to_load(inputs: Inputs) -> None:
    loader = Loader()
    assert run_starter(inputs, notes_of(inputs), loader, no_progress) == {}
    assert loader.loaded == {}


def test_a_tuned_model_says_from_which_run_it_went_on(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 10, "validation": 4, "test": 6})
    folder = write_run(tmp_path / "run", dataset, n_train=10)
    start = {"run": "runs/before", "manifest_sha256": "0" * 64, "adapter_sha256": "1" * 64, "n_train_notes": 9}
    write_json(folder / "manifest.json", read_json(folder / "manifest.json") | {"start": start})
    world = read_inputs(Run.open(folder), split="test", dataset=None, config=EvaluateConfig())
    tuned = run_tuned(world, notes_of(world), FakeClassifier(CATEGORIES, 1.0), no_progress)
    starter = run_starter(world, notes_of(world), Loader(), no_progress)["starter"]
    assert tuned.trained_on == "10 notes, from runs/before"
    assert starter.trained_on == "none of these; run runs/before"


def test_tokens_that_did_not_fit_reach_the_records(inputs: Inputs) -> None:
    output = run_tuned(inputs, notes_of(inputs), FakeClassifier(CATEGORIES, 1.0), no_progress)
    assert output.predictions is not None
    assert [prediction.truncated_tokens for prediction in output.predictions] == [7, *[0] * 9, 7, 0]


def test_an_ensemble_costs_the_tuned_models_time_too_and_says_its_exponents(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter([0.0, 4.0, 10.0, 11.0])
    monkeypatch.setattr("nosology.evaluation.systems.time.perf_counter", lambda: next(ticks))
    tuned = FakeClassifier(CATEGORIES, 1.0)
    alone = run_tuned(inputs, notes_of(inputs), tuned, no_progress)

    class Uniform:
        def log_probs(self, texts: list[str]) -> Any:
            return np.full((len(texts), 4), np.log(0.25))

    ensemble = Ensemble(Uniform(), (0.5, 2.0), {}, None)  # type: ignore[arg-type]
    output = run_ensemble(inputs, tuned, ensemble, alone)
    assert (alone.seconds, output.seconds) == (4.0, 5.0)
    assert output.settings == {"exponent_tuned": 0.5, "exponent_linear": 2.0}
    assert output.predicted.tolist() == alone.predicted.tolist(), "a member that knows nothing changes no answer"
    assert output.predictions is not None
    assert output.predictions[0].truncated_tokens == 7


def test_records_become_rows_in_label_set_order_whatever_order_they_rank_in() -> None:
    first = Prediction("b", 0.7, (("b", 0.7), ("a", 0.2), ("c", 0.1)), (), False, 0)
    second = Prediction("c", 0.5, (("c", 0.5), ("b", 0.3), ("a", 0.2)), (), True, 3)
    output = output_from([first, second], np.zeros((2, 3)), ("a", "b", "c"), 1.5, "2 notes")
    assert output.predicted.tolist() == [1, 2]
    assert output.probabilities is not None
    assert output.probabilities.tolist() == [[0.2, 0.7, 0.1], [0.2, 0.3, 0.5]]
    assert (output.seconds, output.trained_on, output.settings) == (1.5, "2 notes", {})
    assert output.predictions == (first, second)


def test_a_record_too_few_is_a_bug_that_shows() -> None:
    with pytest.raises(ValueError, match="shorter"):
        output_from([], np.zeros((1, 3)), ("a", "b", "c"), 1.0, "")


def test_generated_answers_stay_out_of_the_repr(inputs: Inputs) -> None:
    found = run_base(inputs, notes_of(inputs), wanting("base_strict"), Loader(), no_progress)
    assert "assistant" not in repr(found)
