"""How the starter learns to suggest: from notes with codes and cases of one disease, without a training note."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

from coded_world import CODES, NOTE
from nosology.classifier.classifier import Classifier
from nosology.coding.rubrics import RubricTable
from nosology.errors import DataError
from nosology.runs.files import RunFiles
from nosology.runs.integrity import Recorded, differences
from nosology.runs.run import Run
from nosology.suggesting.signals import NAMES
from starter_world import load_script, pack_starter, train_evaluated_run

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning")

suggestions = load_script("suggestions")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny starter that suggests by what it was fitted on as a run."""
    folder = tmp_path_factory.mktemp("suggesting")
    return pack_starter(folder, train_evaluated_run(folder))


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def starter(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny starter before it was fitted on other notes; its rubrics are of ICD-9-CM."""
    monkeypatch.setattr(suggestions, "VERSION", 9)
    return Path(shutil.copytree(packed, tmp_path / "starter"))


def sets(folder: Path) -> tuple[Any, Any]:
    """Return notes with three codes each, and cases of one disease."""
    said = [(code, phrase) for group in CODES.values() for code, phrase in group.items()]
    trios = [[said[(first + step) % len(said)] for step in (0, 3, 5)] for first in range(len(said))]
    notes = [
        {
            "text": " ".join(f"Patient {number} with {phrase}." for _, phrase in trio),
            "icd10": [code for code, _ in trio],
        }
        for number, trio in enumerate(trios)
    ]
    cases = [
        {"text": f"Seen today with {phrase}, sent on.", "rubric": code[:3], "also_right": ["999"]}
        for code, phrase in said
    ]
    return (
        suggestions.CodedTexts.read(write_lines(folder / "notes.jsonl", notes)),
        suggestions.CodedTexts.read(write_lines(folder / "cases.jsonl", cases)),
    )


def add(starter: Path, folder: Path) -> Any:
    notes, cases = sets(folder)
    work = folder / "work"
    work.mkdir(exist_ok=True)
    return suggestions.add_suggestions(starter, notes, [cases], work)


def test_a_starter_suggests_by_what_was_fitted_and_no_rubric_is_called_seen(starter: Path, tmp_path: Path) -> None:
    fitted = add(starter, tmp_path)
    run = Run.open(starter)
    assert not list(differences(run.files, Recorded.read(run.files)))
    assert set(RubricTable.load(run.files.rubrics).counts) == {0}
    found = Classifier.load(run).suggest([NOTE], k=3)[0]
    assert found.is_calibrated
    assert len(found) == 3
    assert {item.is_seen for item in found} == {False}
    used = {name for name, weight in zip(NAMES, fitted.unseen, strict=True) if weight}
    assert used
    assert used <= set(suggestions.COLUMNS)
    assert fitted.n_notes == 24
    assert all(path.stat().st_mode & 0o044 for path in run.files.suggester.folder.iterdir())


def test_what_the_model_said_is_kept_and_asked_once(
    starter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = add(starter, tmp_path)
    before = {path.name: path.read_bytes() for path in RunFiles(starter).suggester.folder.iterdir()}
    monkeypatch.setattr(Classifier, "read", lambda *_, **__: pytest.fail("the model is asked again"))
    assert add(starter, tmp_path) == first
    assert {path.name: path.read_bytes() for path in RunFiles(starter).suggester.folder.iterdir()} == before


def test_a_fit_that_fails_leaves_the_starter_as_it_was(
    starter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in starter.rglob("*") if path.is_file()}
    monkeypatch.setattr(suggestions, "fit_mixture", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
    with pytest.raises(RuntimeError, match="killed"):
        add(starter, tmp_path)
    assert {path: path.read_bytes() for path in starter.rglob("*") if path.is_file()} == before


def test_only_training_notes_are_read_and_a_line_without_codes_is_refused_by_its_file(tmp_path: Path) -> None:
    row = {"text": "a", "icd10": ["I21.4", "I21.9", "J18"]}
    path = write_lines(tmp_path / "a.jsonl", [row | {"split": name} for name in ("train", "dev", "test")])
    assert suggestions.CodedTexts.read(path).rubrics == [["I21", "I21", "J18"]]
    with pytest.raises(DataError) as caught:
        suggestions.CodedTexts.read(write_lines(tmp_path / "b.jsonl", [{"text": "a"}]))
    assert caught.value.place == str(tmp_path / "b.jsonl")
    assert "icd10 or rubric" in str(caught.value.hint)


def simulated(n_notes: int, share: float, seed: int) -> tuple[Any, Any]:
    """Return signals and truth of notes in which findings tell which of 40 rubrics are coded."""
    generator = np.random.default_rng(seed)
    truth = generator.random((n_notes, 40)) < share
    truth[np.arange(n_notes), generator.integers(0, 40, n_notes)] = True
    tables = np.zeros((n_notes, 40, len(NAMES)), np.float32)
    tables[..., NAMES.index("findings")] = truth * 0.4 + generator.normal(0, 0.2, truth.shape)
    return tables, truth


def test_what_is_said_of_notes_is_as_frequent_as_it_is_said() -> None:
    (notes, truth), (cases, right) = simulated(300, 0.1, 0), simulated(100, 0.0, 1)
    main, category = right.argmax(axis=1), np.zeros(40, np.int64)
    fitted = suggestions.fit_mixture(notes, truth, cases, right, main, category)
    others, others_truth = simulated(300, 0.1, 2)
    said = special.expit(fitted.log_odds(others))
    assert said.mean() == pytest.approx(others_truth.mean(), rel=0.1)
    sure = said > 0.5
    assert said[sure].mean() == pytest.approx(others_truth[sure].mean(), abs=0.05)


def test_a_case_counts_more_than_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    (notes, truth), (cases, right) = simulated(100, 0.1, 0), simulated(50, 0.0, 1)
    notes[..., NAMES.index("findings")] = np.random.default_rng(3).normal(0, 0.2, truth.shape)  # tells nothing
    weights = {}
    for weight in (0.1, 10.0):
        monkeypatch.setattr(suggestions, "CASE_WEIGHT", weight)
        weights[weight] = suggestions.fit(notes, truth, cases, right)[0][NAMES.index("findings")]
    assert weights[10.0] > max(weights[0.1], 0) + 1
