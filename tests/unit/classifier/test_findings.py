"""Categories by what diseases look like: shares of profiles, summed by category."""

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from nosology.classifier.ensemble import Ensemble
from nosology.classifier.findings import SHARPNESS, CategoryFindings
from nosology.classifier.words import fit_hashed
from nosology.coding.labels import LabelSet
from nosology.coding.rubrics import Rubric, RubricTable
from nosology.errors import RunError
from nosology.files import read_json, write_json
from nosology.runs.files import RunFiles
from nosology.suggesting.findings import Findings, Profiles

LABELS = LabelSet.load("icd-chapters-18")


def small() -> CategoryFindings:
    """Return two rubrics of one category and one of another, of three categories."""
    weights = sparse.csr_matrix(np.array([[0.9, 0, 0], [0, 0.9, 0], [0, 0.1, 0.9]], np.float32))
    profiles = Profiles(("A01", "A02", "B03"), ("crush", "cough", "itch"), weights)
    table = RubricTable(tuple(Rubric(code, 10, code, code[0]) for code in profiles.rubrics))
    return CategoryFindings(Findings(profiles, table), np.array([0, 0, 1]), 3)


def test_a_category_gets_the_shares_of_its_rubrics() -> None:
    found = small()
    powers = np.exp(SHARPNESS * found.findings.cosines(["crushing", "a cough that itches"]))
    shares = powers / powers.sum(axis=1, keepdims=True)
    expected = np.stack([shares[:, 0] + shares[:, 1], shares[:, 2], np.zeros(2)], axis=1)
    assert np.exp(found.log_probs(["crushing", "a cough that itches"])) == pytest.approx(expected, abs=1e-5)


def test_probabilities_sum_to_one_and_a_category_without_profiles_is_not_ruled_out() -> None:
    found = small().log_probs(["", "crushing cough", "nothing known"])
    assert np.exp(found).sum(axis=1) == pytest.approx(np.ones(3))
    assert np.isfinite(found).all()


def test_no_text_gives_no_row() -> None:
    assert small().log_probs([]).shape == (0, 3)


def test_the_shipped_profiles_tell_a_disease_that_is_not_named() -> None:
    found = CategoryFindings.of(LABELS)
    assert found is not None
    text = "Crushing central chest pain, ST elevation in V2 to V4, troponin 4.1, stent to the LAD."
    itching = "Intensely itching burrows in the finger webs, partner itches too, permethrin cream."
    best = found.log_probs([text, itching]).argmax(axis=1)
    assert [LABELS.names[place] for place in best] == ["Cardiovascular", "Infectious Disease"]


def test_a_label_set_without_codes_has_none(tmp_path: Path) -> None:
    path = tmp_path / "labels.tsv"
    path.write_text("category\nurgent\nroutine\n", encoding="utf-8")
    assert CategoryFindings.of(LabelSet.load(path)) is None


def test_a_label_set_of_the_older_codes_alone_knows_their_equivalents(tmp_path: Path) -> None:
    path = tmp_path / "labels.tsv"
    path.write_text("category\ticd9\nHeart\t390-459\nSkin\t680-709\n", encoding="utf-8")
    found = CategoryFindings.of(LabelSet.load(path))
    assert found is not None
    said = found.log_probs(["Crushing chest pain, troponin raised.", "Silvery scaly plaques on both elbows."])
    assert said.argmax(axis=1).tolist() == [0, 1]


def test_an_ensemble_takes_a_weighted_mean_of_linear_model_and_findings_and_a_run_keeps_both(tmp_path: Path) -> None:
    texts, true = ["fever", "rash", "cough"] * 12, np.arange(36) % 3
    linear = fit_hashed(texts, true, len(LABELS.names), groups=[str(number) for number in range(36)])
    assert linear is not None
    findings = CategoryFindings.of(LABELS)
    assert findings is not None
    note = ["itching burrows in the finger webs"]
    ensemble = Ensemble(linear, (0.5, 1.0), {}, findings=findings, findings_share=0.3)
    mean = 0.7 * linear.log_probs(note) + 0.3 * findings.log_probs(note)
    assert ensemble.words(note) == pytest.approx(mean - np.logaddexp.reduce(mean, axis=1, keepdims=True))
    assert Ensemble(linear, (0.5, 1.0), {}).words(note) == pytest.approx(linear.log_probs(note))
    files = RunFiles(tmp_path)
    LABELS.save(files.labels)
    ensemble.save(files.ensemble)
    loaded = Ensemble.load(files.ensemble)
    assert loaded is not None
    assert (loaded.words(note) == ensemble.words(note)).all()
    settings = read_json(files.ensemble.settings)
    write_json(files.ensemble.settings, settings | {"findings_share": 1.5})
    with pytest.raises(RunError, match="impossible settings: a share"):
        Ensemble.load(files.ensemble)
    write_json(files.ensemble.settings, settings | {"findings_sha256": "0" * 64})
    with pytest.raises(RunError, match="other profiles of diseases"):
        Ensemble.load(files.ensemble)
    Ensemble(linear, (0.5, 1.0), {}).save(files.ensemble)
    alone = Ensemble.load(files.ensemble)
    assert alone is not None
    assert alone.findings is None
