"""Words that leave: those that ten patients share, and none else, in any artefact; with what that costs."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from coded_world import PREPARATION, write_coded_dataset
from export_world import write_adapted_run
from nosology.classifier.ensemble import Ensemble
from nosology.classifier.knowledge import Texts
from nosology.classifier.words import HashedModel, fit_hashed
from nosology.dataset.folder import open_dataset
from nosology.dataset.writing import write_manifest
from nosology.evaluation.coded_notes import Coded
from nosology.export.bundle import write_bundle
from nosology.export.models import outside
from nosology.export.models.card import _words
from nosology.export.models.word_models import WordModels, shared_words
from nosology.export.models.workflow import export_run
from nosology.files import read_json
from nosology.report import write_report
from nosology.runs.files import RunFiles, SuggesterFiles
from nosology.runs.integrity import record_again
from nosology.runs.run import Run
from nosology.sources.table import WITHOUT_PATIENT
from nosology.suggesting.fitted import FittedSuggester
from nosology.suggesting.mixture import untrained
from nosology.suggesting.words import WordModel
from tiny_models import save_tiny_model

RARE, COMMON = "zqxzqxzqx", "vjkvjkvjk"
"""In ten notes of nine patients, and in those of ten; no other word has a piece of either."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run that has both word models, both of which know both words."""
    folder = tmp_path_factory.mktemp("words")
    dataset = write_coded_dataset(folder / "dataset", {"train": 48, "validation": 30})
    _plant(dataset)
    run = Run.open(write_adapted_run(folder / "run", save_tiny_model(folder / "model"), codes=dataset))
    assert run.rubrics is not None
    train = open_dataset(dataset).split("train")
    coded = Coded.of(train, run.rubrics)
    words = WordModel.fit(coded.texts, coded.places, len(run.rubrics))
    FittedSuggester(words, untrained()).save(run.files.suggester)
    true = np.array([run.labels.index(name) for name in train["category"]], np.int64)
    linear = fit_hashed(train["clean_text"].to_list(), true, 4, groups=train["patient_id"].to_list())
    assert linear is not None
    Ensemble(linear, (0.5, 0.5), {"run_manifest_sha256": run.sha256}).save(run.files.ensemble)
    record_again(run.files)
    return folder


def _plant(dataset: Path) -> None:
    """Write the rare word into ten notes of nine patients and the common one into ten notes of ten."""
    notes = pl.read_parquet(dataset / "notes.parquet")
    texts, patients = notes["clean_text"].to_list(), notes["patient_id"].to_list()
    for i in range(10):
        texts[i] += f" {RARE} {COMMON if i else ''}"
    texts[10] += f" {COMMON}"
    patients[1] = patients[0]
    notes.with_columns(clean_text=pl.Series(texts), patient_id=pl.Series(patients)).write_parquet(
        dataset / "notes.parquet"
    )
    (dataset / "manifest.json").unlink()
    write_manifest(dataset, {"config": PREPARATION, "source": {"kind": "table"}})


@pytest.fixture(scope="module")
def exported(folder: Path) -> Path:
    export_run(folder / "run", "merged", folder / "out", observe=outside.observe)
    return folder / "out"


def test_a_word_of_nine_patients_is_in_no_artefact_and_one_of_ten_is(exported: Path, folder: Path) -> None:
    assert RARE in (folder / "run" / "suggester" / "words.json").read_text(encoding="utf-8")
    words = json.loads((exported / "nosology" / "words" / "words.json").read_text(encoding="utf-8"))
    assert COMMON in words
    write_bundle(folder / "run", folder / "bundle", write_report=write_report)
    for path in [*exported.rglob("*"), *(folder / "bundle").rglob("*")]:
        if path.is_file():
            assert RARE.encode() not in path.read_bytes(), path
    assert COMMON not in "".join(path.read_text("utf-8") for path in (folder / "bundle").rglob("*") if path.is_file())


def test_how_often_names_were_coded_is_in_no_artefact(exported: Path, folder: Path) -> None:
    """A count of one is a patient, and what leaves of the suggester are words that ten patients share."""
    assert (folder / "run" / "suggester" / "names.tsv").is_file()
    assert not [path for path in exported.rglob("*") if path.name == "names.tsv"]
    assert {path.name for path in (exported / "nosology" / "words").iterdir()} == {
        "about.json",
        "linear.safetensors",
        "words.json",
        "words.safetensors",
    }


def test_a_hashed_word_of_nine_patients_moves_no_probability(exported: Path, folder: Path) -> None:
    before = HashedModel.load(RunFiles(folder / "run").ensemble.linear)
    after = HashedModel.load(exported / "nosology" / "words" / "linear.safetensors")
    with_rare, with_common, without = f"fever {RARE}", f"fever {COMMON}", "fever"
    assert not np.allclose(before.log_probs([with_rare]), before.log_probs([without]))
    np.testing.assert_allclose(after.log_probs([with_rare]), after.log_probs([without]), atol=1e-6)
    assert not np.allclose(after.log_probs([with_common]), after.log_probs([without]))


def test_the_example_on_the_page_runs(exported: Path) -> None:
    page = (Path(__file__).parents[4] / "docs" / "how-to" / "export.md").read_text(encoding="utf-8")
    (example,) = (block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "HashedModel" in block)
    exec(example.replace("exports/first", str(exported)), {"prepared_notes": ["fever"]})


def test_a_rubric_of_few_patients_is_not_among_those_that_were_seen(exported: Path, folder: Path) -> None:
    run = Run.open(folder / "run")
    assert run.rubrics is not None
    after = WordModel.load(SuggesterFiles(exported / "nosology" / "words"), len(run.rubrics))
    coded = Coded.of(open_dataset(folder / "dataset").split("train"), run.rubrics)
    patients = coded.notes["patient_id"].to_numpy()
    n_patients = [len(set(patients[coded.truth[:, place]])) for place in range(len(run.rubrics))]
    assert after.seen.tolist() == [place for place, n in enumerate(n_patients) if n >= 10]
    assert 0 < len(after.seen) < len(run.rubrics), "else nothing is told apart"


def test_the_cost_is_measured_on_validation_notes_and_the_card_says_it(exported: Path) -> None:
    about = read_json(exported / "nosology" / "words" / "about.json")
    assert about["least_patients"] == 10
    card = (exported / "README.md").read_text(encoding="utf-8")
    assert "of 10 patients" in " ".join(card.split())
    for cost in about["costs"]:
        assert cost["n_notes"] == 30
        assert cost["n_after"] < cost["n_before"]
        assert f"from {cost['before']:.3f} to {cost['after']:.3f}" in card
        assert cost["interval"][0] <= cost["after"] - cost["before"] <= cost["interval"][1]


def test_with_one_patient_nothing_is_left_out_and_costs_nothing(folder: Path) -> None:
    found = shared_words(Run.open(folder / "run"), 1)
    assert [cost.after for cost in found.costs] == [cost.before for cost in found.costs]
    assert [cost.n_after for cost in found.costs] == [cost.n_before for cost in found.costs]


def test_no_word_leaves_where_nobody_can_count_or_nobody_wants_it(folder: Path, tmp_path: Path) -> None:
    assert shared_words(Run.open(folder / "run"), 0) == WordModels()
    run = Run.open(folder / "run")
    dataset = run.manifest.dataset.model_copy(update={"path": str(tmp_path)})
    lost = Run(run.files, run.manifest.model_copy(update={"dataset": dataset}))
    found = shared_words(lost, 10)
    assert found.linear is None
    assert found.suggesting is None
    assert "nobody can count" in found.why_not


def with_patients(folder: Path, patients: pl.Expr, place: Path) -> Run:
    """Return the run as if trained on a copy of its dataset in which other patients had the notes."""
    shutil.copytree(folder / "dataset", place)
    notes = pl.read_parquet(place / "notes.parquet")
    notes.with_columns(patient_id=patients).write_parquet(place / "notes.parquet")
    (place / "manifest.json").unlink()
    write_manifest(place, {"config": PREPARATION, "source": {"kind": "table"}})
    run = Run.open(folder / "run")
    told = {"path": str(place), "manifest_sha256": open_dataset(place).manifest_sha256}
    dataset = run.manifest.dataset.model_copy(update=told)
    return Run(run.files, run.manifest.model_copy(update={"dataset": dataset}))


@pytest.mark.parametrize("before", ["", WITHOUT_PATIENT])
def test_no_word_leaves_where_nobody_said_whose_the_notes_are(folder: Path, tmp_path: Path, before: str) -> None:
    own = pl.concat_str(pl.lit(before), pl.col("note_id"))
    found = shared_words(with_patients(folder, own, tmp_path / "dataset"), 10)
    assert (found.linear, found.suggesting, found.costs) == (None, None, ())
    assert "whose each note is" in found.why_not


def test_notes_of_nobody_known_do_not_count_as_patients(folder: Path, tmp_path: Path) -> None:
    is_one = pl.col("note_id") == "train-9"
    patients = pl.when(is_one).then(pl.col("note_id")).otherwise(pl.col("patient_id"))
    found = shared_words(with_patients(folder, patients, tmp_path / "dataset"), 10)
    assert found.suggesting is not None
    assert COMMON not in found.suggesting.vocabulary, "nine patients are known to have it"


@pytest.fixture(scope="module")
def of_phrases(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run whose linear model learned from phrases alone, while its suggestions learned from notes."""
    place = tmp_path_factory.mktemp("phrases") / "run"
    shutil.copytree(folder / "run", place)
    run = Run.open(place)
    phrases = Texts([f"{word} disease" for word in "abcd" for _ in range(2)], np.repeat(np.arange(4), 2))
    linear = fit_hashed([], np.zeros(0, np.int64), 4, groups=[], phrases=phrases)
    assert linear is not None
    Ensemble(linear, (0.5, 0.5), {"run_manifest_sha256": run.sha256}).save(run.files.ensemble)
    record_again(run.files)
    return run


def test_a_model_of_phrases_alone_leaves_whole_beside_one_that_learned_from_notes(of_phrases: Run) -> None:
    before = Ensemble.load(of_phrases.files.ensemble)
    assert before is not None
    found = shared_words(of_phrases, 10)
    assert found.linear is not None
    assert found.linear.n_features == before.linear.n_features
    assert found.suggesting is not None
    assert len(found.costs) == 1, "that of the other"
    told = " ".join(_words(found, 10).split())
    assert "from no note" in told
    assert "10 patients" in told


def test_a_card_says_that_only_a_model_of_phrases_is_in_it(of_phrases: Run, tmp_path: Path) -> None:
    dataset = of_phrases.manifest.dataset.model_copy(update={"path": str(tmp_path)})
    lost = shared_words(Run(of_phrases.files, of_phrases.manifest.model_copy(update={"dataset": dataset})), 10)
    assert lost.linear is not None
    assert lost.suggesting is None
    told = _words(lost, 10)
    assert "`nosology/words` holds the run's linear model" in told
    assert "No word of a note is in it, since the notes lie no longer" in told
    assert _words(WordModels(), 10) == "No word of a note is in it."
