"""configs/paper.yaml from MIMIC-III files to the report, with a tiny random Llama in place of the 3B weights."""

import json
from pathlib import Path

import pytest

from llama3 import real_llama3_tokenizer
from nosology.coding.labels import LabelSet
from nosology.config import load_config, shipped_config
from nosology.dataset.folder import open_dataset
from nosology.evaluation import evaluate
from nosology.preparation.pipeline import prepare_mimic3
from nosology.report import write_report
from nosology.runs.run import Run
from nosology.synthetic import write_mimic
from nosology.training import train
from tiny_models import save_tiny_model


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished, evaluated and reported run of 30 notes to test on."""
    folder = tmp_path_factory.mktemp("paper")
    model = save_tiny_model(folder / "model", tokenizer=real_llama3_tokenizer())
    overrides = [
        f"model.name={model}",
        "train.max_train_notes=64",
        "train.max_validation_notes=30",
        "evaluate.max_notes=30",
    ]
    config = load_config(shipped_config("paper"), overrides)
    write_mimic(folder / "mimic3", admissions=600, seed=5, other_notes_per_admission=0.5)
    prepare_mimic3(folder / "mimic3", folder / "dataset", config.prepare, csv=True)
    train(folder / "dataset", folder / "run", config)
    evaluate(folder / "run")
    write_report(folder / "run")
    return folder / "run"


def test_the_dataset_is_the_original_projects(run: Path) -> None:
    dataset = open_dataset(run.parent / "dataset")
    notes = dataset.notes()
    words = notes["clean_text"].str.split(" ").list.len()
    assert words.min() >= 50
    assert words.max() <= 100
    assert (notes["clean_text"] == notes["clean_text"].str.to_lowercase()).all()
    assert not notes["clean_text"].str.contains(r"[^\w\s]").any()
    header = (dataset.folder / "df_classification.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "CLEAN_TEXT,CATEGORY"


def test_the_adapter_is_on_the_attention_projections_of_a_frozen_base(run: Path) -> None:
    settings = json.loads((run / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert sorted(settings["target_modules"]) == ["k_proj", "o_proj", "q_proj", "v_proj"]
    assert settings["r"] == 16
    manifest = Run.open(run).manifest
    assert manifest.model.n_trainable < 0.1 * manifest.model.n_parameters


def test_results_hold_every_system_on_the_same_notes(run: Path) -> None:
    results = json.loads((run / "eval" / "test" / "results.json").read_text(encoding="utf-8"))
    assert results["n"] == 30
    assert results["labels"] == list(LabelSet.load("icd-chapters-18").names)
    assert set(results["systems"]) >= {
        "majority",
        "tfidf",
        "base_strict",
        "base_lenient",
        "base",
        "base_prior",
        "tuned",
    }
    for name, system in results["systems"].items():
        assert sum(entry["support"] for entry in system["report"].values()) == 30, name
        low, high = system["accuracy_interval"]
        assert low <= system["accuracy"] <= high
    assert results["systems"]["tuned"]["invalid"] == 0


def test_predictions_hold_ids_and_hashes_and_no_text(run: Path) -> None:
    lines = (run / "eval" / "test" / "tuned" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 30
    assert set(rows[0]) >= {"note_id", "prompt_sha256", "true_label", "predicted_label", "probability", "ranking"}
    assert "prompt" not in rows[0]
    assert all(sum(probability for _, probability in row["ranking"]) == pytest.approx(1) for row in rows)


def test_the_text_report_has_the_originals_format(run: Path) -> None:
    text = (run / "report" / "classification_reports.txt").read_text(encoding="utf-8")
    for name in LabelSet.load("icd-chapters-18").names:
        assert text.count(name) >= 2, name  # base beside tuned
    for line in ("accuracy", "macro avg", "weighted avg"):
        assert text.count(line) >= 2
    assert (run / "report" / "index.html").stat().st_size > 100_000
