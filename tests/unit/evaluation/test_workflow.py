"""The evaluation of a run, end to end, with a classifier whose answers are known."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from evaluation_world import CATEGORIES, FakeClassifier, Loader, write_dataset, write_run
from nosology.classifier.calibration import Calibration
from nosology.classifier.ensemble import Ensemble, mix
from nosology.classifier.findings import CategoryFindings
from nosology.classifier.knowledge import Texts
from nosology.coding.labels import LabelSet
from nosology.config import EvaluateConfig
from nosology.errors import ConfigError, DataError, LabelError, RunError
from nosology.evaluation import evaluate
from nosology.evaluation.inputs import Inputs
from nosology.files import read_json, sha256_file, sha256_text, write_json
from nosology.runs.files import RunFiles
from nosology.runs.results import Results

QUICK = EvaluateConfig(bootstrap_samples=100, systems=("majority", "base_lenient", "base", "tuned"))
BASELINES = ["majority", "tfidf", "tfidf_all", "tfidf_parts"]
SYSTEMS = [*BASELINES, "base_strict", "base_lenient", "base", "base_length", "base_prior", "tuned", "ensemble"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run of 60 training notes, evaluated on 90, with its results and the classifiers that were loaded."""
    folder = tmp_path_factory.mktemp("world")
    dataset = write_dataset(folder / "dataset", {"train": 160, "validation": 80, "test": 90})
    run = write_run(folder / "run", dataset, n_train=60)
    loader = Loader()
    results = evaluate(run, config=EvaluateConfig(bootstrap_samples=200), load=loader)
    return {"folder": folder, "dataset": dataset, "run": run, "results": results, "loader": loader}


@pytest.fixture
def fresh(tmp_path: Path) -> Any:
    """A run that was not evaluated yet."""
    dataset = write_dataset(tmp_path / "dataset", {"train": 60, "validation": 40, "test": 30})
    return write_run(tmp_path / "run", dataset, n_train=40)


def rows_of(run: Any, system: Any, evaluation: str = "test") -> Any:
    lines = (run / "eval" / evaluation / system / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_every_system_answers_every_note_in_the_order_of_the_dataset(world: Any) -> None:
    notes = pl.read_parquet(world["dataset"] / "notes.parquet").filter(pl.col("split") == "test")
    assert list(world["results"]["systems"]) == SYSTEMS
    for system in SYSTEMS:
        rows = rows_of(world["run"], system)
        assert [row["note_id"] for row in rows] == notes["note_id"].to_list()
        assert [row["true_label"] for row in rows] == notes["category"].to_list()


def test_results_are_those_that_scikit_learn_finds_in_the_predictions(world: Any) -> None:
    for system in SYSTEMS:
        rows, found = rows_of(world["run"], system), world["results"]["systems"][system]
        true = [row["true_label"] for row in rows]
        predicted = [row["predicted_label"] or "none" for row in rows]
        assert found["accuracy"] == pytest.approx(accuracy_score(true, predicted))
        expected = f1_score(true, predicted, labels=sorted(set(true)), average="macro", zero_division=0)
        assert found["macro_f1"] == pytest.approx(expected)
        assert found["confusion_matrix"] == confusion_matrix(true, predicted, labels=CATEGORIES).tolist()
        assert found["invalid"] == predicted.count("none")


def test_intervals_hold_their_values(world: Any) -> None:
    for found in world["results"]["systems"].values():
        for name in ("accuracy", "macro_f1"):
            low, high = found[f"{name}_interval"]
            assert 0 <= low <= found[name] <= high <= 1


def test_the_file_holds_what_was_returned_and_its_schema_reads_it(world: Any) -> None:
    stored = read_json(world["run"] / "eval" / "test" / "results.json")
    assert stored == world["results"]
    assert Results.model_validate(stored).n == 90


def test_the_contract_of_the_top_level_is_kept(world: Any) -> None:
    results = world["results"]
    assert results["n"] == 90
    assert results["labels"] == list(CATEGORIES)
    assert {"systems", "tests", "provenance"} <= set(results)
    tuned = results["systems"]["tuned"]
    assert set(tuned["report"]["Respiratory"]) == {"precision", "recall", "f1", "support"}
    assert len(tuned["confusion_matrix"]) == len(tuned["confusion_matrix"][0]) == 4


def test_only_parsed_answers_can_be_without_a_category(world: Any) -> None:
    for system in SYSTEMS:
        rows = rows_of(world["run"], system)
        if system in ("base_strict", "base_lenient"):
            assert all(row["predicted_label"] in (None, *CATEGORIES) and row["probability"] is None for row in rows)
            assert all(len(row["answer_sha256"]) == 64 and "raw_answer" not in row for row in rows)
            assert {row["answer_class"] for row in rows} == {"exact", "lenient", "unreadable"}
        else:
            assert all(row["predicted_label"] in CATEGORIES and "answer_class" not in row for row in rows)
            assert all(row["ranking"][0] == [row["predicted_label"], row["probability"]] for row in rows)
            assert all(sum(p for _, p in row["ranking"]) == pytest.approx(1) for row in rows)
    # Of three dresses the fake puts on its answers in turn, strict reads one and lenient two.
    systems = world["results"]["systems"]
    assert (systems["base_strict"]["invalid"], systems["base_lenient"]["invalid"]) == (60, 30)
    assert systems["base_strict"]["ece"] is None


def test_the_base_model_reads_the_notes_once_for_all_its_ways_of_answering(world: Any) -> None:
    asked = world["loader"].loaded["base"].asked
    assert [call for call in asked if call.endswith(" 90")] == [
        "answers 90",
        "log_probs none 90",
        "log_probs length 90",
        "log_probs prior 90",
    ]  # all within the first


def test_prior_correction_equals_asking_the_classifier_for_it(world: Any) -> None:
    notes = pl.read_parquet(world["dataset"] / "notes.parquet").filter(pl.col("split") == "test")
    direct = np.exp(FakeClassifier(CATEGORIES, 0.2).log_probs(notes["clean_text"].to_list(), correction="prior"))
    for row, expected in zip(rows_of(world["run"], "base_prior"), direct, strict=True):
        assert dict(row["ranking"])[CATEGORIES[0]] == pytest.approx(expected[0])


def test_tfidf_learns_from_exactly_the_models_notes_and_from_all(world: Any) -> None:
    systems = world["results"]["systems"]
    assert systems["tfidf"]["settings"]["tuning_notes"] == 60
    assert systems["tfidf_all"]["settings"]["tuning_notes"] == 160
    assert systems["tfidf"]["trained_on"].startswith("60 notes")


def test_the_tuned_model_is_calibrated_on_validation_notes_and_the_run_keeps_it(world: Any) -> None:
    stored = Calibration.from_json(read_json(world["run"] / "calibration.json"))
    assert stored.n_notes == 80
    assert stored.temperature > 1.2  # the fake is too sure of itself
    assert world["loader"].loaded["tuned"].calibrated_with == [stored]
    calibration = world["results"]["calibration"]
    assert calibration["after"]["log_loss"] < calibration["before"]["log_loss"]
    assert world["results"]["systems"]["tuned"]["log_loss"] == pytest.approx(calibration["after"]["log_loss"])
    assert not calibration["fitted_on_this_split"]


def test_abstaining_and_prediction_sets_are_counted_from_the_predictions(world: Any) -> None:
    rows, calibration = rows_of(world["run"], "tuned"), world["results"]["calibration"]
    answered = [row for row in rows if not row["abstained"]]
    assert calibration["answered"] == len(answered)
    right = sum(row["predicted_label"] == row["true_label"] for row in answered)
    assert calibration["answered_accuracy"] == pytest.approx(right / len(answered))
    covered = sum(row["true_label"] in row["prediction_set"] for row in rows) / 90
    (default,) = (item for item in calibration["conformal"] if item["kind"] == "marginal" and item["target"] == 0.9)
    assert default["coverage"] == pytest.approx(covered)
    assert default["mean_size"] == pytest.approx(sum(len(row["prediction_set"]) for row in rows) / 90)


def test_every_pair_of_systems_is_compared(world: Any) -> None:
    tests = world["results"]["tests"]
    assert len(tests) == len(SYSTEMS) * (len(SYSTEMS) - 1) / 2
    (test,) = (item for item in tests if (item["first"], item["second"]) == ("tfidf", "tuned"))
    systems = world["results"]["systems"]
    difference = systems["tfidf"]["accuracy"] - systems["tuned"]["accuracy"]
    assert test["accuracy_difference"] == pytest.approx(difference)
    assert test["only_first_right"] - test["only_second_right"] == pytest.approx(90 * difference)
    low, high = test["accuracy_difference_interval"]
    assert low <= difference <= high


def test_systems_that_answer_alike_show_no_difference(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 40, "validation": 30, "test": 20})
    run = write_run(tmp_path / "run", dataset, n_train=40)  # all of them, so that both baselines learn from the same
    config = EvaluateConfig(bootstrap_samples=100, systems=("tfidf", "tfidf_all"))
    (test,) = evaluate(run, config=config, load=Loader())["tests"]
    assert (test["accuracy_difference"], test["macro_f1_difference"]) == (0, 0)
    assert (test["accuracy_difference_interval"], test["mcnemar_p_value"], test["bootstrap_p_value"]) == ([0, 0], 1, 1)


def test_groups_of_notes_add_up(world: Any) -> None:
    groups = world["results"]["systems"]["tuned"]["subgroups"]
    assert {row["column"] for row in groups} == {"length", "sex"}
    for column in ("length", "sex"):
        rows = [row for row in groups if row["column"] == column]
        assert sum(row["n"] for row in rows) == 90
        mean = sum(row["n"] * row["accuracy"] for row in rows) / 90
        assert mean == pytest.approx(world["results"]["systems"]["tuned"]["accuracy"])
    assert [row["value"].endswith("words") for row in groups if row["column"] == "length"] == [True] * 3


def test_the_distribution_is_counted_against_the_training_notes(world: Any) -> None:
    found = world["results"]["distribution"]
    notes = pl.read_parquet(world["dataset"] / "notes.parquet")
    trained = notes.filter(pl.col("split") == "train")[:60]
    for share in found["categories"]:
        assert share["n_train"] == (trained["category"] == share["category"]).sum()
    assert sum(share["evaluated"] for share in found["categories"]) == pytest.approx(1)
    assert (found["shared_patients"], found["shared_texts"]) == (0, 0)
    assert found["truncated_notes_share"] == pytest.approx(9 / 90)
    assert found["truncated_tokens"] == 63
    assert 0 < found["new_words_share"] < 0.1  # each note's marker is a word of its own


def test_provenance_names_what_was_read(world: Any) -> None:
    provenance = world["results"]["provenance"]
    assert provenance["dataset_manifest_sha256"] == sha256_file(world["dataset"] / "manifest.json")
    ids = [row["note_id"] for row in rows_of(world["run"], "tuned")]
    assert provenance["note_ids_sha256"] == sha256_text("\n".join(ids))
    assert (provenance["n_train_notes"], provenance["n_split_notes"], provenance["n_patients"]) == (60, 90, 45)
    assert provenance["is_training_dataset"]


def test_examples_are_sure_and_right_sure_and_wrong_and_unsure(world: Any) -> None:
    examples = world["results"]["examples"]
    kinds = [example["why"] for example in examples]
    assert kinds == sorted(kinds, key=["surest, right", "surest, wrong", "least sure"].index)
    for example in examples:
        is_right = example["true_label"] == example["predicted_label"]
        assert is_right == (example["why"] == "surest, right") or example["why"] == "least sure"
    surest = max(row["probability"] for row in rows_of(world["run"], "tuned"))
    assert max(example["probability"] for example in examples) == surest


def test_neither_results_nor_predictions_hold_note_text_unless_asked(world: Any) -> None:
    for path in (world["run"] / "eval").rglob("*.json*"):
        assert "patient stable" not in path.read_text(encoding="utf-8")
        assert "true0x" not in path.read_text(encoding="utf-8")


def test_prompts_are_written_on_request_for_the_owner_alone(fresh: Any) -> None:
    evaluate(fresh, config=QUICK, load=Loader(), include_text=True)
    for path in (fresh / "eval" / "test").glob("*/predictions.jsonl"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert all(sha256_text(row["prompt"]) == row["prompt_sha256"] for row in rows)
        assert rows[0]["prompt"].startswith("Which category?")


def test_the_same_seed_gives_the_same_numbers(fresh: Any) -> None:
    def numbers(results: Any) -> Any:
        for system in results["systems"].values():
            del system["seconds"], system["notes_per_second"]
        del results["provenance"]
        return results

    first = numbers(evaluate(fresh, config=QUICK, load=Loader()))
    assert numbers(evaluate(fresh, config=QUICK, load=Loader())) == first


def test_a_stored_calibration_is_used_again_only_while_it_fits(fresh: Any) -> None:
    first, second, third = Loader(), Loader(), Loader()
    evaluate(fresh, config=QUICK, load=first)
    evaluate(fresh, config=QUICK, load=second)
    evaluate(
        fresh, config=EvaluateConfig(bootstrap_samples=100, systems=("tuned",), selective_accuracy=0.7), load=third
    )
    calls = [loader.loaded["tuned"].asked.count("log_probs none 40") for loader in (first, second, third)]
    assert calls == [1, 0, 1]


def test_calibration_and_ensemble_read_the_validation_notes_once_and_the_run_keeps_both(fresh: Any) -> None:
    first, second = Loader(), Loader()
    config = EvaluateConfig(bootstrap_samples=100, systems=("tuned", "ensemble"))
    results = evaluate(fresh, config=config, load=first)
    again = evaluate(fresh, config=config, load=second)
    calls = [loader.loaded["tuned"].asked.count("log_probs none 40") for loader in (first, second)]
    assert calls == [1, 0]
    assert again["systems"]["ensemble"]["accuracy"] == results["systems"]["ensemble"]["accuracy"]
    assert Ensemble.load(RunFiles(fresh).ensemble).calibration.n_notes == 40
    assert results["ensemble_calibration"]["n_notes"] == 40


def test_the_order_of_the_categories_and_demands_in_notes_are_measured(fresh: Any) -> None:
    robustness = evaluate(fresh, config=QUICK, load=Loader())["robustness"]
    assert robustness["n"] == 30
    # The fake bends every fifth answer towards what is listed first, and to nothing that stands in a note.
    assert 0.05 < robustness["position"]["changed"] <= 0.2
    assert robustness["position"]["changed_to_earlier"] == 1.0
    assert [item["kind"] for item in robustness["injections"]] == ["plain words", "chat markup"]


def test_robustness_is_left_out_where_not_wanted(fresh: Any) -> None:
    config = EvaluateConfig(bootstrap_samples=100, systems=("tuned",), robustness_notes=0)
    assert evaluate(fresh, config=config, load=Loader())["robustness"] is None


def test_a_damaged_ensemble_is_fitted_anew(fresh: Any) -> None:
    config = EvaluateConfig(bootstrap_samples=100, systems=("tuned", "ensemble"))
    before = evaluate(fresh, config=config, load=Loader())["systems"]["ensemble"]["log_loss"]
    (fresh / "ensemble" / "linear.safetensors").write_bytes(b"damaged")
    assert evaluate(fresh, config=config, load=Loader())["systems"]["ensemble"]["log_loss"] == before
    Ensemble.load(RunFiles(fresh).ensemble)


def test_an_ensemble_without_the_tuned_model_beside_it_can_be_asked_for(fresh: Any) -> None:
    results = evaluate(fresh, config=EvaluateConfig(bootstrap_samples=100, systems=("ensemble",)), load=Loader())
    assert list(results["systems"]) == ["ensemble"]
    assert results["calibration"] is None


def test_too_few_validation_notes_give_no_calibration_and_say_so(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 40, "validation": 10, "test": 20})
    run = write_run(tmp_path / "run", dataset, n_train=40)
    results = evaluate(run, config=QUICK, load=Loader())
    assert results["calibration"] is None
    assert "10 notes" in results["calibration_note"]
    assert not (run / "calibration.json").exists()
    assert all(row["prediction_set"] == [] for row in rows_of(run, "tuned"))


def test_a_limit_draws_a_part_of_the_notes_in_their_order(fresh: Any) -> None:
    results = evaluate(fresh, config=QUICK, load=Loader(), limit=12)
    ids = [row["note_id"] for row in rows_of(fresh, "tuned")]
    assert results["n"] == len(ids) == 12
    assert ids == sorted(ids, key=lambda note_id: int(note_id.rpartition("-")[2]))
    assert results["provenance"]["n_split_notes"] == 30


def test_chosen_systems_alone_are_run(fresh: Any) -> None:
    loader = Loader()
    config = EvaluateConfig(bootstrap_samples=100, systems=("majority", "base"))
    results = evaluate(fresh, config=config, load=loader)
    assert list(results["systems"]) == ["majority", "base"]
    assert (results["calibration"], results["examples"]) == (None, [])
    assert loader.loaded["base"].asked[0] == "answers 30"


def test_the_runs_own_configuration_is_the_default(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 40, "validation": 40, "test": 20})
    settings = {"evaluate": {"systems": ["majority"], "bootstrap_samples": 150, "max_notes": 15}}
    run = write_run(tmp_path / "run", dataset, n_train=40, config=settings)
    results = evaluate(run, load=Loader())
    assert (list(results["systems"]), results["n"]) == (["majority"], 15)
    assert results["provenance"]["bootstrap_samples"] == 150


def test_another_dataset_is_evaluated_beside_the_first_and_its_difference_is_told(world: Any) -> None:
    other = write_dataset(world["folder"] / "elsewhere", {"train": 2, "test": 40}, seed=9, prefix="e")
    config = EvaluateConfig(bootstrap_samples=100, systems=("tfidf", "tuned"))
    results = evaluate(world["run"], dataset=other, config=config, load=Loader())
    provenance = results["provenance"]
    assert not provenance["is_training_dataset"]
    assert (provenance["dataset"], provenance["training_dataset"]) == ("elsewhere", "dataset")
    assert (world["run"] / "eval" / "elsewhere-test" / "results.json").exists()
    assert read_json(world["run"] / "eval" / "test" / "results.json") == world["results"]
    assert results["calibration"]["n_notes"] == 80
    assert results["systems"]["tfidf"]["settings"]["tuning_notes"] == 60


def test_evaluating_the_validation_split_says_that_calibration_saw_it(fresh: Any) -> None:
    results = evaluate(fresh, split="validation", config=QUICK, load=Loader())
    assert results["calibration"]["fitted_on_this_split"]


def test_a_dataset_that_moved_is_found_where_the_user_says(fresh: Any) -> None:
    moved = fresh.parent / "moved"
    (fresh.parent / "dataset").rename(moved)
    with pytest.raises(RunError, match="no longer there") as caught:
        evaluate(fresh, config=QUICK, load=Loader())
    assert "--dataset" in caught.value.hint
    assert evaluate(fresh, dataset=moved, config=QUICK, load=Loader())["provenance"]["is_training_dataset"]


def test_a_training_dataset_that_changed_is_refused(fresh: Any) -> None:
    manifest = fresh.parent / "dataset" / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"format": 1', '"format":  1'), encoding="utf-8")
    with pytest.raises(RunError, match="has changed since"):
        evaluate(fresh, config=QUICK, load=Loader())


def test_another_label_set_is_refused(fresh: Any) -> None:
    other = write_dataset(fresh.parent / "other", {"test": 20}, names=("Cardiovascular", "Respiratory", "Digestive"))
    with pytest.raises(RunError, match="label set differs from the run's: Skin Disorders"):
        evaluate(fresh, dataset=other, config=QUICK, load=Loader())


def test_training_notes_that_are_not_the_recorded_ones_are_refused(fresh: Any) -> None:
    (fresh / "train_notes.json").write_text('{"note_ids": ["n-train-0"]}', encoding="utf-8")
    with pytest.raises(RunError, match="not what the manifest recorded"):
        evaluate(fresh, config=QUICK, load=Loader())


def test_an_empty_split_is_refused(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", {"train": 40, "validation": 40})
    run = write_run(tmp_path / "run", dataset, n_train=40)
    with pytest.raises(DataError, match="the test split holds no note"):
        evaluate(run, config=QUICK, load=Loader())


def test_an_unknown_system_is_refused_with_those_there_are(fresh: Any) -> None:
    with pytest.raises(ConfigError, match="no such system: gpt") as caught:
        evaluate(fresh, config=EvaluateConfig(systems=("tuned", "gpt")), load=Loader())
    assert "base_prior" in caught.value.hint


def test_an_unfinished_run_is_refused(fresh: Any) -> None:
    (fresh / "manifest.json").unlink()
    with pytest.raises(RunError, match="unfinished"):
        evaluate(fresh, config=QUICK, load=Loader())


def test_an_interrupted_evaluation_leaves_the_earlier_one_whole(fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = evaluate(fresh, config=QUICK, load=Loader())
    monkeypatch.setattr("nosology.evaluation.workflow.write_json", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        evaluate(fresh, config=QUICK, load=Loader(), limit=5)
    assert read_json(fresh / "eval" / "test" / "results.json") == before
    assert len(rows_of(fresh, "tuned")) == 30
    assert os.listdir(fresh / "eval") == ["test"]


def test_progress_counts_every_note_of_every_stage(fresh: Any) -> None:
    class Stage:
        def __init__(self) -> None:
            self.done = 0

        def __enter__(self) -> Any:
            return self.advance

        def __exit__(self, *_: Any) -> Any:
            return None

        def advance(self, n: Any) -> None:
            self.done += n

    stages = {}

    def progress(task: Any, total: Any) -> Any:
        stages[task] = (Stage(), total)
        return stages[task][0]

    config = EvaluateConfig(bootstrap_samples=100, systems=("majority", "base", "tuned"))
    evaluate(fresh, config=config, load=Loader(), progress=progress)
    assert {task: total for task, (_, total) in stages.items()} == {
        "evaluate majority": 30,
        "evaluate base": 30,
        "calibrate": 40,
        "evaluate tuned": 30,
        "evaluate robustness": 30,
    }
    assert all(stage.done == total for stage, total in stages.values())


def _interrupt(*_: Any, **_options: Any) -> None:
    raise KeyboardInterrupt


def test_a_baseline_and_the_ensemble_can_learn_from_phrases_too(fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{word} {i}" for i in range(9) for word in ("infarction", "dyspnea", "melena", "pruritus")]
    few = Texts(texts, np.array([0, 1, 2, 3] * 9))
    monkeypatch.setattr(Inputs, "phrases", lambda *_: few)
    config = EvaluateConfig(
        bootstrap_samples=100, systems=("majority", "tfidf_knowledge", "tuned", "ensemble"), words_know_phrases=True
    )
    results = evaluate(fresh, config=config, load=Loader())
    found = results["systems"]["tfidf_knowledge"]
    assert found["settings"]["phrases"] == 36
    assert found["trained_on"] == "40 notes, the model's own, and 36 phrases"
    ensemble = Ensemble.load(RunFiles(fresh).ensemble)
    assert ensemble is not None
    assert ensemble.linear.settings["phrases"] == 36
    assert "phrases" in ensemble.fitted_on["settings"]


@pytest.mark.parametrize("is_known", [True, False])
def test_what_diseases_look_like_stands_beside_an_ensembles_words(
    fresh: Any, monkeypatch: pytest.MonkeyPatch, *, is_known: bool
) -> None:
    whole = CategoryFindings.of(LabelSet.load("icd-chapters-18"))
    assert whole is not None
    four = replace(whole, category=whole.category % 4, n_categories=4)
    monkeypatch.setattr(CategoryFindings, "of", lambda *_: four)
    systems = ("majority", "tuned", "ensemble")
    config = EvaluateConfig(bootstrap_samples=100, systems=systems, words_know_findings=is_known)
    evaluate(fresh, config=config, load=Loader())
    ensemble = Ensemble.load(RunFiles(fresh).ensemble)
    assert ensemble is not None
    assert (ensemble.findings is four) == is_known
    assert ("findings" in ensemble.fitted_on["settings"]) == is_known
    text = ["itching burrows in the finger webs"]
    expected = mix(ensemble.linear.log_probs(text), four.log_probs(text), 0.25 if is_known else 0.0)
    assert ensemble.words(text) == pytest.approx(expected)


def test_phrases_need_a_label_set_with_codes(fresh: Any) -> None:
    config = EvaluateConfig(bootstrap_samples=100, systems=("tfidf_knowledge",))
    with pytest.raises(LabelError, match="no code ranges"):
        evaluate(fresh, config=config, load=Loader())


# ---- a training that went on from another run


@pytest.fixture
def continued(fresh: Path) -> Path:
    """A run whose training went on from another one."""
    manifest = read_json(fresh / "manifest.json")
    start = {"run": "first", "adapter_sha256": "0" * 64, "manifest_sha256": "1" * 64, "n_train_notes": 20}
    write_json(fresh / "manifest.json", manifest | {"start": start})
    return fresh


def test_base_starter_and_tuned_stand_side_by_side_on_the_same_notes(continued: Path) -> None:
    results = evaluate(continued, config=EvaluateConfig(bootstrap_samples=100, robustness_notes=0), load=Loader())
    systems = results["systems"]
    assert list(systems)[-3:] == ["starter", "tuned", "ensemble"]
    assert {found["n"] for found in systems.values()} == {30}
    assert systems["base"]["accuracy"] < systems["starter"]["accuracy"] < systems["tuned"]["accuracy"]
    assert systems["starter"]["trained_on"] == "none of these; run first"
    assert systems["tuned"]["trained_on"] == "40 notes, from first"
    pairs = {(test["first"], test["second"]) for test in results["tests"]}
    assert {("starter", "tuned"), ("base", "starter")} <= pairs | {pair[::-1] for pair in pairs}
    ids = [[row["note_id"] for row in rows_of(continued, name)] for name in ("starter", "tuned")]
    assert ids[0] == ids[1]


def test_a_starter_that_is_not_wanted_is_not_loaded(continued: Path) -> None:
    loader = Loader()
    config = EvaluateConfig(bootstrap_samples=100, robustness_notes=0, systems=("tuned",))
    assert list(evaluate(continued, config=config, load=loader)["systems"]) == ["tuned"]
    assert "starter" not in loader.loaded


def test_a_training_from_the_base_model_has_no_starter(world: Any) -> None:
    assert "starter" not in world["results"]["systems"]
    assert "starter" not in world["loader"].loaded
