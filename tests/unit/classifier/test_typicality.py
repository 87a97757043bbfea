"""Typicality: how many notes of home and of elsewhere are flagged, against an oracle, and what a file holds."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from scipy import stats

from nosology.classifier.predictions import with_typicality
from nosology.classifier.typicality import LEVEL, UNLIKE, Typicality
from nosology.errors import RunError
from nosology.records import FloatArray, Prediction


def features(n: int, seed: int, *, moved: float = 0.0, width: int = 60) -> FloatArray:
    """Return correlated features whose mean half is moved in every direction; the other half is noise."""
    generator = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(8, width))
    mean = generator.normal(size=(n, 8)) @ mixing + generator.normal(size=(n, width)) + moved
    return np.hstack([mean, generator.normal(size=(n, width))])


@pytest.fixture(scope="module")
def typicality() -> Typicality:
    return Typicality.fit(features(200, 0))


def test_of_notes_at_home_one_in_twenty_is_flagged(typicality: Typicality) -> None:
    shares = [typicality.unlike(features(400, seed)).mean() for seed in range(1, 6)]
    assert np.mean(shares) == pytest.approx(LEVEL, abs=0.03)


def test_p_values_of_notes_at_home_are_nearly_uniform(typicality: Typicality) -> None:
    p_values = typicality.p_values(features(2000, 7))
    assert stats.kstest(p_values, "uniform").statistic < 0.15


def test_notes_that_look_otherwise_are_flagged(typicality: Typicality) -> None:
    assert typicality.unlike(features(200, 8, moved=3.0)).mean() > 0.95


def test_the_last_hidden_state_does_not_count(typicality: Typicality) -> None:
    notes = features(20, 9)
    other = notes.copy()
    other[:, 60:] += 1000
    np.testing.assert_array_equal(typicality.p_values(notes), typicality.p_values(other))


def test_a_p_value_is_a_rank_among_the_calibration_notes(typicality: Typicality) -> None:
    far = features(1, 10, moved=1e3)
    assert typicality.p_values(far).tolist() == [1 / 201]
    assert 1 / 201 <= typicality.p_values(features(50, 11)).min() <= typicality.p_values(features(50, 11)).max() <= 1
    assert typicality.n_notes == 200


def test_a_stored_typicality_says_the_same_in_few_bytes(tmp_path: Path) -> None:
    wide = features(300, 0, width=576)
    fitted = Typicality.fit(wide)
    path = tmp_path / "typicality.safetensors"
    fitted.save(path)
    assert path.stat().st_size <= 200_000
    loaded = Typicality.load(path)
    new = features(100, 3, width=576)
    np.testing.assert_allclose(loaded.p_values(new), fitted.p_values(new), atol=0.03)


def test_a_damaged_or_foreign_file_is_refused(typicality: Typicality, tmp_path: Path) -> None:
    path = tmp_path / "typicality.safetensors"
    with pytest.raises(RunError, match="cannot read"):
        Typicality.load(path)
    save_file({"rest": np.ones(1)}, path)
    with pytest.raises(RunError, match="not a typicality"):
        Typicality.load(path)
    typicality.save(path)
    content = bytearray(path.read_bytes())
    content[-8:] = np.array([np.nan]).tobytes()
    path.write_bytes(bytes(content))
    with pytest.raises(RunError):
        Typicality.load(path)


def test_an_unusual_note_gets_no_category_but_the_reason() -> None:
    prediction = Prediction("Skin", 0.9, (("Skin", 0.9), ("Other", 0.1)), ("Skin",), truncated_tokens=3)
    assert with_typicality(prediction, 0.5) == Prediction(
        "Skin", 0.9, (("Skin", 0.9), ("Other", 0.1)), ("Skin",), truncated_tokens=3, typicality=0.5
    )
    flagged = with_typicality(prediction, 0.01)
    assert (flagged.label, flagged.probability, flagged.ranking, flagged.prediction_set) == ("", 0, (), ())
    assert (flagged.abstained, flagged.reason, flagged.typicality) == (True, UNLIKE, 0.01)
    assert (flagged.truncated_tokens, flagged.is_calibrated) == (3, True)
